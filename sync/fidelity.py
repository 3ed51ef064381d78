"""How exactly a column's copy holds what Oracle holds: a value that stays with the receipt."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Why = Literal[
    "same",
    "padded",
    "decoded_cp949",
    "decoded_utf8",
    "whole",
    "decimal",
    "double",
    "float",
    "boolean",
    "bytes",
    "day_and_time",
    "moment",
    "nanoseconds",
    "micro_is_enough",
    "instant",
    "local_instant",
    "utc_nanoseconds",
    "local_nanoseconds",
    "interval",
    "rowid",
    "xml",
    "json",
    "number_as_text",
    "moment_as_text",
    "interval_as_text",
    "cut",
    "left_out",
]
"""Reasons; `app.fidelity_texts` words each one."""


class ColumnFidelity(BaseModel):
    """What became of one column, and whether anything of it was lost."""

    model_config = ConfigDict(frozen=True)

    name: str
    oracle_type: str
    duckdb_type: str
    """What this generation holds it as; empty where the column was left out."""
    lossless: bool
    why: Why
    params: dict[str, int] = {}
    """Figures the reason's sentence needs: digits, counts, limits."""
