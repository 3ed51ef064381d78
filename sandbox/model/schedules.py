"""What people say about schedules: when something is due, and which one they mean."""

import re
from collections.abc import Sequence

from sandbox.model.replies import JsonObject

FLAGS = re.IGNORECASE | re.ASCII

ABOUT = re.compile(r"스케[줄쥴]|예약|(?:다음|정기)\s*동기화|schedul|\bcron\b|next sync", FLAGS)
LIST = re.compile(r"목록|리스트|보여|\b(?:list|show|which|what)\b", FLAGS)
ACTIONS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("pause", re.compile(r"일시\s*중지|멈춰|중단|\bpause\b", FLAGS)),
    ("resume", re.compile(r"재개|다시\s*시작|\bresume\b", FLAGS)),
    ("delete", re.compile(r"삭제|지워|없애|\b(?:delete|remove|drop)\b", FLAGS)),
)
_NAME = r"[`'\"]?([a-z0-9][a-z0-9-]*|[가-힣][가-힣0-9-]*)[`'\"]?"
NAMED = (
    re.compile(rf"schedules?\s+(?:named\s+|called\s+)?{_NAME}", FLAGS),
    re.compile(rf"{_NAME}\s*(?:예약|스케[줄쥴]|schedule\b)", FLAGS),
    re.compile(rf"(?:예약|스케[줄쥴])\s*(?:을|를)?\s+{_NAME}", FLAGS),
)
NO_NAME = {"the", "a", "my", "this", "일시", "재개", "삭제", "멈춰", "목록", "이", "그", "내"}

ZONE = re.compile(r"\b(?:[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+|UTC)\b", re.ASCII)
CRON = re.compile(r"`\s*((?:[\d*/,\-]+\s+){4}[\w*/,\-#]+)\s*`", re.ASCII)
DAY_NAMES = ("일|sun", "월|mon", "화|tue", "수|wed", "목|thu", "금|fri", "토|sat")
DAYS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"평일|\bweekdays?\b", FLAGS), "1-5"),
    (re.compile(r"주말|\bweekends?\b", FLAGS), "0,6"),
)
EVERY_DAY = re.compile(r"매일|날마다|\bevery (?:day|morning|evening|night)\b|\bdaily\b", FLAGS)
EVERY_HOUR = re.compile(r"매시간?|\bhourly\b|\bevery hour\b", FLAGS)
EVERY_N = re.compile(r"(\d{1,2})\s*(분|시간)마다|\bevery\s+(\d{1,2})\s+(minutes?|hours?)\b", FLAGS)
MONTHLY = re.compile(r"매월\s*(\d{1,2})\s*일|\bmonthly on(?: day)? (\d{1,2})\b", FLAGS)
KOREAN_TIME = re.compile(
    r"(오전|오후|아침|저녁|밤|새벽)?\s*(\d{1,2})\s*시(?!간)\s*(?:(반)|(\d{1,2})\s*분)?"
)
ENGLISH_TIME = re.compile(r"\b(\d{1,2})(?::(\d{2}))?\s*(am|pm)?\b(?!\s*(?:minutes?|hours?))", FLAGS)
AFTER = (
    re.compile(r"\bafter\s+(.+?)\s+(?:is|are|was|were|has|have)\s+(?:been\s+)?published", FLAGS),
    re.compile(r"(\S+?(?:\s*,\s*\S+?)*)(?:이|가)\s*게시되면"),
)


ONLY_IF_CHANGED = re.compile(
    r"바뀌었을\s*때만|바뀐\s*(?:게|것이)\s*있을\s*때만|변경(?:이|된\s*게)?\s*있을\s*때만"
    r"|\bonly\s+(?:if|when)\s+(?:it\s+|they\s+|anything\s+)?(?:has\s+|have\s+)?changed\b",
    FLAGS,
)
CHANNEL = re.compile(r"<#[CG][A-Z0-9]+(?:\|[^<>]*)?>|#[a-z0-9_-]+", FLAGS)
KOREAN_COMPARISONS = {"미만": "<", "이하": "<=", "초과": ">", "이상": ">="}
ENGLISH_COMPARISONS = {
    "below": "<", "under": "<", "less than": "<", "at most": "<=", "above": ">", "over": ">",
    "more than": ">", "at least": ">=",
}  # fmt: skip
COMPARED = re.compile(
    r"(?P<ko_column>[a-z_]+|[가-힣]+?)(?:이|가|은|는)?\s+(?P<ko_value>\d+)\s*(?:개|원|건)?\s*"
    r"(?P<ko_word>미만|이하|초과|이상)"
    r"|\b(?:if|when)\s+(?:any\s+|the\s+)?(?:sum of\s+|total\s+|average\s+)?"
    r"(?P<en_column>\w+)\s*(?P<en_words><=|>=|<|>|(?:is\s+)?(?:below|under|less than|at most|above"
    r"|over|more than|at least))\s*(?P<en_value>\d+)",
    re.IGNORECASE,
)
COLUMNS = {
    "재고": "STOCK", "단가": "UNIT_PRICE", "가격": "UNIT_PRICE", "price": "UNIT_PRICE",
    "수량": "QUANTITY", "무게": "WEIGHT_KG", "weight": "WEIGHT_KG",
}  # fmt: skip
FIGURES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("sum", re.compile(r"합계|\b(?:sum|total)\b", FLAGS)),
    ("avg", re.compile(r"평균|\baverage\b", FLAGS)),
)


