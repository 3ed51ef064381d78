"""The SQL that compares the rows of two copies, and what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from sync.comparison import MOST_SHOWN, ChangedRow, ColumnChanges, Key, ValueChange
from sync.plan import Column
from sync.warehouse.merge import DELETED_AT, Database, as_oracle_writes
from sync.warehouse.sql import quote

_FLOATS = frozenset({"DOUBLE", "FLOAT"})


@dataclass(frozen=True)
class Side:
    """The rows of one copy."""

    table: str
    """SQL of its name."""
    has_marks: bool
    """Rows that are gone from Oracle are marked, and do not count."""

    @property
    def rows(self) -> str:
        """SQL of the rows that count."""
        return f"{self.table} WHERE {quote(DELETED_AT)} IS NULL" if self.has_marks else self.table


Sides = tuple[Side, Side]
"""The older one and the newer one."""


@dataclass(frozen=True)
class Pair:
    """A column that both copies have.

    With one type in both, its values compare as they are. Else a binary number compares with any
    number as a DOUBLE, and everything else by the text that Oracle writes for it, so that 1 is 1.00
    and a number is equal to its text.
    """

    before: Column
    after: Column

    @property
    def sides(self) -> tuple[Column, Column]:
        """The column before and after."""
        return self.before, self.after

    @property
    def is_retyped(self) -> bool:
        """Whether the type is another one, in Oracle or in the copy."""
        was, now = self.before, self.after
        return (was.oracle_type, was.duckdb_type) != (now.oracle_type, now.duckdb_type)

    @property
    def values(self) -> tuple[str, str]:
        """SQL of its values in both copies, made comparable."""
        name, was, now = quote(self.after.name), self.before.duckdb_type, self.after.duckdb_type
        if was == now:
            return name, name
        if {was, now} & _FLOATS and _is_number(was) and _is_number(now):
            return f"CAST({name} AS DOUBLE)", f"CAST({name} AS DOUBLE)"
        return as_oracle_writes(name, was), as_oracle_writes(name, now)


class Differences(TypedDict, total=False):
    """The fields of a `sync.comparison.Comparison` that the rows decide."""

    added: int
    removed: int
    changed: int
    changed_columns: tuple[ColumnChanges, ...]
    examples_added: tuple[Key, ...]
    examples_removed: tuple[Key, ...]
    examples_changed: tuple[ChangedRow, ...]


def count_rows(db: Database, side: Side) -> int:
    """The rows of a copy that count."""
    return _one(db, f"SELECT count(*) FROM {side.rows}")[0]


def by_rows(db: Database, sides: Sides, pairs: Sequence[Pair]) -> Differences:
    """Count whole rows, each as often as it stands there, in the columns of *pairs*."""
    names = [f"v{n}" for n in range(len(pairs))]
    old, new = (
        f"SELECT {_list([str(which), *(p.values[which] for p in pairs)], ['side', *names])} "
        f"FROM {side.rows}"
        for which, side in enumerate(sides)
    )
    row = ", ".join(names) or "side"  # without a column in common no row is in both
    removed, added = _one(
        db,
        "SELECT coalesce(sum(greatest(was - now, 0)), 0), coalesce(sum(greatest(now - was, 0)), 0) "
        "FROM (SELECT count(*) FILTER (side = 0) AS was, count(*) FILTER (side = 1) AS now "
        f"FROM ({old} UNION ALL {new}) GROUP BY {row})",
    )
    return Differences(added=added, removed=removed)


def by_key(
    db: Database, sides: Sides, pairs: Sequence[Pair], key: Sequence[str], examples: int
) -> Differences:
    """Find the rows that one copy has, or that both have with other values.

    Keys are unique in both, for no copy is published else.
    """
    named = {pair.after.name: pair for pair in pairs}
    keys = [named[name] for name in key]
    others = [pair for pair in pairs if pair.after.name not in key]
    _find(db, sides, keys, others)
    counts = "".join(f", count(*) FILTER (kind = 'changed' AND d{n})" for n in range(len(others)))
    kinds = (f"count(*) FILTER (kind = '{kind}')" for kind in ("added", "removed", "changed"))
    added, removed, changed, *each = _one(db, f"SELECT {', '.join(kinds)}{counts} FROM difference")
    columns = [(n, pair) for n, pair in enumerate(others) if each[n]]
    return Differences(
        added=added,
        removed=removed,
        changed=changed,
        changed_columns=tuple(
            ColumnChanges(column=pair.after.name, rows=each[n]) for n, pair in columns
        ),
        examples_added=_lone_keys(db, sides, "added", keys, examples),
        examples_removed=_lone_keys(db, sides, "removed", keys, examples),
        examples_changed=_changed_rows(db, sides, keys, columns, examples),
    )


def _find(db: Database, sides: Sides, keys: Sequence[Pair], others: Sequence[Pair]) -> None:
    """Make the table of the keys that differ, with what differs.

    Of the values it holds only whether they do, so it stays small where every row has changed.
    """
    fields = [f"k{n}" for n in range(len(keys))] + [f"v{n}" for n in range(len(others))]
    old, new = (
        f"SELECT true AS there, {_list([p.values[which] for p in (*keys, *others)], fields)} "
        f"FROM {side.rows}"
        for which, side in enumerate(sides)
    )
    differ = [f"o.v{n} IS DISTINCT FROM n.v{n}" for n in range(len(others))]
    found = [f"coalesce(o.k{n}, n.k{n}) AS k{n}" for n in range(len(keys))]
    found += [f"{sql} AS d{n}" for n, sql in enumerate(differ)]
    db.execute(
        "CREATE TEMP TABLE difference AS SELECT CASE WHEN o.there IS NULL THEN 'added' "
        f"WHEN n.there IS NULL THEN 'removed' ELSE 'changed' END AS kind, {', '.join(found)} "
        f"FROM ({old}) AS o FULL OUTER JOIN ({new}) AS n ON {_same(len(keys), 'o', 'n')} "
        f"WHERE {' OR '.join(('o.there IS NULL', 'n.there IS NULL', *differ))}"
    )


def _lone_keys(
    db: Database, sides: Sides, kind: Literal["added", "removed"], keys: Sequence[Pair], most: int
) -> tuple[Key, ...]:
    """The first keys that one copy has, written as it has them."""
    which = 1 if kind == "added" else 0
    shown = [_shown(f"t.r{n}", pair.sides[which]) for n, pair in enumerate(keys)]
    found = db.execute(
        f"SELECT {', '.join(shown)} FROM ({_first(kind, len(keys), most)}) AS e "
        f"JOIN ({_raw(sides, which, keys, keys)}) AS t ON {_same(len(keys), 'e', 't')} "
        f"ORDER BY {_ordered(len(keys), 'e')}"
    ).fetchall()
    return tuple(found)


def _changed_rows(
    db: Database,
    sides: Sides,
    keys: Sequence[Pair],
    columns: Sequence[tuple[int, Pair]],
    most: int,
) -> tuple[ChangedRow, ...]:
    """The first changed rows, each with the columns that changed in it."""
    read = [*keys, *(pair for _, pair in columns)]
    asked = [_shown(f"n.r{at}", pair.after) for at, pair in enumerate(keys)]
    for at, (n, pair) in enumerate(columns, len(keys)):
        asked += [f"e.d{n}", _shown(f"o.r{at}", pair.before), _shown(f"n.r{at}", pair.after)]
    found = db.execute(
        f"SELECT {', '.join(asked)} FROM ({_first('changed', len(keys), most)}) AS e "
        f"JOIN ({_raw(sides, 0, keys, read)}) AS o ON {_same(len(keys), 'e', 'o')} "
        f"JOIN ({_raw(sides, 1, keys, read)}) AS n ON {_same(len(keys), 'e', 'n')} "
        f"ORDER BY {_ordered(len(keys), 'e')}"
    ).fetchall()
    return tuple(_changed_row(row, len(keys), [pair for _, pair in columns]) for row in found)


def _changed_row(row: tuple[Any, ...], keys: int, columns: Sequence[Pair]) -> ChangedRow:
    values = zip(*[iter(row[keys:])] * 3, strict=True)
    changes = tuple(
        ValueChange(column=pair.after.name, before=before, after=after)
        for pair, (differs, before, after) in zip(columns, values, strict=True)
        if differs
    )
    return ChangedRow(key=row[:keys], changes=changes)


def _raw(sides: Sides, which: int, keys: Sequence[Pair], read: Sequence[Pair]) -> str:
    """One copy's rows: the keys made comparable, and the columns to *read* as they are."""
    values = [pair.values[which] for pair in keys] + [quote(pair.after.name) for pair in read]
    names = [f"k{n}" for n in range(len(keys))] + [f"r{n}" for n in range(len(read))]
    return f"SELECT {_list(values, names)} FROM {sides[which].rows}"


