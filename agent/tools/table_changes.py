"""How the rows of a table differ between two of its copies, as far as its caller may see them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.deps import AnalystDeps, ModelSees
from agent.remarks import Remark, remark
from sync.comparison import Key, RowDifferences
from sync.errors import BadQuery, ColumnNotFound, QueryTimeout
from sync.query_errors import QueryTooLarge, RowTooLarge
from sync.receipt import part_of
from sync.warehouse.comparing_shown import compare_shown
from sync.warehouse.exposure import Exposure
from sync.warehouse.manifest import ManifestEntry
from sync.warehouse.query import Condition

_EXAMPLES = 3
_COLUMNS_SHOWN = 10


@dataclass(frozen=True)
class Told:
    """What is said of a table, to people and to the model."""

    remarks: list[Remark] = field(default_factory=list[Remark])
    data: dict[str, Any] = field(default_factory=dict[str, Any])


def table_changes(
    deps: AnalystDeps,
    name: str,
    copies: tuple[ManifestEntry, ManifestEntry],
    where: Sequence[Condition],
    sees: ModelSees,
) -> Told:
    """Compare two copies of a table row by row, as its caller sees them.

    Of the rows those that meet *where* in one of the two. Raises what `compare_shown` raises, but
    for what makes them too large.
    """
    before, after = copies
    told = Told()
    told.data.update(table=name, before_as_of=before.as_of, after_as_of=after.as_of)
    if before.generation == after.generation:
        told.remarks.append(remark("change.only_copy", table=name, after_at=after.as_of))
        return told
    told.remarks.append(
        remark("change.moments", table=name, before_at=before.as_of, after_at=after.as_of)
    )
    exposure = deps.exposure(after.receipt.of)
    _tell_columns(told, name, before, after, exposure)
    try:
        found = compare_shown(deps.queries, copies, exposure, where, _EXAMPLES)
    except (QueryTimeout, QueryTooLarge, RowTooLarge):
        told.remarks.append(remark("change.too_large", table=name))
        return told
    except (BadQuery, ColumnNotFound):  # the older copy lacks a column that rows are chosen by
        return told
    _tell_rows(told, name, found)
    if where:
        told.remarks.append(remark("change.of_those_meant", table=name))
        told.data["rows_compared"] = "those that meet the filter before or after"
    if exposure.is_partial:
        told.remarks.append(remark("change.by_rule", table=name, rule=exposure.rule))
    if part_of(before.receipt) != part_of(after.receipt):
        told.remarks.append(remark("change.parts", table=name))
    _tell_examples(told, after.key, found, sees)
    return told


def _tell_columns(
    told: Told, name: str, before: ManifestEntry, after: ManifestEntry, exposure: Exposure
) -> None:
    was, now = (
        [column.name for column in entry.columns if not exposure.hides(column.name)]
        for entry in (before, after)
    )
    came, went = [one for one in now if one not in was], [one for one in was if one not in now]
    if came:
        told.remarks.append(remark("change.came", table=name, columns=_first(came)))
        told.data["columns_added"] = came
    if went:
        told.remarks.append(remark("change.went", table=name, columns=_first(went)))
        told.data["columns_gone"] = went


def _tell_rows(told: Told, name: str, found: RowDifferences) -> None:
    counts = {"added": found.added, "removed": found.removed}
    told.data.update(rows_added=found.added, rows_removed=found.removed)
    if found.by == "rows":
        told.remarks.append(remark("change.whole_rows", table=name, **counts))
        return
    told.remarks.append(remark("change.rows", table=name, changed=found.changed, **counts))
    told.data["rows_changed"] = found.changed
    most = sorted(found.changed_columns, key=lambda one: -one.rows)
    if most:
        columns = _first([f"{one.column} {one.rows:,}" for one in most])
        told.remarks.append(remark("change.in_columns", table=name, columns=columns))
        told.data["rows_changed_in"] = {one.column: one.rows for one in found.changed_columns}


def _tell_examples(told: Told, key: Sequence[str], found: RowDifferences, sees: ModelSees) -> None:
    """Name some of the keys that came, went and changed."""
    added, removed = (
        [_named(key, row) for row in rows]
        for rows in (found.examples_added, found.examples_removed)
    )
    changed = [
        (
            _named(key, row.key),
            ", ".join(f"{c.column} {_shown(c.before)} → {_shown(c.after)}" for c in row.changes),
        )
        for row in found.examples_changed
    ]
    if added:
        told.remarks.append(remark("change.added", keys=" · ".join(added)))
    if removed:
        told.remarks.append(remark("change.removed", keys=" · ".join(removed)))
    told.remarks.extend(remark("change.example", key=one, changes=how) for one, how in changed)
    if sees == "rows" and found.by == "key":
        told.data["examples"] = {
            "added": added,
            "removed": removed,
            "changed": [f"{one}: {how}" for one, how in changed],
        }


def _first(columns: list[str]) -> str:
    more = [f"+{len(columns) - _COLUMNS_SHOWN}"] if len(columns) > _COLUMNS_SHOWN else []
    return ", ".join([*columns[:_COLUMNS_SHOWN], *more])


def _named(key: Sequence[str], row: Key) -> str:
    return ", ".join(f"{column} {value}" for column, value in zip(key, row, strict=True))


def _shown(value: str | None) -> str:
    return "NULL" if value is None else value
