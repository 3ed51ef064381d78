"""Every sentence of the demo model, in Korean and English, and the forms of numbers in them."""

from decimal import Decimal, InvalidOperation
from typing import Any, Literal, NamedTuple

Language = Literal["ko", "en"]

LONGEST_ERROR = 600


class Wording(NamedTuple):
    """One meaning in both languages."""

    ko: str
    en: str


PHRASES: dict[str, Wording] = {
    "label": Wording(
        "_(데모 모델: 규칙으로 답합니다)_",
        "_(demo model: answers by rules)_",
    ),
    "thought": Wording(
        "사용자가 '{tool}' 도구를 원함, 파라미터: {arguments}",
        "The person wants the '{tool}' tool, parameters: {arguments}",
    ),
    "help": Wording(
        "테이블 목록과 건수, 조회, 동기화, 스케줄을 도와드립니다. 예: `어떤 테이블이 있어?`, "
        "`ORDERS 테이블 몇 건이야?`, `USERS 테이블 동기화 해줘`, "
        "`지난주에 취소된 주문은 몇 건이야?`, `ORDERS 동기화하고 상위 5명 보여줘`.",
        "I can list tables, count and query rows, propose a sync and show schedules. Try: "
        "`which tables are there?`, `how many rows does ORDERS have?`, `sync USERS`, "
        "`how many orders were cancelled last week?`, `sync ORDERS, then show the top five "
        "customers`.",
    ),
    "welcome": Wording("천만에요. 더 궁금한 것이 있으면 말씀해 주세요.", "You are welcome."),
    "press_button": Wording(
        "승인은 글이 아니라 카드의 *승인* 버튼으로 합니다.",
        "Approvals are given with the *Approve* button on the card, not in words.",
    ),
    "left_alone": Wording("알겠습니다. 아무것도 바꾸지 않습니다.", "All right, I change nothing."),
    "which_table": Wording(
        "어떤 테이블을 동기화할까요? 예: `USERS 테이블 동기화 해줘`",
        "Which table shall be synced? For example: `sync USERS`",
    ),
    "unavailable": Wording(
        "지금은 '{tool}' 도구를 쓸 수 없습니다.",
        "The '{tool}' tool is not available now.",
    ),
    "waiting": Wording(
        "{tables} 동기화는 승인을 기다리고 있습니다.",
        "The sync of {tables} is waiting for approval.",
    ),
    "question_waiting": Wording(
        "약 {rows}행을 다루는 큰 조회라서 승인을 기다립니다.",
        "The query works through about {rows} rows, so it waits for approval.",
    ),
    "question_rejected": Wording(
        "큰 조회가 승인되지 않아 실행하지 않았습니다.",
        "The large query was not approved, so it was not run.",
    ),
    "undo_which_table": Wording(
        "어떤 테이블을 되돌릴까요? 예: `ORDERS 되돌려줘`",
        "Which table shall go back? For example: `undo the last sync of ORDERS`",
    ),
    "undo_waiting": Wording(
        "{tables} 되돌리기는 승인을 기다리고 있습니다.",
        "The undo of {tables} is waiting for approval.",
    ),
    "undone": Wording(
        "{tables} 테이블을 이전 사본으로 되돌렸습니다. 지금 {rows}건입니다.",
        "{tables} is back at the copy before. It has {rows} rows now.",
    ),
    "chart": Wording(
        "차트로 그렸습니다. 점은 {points}개입니다.", "Here is the chart, of {points} points."
    ),
    "file": Wording(
        "{file} 파일로 내보냈습니다. {rows}건입니다.", "It is in the file {file}, {rows} rows."
    ),
    "not_synced": Wording(
        "{tables} 테이블은 아직 동기화되지 않아, 먼저 동기화를 제안합니다.",
        "{tables} has no copy yet, so I propose a sync first.",
    ),
    "failed": Wording("처리하지 못했습니다: {error}", "That did not work: {error}"),
    "no_reason": Wording("이유를 알 수 없습니다.", "no reason was given."),
    "published": Wording(
        "{tables} 테이블 동기화를 마쳤습니다. 총 {rows}건의 데이터가 처리되었습니다.",
        "The sync of {tables} is complete. {rows} rows were processed in total.",
    ),
    "run_failed": Wording(
        "{tables} 테이블 동기화에 실패했습니다: {error}",
        "The sync of {tables} failed: {error}",
    ),
    "run_cancelled": Wording(
        "{tables} 테이블 동기화가 취소되었습니다. 바뀐 것은 없습니다.",
        "The sync of {tables} was cancelled. Nothing was changed.",
    ),
    "run_superseded": Wording(
        "승인 뒤에 {tables} 테이블의 원본이 달라져서 실행하지 않았습니다. 새 카드를 확인해 주세요.",
        "{tables} changed at the source after the approval, so nothing ran. Please see the new "
        "card.",
    ),
    "rejected": Wording(
        "{tables} 테이블 동기화가 거절되었습니다. 바뀐 것은 없습니다.",
        "The sync of {tables} was declined. Nothing was changed.",
    ),
    "expired": Wording(
        "{tables} 테이블 동기화는 승인 시한이 지나 실행되지 않았습니다. 다시 요청해 주세요.",
        "The approval for {tables} ran out of time, so nothing ran. Ask again if it is needed.",
    ),
    "tables": Wording(
        "테이블은 {offered}개이고 그중 {synced}개가 동기화되어 있습니다: {listed}.",
        "There are {offered} tables, {synced} of them synced: {listed}.",
    ),
    "no_tables": Wording("볼 수 있는 테이블이 없습니다.", "There are no tables you may see."),
    "table_synced": Wording("{table} ({rows}건)", "{table} ({rows} rows)"),
    "table_unsynced": Wording("{table} (동기화 전)", "{table} (not synced)"),
    "found": Wording("관련 테이블은 {count}개입니다: {listed}.", "{count} tables fit: {listed}."),
    "found_oracle_away": Wording(
        "지금 Oracle에 연결할 수 없어 동기화하지 않은 테이블은 아는 만큼만 찾았습니다.",
        "Oracle is away, so tables that are not synced were searched as far as they are known.",
    ),
    "nothing_found": Wording(
        "그런 말이 들어간 테이블이 없습니다. 다른 말로 찾아 주세요.",
        "No table fits these words. Try others.",
    ),
    "means": Wording("용어 사전 {means}", "From the glossary, {means}"),
    "described": Wording(
        "{table} 테이블의 열 {count}개: {listed}.", "{table} has {count} columns: {listed}."
    ),
    "profile": Wording(
        "{table}의 {column} 열에는 서로 다른 값이 {distinct}개 있습니다.",
        "{column} of {table} has {distinct} different values.",
    ),
    "moved": Wording(
        "가장 크게 바뀐 것은 {what}: {before} → {after}입니다.",
        "What moved most is {what}: {before} → {after}.",
    ),
    "not_moved": Wording("두 시점의 결과가 같습니다.", "The result is the same at both moments."),
    "why_what": Wording(
        "어떤 숫자가 왜 바뀌었는지 알려면 먼저 그 숫자를 물어봐 주세요.",
        "Ask for the number first; then I can tell why it changed.",
    ),
    "figure": Wording("답은 {value}입니다.", "The answer is {value}."),
    "sql_rows": Wording("{count}행을 조회했습니다.", "{count} rows."),
    "status": Wording(
        "테이블 {offered}개 중 {synced}개가 동기화되어 있습니다.",
        "{synced} of {offered} tables are synced.",
    ),
    "status_runs": Wording("최근 실행: {runs}.", "Recent runs: {runs}."),
    "status_pending": Wording("승인 대기: {tables}.", "Waiting for approval: {tables}."),
    "run": Wording("{tables} {state}", "{tables} {state}"),
    "run_rows": Wording("{tables} {state} ({rows}건)", "{tables} {state} ({rows} rows)"),
    "run_rows_so_far": Wording(
        "{tables} {state} (지금까지 {rows}건 읽음)", "{tables} {state} ({rows} rows read so far)"
    ),
    "stats": Wording(
        "{table} 테이블은 {rows}건이고 열은 {columns}개입니다.",
        "{table} has {rows} rows and {columns} columns.",
    ),
    "schedules": Wording("스케줄은 {count}개입니다: {listed}.", "Schedules: {count}. {listed}."),
    "schedule": Wording(
        "{name} ({tables}, {when}, 다음 실행 {next})",
        "{name} ({tables}, {when}, next at {next})",
    ),
    "schedule_paused_line": Wording(
        "{name} ({tables}, {when}, 일시 중지됨)", "{name} ({tables}, {when}, paused)"
    ),
    "schedule_after": Wording("{tables} 게시 후", "after {tables} are published"),
    "schedule_waiting": Wording(
        "예약 {name}({when})은 승인을 기다리고 있습니다.",
        "The schedule {name} ({when}) is waiting for approval.",
    ),
    "schedule_already": Wording("예약 {name}은 이미 그렇습니다.", "{name} is so already."),
    "schedule_saved": Wording(
        "예약 {name}을 저장했습니다: {when}.", "The schedule {name} is saved: {when}."
    ),
    "schedule_paused": Wording("예약 {name}을 일시 중지했습니다.", "{name} is paused."),
    "schedule_resumed": Wording("예약 {name}을 재개했습니다.", "{name} goes on."),
    "schedule_deleted": Wording("예약 {name}을 삭제했습니다.", "{name} is deleted."),
    "schedule_rejected": Wording(
        "예약 {name} 변경이 거절되었습니다. 바뀐 것은 없습니다.",
        "The change of {name} was declined. Nothing was changed.",
    ),
    "schedule_expired": Wording(
        "예약 {name} 변경은 승인 시한이 지났습니다. 바뀐 것은 없습니다.",
        "The time to approve the change of {name} has passed. Nothing was changed.",
    ),
    "no_schedules": Wording("등록된 스케줄이 없습니다.", "There are no schedules."),
    "clock_stopped": Wording(
        "다만 스케줄러가 실행 중이 아닙니다.", "The scheduler is not running, though."
    ),
    "by_status": Wording("{which} 상태별: {listed}.", "{which} by status: {listed}."),
    "rows": Wording("{table} 테이블에서 {count}행을 조회했습니다.", "{table}: {count} rows."),
    "more_rows": Wording("행이 더 있습니다.", "There are more rows."),
    "no_rows": Wording("조건에 맞는 행이 없습니다.", "No rows match."),
    "dropped_result": Wording(
        "조회 결과가 더는 남아 있지 않습니다. 다시 물어봐 주세요.",
        "The result is no longer at hand. Please ask again.",
    ),
}

