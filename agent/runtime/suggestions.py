"""What may be asked next about a result, as code can tell from the result; see docs/adr/0022.

No model is asked: a suggestion costs nothing, and each is one that the tools can answer.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, cast

from agent.events import Event, Said, TableShown, ToolStarted
from sync.warehouse.query_values import is_number

Suggestion = Literal["by_month", "by_day", "chart", "file"]
MOST = 3

_CHART_ROWS = 3
"""Fewer are seen at a glance."""
_FILE_ROWS = 10
_DAYS_BY_MONTH = 62
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def suggestions_of(events: Sequence[Event]) -> tuple[Suggestion, ...]:
    """Tell what may be asked next; nothing where a turn shows no rows, or something else as well.

    One figure over a stretch of time may be asked by month or by day, groups as a chart, and many
    rows as a file, unless more of them are handed over as one anyway.
    """
    if not any(isinstance(event, Said) for event in events):
        return ()
    shown = [event for event in events if isinstance(event, TableShown) and event.rows]
    calls = [event for event in events if isinstance(event, ToolStarted)]
    if not shown or any(call.name in ("make_chart", "export_result") for call in calls):
        return ()
    table = shown[-1]
    found: list[Suggestion] = []
    asked = next((call for call in calls if call.call_id == table.call_id), None)
    if asked is not None and asked.name == "query_table" and len(table.rows) == 1:
        found += _in_time(asked.arguments)
    if len(table.rows) >= _CHART_ROWS and _can_be_drawn(table):
        found.append("chart")
    if len(table.rows) >= _FILE_ROWS and not table.truncated:
        found.append("file")
    return tuple(found[:MOST])


def _can_be_drawn(table: TableShown) -> bool:
    """Whether something stands along an axis, and figures above it."""
    return len(table.types) > 1 and not is_number(table.types[0]) and is_number(table.types[-1])


def _in_time(arguments: Mapping[str, Any]) -> list[Suggestion]:
    """Of a figure over a stretch of time: the unit that cuts it into pieces."""
    if not arguments.get("aggregates") or arguments.get("group_by"):
        return []
    where = cast("Sequence[Mapping[str, Any]]", arguments.get("where") or ())
    moments = [
        date.fromisoformat(found[0])
        for condition in where
        if condition.get("op") != "="
        for found in [_DATE.match(str(value)) for value in _values(condition.get("value"))]
        if found and _is_date(found[0])
    ]
    if not moments:
        return []
    is_open = len(moments) == 1
    days = (max(moments) - min(moments)).days
    if is_open or days > _DAYS_BY_MONTH:
        return ["by_month"]
    return ["by_day"] if days > 1 else []


def _values(value: object) -> Sequence[object]:
    return cast("list[object]", value) if isinstance(value, list) else [value]


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
