"""Every error a person reads in Slack, worded in Korean and in English."""

from collections import defaultdict

from agent.deps import Language
from app.access_texts import ACCESS_FAILURES, NOT_ALLOWED
from app.attachment_texts import ATTACHMENT_FAILURES
from app.import_texts import IMPORT_FAILURES
from app.model_texts import MODEL_FAILURES
from app.oracle_texts import KOREAN
from app.past_texts import PAST_FAILURES
from app.query_texts import QUERY_FAILURES
from app.texts import say
from sync.errors import Failure
from sync.oracle_errors import kind_of


def word_failure(language: Language, failure: Failure) -> str:
    """Give an error's sentence in a language. A code nobody worded is told as an unexpected one.

    What Oracle's own code means comes before the words for its like. A value that is missing, as in
    what an older version stored, is told as a dash.
    """
    meant = kind_of(failure.params.get("oracle_code"))
    if meant:
        korean, english = KOREAN[meant.name], meant.sentence
    else:
        korean, english = FAILURES.get(failure.code, FAILURES["unexpected"])
    params = defaultdict[str, str | int](lambda: "-", failure.params)
    return (korean if language == "ko" else english).format_map(params)


def word_withheld(language: Language, failure: Failure, rules: str) -> str:
    """Give an error's sentence; where *rules* keep a table from some readers, without figures."""
    if rules and failure.code in _FIGURES_TOLD:
        table = failure.params.get("table", "-")
        return say(language, "card.figure_withheld", table=table, rule=rules)
    return word_failure(language, failure)


TOLD_TO_PEOPLE = NOT_ALLOWED | frozenset(
    {
        "login_refused",
        "oracle_unreachable",
        "oracle_timeout",
        "connection_dropped",
        "oracle_failure",
        "oracle_passing",
        "moment_lost",
        "oracle_too_old",
        "client_missing",
        "refused_by_rule",
        "source_busy",
        "source_closed",
        "source_stopped",
        "warehouse_mismatch",
        "table_not_found",
        "nothing_to_undo",
        "not_from_oracle",
        "backfill_impossible",
        "trial_name_taken",
        "bad_cursor",
        "schema_frozen",
        "queries_unguarded",
        "unsupported_column",
        "setting_does_not_fit",
        "encoding_does_not_fit",
        "not_decodable",
        "lob_too_large",
        "warehouse_damaged",
        "disk_full",
        "state_unavailable",
        "unexpected",
    }
)
"""Failures of a tool that people are told in these words too, however the model puts them."""

_FIGURES_TOLD = frozenset({"figure_differs"})
"""Failures whose words hold what stands in a table."""