STATES: dict[str, Wording] = {
    "queued": Wording("대기 중", "queued"),
    "running": Wording("실행 중", "running"),
    "verifying": Wording("검증 중", "verifying"),
    "published": Wording("완료", "published"),
    "failed": Wording("실패", "failed"),
    "cancelled": Wording("취소됨", "cancelled"),
    "superseded": Wording("대체됨", "superseded"),
}

# Errors come with an English sentence; the frequent ones are known in Korean by their code.
KOREAN_ERRORS = {
    "table_not_synced": "아직 동기화되지 않은 테이블입니다.",
    "table_not_offered": "이 봇이 다루지 않는 테이블입니다.",
    "table_not_found": "Oracle에 그 테이블이 없거나 읽을 권한이 없습니다.",
    "table_ambiguous": "같은 이름의 테이블이 여럿입니다. 스키마까지 적어 주세요.",
    "column_not_found": "그런 열이 없습니다.",
    "bad_arguments": "도구에 넘긴 값이 올바르지 않습니다.",
    "unknown_tool": "그런 도구가 없습니다.",
    "login_refused": "Oracle이 로그인을 거부했습니다.",
    "oracle_unreachable": "Oracle에 연결할 수 없습니다.",
    "connection_dropped": "Oracle 연결이 끊겼습니다. 기존 데이터는 그대로이니 다시 요청해 주세요.",
    "oracle_timeout": "Oracle이 제때 응답하지 않았습니다. 기존 데이터는 그대로입니다.",
    "verification_failed": "복사본이 원본과 일치하지 않아 게시하지 않았습니다.",
    "query_timeout": "조회가 제한 시간을 넘어 중단되었습니다.",
    "too_many_rows": "행 수가 허용 한도를 넘었습니다.",
    "nothing_to_compare": "비교할 이전 사본이 없습니다. 한 번 더 동기화한 뒤 물어봐 주세요.",
    "nothing_to_undo": "되돌아갈 이전 사본이 없습니다.",
    "not_from_oracle": "파일에서 가져온 테이블이라 동기화할 수 없습니다.",
    "backfill_impossible": "구간을 다시 읽을 사본이 없습니다. 먼저 전체를 동기화해 주세요.",
    "trial_name_taken": "시험 복사의 이름을 다른 테이블이 쓰고 있습니다.",
    "bad_cursor": "bot.toml의 커서 열로는 변경 순서를 알 수 없습니다.",
    "schema_frozen": "Oracle에서 열이 바뀌었지만 bot.toml이 열을 고정하고 있습니다.",
    "bad_filter": "그 열은 그렇게 거를 수 없습니다.",
    "state_unavailable": "상태 저장소에 연결할 수 없습니다.",
}


