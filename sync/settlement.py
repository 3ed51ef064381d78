"""What a column becomes whose values decide it: the narrowest type that holds all of them exactly.

Such columns are staged as Oracle's own text. `Measure` is what one look at all of them found;
`settle` turns it into a type and a line of the fidelity report. Types only ever widen where rows
are added to what an earlier run copied.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sync.fidelity import ColumnFidelity
from sync.plan import Column, TableRef, is_cut
from sync.types import MAX_DIGITS, CopyRule, require_rule

BIGINT_DIGITS = 18
TEXT = "VARCHAR"
_EXACT = ("BIGINT", "DECIMAL(")


@dataclass(frozen=True)
class Measure:
    """What the values of one column need; zero throughout where there are none."""

    whole: int = 0
    """Digits before the point, of the number that has most."""
    fraction: int = 0
    """Digits after the point, of the number that has most."""
    boundless: int = 0
    """Values that their widest type cannot hold alone: numbers of more than 38 digits, moments out
    of reach of TIMESTAMP, intervals finer or longer than INTERVAL."""
    finer: int = 0
    """Moments with digits below the microsecond."""
    out_of_reach: int = 0
    """Moments outside 1677 to 2262, where TIMESTAMP_NS ends."""
    cut: int = 0
    """Values that were longer than the column's limit."""


@dataclass(frozen=True)
class Settlement:
    """A table's columns as the generation has them, and the report on them."""

    columns: tuple[Column, ...]
    fidelity: tuple[ColumnFidelity, ...]


def settle(
    ref: TableRef,
    columns: Sequence[Column],
    measures: Mapping[str, Measure],
    left_out: Sequence[Column] = (),
    current: Mapping[str, str] | None = None,
) -> Settlement:
    """Decide every column's type by its measure.

    *current* are the types, by column, of rows that stay beside the new ones: no type becomes
    narrower than its own there.
    """
    settled: list[Column] = []
    report: list[ColumnFidelity] = []
    for column in columns:
        rule = require_rule(ref, column.name, column.oracle_type)
        measure = measures.get(column.name, Measure())
        kind = _kind(column, rule, measure, (current or {}).get(column.name))
        settled.append(column.model_copy(update={"duckdb_type": kind}))
        report.append(_reported(column, rule, measure, kind))
    report += [_left_out(column) for column in left_out]
    return Settlement(tuple(settled), tuple(report))


def _kind(column: Column, rule: CopyRule, measure: Measure, current: str | None) -> str:
    if rule.settled is None:
        return column.duckdb_type
    if current == TEXT or measure.boundless:
        return TEXT
    if rule.settled == "number":
        return _number(measure, current)
    if rule.settled == "span":
        return column.duckdb_type
    return _moment(rule, measure, current)


def _number(measure: Measure, current: str | None) -> str:
    """BIGINT, else a DECIMAL of 18 or 38 digits: narrower ones would change with every new value.

    A DECIMAL of 18 digits takes 8 bytes and one of 38 takes 16.
    """
    whole, fraction = measure.whole, measure.fraction
    if current is not None:
        held_whole, held_fraction = _held(current)
        whole, fraction = max(whole, held_whole), max(fraction, held_fraction)
    if fraction == 0 and whole <= BIGINT_DIGITS:
        return "BIGINT"
    for digits in (BIGINT_DIGITS, MAX_DIGITS):
        if whole + fraction <= digits:
            return f"DECIMAL({digits},{fraction})"
    return TEXT


def holds(wider: str, narrower: str) -> bool:
    """Whether every value of one DuckDB type is one of the other, as far as their names tell."""
    if wider == narrower:
        return True
    if not wider.startswith(_EXACT) or not narrower.startswith(_EXACT):
        return False
    return all(w >= n for w, n in zip(_held(wider), _held(narrower), strict=True))


def _held(duckdb_type: str) -> tuple[int, int]:
    """Digits before and after the point that a number's type holds."""
    if duckdb_type == "BIGINT":
        return BIGINT_DIGITS, 0
    digits, fraction = duckdb_type.removeprefix("DECIMAL(").rstrip(")").split(",")
    return int(digits) - int(fraction), int(fraction)


def _moment(rule: CopyRule, measure: Measure, current: str | None) -> str:
    """TIMESTAMP_NS reaches from 1677 to 2262, TIMESTAMP and TIMESTAMPTZ hold microseconds."""
    micro = "TIMESTAMPTZ" if rule.settled == "instant" else "TIMESTAMP"
    prefers_nano = rule.settled == "moment"
    # Of rows that are there already nobody counted again what they would not lose in the other.
    fits_nano = not measure.out_of_reach and current != micro
    fits_micro = not measure.finer and current != "TIMESTAMP_NS"
    for kind, fits in sorted(
        (("TIMESTAMP_NS", fits_nano), (micro, fits_micro)),
        key=lambda one: (one[0] == "TIMESTAMP_NS") != prefers_nano,
    ):
        if fits:
            return kind
    return TEXT


def _reported(column: Column, rule: CopyRule, measure: Measure, kind: str) -> ColumnFidelity:
    why, lossless, params = rule.why, rule.lossless, dict[str, int]()
    if rule.settled == "number":
        params = {"whole": measure.whole, "fraction": measure.fraction}
        why = "whole" if kind == "BIGINT" else "decimal"
        if kind == TEXT:
            why, params = "number_as_text", params | {"count": measure.boundless}
    elif rule.settled == "span" and kind == TEXT:
        why, params = "interval_as_text", {"count": measure.boundless}
    elif rule.settled in {"moment", "instant"}:
        if kind == TEXT:
            why, params = "moment_as_text", {"count": max(measure.boundless, measure.finer)}
        elif kind == "TIMESTAMP":
            why = "micro_is_enough"
        elif rule.settled == "instant" and kind == "TIMESTAMP_NS":
            why = "local_nanoseconds" if lossless else "utc_nanoseconds"
    if column.encoding is not None:
        why = "decoded_cp949" if column.encoding == "cp949" else "decoded_utf8"
    if is_cut(column) and column.limit is not None:
        params = {"limit": column.limit, "count": measure.cut}
        why, lossless = "cut", lossless and not measure.cut
    return ColumnFidelity(
        name=column.name,
        oracle_type=column.oracle_type,
        duckdb_type=kind,
        lossless=lossless,
        why=why,
        params=params,
    )


def _left_out(column: Column) -> ColumnFidelity:
    return ColumnFidelity(
        name=column.name,
        oracle_type=column.oracle_type,
        duckdb_type="",
        lossless=False,
        why="left_out",
    )
