"""What one query may use, and what is said of one that gave no rows."""

import json
import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from sync.errors import QueryFailed, QueryTimeout, WarehouseDamaged
from sync.names import nearest_first
from sync.query_errors import (
    QueryTooCostly,
    QueryTooLarge,
    RowTooLarge,
    SqlInvalid,
    SqlRefused,
)
from sync.warehouse.manifest import ManifestEntry


class QueryLimits(BaseModel):
    """What one query may use; all of it is enforced from outside DuckDB too."""

    model_config = ConfigDict(frozen=True)

    seconds: float = 10
    memory_mb: int = 512
    rows: int = 100
    bytes: int = 100_000
    """Of the rows as JSON."""
    planned_rows: int | None = 500_000_000
    """That DuckDB expects a step of the plan to work through; more is not run unasked."""


def read_tree(written: str) -> dict[str, Any]:
    """A statement's tree from its JSON; raises `SqlRefused` where it is too deep for that."""
    try:
        return json.loads(written)
    except RecursionError:
        raise SqlRefused(reason="it is nested too deeply.") from None


def not_parsed(answer: dict[str, Any]) -> Exception:
    """What is raised where a statement did not become a tree."""
    kind, message = answer["error"], str(answer.get("message", "")).partition("\n")[0]
    if kind == "not implemented":
        return SqlRefused(
            reason="only one SELECT is. A PIVOT needs its values: PIVOT t ON c IN ('a', 'b') …"
        )
    if kind == "parser":
        return SqlInvalid(reason=message)
    return SqlRefused(reason="it is too large or nested too deeply to be checked.")


def failure(
    answer: dict[str, Any],
    entries: Sequence[ManifestEntry],
    limits: QueryLimits,
    columns: Sequence[str] = (),
) -> Exception:
    """What is raised where a query over the copies of *entries* gave no rows.

    *columns* are those its caller is shown: a name that is none of them is told with the nearest.
    """
    kind, message = answer["error"], answer.get("message", "")
    if kind in {"gone", "IOException"}:
        return WarehouseDamaged(file=", ".join(entry.generation for entry in entries))
    if kind == "costly":
        names = ", ".join(f"{entry.ref.source}.{entry.ref}" for entry in entries)
        most = limits.planned_rows or 0
        return QueryTooCostly(planned=answer["planned"], most=most, tables=names)
    if kind == "wide":
        return RowTooLarge(bytes=limits.bytes)
    if kind in {"OutOfMemoryException", "MemoryError"}:
        return QueryTooLarge(megabytes=limits.memory_mb)
    if kind == "PermissionError":
        return QueryFailed(reason="its process may not read the copy. An admin must look at modes.")
    if kind == "InterruptException":
        return QueryTimeout(seconds=whole(limits.seconds))
    if kind in {"BinderException", "CatalogException", "ParserException"}:
        return SqlInvalid(reason=message.partition("\n")[0] + _near(message, columns))
    return QueryFailed(reason=_RUNNING.get(kind, f"DuckDB ended it with {kind}."))


_UNBOUND = re.compile(r'column(?: named)? "([^"]{1,200})"', re.IGNORECASE)


def _near(message: str, columns: Sequence[str]) -> str:
    """The shown columns that look like one DuckDB did not find.

    Its own candidates are not passed on, so that nothing hangs on what it names.
    """
    unbound = _UNBOUND.search(message.partition("\n")[0])
    if unbound is None or not columns:
        return ""
    near = nearest_first(unbound[1], dict.fromkeys(columns))[:_MOST_NEAR]
    return f" Nearest, of the tables it names: {', '.join(near)}."


_MOST_NEAR = 8

_RUNNING = {
    "ConversionException": "a value cannot become the type it is cast to; use TRY_CAST.",
    "OutOfRangeException": "a figure does not fit its type; cast to DOUBLE or HUGEINT before.",
    "InvalidInputException": "a function met a value that it does not take; use TRY(…).",
}
"""What is said where DuckDB fails on rows. Its own words quote them, and they may be kept from the
model, or from the person."""


def whole(seconds: float) -> int:
    """Seconds as a person is told them."""
    return max(1, round(seconds))