def _first(kind: str, keys: int, examples: int) -> str:
    return (
        f"SELECT * FROM difference WHERE kind = '{kind}' "
        f"ORDER BY {_ordered(keys, 'difference')} LIMIT {examples}"
    )


def _ordered(keys: int, table: str) -> str:
    return ", ".join(f"{table}.k{n}" for n in range(keys))


def _same(keys: int, left: str, right: str) -> str:
    return " AND ".join(f"{left}.k{n} IS NOT DISTINCT FROM {right}.k{n}" for n in range(keys))


def _list(values: Sequence[str], names: Sequence[str]) -> str:
    return ", ".join(f"{value} AS {name}" for value, name in zip(values, names, strict=True))


def _shown(name: str, column: Column) -> str:
    """A value as people read it."""
    value = f"hex({name})" if column.duckdb_type == "BLOB" else f"CAST({name} AS VARCHAR)"
    return (
        f"CASE WHEN length({value}) > {MOST_SHOWN} THEN left({value}, {MOST_SHOWN}) || '…' "
        f"ELSE {value} END"
    )


def _is_number(kind: str) -> bool:
    return kind in _FLOATS or kind == "BIGINT" or kind.startswith("DECIMAL")


def _one(db: Database, sql: str) -> tuple[int, ...]:
    return tuple(int(value) for value in db.execute(sql).fetchone() or ())
