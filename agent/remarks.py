"""What code says beside a result: what was assumed, why it is empty, what moved it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

RemarkCode = Literal[
    "assumed.where",
    "assumed.everything",
    "assumed.clock",
    "assumed.utc",
    "assumed.model",
    "empty.no_rows",
    "empty.no_pair",
    "empty.unmet",
    "empty.without",
    "empty.together",
    "empty.near",
    "empty.range",
    "change.moments",
    "change.only_copy",
    "change.rows",
    "change.whole_rows",
    "change.of_those_meant",
    "change.by_rule",
    "change.too_large",
    "change.in_columns",
    "change.came",
    "change.went",
    "change.parts",
    "change.added",
    "change.removed",
    "change.example",
    "change.not_then",
    "change.unmatched",
    "change.cut",
    "change.same",
]


class Remark(BaseModel):
    """One sentence as plain data; whoever shows it words it in the language of its reader."""

    model_config = ConfigDict(frozen=True)

    code: RemarkCode
    params: dict[str, str | int] = Field(default={})
    """Counts are numbers. What is named ``…_at`` is an ISO 8601 moment."""


def remark(code: RemarkCode, **params: str | int) -> Remark:
    """Make one."""
    return Remark(code=code, params=params)
