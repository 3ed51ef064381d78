"""Which chart or file somebody wants, of the sample shop's ORDERS or of SQL they wrote."""

import re

from sandbox.model.orders import ORDERED_AT, STATUS, TABLE, OrdersQuestion, query_of
from sandbox.model.replies import JsonObject

CHART = r"차트|그래프|그려|\bchart\b|\bplot\b|\bgraph\b"
FILE = r"내보내|파일로|엑셀|csv|xlsx|parquet|\bexport\b|download"
MONTHLY = r"월\s*별|달\s*별|\bmonthly\b|(?:by|per|each)\s+month"
# In capitals, so that no sentence is taken for it.
_SQL = re.compile(r"\b(?:SELECT|WITH)\s.*\bFROM\s[^;]*", re.DOTALL)
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
    chart = _kind(text)
    if question is None or question.group is None or re.search(MONTHLY, text.lower()):
        return {**chart, "query": monthly_sales(), "x": f"{ORDERED_AT}_month", "y": [_TOTAL]}
    group = question.group or STATUS
    return {**chart, "query": query_of(question), "x": group, "y": [question.measure.alias]}


def _kind(text: str) -> JsonObject:
    """Which kind is asked for, and the words as its title."""
    kind = next((kind for pattern, kind in _KINDS if re.search(pattern, text.lower())), "bar")
    return {"kind": kind, "title": text.strip()[:100] or kind}


def file_format(text: str) -> str:
    """The ending of the file somebody wants."""
    if re.search("엑셀|excel|xlsx", text.lower()):
        return "xlsx"
    return "parquet" if "parquet" in text.lower() else "csv"


def written_sql(text: str) -> tuple[str, JsonObject] | None:
    """Run a person's own SQL, draw its columns ``x`` and ``y``, or make a file of it."""
    found = _SQL.search(text)
    if found is None:
        return None
    words, sql = text[: found.start()].lower(), found[0].strip()
    if re.search(CHART, words):
        return "make_chart", {**_kind(words), "sql": sql, "x": "x", "y": ["y"]}
    if re.search(FILE, words):
        return "export_result", {"sql": sql, "format": file_format(words)}
    return "run_sql", {"sql": sql}
