"""The SQL that compares the rows of two copies, and what comes of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sync.comparison import MOST_SHOWN, ChangedRow, ColumnChanges, RowDifferences, ValueChange
from sync.plan import Column
from sync.warehouse.manifest import ManifestEntry
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
    meant: str = "true"
    """SQL of whether a row is one of those asked about."""

    @property
    def rows(self) -> str:
        """SQL of the rows that count."""
        counts = f"{quote(DELETED_AT)} IS NULL" if self.has_marks else "true"
        return f"{self.table} WHERE {counts}"


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


def oracle_columns(entry: ManifestEntry) -> list[Column]:
    """Those of Oracle: a column of ours has no type there."""
    return [column for column in entry.columns if column.oracle_type]


def pairs_of(old: ManifestEntry, new: ManifestEntry) -> list[Pair]:
    """The columns that both copies have."""
    before = {column.name: column for column in oracle_columns(old)}
    return [Pair(before[now.name], now) for now in oracle_columns(new) if now.name in before]


def key_of(old: ManifestEntry, new: ManifestEntry) -> tuple[str, ...]:
    """The key their rows are compared by; empty where they have not the same."""
    return new.key if old.key == new.key else ()


def count_rows(db: Database, side: Side) -> int:
    """The rows of a copy that count."""
    found = db.execute(f"SELECT count(*) FROM {side.rows}").fetchone()
    return int(found[0]) if found else 0


def comparing_sql(sides: Sides, pairs: Sequence[Pair], key: Sequence[str], examples: int) -> str:
    """One SELECT of one row, which `differences` reads: by *key*, or without one as whole rows.

    Only the columns of *pairs* are compared; a key is of them, and unique in both copies, for none
    is published else.
    """
    if not key:
        return _by_rows(sides, pairs)
    keys, others = _split(pairs, key)
    examples_of = {
        kind: _lone_keys(sides, which, kind, keys, examples)
        for which, kind in enumerate(("removed", "added"))
    }
    examples_of["changed"] = _changed_rows(sides, keys, others, examples)
    listed = ", ".join(f"(SELECT to_json(list(row)) FROM ({sql}))" for sql in examples_of.values())
    counts = [f"count(*) FILTER (kind = '{kind}')" for kind in examples_of]
    counts += [f"count(*) FILTER (kind = 'changed' AND d{n})" for n in range(len(others))]
    return (
        f"WITH difference AS MATERIALIZED ({_differing(sides, keys, others)}) "
        f"SELECT (SELECT to_json([{', '.join(counts)}]) FROM difference), {listed}"
    )


def differences(
    pairs: Sequence[Pair], key: Sequence[str], row: Sequence[str | None]
) -> RowDifferences:
    """What the row of `comparing_sql` says of the same."""
    counts, lost, added, found = (_listed(told) for told in row)
    removed, new, changed, *each = counts
    _, others = _split(pairs, key)
    return RowDifferences(
        by="key" if key else "rows",
        added=new,
        removed=removed,
        changed=changed,
        changed_columns=tuple(
            ColumnChanges(column=pair.after.name, rows=rows)
            for pair, rows in zip(others, each, strict=True)
            if rows
        ),
        examples_added=tuple(map(tuple, added)),
        examples_removed=tuple(map(tuple, lost)),
        examples_changed=tuple(
            ChangedRow(
                key=tuple(one["key"]),
                changes=tuple(
                    ValueChange(column=pair.after.name, before=values[0], after=values[1])
                    for pair, values in zip(others, one["changes"], strict=True)
                    if values
                ),
            )
            for one in found
        ),
    )


def _listed(told: str | None) -> list[Any]:
    return json.loads(told) if told else []


def _split(pairs: Sequence[Pair], key: Sequence[str]) -> tuple[list[Pair], list[Pair]]:
    """The columns of the key, in its order, and the others; whole rows have none to tell of."""
    named = {pair.after.name: pair for pair in pairs}
    others = [pair for pair in pairs if pair.after.name not in key] if key else []
    return [named[name] for name in key], others


def _by_rows(sides: Sides, pairs: Sequence[Pair]) -> str:
    """Count whole rows that are meant, each as often as it stands there."""
    names = [f"v{n}" for n in range(len(pairs))]
    old, new = (
        f"SELECT {_list([str(which), *(p.values[which] for p in pairs)], ['side', *names])} "
        f"FROM {side.rows} AND {side.meant}"
        for which, side in enumerate(sides)
    )
    row = ", ".join(names) or "side"  # without a column in common no row is in both
    return (
        "SELECT to_json([CAST(coalesce(sum(greatest(was - now, 0)), 0) AS BIGINT), "
        "CAST(coalesce(sum(greatest(now - was, 0)), 0) AS BIGINT), 0]), NULL, NULL, NULL "
        "FROM (SELECT count(*) FILTER (side = 0) AS was, count(*) FILTER (side = 1) AS now "
        f"FROM ({old} UNION ALL {new}) GROUP BY {row})"
    )


def _differing(sides: Sides, keys: Sequence[Pair], others: Sequence[Pair]) -> str:
    """The keys that differ, with what differs, of rows that are meant in either copy.

    Of the values it holds only whether they do, so it stays small where every row has changed.
    """
    fields = [f"k{n}" for n in range(len(keys))] + [f"v{n}" for n in range(len(others))]
    old, new = (
        f"SELECT true AS there, {side.meant} AS meant, "
        f"{_list([p.values[which] for p in (*keys, *others)], fields)} "
        f"FROM {side.rows}"
        for which, side in enumerate(sides)
    )
    differ = [f"o.v{n} IS DISTINCT FROM n.v{n}" for n in range(len(others))]
    found = [f"coalesce(o.k{n}, n.k{n}) AS k{n}" for n in range(len(keys))]
    found += [f"{sql} AS d{n}" for n, sql in enumerate(differ)]
    return (
        "SELECT CASE WHEN o.there IS NULL THEN 'added' "
        f"WHEN n.there IS NULL THEN 'removed' ELSE 'changed' END AS kind, {', '.join(found)} "
        f"FROM ({old}) AS o FULL OUTER JOIN ({new}) AS n ON {_same(len(keys), 'o', 'n')} "
        f"WHERE ({' OR '.join(('o.there IS NULL', 'n.there IS NULL', *differ))}) "
        "AND (o.meant OR n.meant)"
    )


def _lone_keys(sides: Sides, which: int, kind: str, keys: Sequence[Pair], most: int) -> str:
    """The first keys that one copy has, written as it has them."""
    shown = [_shown(f"t.r{n}", pair.sides[which]) for n, pair in enumerate(keys)]
    return (
        f"SELECT [{', '.join(shown)}] AS row FROM ({_first(kind, len(keys), most)}) AS e "
        f"JOIN ({_raw(sides, which, keys, keys)}) AS t ON {_same(len(keys), 'e', 't')} "
        f"ORDER BY {_ordered(len(keys), 'e')}"
    )


def _changed_rows(sides: Sides, keys: Sequence[Pair], others: Sequence[Pair], most: int) -> str:
    """The first changed rows, each with both values of what changed in it."""
    read = [*keys, *others]
    key = [_shown(f"n.r{at}", pair.after) for at, pair in enumerate(keys)]
    changes = [
        f"CASE WHEN e.d{n} THEN [{_shown(f'o.r{at}', pair.before)}, "
        f"{_shown(f'n.r{at}', pair.after)}] END"
        for n, (at, pair) in enumerate(enumerate(others, len(keys)))
    ]
    return (
        f"SELECT {{'key': [{', '.join(key)}], 'changes': [{', '.join(changes)}]}} AS row "
        f"FROM ({_first('changed', len(keys), most)}) AS e "
        f"JOIN ({_raw(sides, 0, keys, read)}) AS o ON {_same(len(keys), 'e', 'o')} "
        f"JOIN ({_raw(sides, 1, keys, read)}) AS n ON {_same(len(keys), 'e', 'n')} "
        f"ORDER BY {_ordered(len(keys), 'e')}"
    )


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
