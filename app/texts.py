"""Every sentence of ours that a person reads, in Korean and in English."""

import re
from collections.abc import Collection

from agent.deps import Language
from agent.events import Limit
from app.access_texts import ACCESS_PHRASES
from app.attachment_texts import ATTACHMENT_PHRASES
from app.card_texts import CARD_PHRASES
from app.chart_texts import CHART_PHRASES
from app.command_texts import COMMAND_PHRASES
from app.copy_texts import COPY_PHRASES
from app.feedback_texts import FEEDBACK_PHRASES
from app.form_texts import FORM_PHRASES
from app.home_texts import HOME_PHRASES
from app.import_texts import IMPORT_PHRASES
from app.limit_texts import LIMIT_PHRASES
from app.opening_texts import OPENING_PHRASES
from app.past_texts import PAST_PHRASES
from app.query_texts import QUERY_PHRASES
from app.remark_texts import REMARK_PHRASES
from app.thread_texts import THREAD_PHRASES

_HANGUL = re.compile("[\uac00-\ud7a3\u3131-\u318e]")
_WORD = re.compile(r"[A-Za-z][\w$#.]*")
_IDENTIFIER = re.compile(r"[A-Z][A-Z0-9_$#]*(?:\.[A-Z0-9_$#]+)*")
_SIGNS_OF_A_NAME = re.compile(r"[_$#0-9]|\w\.\w")
_NAMES_ALONE = 2
"""So many words in capitals may be names; more of them are somebody who shouts in English."""


def written_in(text: str, names: Collection[str] = ()) -> Language | None:
    """Tell the language a message is written in; None where it has no word of any.

    Names of tables and columns are no words: neither *names* (in small letters) nor what is written
    as an identifier is. So inside Korean they do not make it English, and alone they say nothing.
    """
    if _HANGUL.search(text):
        return "ko"
    words = [word.rstrip(".") for word in _WORD.findall(text)]
    rest = [
        word for word in words if word.casefold() not in names and not _SIGNS_OF_A_NAME.search(word)
    ]
    if len(rest) <= _NAMES_ALONE and all(_IDENTIFIER.fullmatch(word) for word in rest):
        return None
    return "en"


def language_of(text: str, otherwise: Language) -> Language:
    """Tell the language a message is written in, *otherwise* where its words do not say."""
    return written_in(text) or otherwise


def word_limit(language: Language, limit: Limit, most: float) -> str:
    """Say which limit ended a turn, and what to do."""
    told = f"{most:,.2f}" if "cost" in limit else f"{most:,.0f}"
    return say(language, f"limit.{limit}", most=told)


def say(language: Language, phrase: str, **values: str | int) -> str:
    """Give a phrase in a language, its ``{named}`` places filled."""
    korean, english = PHRASES[phrase]
    return (korean if language == "ko" else english).format(**values)


