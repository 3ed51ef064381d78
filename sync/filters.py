"""Comparisons that rows must meet to be copied, as values."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

FilterOperator = Literal["=", "!=", "<", "<=", ">", ">=", "in", "is_null", "is_not_null"]

_VALUES_SHOWN = 6


class Filter(BaseModel):
    """One comparison that rows must meet to be copied. Its values are bound, never SQL."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: Annotated[str, Field(max_length=128)]
    op: FilterOperator
    values: Annotated[
        tuple[str, ...],
        Field(
            max_length=500,
            description="As text: numbers in plain digits, moments in ISO 8601. One, or several "
            "for in; none for is_null and is_not_null.",
        ),
    ] = ()

    def __str__(self) -> str:
        if self.op in ("is_null", "is_not_null"):
            return f"{self.column} {self.op.replace('_', ' ').upper()}"
        values = ", ".join(value[:60] for value in self.values[:_VALUES_SHOWN])
        more = len(self.values) - _VALUES_SHOWN
        if self.op == "in":
            return f"{self.column} IN ({values}{f', +{more}' if more > 0 else ''})"
        return f"{self.column} {self.op} {values}"


class TypedFilter(Filter):
    """A filter of a plan, with the type of its column."""

    oracle_type: str
