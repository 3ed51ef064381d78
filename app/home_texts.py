"""What the Home tab says, in Korean and in English."""

HOME_PHRASES: dict[str, tuple[str, str]] = {
    "home.drawn": (
        "{when} 기준 · 열 때마다 새로 그립니다 · 본인만 볼 수 있습니다",
        "as of {when} · drawn anew whenever you open it · shown to you alone",
    ),
    "home.refresh": ("새로 고침", "Refresh"),
    "home.link": ("열기", "open"),
    # What waits
    "home.approvals": ("승인 대기", "Pending approvals"),
    "home.no_approvals": (
        "기다리는 승인이 없습니다. 동기화를 요청하면 여기에 나타납니다.",
        "Nothing waits for you. What you ask for, and what you may decide, appears here.",
    ),
    "home.more_approvals": (
        "그 밖에 {count}건이 더 있습니다. 먼저 만료되는 것부터 보입니다. 위의 것을 결정하거나, 메시지 탭에 `상태`라고 쓰세요.",
        "{count} more wait; those that expire first are shown. Decide these, or write `status` to me in Messages.",
    ),
    "home.withdraw": ("철회", "Withdraw"),
    "home.tables_count": ("테이블 {count}개", "{count} tables"),
    "home.and_more": ("{names} 외 {count}개", "{names} and {count} more"),
    "home.details": ("요청 내용", "The request"),
    "home.not_yours": (
        "요청한 사람과 결정할 수 있는 사람만 볼 수 있습니다.",
        "Only who asked and who may decide can look at this.",
    ),
    # Threads
    "home.threads": ("내 대화", "My threads"),
    "home.no_threads": (
        "아직 대화가 없습니다. 메시지 탭이나 채널에서 `@duckferry 어떤 테이블이 있어?`처럼 물어보세요.",
        "No conversations yet. Ask in Messages, or mention me in a channel: `@duckferry what tables are there?`",
    ),
    "home.untitled": ("삭제된 질문", "a question that was deleted"),
    "home.more_threads": (
        "더 오래된 대화 {count}개는 Slack 검색에서 찾을 수 있습니다.",
        "{count} older ones are found by Slack's search.",
    ),
    # Tables
    "home.tables": ("테이블과 사본", "Tables and their copies"),
    "home.no_tables": (
        "볼 수 있는 테이블이 없습니다. {who}에게 문의하세요.",
        "There is no table you may see. Ask {who}.",
    ),
    "home.an_admin": ("봇 관리자", "an admin of the bot"),
    "home.no_copies": (
        "아직 사본이 없습니다. 메시지 탭에 `동기화 {table}`라고 쓰거나 아래 버튼을 누르세요.",
        "No copies yet: write `sync {table}` to me in Messages, or press a button below.",
    ),
    "home.damaged": (
        ":warning: 사본 목록을 읽을 수 없습니다. 관리자가 `botctl doctor`를 실행해야 합니다.",
        ":warning: The list of copies cannot be read. An admin should run `botctl doctor`.",
    ),
    "home.more_tables": (
        "그 밖에 {count}개가 더 있습니다. 메시지 탭에 `목록`이라고 쓰면 모두 볼 수 있습니다.",
        "{count} more: write `list` to me in Messages to see them all.",
    ),
    "home.never": ("사본 없음", "never copied"),
    "home.rows": ("{rows}행", "{rows} rows"),
    "home.some_rows": ("규칙 {rule}에 따라 일부만 보임", "you see a part, by the rule {rule}"),
    "home.part": ("다음 행만: {part}", "only rows where {part}"),
    "home.age": ("{when} 기준 ({age} 전)", "as of {when} ({age} old)"),
    "home.days": ("{count}일", "{count} days"),
    "home.stale": (":warning: {limit}시간보다 오래됨", ":warning: older than {limit} h"),
    "home.sync": ("동기화", "Sync"),
    "home.asked": (
        "요청했습니다. 메시지 탭에서 이어집니다.",
        "Asked for. It goes on in Messages.",
    ),
    "home.asked_twice": (
        "방금 요청했습니다. 메시지 탭을 보세요.",
        "You have just asked for that. See Messages.",
    ),
    "home.not_offered": (
        "이 테이블은 이제 bot.toml에 없습니다.",
        "This table is no longer in bot.toml.",
    ),
    # Schedules
    "home.schedules": ("예약", "Schedules"),
    "home.no_schedules": (
        "예약이 없습니다. `ORDERS 매일 아침 6시에 동기화해 줘`처럼 요청하세요.",
        "None yet. Ask for one: `sync ORDERS every day at 6 in the morning`",
    ),
    "home.more_schedules": (
        "그 밖에 {count}개가 더 있습니다. 메시지 탭에서 `어떤 예약이 있어?`라고 물어보세요.",
        "{count} more: ask me in Messages `which schedules are there?`",
    ),
    "home.hidden_table": ("볼 수 없는 테이블", "a table you may not see"),
    "home.next": ("다음 {when}", "next {when}"),
    "home.paused": (
        ":double_vertical_bar: 일시 중지됨",
        ":double_vertical_bar: paused",
    ),
    "home.paused_last_day": (
        ":double_vertical_bar: 일시 중지됨: 마지막 날이 지났습니다",
        ":double_vertical_bar: paused: its last day has passed",
    ),
    "home.paused_owner_gone": (
        ":double_vertical_bar: 일시 중지됨: 만든 사람의 계정이 없습니다",
        ":double_vertical_bar: paused: the account of who asked for it is gone",
    ),
    "home.paused_role_lost": (
        ":double_vertical_bar: 일시 중지됨: 승인한 사람이 더는 결정할 수 없습니다",
        ":double_vertical_bar: paused: who said yes may not decide any more",
    ),
    # Runs
    "home.runs": ("최근 실행", "Recent runs"),
    "home.no_runs": (
        "아직 실행이 없습니다.",
        "Nothing has run yet.",
    ),
    "home.receipt": ("영수증", "Receipt"),
    # For admins
    "home.admin": ("운영 (관리자만 보임)", "Operations (admins only)"),
    "home.queues": (
        "*대기열* · 메시지 {inbox}건 (가장 오래된 것 {oldest}) · 그리지 않은 카드 {cards}건 · 승인 대기 {pending}건",
        "*Queues* · {inbox} messages (the oldest waits {oldest}) · {cards} cards to draw · {pending} pending approvals",
    ),
    "home.work": (
        "*실행* · 대기 {queued} · 복사 중 {running} · 검증 중 {verifying} · 지금까지 게시 {published}, 실패 {failed}",
        "*Runs* · {queued} queued · {running} running · {verifying} verifying · ended so far: {published} published, {failed} failed",
    ),
    "home.processes": (
        "*프로세스* · 워커 {workers}개 · {clock}",
        "*Processes* · {workers} workers · {clock}",
    ),
    "home.clock": ("시계 작동 중", "the clock ticks"),
    "home.no_clock": (
        ":warning: 시계가 멈춤 (`botctl clock`)",
        ":warning: no clock runs (`botctl clock`)",
    ),
    "home.no_workers": (
        ":warning: 살아 있는 워커가 없습니다 (`botctl worker`)",
        ":warning: no worker is alive (`botctl worker`)",
    ),
    "home.disk": ("*디스크* · 예비를 빼고 {free} 남음", "*Disk* · {free} left besides the reserve"),
    "home.disk_full": (
        ":warning: *디스크* · 예비 공간까지 쓰고 있어 새 사본을 만들 수 없습니다",
        ":warning: *Disk* · down to the reserve, so no new copy can be made",
    ),
    "home.cost": (
        "*오늘의 모델* · 토큰 {tokens}개 · ${dollars}",
        "*The model today* · {tokens} tokens · ${dollars}",
    ),
    "home.stopped": (
        ":no_entry: 소스 {source} 중지됨 ({since}부터): {reason}",
        ":no_entry: source {source} is stopped since {since}: {reason}",
    ),
    "home.closed": (
        ":hourglass: 소스 {source}는 {until}까지 읽지 않습니다",
        ":hourglass: source {source} may not be read until {until}",
    ),
    "home.scopes": (
        ":warning: Slack이 허용하지 않은 권한: {names} (`botctl doctor`)",
        ":warning: Slack has not granted {names} (`botctl doctor`)",
    ),
    "home.given_up": (
        ":warning: 이 봇이 포기한 일 {count}건 (시작 이후, 로그 참고)",
        ":warning: {count} entries given up by this bot since it started (see its log)",
    ),
    "home.broken": (
        ":warning: 더는 맞지 않는 검증된 답 {count}개",
        ":warning: {count} verified answers do not hold any more",
    ),
    "home.who_waits": ("*기다리는 사람*", "*Who waits*"),
    "home.more_waiters": (
        "그 밖에 {count}건이 더 있습니다. 오래 기다린 것부터 보입니다.",
        "{count} more wait; those that have waited longest are shown.",
    ),
    "home.waits": ("• {who}: {tables}, {when}부터", "• {who}: {tables}, since {when}"),
}