def named_schedule(text: str) -> str | None:
    """Give the name of the schedule that *text* is about, if it names one."""
    for pattern in NAMED:
        for found in pattern.finditer(text):
            if found[1].lower() not in NO_NAME:
                return found[1]
    return None


def wanted_action(text: str) -> str | None:
    """Give what is to become of a schedule: ``pause``, ``resume`` or ``delete``."""
    return next((action for action, pattern in ACTIONS if pattern.search(text)), None)


def after_part(text: str) -> str | None:
    """Give the words that name the tables something is to follow."""
    found = (pattern.search(text) for pattern in AFTER)
    return next((match[1] for match in found if match), None)


def is_recurring(text: str) -> bool:
    """Tell whether *text* wants something again and again."""
    return bool(cron_of(text)) or after_part(text) is not None


def schedule_arguments(text: str, tables: Sequence[str], after: Sequence[str]) -> JsonObject:
    """Write the arguments of ``create_schedule`` for what *text* wants of *tables*."""
    arguments: JsonObject = {"tables": list(tables)}
    cron, zone = cron_of(text), ZONE.search(text)
    if cron:
        arguments["cron"] = cron
    if zone:
        arguments["timezone"] = zone[0]
    if after:
        arguments["after"] = list(after)
    if ONLY_IF_CHANGED.search(text):
        arguments["only_if_changed"] = True
    tell_if = _tell_if(text)
    if tell_if:
        arguments["tell_if"] = tell_if
    return arguments


def _tell_if(text: str) -> JsonObject | None:
    """Write the condition of "tell #ops only if stock < 10"; None where no channel is to be told.

    A column compared with a number says which rows are meant; whether there is one is the figure.
    A total or an average is the figure itself.
    """
    channel, compared = CHANNEL.search(text), COMPARED.search(text)
    if channel is None or compared is None:
        return None
    if compared["ko_column"]:
        column, value = compared["ko_column"], int(compared["ko_value"])
        op = KOREAN_COMPARISONS[compared["ko_word"]]
    else:
        column, value = compared["en_column"], int(compared["en_value"])
        said = " ".join(compared["en_words"].lower().removeprefix("is").split())
        op = ENGLISH_COMPARISONS.get(said, said)
    name = COLUMNS.get(column.lower(), column.upper())
    function = next((found for found, pattern in FIGURES if pattern.search(text)), None)
    told: JsonObject = {"channel": channel[0]}
    if function:
        return {**told, "function": function, "column": name, "op": op, "value": value}
    return {**told, "where": [{"column": name, "op": op, "value": value}]}


def cron_of(text: str) -> str | None:
    """Write the cron line of *text*; None where it names no times that come again."""
    literal = CRON.search(text)
    if literal:
        return " ".join(literal[1].split())
    often = EVERY_N.search(text)
    if often:
        count, unit = often[1] or often[3], often[2] or often[4]
        return f"*/{count} * * * *" if unit.startswith(("분", "min")) else f"0 */{count} * * *"
    if EVERY_HOUR.search(text):
        return "0 * * * *"
    hour, minute = _time(text)
    month_day = MONTHLY.search(text)
    if month_day:
        return f"{minute} {hour} {month_day[1] or month_day[2]} * *"
    days = next((days for pattern, days in DAYS if pattern.search(text)), None) or _weekdays(text)
    if days is None and not EVERY_DAY.search(text):
        return None
    return f"{minute} {hour} * * {days or '*'}"


def _weekdays(text: str) -> str | None:
    """The weekdays after "every" or "매주", as cron numbers."""
    if not re.search(r"매주|\bevery\b|\bon\b", text, FLAGS):
        return None
    named = [
        str(number)
        for number, names in enumerate(DAY_NAMES)
        if re.search(rf"{names.split('|')[0]}요일|\b{names.split('|')[1]}[a-z]*day\b", text, FLAGS)
    ]
    return ",".join(named) or None


def _time(text: str) -> tuple[int, int]:
    """The time of day, six in the morning where none is said."""
    korean = KOREAN_TIME.search(text)
    if korean:
        part, hour, half, minute = korean.groups()
        late = part in ("오후", "저녁", "밤") and int(hour) < 12
        return int(hour) + 12 * late, 30 if half else int(minute or 0)
    for found in ENGLISH_TIME.finditer(text):
        hour, minute, half_day = found.groups()
        if minute is None and half_day is None and not _follows_at(text, found.start()):
            continue
        of_day = int(hour) % 12 if half_day else int(hour)
        return of_day + 12 * ((half_day or "").lower() == "pm"), int(minute or 0)
    return 6, 0


def _follows_at(text: str, start: int) -> bool:
    return re.search(r"\bat\s*$", text[:start], FLAGS) is not None
