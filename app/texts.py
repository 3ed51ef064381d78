"""Every sentence of ours that a person reads, in Korean and in English."""

import re
from collections import defaultdict

from agent.deps import Language
from sync.errors import Failure

_HANGUL = re.compile("[\uac00-\ud7a3\u3131-\u318e]")
_LATIN = re.compile("[A-Za-z]")


def language_of(text: str, otherwise: Language) -> Language:
    """Tell the language a message is written in; table names inside Korean do not make it English."""
    if _HANGUL.search(text):
        return "ko"
    return "en" if _LATIN.search(text) else otherwise


def say(language: Language, phrase: str, **values: str | int) -> str:
    """Give a phrase in a language, its ``{named}`` places filled."""
    korean, english = PHRASES[phrase]
    return (korean if language == "ko" else english).format(**values)


def word_failure(language: Language, failure: Failure) -> str:
    """Give an error's sentence in a language. A code nobody worded is told as an unexpected one.

    A value that is missing, as in what an older version stored, is told as a dash.
    """
    korean, english = FAILURES.get(failure.code, FAILURES["unexpected"])
    params = defaultdict[str, str | int](lambda: "-", failure.params)
    return (korean if language == "ko" else english).format_map(params)


PHRASES: dict[str, tuple[str, str]] = {
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
    "card.limit": ("{rows}행을 넘으면 중단", "stops above {rows} rows"),
    "card.more_tables": ("그 밖의 테이블 {count}개: {names}", "and {count} more: {names}"),
    "card.asked_by": ("요청: {who}", "asked by {who}"),
    "card.scheduled": ("요청: 예약 {name}", "asked by schedule {name}"),
    "card.approvers": ("승인 가능: {who}", "may approve: {who}"),
    "card.nobody_approves": (
        "승인 가능한 사람 없음 (관리자가 bot.toml의 approvers를 채워야 합니다)",
        "nobody may approve (an admin must fill approvers in bot.toml)",
    ),
    "card.expires": ("만료: {when}", "expires {when}"),
    "card.digest": ("내용 {digest}", "content {digest}"),
    "card.approved_by": (
        ":white_check_mark: {who} 승인 · {when}",
        ":white_check_mark: approved by {who} · {when}",
    ),
    "card.rejected_by": (":no_entry: {who} 거절 · {when}", ":no_entry: rejected by {who} · {when}"),
    "card.approve": ("승인", "Approve"),
    "card.reject": ("거절", "Reject"),
    "card.confirm_title": ("현재 사본을 대체할까요?", "Replace the current copy?"),
    "card.confirm_text": (
        "{tables}의 사본이 새 사본으로 바뀝니다. 검증에 실패하면 현재 사본이 그대로 남습니다.",
        "The copy of {tables} is replaced by a new one. If verification fails, the current copy stays.",
    ),
    "card.confirm_yes": ("대체", "Replace"),
    "card.confirm_no": ("취소", "Cancel"),
    "system.queued": (
        "[System] {tables} 테이블 동기화가 작업 순서를 기다립니다.",
        "[System] The sync of {tables} waits for a worker.",
    ),
    "system.starting": (
        "[System] {tables} 테이블 동기화 프로세스 시작 중...",
        "[System] Starting the sync of {tables} ...",
    ),
    "system.progress": ("{table} {bar} {rows}행", "{table} {bar} {rows} rows"),
    "system.progress_of": (
        "{table} {bar} {rows} / 약 {expected}행 ({percent}%)",
        "{table} {bar} {rows} of about {expected} rows ({percent}%)",
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
    "system.expired": (
        "[System] 승인 없이 시간이 지나 실행되지 않았습니다. 필요하면 다시 요청하세요.",
        "[System] Nobody approved in time, so nothing was run. Ask again if it is still needed.",
    ),
    "system.failed": ("[System] {reason}", "[System] {reason}"),
    "receipt.table": (
        "{rows}행 복사, Oracle {oracle_rows}행과 일치",
        "{rows} rows copied, equal to Oracle's {oracle_rows}",
    ),
    "receipt.as_of": ("{when} 기준", "as of {when}"),
    "receipt.scn": ("SCN {scn}", "SCN {scn}"),
    "receipt.took": ("{seconds}초, {size}", "{seconds} s, {size}"),
    # An answer
    "answer.thought": ("생각: {text}", "thought: {text}"),
    "answer.tool": ("도구: {name} {arguments}", "tool: {name} {arguments}"),
    "answer.tool_failed": ("도구 실패: {name} {arguments}", "tool failed: {name} {arguments}"),
    "answer.basis": (
        "근거: {table} 사본, {rows}행, {when} 기준",
        "based on: copy of {table}, {rows} rows, as of {when}",
    ),
    "answer.shown": ("{shown}행 표시, 더 있습니다.", "{shown} rows are shown; there are more."),
    "answer.columns_shown": (
        "열 {shown}개만 표시했습니다.",
        "Only {shown} columns are shown.",
    ),
    "answer.empty": (
        "답할 내용이 없습니다. 다르게 물어봐 주세요.",
        "There is nothing to say to that. Please ask in another way.",
    ),
    "answer.gave_up": (
        "{steps}단계 안에 끝내지 못해 멈췄습니다. 질문을 나누어 다시 물어봐 주세요.",
        "This was not finished within {steps} steps, so it was stopped. Please ask in smaller parts.",
    ),
    "answer.hello": (
        '무엇을 알고 싶으세요? 예: "어떤 테이블이 있어?", "ORDERS 테이블 동기화 해줘"',
        'What would you like to know? For example: "what tables are there?", "sync the ORDERS table"',
    ),
    "schedule.failed": (
        "예약 {name}을(를) 준비하지 못했습니다. {reason}",
        "The schedule {name} could not be prepared. {reason}",
    ),
    # A click
    "click.not_allowed": (
        "이 동기화는 {who}만 승인할 수 있습니다. 아무것도 바뀌지 않았습니다.",
        "Only {who} may approve this sync. Nothing was changed.",
    ),
    "click.not_offered": (
        "이 카드의 테이블은 이제 bot.toml에 없어 동기화할 수 없습니다. 아무것도 바뀌지 않았습니다.",
        "A table of this card is no longer in bot.toml, so it cannot be synced. Nothing was changed.",
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
    "click.inactive": (
        "이 버튼은 더 이상 쓰이지 않습니다.",
        "This control is no longer active.",
    ),
    # The terminal
    "terminal.choose": ("번호를 입력하세요", "Type a number"),
}


TOLD_TO_PEOPLE = frozenset(
    {
        "login_refused",
        "oracle_unreachable",
        "oracle_timeout",
        "connection_dropped",
        "oracle_failure",
        "table_not_found",
        "unsupported_column",
        "value_does_not_fit",
        "warehouse_damaged",
        "disk_full",
        "state_unavailable",
        "unexpected",
    }
)
"""Failures of a tool that people are told in these words too, however the model puts them."""

FAILURES: dict[str, tuple[str, str]] = {
    "login_refused": (
        "Oracle {source}이(가) 사용자 {user}의 로그인을 거부했습니다({oracle_code}). 관리자가 ORACLE_USER와 ORACLE_PASSWORD를 확인해야 합니다. 계정이 잠기지 않도록 자동으로 다시 시도하지 않습니다.",
        "Oracle {source} refused the login of user {user} ({oracle_code}). An admin must check ORACLE_USER and ORACLE_PASSWORD. It is not tried again by itself, so that the account is not locked.",
    ),
    "oracle_unreachable": (
        "Oracle {source}에 연결할 수 없습니다. 데이터베이스와 리스너가 켜져 있는지, ORACLE_DSN이 맞는지 확인한 뒤 다시 요청하세요. 기존 데이터는 그대로입니다.",
        "Oracle {source} cannot be reached. Check that the database and its listener run and that ORACLE_DSN is right, then ask again. The old data stays.",
    ),
    "connection_dropped": (
        "Oracle {source} 연결이 도중에 끊겼습니다. 기존 데이터는 그대로입니다. 다시 요청하세요.",
        "The connection to Oracle {source} broke off. The old data stays; please ask again.",
    ),
    "oracle_timeout": (
        "Oracle {source}이(가) {seconds}초 안에 응답하지 않았습니다. 기존 데이터는 그대로입니다. 나중에 다시 요청하세요.",
        "Oracle {source} did not answer within {seconds} s. The old data stays; ask again later.",
    ),
    "table_not_found": (
        "Oracle {source}에 읽을 수 있는 테이블 {table}이(가) 없습니다. 이름을 확인하거나 DBA에게 READ 권한을 요청하세요.",
        "Oracle {source} has no table {table} that we may read. Check the name, or ask the DBA to grant READ on it.",
    ),
    "oracle_failure": (
        "Oracle {source}이(가) {oracle_code} 오류를 냈습니다. 기존 데이터는 그대로입니다. 계속되면 DBA에게 이 코드를 알려 주세요.",
        "Oracle {source} answered with {oracle_code}. The old data stays; if it goes on, tell the DBA this code.",
    ),
    "table_not_synced": (
        "{table}은(는) 아직 복사되지 않았습니다. 먼저 동기화를 요청하세요.",
        "{table} has not been copied yet. Ask for a sync first.",
    ),
    "table_ambiguous": (
        "{table}에 맞는 테이블이 여럿입니다: {candidates}. 전체 이름으로 말해 주세요.",
        "{table} fits more than one table: {candidates}. Please name one in full.",
    ),
    "column_not_found": (
        "{table}에 {column} 열이 없습니다. 있는 열: {columns}.",
        "{table} has no column {column}. It has: {columns}.",
    ),
    "bad_query": ("이렇게는 조회할 수 없습니다: {reason}", "This cannot be asked: {reason}"),
    "query_timeout": (
        "조회가 {seconds}초 안에 끝나지 않아 중단했습니다. 범위를 줄이거나 조건을 더해 주세요.",
        "The query did not end within {seconds} s and was stopped. Ask for less, or add a filter.",
    ),
    "query_failed": (
        "조회를 실행하지 못했습니다: {reason}",
        "The query could not be run: {reason}",
    ),
    "unsupported_column": (
        "{table}의 {column} 열({oracle_type})은 아직 정확하게 복사할 수 없어 동기화하지 않았습니다.",
        "Column {column} of {table} ({oracle_type}) cannot be copied exactly yet, so nothing was synced.",
    ),
    "value_does_not_fit": (
        "{table}의 {columns} 열에 사본이 정확히 담을 수 없는 값이 있습니다: 소수점 앞 28자리나 뒤 10자리를 넘는 (자릿수를 선언하지 않은) 숫자이거나, 1678~2261년을 벗어나면서 초 소수부가 6자리를 넘는 시각입니다. 반올림하지 않았고 게시하지도 않았습니다. DBA에게 정밀도와 소수 자릿수 선언을 요청하거나 이 테이블을 빼세요.",
        "{table} holds a value in column {columns} that its copy cannot keep exactly: a number of more than 28 digits before or 10 after the point where none are declared, or a moment outside 1678 to 2261 with more than 6 digits of a second. Nothing was rounded or published; have the DBA declare precision and scale, or leave the table out.",
    ),
    "warehouse_damaged": (
        "사본 저장소가 손상되었습니다: {file}이(가) 없거나 읽을 수 없습니다. 관리자가 백업에서 폴더를 복원하거나, 비우고 다시 동기화해야 합니다.",
        "The warehouse is damaged: {file} is missing or cannot be read. An admin must restore the folder from a backup, or empty it and sync again.",
    ),
    "stale_fence": (
        "{table}의 더 새로운 실행이 넘겨받아 이번 결과는 버렸습니다.",
        "A newer run of {table} has taken over, so this one was dropped.",
    ),
    "disk_full": (
        "저장 디스크가 가득 찼습니다. 기존 데이터는 그대로입니다. 공간을 확보한 뒤 다시 요청하세요.",
        "The warehouse's disk is full. The old data stays; free some space and ask again.",
    ),
    "verification_failed": (
        "{table} 사본은 {copied}행인데 Oracle은 {counted}행이라고 셉니다. 게시하지 않았고 기존 데이터는 그대로입니다. 다시 요청하세요.",
        "The copy of {table} holds {copied} rows but Oracle counted {counted}. Nothing was published and the old data stays; ask again.",
    ),
    "too_many_rows": (
        "{table}이(가) 승인된 한도 {ceiling}행을 넘습니다. 게시하지 않았습니다. bot.toml의 max_rows를 올리거나 범위를 줄이세요.",
        "{table} has more than the approved {ceiling} rows. Nothing was published; raise max_rows in bot.toml or ask for less.",
    ),
    "table_busy": (
        "다른 실행이 {table}을(를) 복사하고 있습니다. 끝난 뒤 다시 요청하세요.",
        "{table} is being copied by another run. Ask again when it has ended.",
    ),
    "plan_drifted": (
        "카드를 보여 준 뒤 Oracle의 {table} 구조가 바뀌어 실행하지 않았습니다. 동기화를 다시 요청하세요.",
        "{table} has changed in Oracle since the card was shown, so nothing was run. Ask for the sync again.",
    ),
    "worker_lost": (
        "{table}을(를) 복사하던 작업 프로세스가 도중에 멈췄습니다. 기존 데이터는 그대로입니다. 다시 요청하세요.",
        "The worker that copied {table} stopped in the middle. The old data stays; please ask again.",
    ),
    "table_not_offered": (
        "{table}은(는) 이 봇이 다루는 테이블이 아닙니다. 관리자가 bot.toml에 추가할 수 있습니다.{hint}",
        "{table} is not among the tables of this bot. An admin can add it to bot.toml.{hint}",
    ),
    "state_unavailable": (
        "봇의 저장소(Redis)가 응답하지 않습니다. 기록되지 않았을 수 있으니, 잠시 뒤 카드와 상태를 확인하고 다시 시도하세요.",
        "The bot's memory (Redis) does not answer. It may not have been noted: look at the card or the status in a minute before trying again.",
    ),
    "model_busy": (
        "지금은 모델이 요청을 더 받지 않습니다. 1분 뒤에 다시 물어봐 주세요.",
        "The model takes no more requests right now. Ask again in a minute.",
    ),
    "model_unreachable": (
        "모델에 연결할 수 없습니다. OPENAI_BASE_URL과 네트워크를 확인한 뒤 다시 물어봐 주세요.",
        "The model cannot be reached. Check OPENAI_BASE_URL and the network, then ask again.",
    ),
    "model_timeout": (
        "모델이 {seconds}초 안에 답하지 않았습니다. 다시 묻거나 범위를 줄여 물어봐 주세요.",
        "The model did not answer within {seconds} s. Ask again, or ask for less.",
    ),
    "model_server_error": (
        "모델 서버에 오류가 생겼습니다(HTTP {status}). 나중에 다시 물어봐 주세요.",
        "The model's server failed (HTTP {status}). Ask again later.",
    ),
    "model_login_refused": (
        "모델 서버가 API 키를 거부했습니다(HTTP {status}). 관리자가 OPENAI_API_KEY와 그 권한을 확인해야 합니다.",
        "The model's server refused our key (HTTP {status}). An admin must check OPENAI_API_KEY and its rights.",
    ),
    "model_quota_spent": (
        "모델 계정의 잔액이 없습니다. 관리자가 충전해야 합니다.",
        "The account of the model has no credit left. An admin must top it up.",
    ),
    "model_request_refused": (
        "모델 서버가 요청을 받아들이지 않았습니다(HTTP {status}, {reason}). 관리자가 OPENAI_MODEL을 확인하거나, 이 스레드가 아주 길면 새 스레드에서 물어봐 주세요.",
        "The model's server does not accept the request (HTTP {status}, {reason}). Check OPENAI_MODEL, or begin a new thread if this one is very long.",
    ),
    "model_bad_reply": (
        "모델의 답을 쓸 수 없습니다. 다시 묻거나 다른 말로 물어봐 주세요.",
        "The model's answer cannot be used. Ask again, perhaps in other words.",
    ),
    "unexpected": (
        "내부 오류가 생겼습니다(참조 {reference}). 계속되면 관리자에게 이 참조를 알려 주세요.",
        "Something failed on our side (reference {reference}). If it goes on, give an admin this reference.",
    ),
}
