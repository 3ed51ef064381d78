"""Parameters whose shape the schema of `query_table` tells: others only refer to it.

Every call of a model carries the schemas of all tools. What is given is checked in full all the
same.
"""

from typing import Annotated, Any

from pydantic import WithJsonSchema

from sync.warehouse.query import Condition, Query

_QUERY: dict[str, Any] = {
    "type": "object",
    "properties": {"table": {"type": "string"}},
    "required": ["table"],
    "additionalProperties": True,
}
_CONDITION: dict[str, Any] = {
    "type": "object",
    "properties": {"column": {"type": "string"}, "op": {"type": "string"}},
    "required": ["column", "op"],
    "additionalProperties": True,
}

QueryAsTold = Annotated[Query, WithJsonSchema(_QUERY)]
"""The arguments of `query_table`."""

Conditions = Annotated[list[Condition], WithJsonSchema({"type": "array", "items": _CONDITION})]
"""As ``where`` of `query_table`."""