FAILURES: dict[str, tuple[str, str]] = {
    **MODEL_FAILURES,
    **IMPORT_FAILURES,
    **ATTACHMENT_FAILURES,
    **PAST_FAILURES,
    **QUERY_FAILURES,
    **ACCESS_FAILURES,
    "login_refused": (
        "Oracle {source}이(가) 사용자 {user}의 로그인을 거부했습니다({oracle_code}). 관리자가 사용자와 비밀번호를 확인해야 합니다. 계정이 잠기지 않도록, 비밀번호가 바뀌거나 운영자가 `botctl doctor --retry-login {source}`을(를) 실행할 때까지 다시 시도하지 않습니다.",
        "Oracle {source} refused the login of user {user} ({oracle_code}). An admin must check user and password. So that the account is not locked, it is not tried again until the password changes or an operator runs `botctl doctor --retry-login {source}`.",
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
    "source_busy": (
        "Oracle {source}에 허용된 세션 {most}개가 모두 사용 중입니다(bot.toml의 max_sessions). 기존 데이터는 그대로입니다. 잠시 뒤 다시 요청하세요.",
        "All {most} sessions that Oracle {source} allows us (max_sessions in bot.toml) are at work. The old data stays; ask again in a minute.",
    ),
    "source_closed": (
        "Oracle {source}은(는) {until}까지 읽을 수 없습니다(bot.toml의 blackout 시간대). 기존 데이터는 그대로입니다. 그 뒤에 다시 요청하세요.",
        "Oracle {source} may not be read before {until} (a blackout window in bot.toml). The old data stays; ask again after that.",
    ),
    "source_stopped": (
        "Oracle {source}은(는) {since}부터 중지되어 있습니다(이유: {reason}). 운영자가 `botctl source start {source}`를 실행할 때까지 읽지 않으며, 기다리던 작업은 그때 시작합니다. 기존 데이터는 그대로입니다.",
        "Oracle {source} is stopped since {since} ({reason}). Nothing is read from it until an operator runs `botctl source start {source}`; what waits begins then. The old data stays.",
    ),
    "table_not_found": (
        "Oracle {source}에 읽을 수 있는 테이블 {table}이(가) 없습니다. 이름을 확인하거나 DBA에게 READ 권한을 요청하세요.",
        "Oracle {source} has no table {table} that we may read. Check the name, or ask the DBA to grant READ on it.",
    ),
    "oracle_too_old": (
        'Oracle {source}은(는) 12.1보다 오래된 버전입니다. 관리자가 bot.toml에 driver = "thick"을, 환경 변수 ORACLE_CLIENT_LIB_DIR에 Oracle 클라이언트 폴더를 설정해야 합니다.',
        'Oracle {source} is older than 12.1. An admin must set driver = "thick" in bot.toml, and ORACLE_CLIENT_LIB_DIR to the folder of Oracle\'s client libraries.',
    ),
    "client_missing": (
        "Oracle {source}에는 Oracle 클라이언트 라이브러리가 필요한데 쓸 수 없습니다 ({detail}). 관리자가 ORACLE_CLIENT_LIB_DIR을 확인해야 합니다.",
        "Oracle {source} needs Oracle's client libraries, which cannot be used ({detail}). An admin must check ORACLE_CLIENT_LIB_DIR.",
    ),
    "sources_mixed": (
        "여러 소스({sources})의 테이블은 한 번에 동기화할 수 없습니다. 소스별로 따로 요청하세요.",
        "Tables of several sources ({sources}) cannot be copied in one sync. Ask for one sync for each.",
    ),
    "refused_by_rule": (
        "bot.toml의 규칙 {rule} 때문에 할 수 없습니다. {why}",
        "The rule {rule} of bot.toml does not allow this. {why}",
    ),
    "oracle_failure": (
        "Oracle {source}이(가) {oracle_code} 오류를 냈습니다. 기존 데이터는 그대로입니다. 계속되면 DBA에게 이 코드를 알려 주세요.",
        "Oracle {source} answered with {oracle_code}. The old data stays; if it goes on, tell the DBA this code.",
    ),
    "oracle_passing": (
        "Oracle {source}이(가) {oracle_code} 오류를 냈습니다. 기존 데이터는 그대로입니다. 다시 요청하고, 계속되면 DBA에게 이 코드를 알려 주세요.",
        "Oracle {source} answered with {oracle_code}. The old data stays; ask again, and if it goes on, tell the DBA this code.",
    ),
    "moment_lost": (
        "Oracle {source}이(가) 읽기 시작한 시점의 {table}을(를) 더 이상 보여 주지 못합니다({oracle_code}). 기존 데이터는 그대로입니다. 다시 요청하고, 계속되면 DBA에게 UNDO_RETENTION을 늘려 달라고 하세요.",
        "Oracle {source} cannot show {table} as it was when the read began ({oracle_code}). The old data stays; ask again, and if it goes on, have the DBA raise UNDO_RETENTION.",
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
    "bad_filter": (
        "{table}의 {column} 열은 이렇게 거를 수 없습니다: {reason}.",
        "{column} of {table} cannot be filtered like this: {reason}.",
    ),
    "figure_differs": (
        "{table} 사본에서 {what} 값이 {copied}인데 Oracle은 {oracle}이라고 합니다. 게시하지 않았고 기존 데이터는 그대로입니다. 다시 요청하고, 계속되면 관리자에게 알려 주세요.",
        "In the copy of {table}, {what} is {copied} but Oracle says {oracle}. Nothing was published and the old data stays; ask again, and tell an admin if it stays so.",
    ),
    "key_not_unique": (
        "{table}의 키({key})가 같은 행이 {count}건 있어 행을 구별할 수 없습니다. 게시하지 않았습니다. bot.toml의 key를 한 행만 가리키는 열로 바꾸세요.",
        "The key of {table} ({key}) names {count} keys more than once, so its rows cannot be told apart. Nothing was published. Set key in bot.toml to columns that name one row.",
    ),
    "too_many_deletes": (
        "{table} 사본의 {rows}행 가운데 {gone}행이 Oracle에서 사라졌습니다. 한 번에 지울 수 있는 {percent}%를 넘어 아무것도 바꾸지 않았습니다. 무엇이 바뀌는지 보여 주는 전체 동기화를 승인하면 반영됩니다.",
        "{gone} of the {rows} rows in the copy of {table} are gone from Oracle, more than the {percent}% a run may remove. Nothing was changed. A full sync, which shows what it replaces, takes them over.",
    ),
    "bad_cursor": (
        "{table}의 {column}({oracle_type})은 변경 순서를 알려 줄 수 없습니다. 커서는 날짜, 시각, 숫자 열이어야 합니다. bot.toml에서 다른 열을 지정하세요.",
        "{column} of {table} ({oracle_type}) cannot order changes. The cursor must be a date, a timestamp or a number; set another one in bot.toml.",
    ),
    "backfill_impossible": (
        "{table}의 일부 구간만 다시 읽을 수 없습니다. 맞는 사본이 없습니다({because}). 먼저 전체를 동기화하세요.",
        "A range of {table} cannot be read again: there is no copy it fits into ({because}). Sync all of it first.",
    ),
    "trial_name_taken": (
        "{table}의 시험 복사는 할 수 없습니다. {taken}이(가) 따로 있는 테이블입니다. 대신 일부 행만(where) 복사해 달라고 요청하세요.",
        "There is no trial of {table}: {taken} is a table of its own. Ask for a copy of some rows (where) in its place.",
    ),
    "schema_frozen": (
        "{table}의 {column} 열이 {was}에서 {became}(으)로 바뀌었지만 bot.toml이 열을 고정했습니다. 이 테이블의 drift를 ask나 evolve로 바꾼 뒤 다시 동기화하세요.",
        "Column {column} of {table} was {was} and is {became} in Oracle, but bot.toml freezes its columns. Set drift to ask or evolve for this table, then sync it again.",
    ),
    "unsupported_column": (
        '{table}에 정확하게 복사할 수 없는 열이 있어 동기화하지 않았습니다: {columns}. 관리자가 bot.toml의 해당 [[table]]에 columns = {{ 열이름 = "skip" }}을(를) 넣어 뺄 수 있습니다.',
        '{table} has columns that cannot be copied exactly, so nothing was synced: {columns}. An admin can leave them out with columns = {{ NAME = "skip" }} under its [[table]] in bot.toml.',
    ),
    "setting_does_not_fit": (
        '{table}의 {column} 열({oracle_type})에는 "truncate"를 쓸 수 없습니다. 관리자가 bot.toml에서 "skip"으로 바꾸거나 설정을 지워야 합니다.',
        'Column {column} of {table} ({oracle_type}) cannot be truncated. An admin must change it to "skip" in bot.toml, or take the setting out.',
    ),
    "encoding_does_not_fit": (
        "{table}의 {column} 열({oracle_type})에는 bot.toml의 encoding을 쓸 수 없습니다. VARCHAR2와 CHAR에만 쓸 수 있으니 관리자가 설정을 지워야 합니다.",
        "Column {column} of {table} ({oracle_type}) cannot be given an encoding in bot.toml; only VARCHAR2 and CHAR can. An admin must take it out there.",
    ),
    "not_decodable": (
        '{table}의 {column} 열에서 방금 읽은 값 {rows}개 중 {count}개가 {encoding} 글자가 아닙니다. 게시하지 않았습니다. 관리자가 bot.toml의 해당 [[table]]에서 encoding을 고치거나, columns에서 이 열을 "skip"으로 정할 수 있습니다.',
        '{count} of the {rows} values just read of column {column} of {table} are no text in {encoding}. Nothing was published. An admin can correct encoding under its [[table]] in bot.toml, or set this column to "skip" in columns there.',
    ),
    "lob_too_large": (
        '{table}의 {column} 열에 길이 {size}인 값이 있는데 lob_limit은 {limit}입니다(문자는 글자 수, 그 밖은 바이트). 게시하지 않았습니다. 관리자가 bot.toml의 해당 [[table]]에서 lob_limit을 올리거나, columns에서 이 열을 "truncate" 또는 "skip"으로 정할 수 있습니다.',
        '{table} holds a value of length {size} in column {column}, and lob_limit is {limit} (characters of text, bytes otherwise). Nothing was published. An admin can raise lob_limit under its [[table]] in bot.toml, or set this column to "truncate" or "skip" in columns there.',
    ),
    "warehouse_damaged": (
        "사본 저장소가 손상되었습니다: {file}이(가) 없거나 읽을 수 없습니다. 관리자가 백업에서 폴더를 복원하거나, 비우고 다시 동기화해야 합니다. manifest.json이 사라졌다면 `botctl warehouse rebuild`로 다시 만들 수 있습니다.",
        "The warehouse is damaged: {file} is missing or cannot be read. An admin must restore the folder from a backup, or empty it and sync again; a lost manifest.json is made again by `botctl warehouse rebuild`.",
    ),
    "warehouse_mismatch": (
        "WAREHOUSE_DIR이 이 Redis가 아는 저장 폴더가 아닙니다 (여기: {here}, 등록: {known}). 관리자가 설정을 확인해야 합니다. 일부러 바꾼 것이라면 `botctl warehouse adopt`를 실행하세요.",
        "WAREHOUSE_DIR is not the warehouse this Redis knows (here: {here}, known: {known}). An admin must check the settings; if it was replaced on purpose, run `botctl warehouse adopt`.",
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
    "cancelled": (
        "실행을 중단했습니다(중단한 사람: {by}). 게시하지 않았고 기존 데이터는 그대로입니다.",
        "This was stopped by {by}. Nothing was published and the old data stays.",
    ),
    "worker_lost": (
        "{table}을(를) 복사하던 작업 프로세스가 도중에 멈췄습니다. 기존 데이터는 그대로입니다. 다시 요청하세요.",
        "The worker that copied {table} stopped in the middle. The old data stays; please ask again.",
    ),
    "record_unreadable": (
        "{table} 동기화의 기록을 더 이상 읽을 수 없어 중단했습니다. 이 동기화가 게시한 사본은 확인되지 않았습니다. 테이블 상태를 확인한 뒤 다시 요청하세요.",
        "The record of the sync of {table} could not be read any more, so it was stopped. No copy of it is known: look at the table's status, then ask again.",
    ),
    "table_not_offered": (
        "{table}은(는) 이 봇이 다루는 테이블이 아닙니다. 관리자가 bot.toml에 추가할 수 있습니다.{hint}",
        "{table} is not among the tables of this bot. An admin can add it to bot.toml.{hint}",
    ),
    "state_unavailable": (
        "봇의 저장소(Redis)가 응답하지 않습니다. 기록되지 않았을 수 있으니, 잠시 뒤 카드와 상태를 확인하고 다시 시도하세요.",
        "The bot's memory (Redis) does not answer. It may not have been noted: look at the card or the status in a minute before trying again.",
    ),
    "unexpected": (
        "내부 오류가 생겼습니다(참조 {reference}). 계속되면 관리자에게 이 참조를 알려 주세요.",
        "Something failed on our side (reference {reference}). If it goes on, give an admin this reference.",
    ),
}
