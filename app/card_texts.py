"""What is said on a card, after a click and in a form, in Korean and in English."""

CARD_PHRASES: dict[str, tuple[str, str]] = {
    # The card of a sync
    "card.pending": ("동기화 승인 요청", "Sync needs approval"),
    "card.queued": ("동기화 대기 중", "Sync is queued"),
    "card.running": ("동기화 진행 중", "Sync is running"),
    "card.verifying": ("동기화 검증 중", "Sync is being verified"),
    "card.published": ("동기화 완료", "Sync is done"),
    "card.failed": ("동기화 실패", "Sync failed"),
    "card.cancelled": ("동기화 취소됨", "Sync was cancelled"),
    "card.superseded": ("동기화가 실행되지 않음", "Sync was not run"),
    "card.rejected": ("동기화 거절됨", "Sync was rejected"),
    "card.expired": ("동기화 승인 시간 만료", "Sync approval has expired"),
    "card.withdrawn": ("동기화 요청 철회됨", "Sync request was withdrawn"),
    "card.replaced": ("동기화 요청이 수정됨", "Sync request was replaced"),
    "card.parked": ("동기화 보류됨", "Sync is parked"),
    "card.change_pending": ("예약 변경 승인 요청", "Schedule change needs approval"),
    "card.change_approved": ("예약 변경됨", "Schedule was changed"),
    "card.change_rejected": ("예약 변경 거절됨", "Schedule change was rejected"),
    "card.change_withdrawn": ("예약 변경 철회됨", "Schedule change was withdrawn"),
    "card.change_replaced": ("예약 변경 요청이 수정됨", "Schedule change was replaced"),
    "card.change_expired": ("예약 변경 승인 시간 만료", "Schedule change has expired"),
    "card.from_to": ("Oracle {source} → DuckDB", "Oracle {source} → DuckDB"),
    "card.first_copy": ("전체 복사, 첫 사본", "full copy, the first one"),
    "card.replaces": (
        "전체 복사, 현재 사본 {rows}행을 대체",
        "full copy, replaces the current {rows} rows",
    ),
    "card.estimate": ("예상 {rows}행 (Oracle 통계)", "about {rows} rows (by Oracle's statistics)"),
    "card.estimate_of": (
        "예상 {rows}행 (Oracle 통계, {date} 기준)",
        "about {rows} rows (by Oracle's statistics of {date})",
    ),
    "card.no_estimate": (
        "행 수 모름 (Oracle 통계 없음)",
        "row count unknown (no statistics in Oracle)",
    ),
    "card.columns": ("열 {count}개", "{count} columns"),
    "card.bytes": ("약 {size}", "about {size}"),
    "card.limit": ("{rows}행을 넘으면 중단", "stops above {rows} rows"),
    "card.columns_left_out": ("복사하지 않는 열: {names}", "columns not copied: {names}"),
    "card.columns_added": ("열 추가: {names}", "columns added: {names}"),
    "card.columns_dropped": ("열 삭제: {names}", "columns dropped: {names}"),
    "card.columns_retyped": ("열 형식 변경: {names}", "columns retyped: {names}"),
    "card.columns_same": ("현재 사본과 열 같음", "columns as in the current copy"),
    "card.takes": ("예상 시간: {time}", "expected time: {time}"),
    "card.takes_unknown": ("예상 시간: 이전 기록 없음", "expected time: no earlier run to tell by"),
    "card.room": (
        "디스크: {free} 남음, 약 {needed} 필요",
        "disk: {free} left, about {needed} needed",
    ),
    "card.room_unknown": (
        "디스크: {free} 남음, 필요량 모름",
        "disk: {free} left, need unknown",
    ),
    "card.room_short": (
        ":warning: 디스크 부족: {free} 남음, 약 {needed} 필요",
        ":warning: the disk is too small: {free} left, about {needed} needed",
    ),
    "card.seconds": ("{count}초", "{count} s"),
    "card.minutes": ("{count}분", "{count} min"),
    "card.hours": ("{count}시간", "{count} h"),
    "card.reason": ("이유: {text}", "reason: {text}"),
    "card.revision": ("수정본 {number}", "revision {number}"),
    "card.since": ("이전 요청과 다른 점: {changes}", "since the last card: {changes}"),
    "card.since_same": (
        "이전 요청과 같은 내용을 다시 계획했습니다.",
        "Planned anew; nothing differs from the last card.",
    ),
    "card.table_dropped": ("{table} 제외", "without {table}"),
    "card.ceiling": (
        "{table} 상한 {before} → {after}행",
        "{table}: at most {after} rows, was {before}",
    ),
    "card.table_columns": ("{table} {changes}", "{table}: {changes}"),
    "card.table_key": ("{table} 키 변경", "{table}: another key"),
    "card.more_tables": ("그 밖의 테이블 {count}개: {names}", "and {count} more: {names}"),
    "card.asked_by": ("요청: {who}", "asked by {who}"),
    "card.scheduled": ("요청: 예약 {name}", "asked by schedule {name}"),
    "card.approvers": ("승인 가능: {who}", "may approve: {who}"),
    "card.nobody_approves": (
        "승인 가능한 사람 없음 (관리자가 bot.toml의 approvers를 채워야 합니다)",
        "nobody may approve (an admin must fill approvers in bot.toml)",
    ),
    "card.as_approver": ("{who} (승인자)", "{who} (approver)"),
    "card.as_admin": ("{who} (관리자)", "{who} (admin)"),
    "card.as_owner": ("{who} (테이블 소유자)", "{who} (owner of the table)"),
    "card.as_rule": ("{who} (규칙이 지정)", "{who} (named by the rule)"),
    "card.more_people": ("{who} 외 {count}명", "{who} and {count} more"),
    "card.rule": ("규칙: {name}", "rule: {name}"),
    "card.rule_why": ("규칙: {name} ({why})", "rule: {name} ({why})"),
    "card.refused_by_rule": (
        ":no_entry: 이 규칙은 동기화를 허용하지 않습니다.",
        ":no_entry: this rule allows no sync.",
    ),
    "card.quorum": (
        "승인 {given}/{needed}: 서로 다른 {needed}명이 승인해야 합니다.",
        "{given} of {needed} approvals: {needed} different people must approve.",
    ),
    "card.quorum_waits": (
        "승인 {given}/{needed}, 두 번째 사람을 기다리는 중 (승인함: {who})",
        "{given} of {needed}, waiting for a second person (approved by {who})",
    ),
    "card.expires": ("만료: {when}", "expires {when}"),
    "card.digest": ("내용 {digest}", "content {digest}"),
    "card.approved_by": (
        ":white_check_mark: {who} 승인 · {when}",
        ":white_check_mark: approved by {who} · {when}",
    ),
    "card.rejected_by": (":no_entry: {who} 거절 · {when}", ":no_entry: rejected by {who} · {when}"),
    "card.withdrawn_by": (
        ":leftwards_arrow_with_hook: {who} 철회 · {when}",
        ":leftwards_arrow_with_hook: withdrawn by {who} · {when}",
    ),
    "card.replaced_by": (":pencil2: {who} 수정 · {when}", ":pencil2: edited by {who} · {when}"),
    "card.asked_again": (":repeat: {who} 다시 요청", ":repeat: asked again by {who}"),
    "card.approve": ("승인", "Approve"),
    "card.edit": ("수정", "Edit"),
    "card.cancel": ("중단", "Cancel"),
    "card.again": ("다시 요청", "Ask again"),
    "card.retry": ("다시 시도", "Try again"),
    "card.details": ("자세히", "Details"),
    "card.reject": ("거절", "Reject"),
    "card.confirm_title": ("현재 사본을 대체할까요?", "Replace the current copy?"),
    "card.confirm_text": (
        "{tables}의 사본이 새 사본으로 바뀝니다. 검증에 실패하면 현재 사본이 그대로 남습니다.",
        "The copy of {tables} is replaced. If verification fails, the current one stays.",
    ),
    "card.confirm_yes": ("대체", "Replace"),
    "card.confirm_no": ("취소", "Cancel"),
    "card.stop_title": ("동기화를 중단할까요?", "Stop this sync?"),
    "card.stop_text": (
        "지금까지 복사한 행은 버려지고, 현재 사본이 그대로 남습니다.",
        "The rows copied so far are dropped, and the current copy stays.",
    ),
    "card.stop_yes": ("중단", "Stop it"),
    "card.stop_no": ("계속", "Let it run"),
    "card.reminder": (
        "{who} 이 요청은 {when}에 만료됩니다: {tables}. 위 카드에서 결정해 주세요.",
        "{who} this request expires {when}: {tables}. Please decide on its card above.",
    ),
    "system.queued": (
        "[System] {tables} 테이블 동기화가 작업 순서를 기다립니다.",
        "[System] The sync of {tables} waits for a worker.",
    ),
    "system.put_off": (
        "[System] 지금은 Oracle을 읽지 않는 시간입니다. {when}에 시작합니다.",
        "[System] Oracle may not be read now. It starts at {when}.",
    ),
    "system.source_stopped": (
        "[System] 기다립니다. {reason}",
        "[System] This waits. {reason}",
    ),
    "system.starting": (
        "[System] {tables} 테이블 동기화 프로세스 시작 중...",
        "[System] Starting the sync of {tables} ...",
    ),
    "system.place": (
        "[System] {tables} 동기화는 대기열 {place}번째입니다.",
        "[System] The sync of {tables} is number {place} in the queue.",
    ),
    "system.place_eta": (
        "[System] {tables} 동기화는 대기열 {place}번째, 약 {time} 뒤 시작합니다.",
        "[System] The sync of {tables} is number {place} in the queue and starts in about {time}.",
    ),
    "system.retry": (
        "[System] {when}에 다시 시도합니다 ({try_number}/{tries}번째). 이유: {reason}",
        "[System] Try {try_number} of {tries} at {when}, after: {reason}",
    ),
    "system.stopping": (
        "[System] {who} 요청으로 중단하는 중...",
        "[System] It is being stopped, as {who} asked ...",
    ),
    "system.parked": (
        "[System] {tries}번 시도한 뒤 보류했습니다. 마지막 이유: {reason}",
        "[System] Parked after {tries} tries. The last one: {reason}",
    ),
    "system.cancelled": (
        "[System] {who} 중단. 현재 사본은 그대로입니다.",
        "[System] Stopped by {who}. The current copy is as it was.",
    ),
    "system.table_of": ("({number}/{count}) {line}", "({number} of {count}) {line}"),
    "system.rate": ("초당 {rows}행", "{rows} rows/s"),
    "system.eta": ("약 {time} 남음", "about {time} left"),
    "system.progress": ("{table} {bar} {rows}행", "{table} {bar} {rows} rows"),
    "system.progress_of": (
        "{table} {bar} {rows} / 약 {expected}행 ({percent}%)",
        "{table} {bar} {rows} of about {expected} rows ({percent}%)",
    ),
    "system.paced": (
        "bot.toml의 rows_per_second에 맞춰 읽는 중",
        "held to rows_per_second of bot.toml",
    ),
    "system.verifying": (
        "[System] 복사한 행을 Oracle과 대조하는 중...",
        "[System] Comparing the copied rows with Oracle ...",
    ),
    "system.published": (
        "[System] 동기화 완료: {rows}건 처리됨.",
        "[System] Sync done: {rows} rows processed.",
    ),
    "system.rejected": (
        "[System] 아무것도 바뀌지 않았습니다.",
        "[System] Nothing was changed.",
    ),
    "system.ended": ("{who} {title}: {tables} ({time})", "{who} {title}: {tables} ({time})"),
    "system.withdrawn": (
        "[System] 요청한 사람이 철회했습니다. 아무것도 바뀌지 않았습니다.",
        "[System] Who asked has withdrawn it. Nothing was changed.",
    ),
    "system.replaced": (
        "[System] 수정본 {number}(으)로 대체되었습니다. 이 카드로는 아무것도 실행되지 않습니다.",
        "[System] Replaced by revision {number}. Nothing runs from this card.",
    ),
    "system.change_approved": (
        "[System] 승인되어 예약에 반영했습니다.",
        "[System] Approved; the schedule is as shown.",
    ),
    "system.expired": (
        "[System] 승인 없이 시간이 지나 실행되지 않았습니다. 필요하면 다시 요청하세요.",
        "[System] Nobody approved in time, so nothing was run. Ask again if it is still needed.",
    ),
    "system.failed": ("[System] {reason}", "[System] {reason}"),
    # A click
    "click.not_allowed": (
        "이 동기화는 {who}만 승인할 수 있습니다. 아무것도 바뀌지 않았습니다.",
        "Only {who} may approve this sync. Nothing was changed.",
    ),
    "click.not_offered": (
        "이 카드의 테이블은 이제 bot.toml에 없어 동기화할 수 없습니다. 아무것도 바뀌지 않았습니다.",
        "A table of this card is no longer in bot.toml. Nothing was changed.",
    ),
    "click.refused_by_rule": (
        "bot.toml의 규칙이 이 동기화를 허용하지 않습니다. 아무것도 바뀌지 않았습니다.",
        "A rule in bot.toml allows no such sync. Nothing was changed.",
    ),
    "click.nobody": (
        "아직 승인할 수 있는 사람이 없습니다. 관리자가 bot.toml의 approvers를 채워야 합니다.",
        "Nobody may approve yet. An admin must fill approvers in bot.toml.",
    ),
    "click.not_self": (
        "자신이 요청한 동기화는 승인할 수 없습니다. 다른 승인자에게 부탁하세요.",
        "You asked for this sync, so somebody else must approve it.",
    ),
    "click.already_approved": ("{who} 님이 이미 승인했습니다.", "{who} has approved this already."),
    "click.already_rejected": ("{who} 님이 이미 거절했습니다.", "{who} has rejected this already."),
    "click.already_withdrawn": (
        "{who} 님이 이미 철회했습니다.",
        "{who} has withdrawn this already.",
    ),
    "click.already_replaced": (
        "{who} 님이 수정해 새 카드로 대체했습니다. 새 카드에서 결정하세요.",
        "{who} has edited this. Please decide on the new card.",
    ),
    "click.already_yours": (
        "이미 승인하셨습니다. 다른 한 사람의 승인이 더 필요합니다.",
        "You have approved this already. It takes another person now.",
    ),
    "click.one_more": (
        "승인했습니다. 다른 한 사람의 승인이 더 필요합니다.",
        "Your approval counts. It takes one more person.",
    ),
    "click.too_late": (
        "Slack이 양식을 열 시간을 넘겼습니다. 버튼을 다시 눌러 주세요.",
        "Slack's time to open the form has passed. Please press the button again.",
    ),
    "click.not_editor": (
        "요청한 사람이나 승인자만 수정할 수 있습니다. 아무것도 바뀌지 않았습니다.",
        "Only who asked or an approver may edit this. Nothing was changed.",
    ),
    "click.not_editable": (
        "이 요청은 양식으로 수정할 수 없습니다. 바꿀 내용을 말로 요청하세요.",
        "This request cannot be edited in a form. Please ask for the change in words.",
    ),
    "click.not_canceller": (
        "요청한 사람, 승인자, 관리자만 중단할 수 있습니다: {who}. 동기화는 계속됩니다.",
        "Only who asked, an approver or an admin may stop this: {who}. The sync goes on.",
    ),
    "click.already_ended": (
        "이 동기화는 이미 끝났거나 지금 게시하는 중입니다.",
        "This sync has ended already, or its copy is being published right now.",
    ),
    "click.asked_again": (
        "{who} 님이 이미 다시 요청했습니다. 새 카드를 보세요.",
        "{who} has asked again already. Please see the new card.",
    ),
    "click.not_ended": (
        "이 요청은 아직 끝나지 않았습니다. 카드를 보세요.",
        "This request has not ended yet. Please see its card.",
    ),
    "click.orphaned": (
        "[System] 이 요청의 기록이 남아 있지 않아 결정할 수 없습니다. 아무것도 실행되지 않습니다.",
        "[System] Nothing is known of this request any more, so nothing runs from here.",
    ),
    "click.expired": (
        "승인 시간이 지났습니다. 필요하면 다시 요청하세요.",
        "The time to approve has passed. Ask again if it is still needed.",
    ),
    "click.changed": (
        "이 카드의 내용이 더 이상 유효하지 않습니다. 다시 요청하세요.",
        "What this card shows is no longer valid. Please ask again.",
    ),
    "click.unknown": (
        "이 요청을 더 이상 찾을 수 없어 아무것도 실행하지 않았습니다. 다시 요청하세요.",
        "This request is not known any more, so nothing was run. Please ask again.",
    ),
    "click.receipt_gone": (
        "이 동기화의 기록이 더 이상 없어 영수증을 보여 줄 수 없습니다(30일간 보관). 보관된 사본의 영수증은 `botctl receipt`로 볼 수 있습니다.",
        "The record of this sync is not there any more (it is kept for 30 days), so its receipt cannot be shown. `botctl receipt` shows those of the copies that are kept.",
    ),
    "click.inactive": (
        "이 버튼은 더 이상 쓰이지 않습니다.",
        "This control is no longer active.",
    ),
    # A form
    "modal.reject_title": ("동기화 거절", "Reject the sync"),
    "modal.reject_submit": ("거절", "Reject"),
    "modal.close": ("닫기", "Close"),
    "modal.reason": ("이유", "Reason"),
    "modal.reason_hint": (
        "카드에 보이고, 봇이 대화에 이어서 씁니다.",
        "It is shown on the card, and the bot goes on with it.",
    ),
    "modal.edit_title": ("동기화 수정", "Edit the sync"),
    "modal.edit_submit": ("새 카드로 저장", "Save as a new card"),
    "modal.tables": ("동기화할 테이블", "Tables to sync"),
    "modal.rows": ("{table}: 최대 행 수", "{table}: most rows"),
    "modal.rows_hint": (
        "이보다 많으면 중단합니다. 1부터 {limit}까지",
        "It stops above this. 1 to {limit}",
    ),
    "modal.no_table": ("테이블을 하나 이상 고르세요.", "Keep at least one table."),
    "modal.bad_rows": (
        "1부터 {limit}까지의 정수를 입력하세요.",
        "Enter a whole number from 1 to {limit}.",
    ),
    "modal.unchanged": (
        "바뀐 내용이 없습니다. 무언가 바꾸거나 닫으세요.",
        "Nothing was changed. Change something, or close this form.",
    ),
}