PHRASES: dict[str, tuple[str, str]] = {
    **CARD_PHRASES,
    **CHART_PHRASES,
    **COMMAND_PHRASES,
    **COPY_PHRASES,
    **FEEDBACK_PHRASES,
    **FORM_PHRASES,
    **HOME_PHRASES,
    **IMPORT_PHRASES,
    **OPENING_PHRASES,
    **PAST_PHRASES,
    **QUERY_PHRASES,
    **ACCESS_PHRASES,
    **REMARK_PHRASES,
    **LIMIT_PHRASES,
    **THREAD_PHRASES,
    **ATTACHMENT_PHRASES,
    # An answer
    "answer.thought": ("생각: {text}", "thought: {text}"),
    "answer.tool": ("도구: {name} {arguments}", "tool: {name} {arguments}"),
    "answer.tool_failed": ("도구 실패: {name} {arguments}", "tool failed: {name} {arguments}"),
    "answer.empty": (
        "답할 내용이 없습니다. 다르게 물어봐 주세요.",
        "There is nothing to say to that. Please ask in another way.",
    ),
    "answer.thinking": ("생각하고 있습니다…", "is thinking…"),
    "answer.working": ("데이터를 살펴보고 있습니다…", "is looking into the data…"),
    "answer.long": (
        "시간이 조금 걸리고 있습니다. 더 기다리지 않으려면 멈추세요.",
        "This takes a while. Stop it if you do not want to wait any longer.",
    ),
    "answer.stop": ("멈추기", "Stop"),
    "answer.stopping": ("멈추는 중입니다.", "It is being stopped."),
    "answer.over": ("이미 끝났습니다.", "It is over already."),
    "answer.untrue_sync": (
        ":warning: *이 대화에서 끝난 동기화가 없습니다.* 아래 글의 동기화 이야기는 사실이 아닙니다.",
        ":warning: *No sync has run in this conversation.* What is said of one below is not so.",
    ),
    "answer.chosen_already": (
        "이미 답한 질문입니다. 다른 답은 글로 써 주세요.",
        "This has been answered already. Write another answer in words.",
    ),
    "answer.chosen": ("{who} 선택: {choice}", "{who} chose: {choice}"),
    "answer.hello": (
        '무엇을 알고 싶으세요? 예: "어떤 테이블이 있어?", "ORDERS 테이블 동기화 해줘"',
        'What would you like to know? For example: "what tables are there?", "sync the ORDERS table"',
    ),
    "schedule.failed": (
        "예약 {name}을(를) 준비하지 못했습니다. {reason}",
        "The schedule {name} could not be prepared. {reason}",
    ),
    "schedule.missed": (
        "예약 {name}: 시계가 멈춘 동안 {count}번을 놓쳐 한 번으로 합쳤습니다.",
        "Schedule {name}: {count} times were missed while no clock ran; they are made up for by one.",
    ),
    "schedule.overlap": (
        "예약 {name}: 앞선 실행이 아직 끝나지 않아 이번에는 건너뜁니다.",
        "Schedule {name}: its last run has not ended, so this time it is skipped.",
    ),
    "schedule.waits": (
        "예약 {name}: 앞선 카드가 아직 결정을 기다려 이번에는 건너뜁니다.",
        "Schedule {name}: its last card still waits for a decision, so this time it is skipped.",
    ),
    "schedule.outage": (
        "예약 {name}을(를) 실행하지 못했습니다. {reason} 다시 될 때까지 이 오류는 한 번만 알립니다.",
        "The schedule {name} could not run. {reason} This is told once until it works again.",
    ),
    "schedule.owner_gone": (
        "예약 {name}: 만든 사람 {who}의 계정이 없어져 일시 중지했습니다. 계속하려면 다른 사람이 재개를 요청하세요.",
        "Schedule {name}: the account of {who}, who asked for it, is gone, so it is paused. Somebody else must ask to resume it.",
    ),
    "schedule.role_lost": (
        "예약 {name}: 승인한 {who}이(가) 이 테이블을 더는 결정할 수 없어 일시 중지했습니다. 계속하려면 재개를 요청하세요. 지금 결정할 수 있는 사람에게 새로 승인을 받습니다.",
        "Schedule {name}: {who}, whose yes it stood on, may no longer decide about its tables, so it is paused. To go on, ask to resume it: somebody who may decide now is asked for a new yes.",
    ),
    "schedule.cannot_tell": (
        "예약 {name}: {table}이(가) 바뀌었는지 알 수 없어({reason}) 매번 복사합니다.",
        "Schedule {name}: whether {table} has changed cannot be told ({reason}), so it is copied every time.",
    ),
    "schedule.unknown_no_table": (
        "뷰나 동의어처럼 테이블이 아님",
        "it is a view, a synonym or the like, not a table",
    ),
    "schedule.unknown_lob": (
        "행 밖에 저장되는 LOB 열이 있음",
        "it has LOB columns, which are kept beside its rows",
    ),
    "schedule.unknown_code": (
        "ORA_ROWSCN 조회에 {code}",
        "asked for ORA_ROWSCN, Oracle answers {code}",
    ),
    "schedule.only_if_changed": (
        "바뀌었을 때만: 지금 사본 이후 원본이 그대로면 복사하지 않습니다",
        "only if changed: nothing is copied while the source is as its copies show it",
    ),
    "schedule.skip_unchanged": (
        "마지막 건너뜀: {when}, 원본이 그대로여서",
        "last skipped: {when}, the source had not changed",
    ),
    "schedule.skip_running": (
        "마지막 건너뜀: {when}, 앞선 실행이 끝나지 않아서",
        "last skipped: {when}, its run before had not ended",
    ),
    "schedule.skip_waits": (
        "마지막 건너뜀: {when}, 앞선 카드가 결정을 기다려서",
        "last skipped: {when}, its card before waited for a decision",
    ),
    "schedule.windows": (
        "다음 {count}번 중 {closed}번은 {source}의 사용 금지 시간이라, 그 시간이 끝날 때 실행합니다",
        "{closed} of its next {count} times fall into a blackout of {source}; these wait for its end",
    ),
    "condition.tells": (
        "{figure}이(가) {compared} {channel}에 알립니다 (게시될 때마다 확인)",
        "tells {channel} if the {figure} is {compared} (looked at whenever that table is published)",
    ),
    "condition.holds": (
        "예약 {name}: {figure}: *{value}* (조건: {compared}).\n{basis}",
        "Schedule {name}: the {figure} is *{value}* (told if it is {compared}).\n{basis}",
    ),
    "condition.told_here": ("{text}\n{why}", "{text}\n{why}"),
    "condition.untold": (
        "{channel}에 알리려 했지만 Slack이 거절해({reason}) 여기에 남깁니다. 그 채널에서 봇을 /invite 하세요.",
        "This was for {channel}, but Slack refused it ({reason}), so it stands here. Invite the bot there with /invite.",
    ),
    "condition.failed": (
        "예약 {name}의 조건을 확인하지 못했습니다. {reason} 다시 될 때까지 이 오류는 한 번만 알립니다.",
        "The condition of schedule {name} could not be looked at. {reason} This is told once until it works again.",
    ),
    "condition.rows": ("{table}의 행 수", "number of rows of {table}"),
    "condition.count": ("{table}의 {column} 값 수", "number of values in {column} of {table}"),
    "condition.count_distinct": (
        "{table}의 서로 다른 {column} 수",
        "number of different {column} of {table}",
    ),
    "condition.sum": ("{table}의 {column} 합계", "sum of {column} of {table}"),
    "condition.avg": ("{table}의 {column} 평균", "average {column} of {table}"),
    "condition.min": ("{table}의 가장 작은 {column}", "smallest {column} of {table}"),
    "condition.max": ("{table}의 가장 큰 {column}", "largest {column} of {table}"),
    "condition.where": ("{figure} ({filters}인 행)", "{figure} where {filters}"),
    "condition.below": ("{value} 미만이면", "below {value}"),
    "condition.at_most": ("{value} 이하이면", "at most {value}"),
    "condition.above": ("{value}보다 크면", "above {value}"),
    "condition.at_least": ("{value} 이상이면", "at least {value}"),
    "condition.equal": ("{value}이면", "{value}"),
    "condition.unequal": ("{value}이(가) 아니면", "not {value}"),
    "condition.held": (
        "마지막 확인: {when}, {figure}, 알림",
        "last looked at: {when}, {figure}, told",
    ),
    "condition.held_not": (
        "마지막 확인: {when}, {figure}, 해당 없음",
        "last looked at: {when}, {figure}, nothing to tell",
    ),
    "schedule.put_off": (
        "예약 {name}을(를) 지금은 실행하지 않고 그때 한 번 다시 시도합니다. {reason}",
        "The schedule {name} does not run now; it is tried once more then. {reason}",
    ),
    "schedule.too_late": (
        "예약 {name}: 시계가 멈춘 동안 {count}번을 놓쳤고, 한 시간이 넘어 다시 실행하지 않습니다.",
        "Schedule {name}: {count} times were missed while no clock ran, more than an hour ago; they are not made up for.",
    ),
    "schedule.out_rows": (
        "{table}이(가) 약 {rows}행으로 합의한 {limit}행을 넘습니다.",
        "{table} has about {rows} rows, more than the {limit} agreed on.",
    ),
    "schedule.out_rows_unknown": (
        "{table}의 행 수를 알 수 없어 합의한 {limit}행 이하인지 모릅니다.",
        "How many rows {table} has is unknown, so whether it is within the {limit} agreed on is too.",
    ),
    "schedule.out_mode": (
        "{table}의 전체 복사가 필요합니다. 합의한 것은 증분 복사입니다.",
        "{table} has to be copied in full; what was agreed on is an incremental copy.",
    ),
    "schedule.out_columns": (
        "{table}의 열이나 키가 합의한 뒤 바뀌었습니다.",
        "The columns or the key of {table} have changed since this was agreed on.",
    ),
    "schedule.out_tables": (
        "합의한 테이블과 다릅니다.",
        "These are not the tables that were agreed on.",
    ),
    "schedule.out_policy": (
        "이 예약이 받은 승인이 지금의 승인 규칙에는 모자랍니다.",
        "The yeses this schedule got are not enough by the rules of today.",
    ),
    "schedule.out_until": (
        "합의한 기한 {until}이(가) 지났습니다. 승인하면 {new}까지 계속합니다.",
        "The last day agreed on, {until}, has passed. A yes lets it go on until {new}.",
    ),
    "schedule.create": ("예약 *{name}* 만들기", "create schedule *{name}*"),
    "schedule.change": ("예약 *{name}* 바꾸기", "change schedule *{name}*"),
    "schedule.pause": ("예약 *{name}* 일시 중지", "pause schedule *{name}*"),
    "schedule.resume": ("예약 *{name}* 재개", "resume schedule *{name}*"),
    "schedule.delete": ("예약 *{name}* 삭제", "delete schedule *{name}*"),
    "schedule.copies": ("전체 복사: {tables}", "full copy of {tables}"),
    "schedule.after": ("{tables} 게시 후", "after {tables} are published"),
    "schedule.next": ("다음: {times}", "next: {times}"),
    "schedule.envelope": (
        "한 번 승인하면 이 범위 안의 실행은 다시 묻지 않습니다: {limits}, {until}",
        "One yes covers every run within: {limits}, {until}",
    ),
    "schedule.rows": ("{table} {rows}행 이하", "{table} at most {rows} rows"),
    "schedule.until": ("{date}까지", "until {date}"),
    "schedule.no_end": ("기한 없음", "without an end"),
    "schedule.paused": ("일시 중지됨", "paused"),
    "schedule.asks_each_time": ("매번 카드로 물음", "asks by a card each time"),
    # A table whose copies fail
    "incident.open": (
        ":rotating_light: *{table}* 동기화가 실패하고 있습니다: {count}번, {since}부터. 이유는 이 스레드에 있습니다.",
        ":rotating_light: Syncs of *{table}* fail: {count} so far, since {since}. The reasons are in this thread.",
    ),
    "incident.closed": (
        ":white_check_mark: *{table}* 동기화가 다시 됩니다. {since}부터 {count}번 실패했고 {minutes}분 걸렸습니다.",
        ":white_check_mark: Syncs of *{table}* work again, after {count} that failed since {since}: {minutes} min.",
    ),
    # A verified answer of the glossary
    "verified.broken": (
        ':rotating_light: 검증된 답이 더는 맞지 않아, 고칠 때까지 쓰지 않습니다: "{question}"\n{reason}',
        ':rotating_light: A verified answer does not hold any more and is not used until it does: "{question}"\n{reason}',
    ),
    "verified.rows": (
        "기대한 결과는 `{expect}`인데 {count}행이 나왔거나 값이 비어 있습니다.",
        "`{expect}` was expected, and it gave {count} rows, or rows without a value.",
    ),
    "verified.whole": (
        ':white_check_mark: 검증된 답이 다시 맞습니다: "{question}"',
        ':white_check_mark: The verified answer holds again: "{question}"',
    ),
    # The terminal
    "terminal.choose": ("번호를 입력하세요", "Type a number"),
}
