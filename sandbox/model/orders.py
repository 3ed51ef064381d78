"""Questions about the sample shop's ORDERS: which orders, what of them, grouped by what."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

from sandbox.model.phrases import Language, Wording, number, say
from sandbox.model.replies import JsonObject

TABLE, STATUS, CUSTOMER, ORDERED_AT = "ORDERS", "STATUS", "CUSTOMER_ID", "ORDERED_AT"
MOST_GROUPS = 100


@dataclass(frozen=True)
class Measure:
    """A number of a set of orders. The texts hold `{which}`, the orders meant, and `{value}`."""

    function: str
    column: str
    alias: str
    digits: int
    whole: Wording
    """For all of them together."""
    best: Wording
    """For the first of the groups."""
    value: Wording
    """The bare number."""


@dataclass(frozen=True)
class Period:
    """Whole days, both included."""

    name: Wording
    first: date
    last: date


@dataclass(frozen=True, kw_only=True)
class OrdersQuestion:
    """One question in the vocabulary of `query_table`."""

    measure: Measure
    status: str | None = None
    period: Period | None = None
    group: str | None = None
    limit: int = 10


class TodayUnknown(Exception):
    """The question needs a date, and the system message names none."""


_COUNT = Measure(
    "count", "ORDER_ID", "orders", 0,
    Wording("{which}은 {value}입니다.", "{which}: {value}."),
    Wording("{which}이 가장 많은 {group}은 {key}이고 {value}입니다.",
            "{group} {key} comes first with {value} {which}."),
    Wording("{number}건", "{number}"),
)  # fmt: skip
_SUM = Measure(
    "sum", "TOTAL_AMOUNT", "total_amount", 2,
    Wording("{which} 금액은 모두 {value}입니다.", "The total amount of {which} is {value}."),
    Wording("{which} 금액이 가장 큰 {group}은 {key}이고 합계는 {value}입니다.",
            "{group} {key} comes first with {value} in {which}."),
    Wording("{number}", "{number}"),
)  # fmt: skip
_AVERAGE = Measure(
    "avg", "TOTAL_AMOUNT", "average_amount", 2,
    Wording("{which} 금액은 평균 {value}입니다.", "The average amount of {which} is {value}."),
    Wording("{which}의 평균 금액이 가장 큰 {group}은 {key}이고 {value}입니다.",
            "{group} {key} comes first with {value} on average in {which}."),
    Wording("{number}", "{number}"),
)  # fmt: skip

MEASURES: tuple[tuple[str, Measure], ...] = (
    (r"평균|average", _AVERAGE),
    (r"주문\s*(?:건\s*)?수|몇\s*건|how many|number of orders|order count", _COUNT),
    (r"매출|금액|합계|총액|amount|revenue|\bsales\b|spen[dt]", _SUM),
)
STATUSES: tuple[tuple[str, str, Wording], ...] = (
    (r"취소", "CANCELLED", Wording("취소된", "cancelled")),
    (r"\bcancell?ed\b", "CANCELLED", Wording("취소된", "cancelled")),
    (r"배송|\bshipped\b", "SHIPPED", Wording("배송된", "shipped")),
    (r"결제|\bpaid\b", "PAID", Wording("결제된", "paid")),
    (r"대기|보류|\bpending\b", "PENDING", Wording("대기 중인", "pending")),
    (r"반품|\breturned\b", "RETURNED", Wording("반품된", "returned")),
)
GROUPS: tuple[tuple[str, str, Wording], ...] = (
    (r"상태\s*별|(?:by|per|each)\s+status", STATUS, Wording("상태", "Status")),
    (r"고객\s*별|(?:by|per|each)\s+customer", CUSTOMER, Wording("고객", "Customer")),
)
_GROUP_NAMES = {column: name for _, column, name in GROUPS}


def _days(first: int, last: int) -> Callable[[date], tuple[date, date]]:
    return lambda today: (today + timedelta(first), today + timedelta(last))


def _weeks(number_of: int) -> Callable[[date], tuple[date, date]]:
    def span(today: date) -> tuple[date, date]:
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=number_of)
        return monday, monday + timedelta(days=6)

    return span


def _this_month(today: date) -> tuple[date, date]:
    return today.replace(day=1), (today.replace(day=28) + timedelta(4)).replace(day=1) - _DAY


def _last_month(today: date) -> tuple[date, date]:
    last = today.replace(day=1) - _DAY
    return last.replace(day=1), last


def _this_year(today: date) -> tuple[date, date]:
    return today.replace(month=1, day=1), today.replace(month=12, day=31)


_DAY = timedelta(days=1)
PERIODS: tuple[tuple[str, Callable[[date], tuple[date, date]], Wording], ...] = (
    (r"지난\s*주|저번\s*주|\blast week\b", _weeks(-1), Wording("지난주", "last week")),
    (r"이번\s*주|금주|\bthis week\b", _weeks(0), Wording("이번 주", "this week")),
    (r"지난\s*달|저번\s*달|\blast month\b", _last_month, Wording("지난달", "last month")),
    (r"이번\s*달|\bthis month\b", _this_month, Wording("이번 달", "this month")),
    (r"올해|\bthis year\b", _this_year, Wording("올해", "this year")),
    (r"어제|\byesterday\b", _days(-1, -1), Wording("어제", "yesterday")),
    (r"오늘|\btoday\b", _days(0, 0), Wording("오늘", "today")),
)
NUMBER_WORDS: dict[str, int] = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "ten": 10,
    "한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "열": 10,
}  # fmt: skip
_NUMBER = rf"\d{{1,3}}|{'|'.join(NUMBER_WORDS)}"
_TOP = re.compile(rf"(?:상위|\btop)\s*({_NUMBER})?")
ABOUT_ORDERS = r"주문|매출|(?<![a-z_])orders?(?![a-z_]|\s+items?)|revenue|\bsales\b"
ABOUT_CUSTOMERS = rf"고객|(?:{_NUMBER})\s*명|customer|buyer"


def read_orders_question(text: str, today: date | None) -> OrdersQuestion | None:
    """Understand *text* if it asks for more than the number of rows of ORDERS.

    Raises `TodayUnknown` for "last week" and its like without a date to count from.
    """
    words = text.lower()
    top = _TOP.search(words) if re.search(ABOUT_CUSTOMERS, words) else None
    if top is None and not re.search(ABOUT_ORDERS, words):
        return None
    measure = next((found for pattern, found in MEASURES if re.search(pattern, words)), None)
    status = next((value for pattern, value, _ in STATUSES if re.search(pattern, words)), None)
    group = next((column for pattern, column, _ in GROUPS if re.search(pattern, words)), None)
    period = _period(words, today)
    if top is not None:
        count = top[1] or "five"
        limit = NUMBER_WORDS.get(count) or min(max(int(count), 1), MOST_GROUPS)
        group = CUSTOMER
        measure = measure or _SUM
    elif status or period or group or measure not in (None, _COUNT):
        limit = 10
    else:
        return None
    return OrdersQuestion(
        measure=measure or _COUNT, status=status, period=period, group=group, limit=limit
    )


def query_of(question: OrdersQuestion) -> JsonObject:
    """Write the arguments of `query_table`. Dates have times: a day ends where the next begins."""
    measure, period = question.measure, question.period
    where: list[JsonObject] = []
    if question.status:
        where.append({"column": STATUS, "op": "=", "value": question.status})
    if period:
        after = period.last + _DAY
        where.append({"column": ORDERED_AT, "op": ">=", "value": period.first.isoformat()})
        where.append({"column": ORDERED_AT, "op": "<", "value": after.isoformat()})
    query: JsonObject = {"table": TABLE}
    if where:
        query["where"] = where
    if question.group:
        query["group_by"] = [question.group]
    query["aggregates"] = [
        {"function": measure.function, "column": measure.column, "alias": measure.alias}
    ]
    if question.group:
        query["order_by"] = [{"column": measure.alias, "direction": "desc"}]
        query["limit"] = question.limit
    return query


def tell_orders(question: OrdersQuestion, result: JsonObject, language: Language) -> str:
    """Answer *question* in one sentence. The rows are drawn by the product."""
    rows = cast("list[list[Any]]", result.get("rows") or [])
    if not rows:
        return say("no_rows", language)
    which = _which(question, language)
    values = [_value(question.measure, row[-1], language) for row in rows]
    if question.group is None:
        sentence = getattr(question.measure.whole, language).format(which=which, value=values[0])
    elif question.group == STATUS:
        pairs = (f"{row[0]} {value}" for row, value in zip(rows, values, strict=True))
        sentence = say("by_status", language, which=which, listed=", ".join(pairs))
    else:
        sentence = getattr(question.measure.best, language).format(
            which=which,
            group=getattr(_GROUP_NAMES[question.group], language),
            key=rows[0][0],
            value=values[0],
        )
    return sentence[:1].upper() + sentence[1:]


def _value(measure: Measure, value: object, language: Language) -> str:
    return getattr(measure.value, language).format(number=number(value, measure.digits))


def _period(words: str, today: date | None) -> Period | None:
    for pattern, span, name in PERIODS:
        if re.search(pattern, words):
            if today is None:
                raise TodayUnknown
            return Period(name, *span(today))
    return None


def _which(question: OrdersQuestion, language: Language) -> str:
    """Name the orders meant: "지난주(2026-11-09 ~ 2026-11-15)에 취소된 주문"."""
    korean = language == "ko"
    words = ["주문" if korean else "orders"]
    for _, value, name in STATUSES:
        if value == question.status:
            words.insert(0, getattr(name, language))
            break
    if question.period:
        first, last = question.period.first, question.period.last
        dates = f"{first}" if first == last else f"{first}{' ~ ' if korean else ' to '}{last}"
        name = getattr(question.period.name, language)
        if korean:
            particle = "에" if question.status else ""
            words.insert(0, f"{name}({dates}){particle}")
        else:
            words.append(f"{name} ({dates})")
    return " ".join(words)