def say(key: str, language: Language, **values: object) -> str:
    """One sentence of `PHRASES`, its places filled."""
    return getattr(PHRASES[key], language).format(**values)


def state_name(state: object, language: Language) -> str:
    """The state of a run in words; an unknown one as it is."""
    wording = STATES.get(str(state))
    return str(state) if wording is None else getattr(wording, language)


def error_sentence(failure: dict[str, Any], language: Language) -> str:
    """What went wrong, from a result or event with `code` and `error`."""
    if language == "ko":  # a sentence in two languages reads like a fault of its own
        return KOREAN_ERRORS.get(str(failure.get("code")), say("no_reason", language))
    return str(failure.get("error") or say("no_reason", language))[:LONGEST_ERROR]


def number(value: object, digits: int = 0) -> str:
    """`100000` as `100,000`; what is no number as it is. At most *digits* places."""
    try:
        exact = Decimal(str(value or 0))
        rounded = exact.quantize(Decimal(1).scaleb(-digits))
    except InvalidOperation:
        return str(value)
    return f"{rounded.to_integral_value() if rounded == rounded.to_integral_value() else rounded:,}"


def names(tables: object) -> str:
    """Tables in a sentence: bare names, a schema only where two tables share one."""
    listed = [str(table) for table in tables] if isinstance(tables, list | tuple) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] -- JSON
    bare = [table.rpartition(".")[2] for table in listed]
    return ", ".join(
        short if bare.count(short) == 1 else full for short, full in zip(bare, listed, strict=True)
    )
