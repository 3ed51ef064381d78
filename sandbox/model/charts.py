"""Which chart of the sample shop's ORDERS somebody wants: sales by month, or figures by a group."""

import re

from sandbox.model.orders import ORDERED_AT, STATUS, TABLE, OrdersQuestion, query_of
from sandbox.model.replies import JsonObject

MONTHLY = r"월\s*별|달\s*별|\bmonthly\b|(?:by|per|each)\s+month"
_KINDS = (
    (r"꺾은선|선\s*그래프|\bline\b", "line"),
    (r"원형|파이|\bpie\b", "pie"),
    (r"영역|\barea\b", "area"),
)
_TOTAL = "total_amount"


def monthly_sales() -> JsonObject:
    """The question of what was sold in each month."""
    return {
        "table": TABLE,
        "group_by": [{"column": ORDERED_AT, "unit": "month"}],
        "aggregates": [{"function": "sum", "column": "TOTAL_AMOUNT", "alias": _TOTAL}],
        "order_by": [{"column": f"{ORDERED_AT}_month"}],
    }


def chart_of(text: str, question: OrdersQuestion | None) -> JsonObject:
    """The arguments of `make_chart`; without a group it is sales by month."""
    kind = next((kind for pattern, kind in _KINDS if re.search(pattern, text.lower())), "bar")
    chart: JsonObject = {"kind": kind, "title": text.strip()[:100]}
    if question is None or question.group is None or re.search(MONTHLY, text.lower()):
        return {**chart, "query": monthly_sales(), "x": f"{ORDERED_AT}_month", "y": [_TOTAL]}
    group = question.group or STATUS
    return {**chart, "query": query_of(question), "x": group, "y": [question.measure.alias]}
