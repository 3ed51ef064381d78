"""SQL that gives staged rows the types their values allow: measure them, then cast them."""

import re
from collections.abc import Sequence

import duckdb

from sync.plan import Column, TablePlan, is_cut
from sync.settlement import Measure
from sync.types import copy_rule, length_field
from sync.warehouse.sql import quote


def needs_settling(plan: TablePlan) -> bool:
    """Whether the data decides a type of *plan*, or values are cut and counted."""
    return any(_is_measured(column) for column in plan.columns)


def measure(
    db: duckdb.DuckDBPyConnection, table: str, columns: Sequence[Column]
) -> dict[str, Measure]:
    """What the values in *table* (SQL of a name) need, by column; one look at all of them."""
    measured = [column for column in columns if _is_measured(column)]
    if not measured:
        return {}
    figures = [figure for column in measured for figure in _figures(column)]
    row = db.execute(f"SELECT {', '.join(sql for _, sql in figures)} FROM {table}").fetchone()
    found = list(zip((name for name, _ in figures), row or (), strict=True))
    width = len(found) // len(measured)
    return {
        column.name: Measure(
            **{name: int(value or 0) for name, value in found[n * width : (n + 1) * width]}
        )
        for n, column in enumerate(measured)
    }


def settled_values(staged: Sequence[Column], settled: Sequence[Column]) -> str:
    """The SELECT list that turns staged rows into rows of the *settled* columns, in their order."""
    return ", ".join(
        f"{_value(before, after)} AS {quote(after.name)}"
        for before, after in zip(staged, settled, strict=True)
    )


def staged_columns(plan: TablePlan) -> str:
    """The column list of the staged table, the fields of `sync.types.arrow_schema`."""
    kinds = [(c.name, "VARCHAR" if _settled(c) else c.duckdb_type) for c in plan.columns]
    kinds += [(length_field(column), "BIGINT") for column in plan.columns if is_cut(column)]
    return ", ".join(f"{quote(name)} {kind}" for name, kind in kinds)


def _settled(column: Column) -> str | None:
    rule = copy_rule(column.oracle_type)
    return rule.settled if rule else None


def _is_measured(column: Column) -> bool:
    return _settled(column) is not None or is_cut(column)


def _figures(column: Column) -> list[tuple[str, str]]:
    """Every field of `Measure` and the aggregate that gives it."""
    name, kind = quote(column.name), _settled(column)
    figures = dict.fromkeys(("whole", "fraction", "boundless", "finer", "out_of_reach", "cut"), "0")
    if kind == "number":
        whole = f"length(ltrim(split_part({name}, '.', 1), '-0'))"
        fraction = f"length(rtrim(split_part({name}, '.', 2), '0'))"
        usual = f"NOT contains({name}, 'E')"
        figures |= {
            "whole": f"max({whole}) FILTER ({usual})",
            "fraction": f"max({fraction}) FILTER ({usual})",
            "boundless": f"count(*) FILTER (contains({name}, 'E') OR {whole} + {fraction} > 38)",
        }
    elif kind in {"moment", "instant"}:
        # DuckDB would read a year before Christ as another one: Oracle knows no year 0.
        after_christ = f"NOT starts_with(ltrim({name}), '-')"
        figures |= {
            "boundless": f"count({name}) FILTER (NOT ({after_christ}"
            f" AND TRY_CAST({name} AS TIMESTAMP) IS NOT NULL))",
            "finer": f"count(*) FILTER (regexp_matches({name}, '{_BELOW_MICROSECONDS}'))",
            "out_of_reach": f"count({name}) FILTER (TRY_CAST({name} AS TIMESTAMP_NS) IS NULL)",
        }
    elif kind == "span":
        figures["boundless"] = (
            f"count({name}) FILTER (regexp_matches({name}, '{_BELOW_MICROSECONDS}')"
            f" OR TRY_CAST({_span(column)} AS INTERVAL) IS NULL)"
        )
    if is_cut(column):
        length = quote(length_field(column))
        figures["cut"] = f"count(*) FILTER ({length} > {column.limit})"
    return list(figures.items())


def _value(staged: Column, settled: Column) -> str:
    name, kind, target = quote(staged.name), _settled(staged), settled.duckdb_type
    if kind is None:
        return name
    if target == "VARCHAR":
        # Oracle writes .5 for a half.
        point = f"regexp_replace({name}, '^(-?)[.]', '\\10.')"
        return point if kind == "number" else f"ltrim({name})"
    text = _span(staged) if kind == "span" else name
    return f"CAST({text} AS {target})"


def _span(column: Column) -> str:
    """An interval as DuckDB reads it; Oracle writes +02-03 and -03 01:00:00.500000."""
    pattern, parts = (
        (r"^[+]?(-?)0*(\d+)-(\d+)$", r"\1\2 years \1\3 months")
        if re.search("YEAR", column.oracle_type)
        else (r"^[+]?(-?)0*(\d+) (.*)$", r"\1\2 days \1\3")
    )
    return f"regexp_replace({quote(column.name)}, '{pattern}', '{parts}')"


_BELOW_MICROSECONDS = r"[.]\d{6}\d*[1-9]\d*$"
