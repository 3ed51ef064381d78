"""Two results of one question, from two moments: which of their figures moved most. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from sync.warehouse.query_process import Cell, QueryResult
from sync.warehouse.query_values import is_number

Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Figure:
    """One figure of one group, then and now."""

    group: tuple[str, ...]
    """Values of the columns that name the group, as text."""
    name: str
    """Of the figure's column; empty where rows are counted for want of a figure."""
    kind: str
    """DuckDB's type; DECIMAL where it was another one."""
    before: Cell
    """None too where the group was not there."""
    after: Cell

    @property
    def difference(self) -> Decimal | None:
        """How much it moved; None where one side has no number."""
        was, now = _exact(self.before), _exact(self.after)
        return None if was is None or now is None else now - was

    @property
    def moved(self) -> Decimal:
        """How far it moved, with a side that has no number as nothing."""
        return abs((_exact(self.after) or Decimal()) - (_exact(self.before) or Decimal()))

    @property
    def is_same(self) -> bool:
        """Whether both sides have the same, nothing included."""
        return self.difference == 0 or (self.before is None and self.after is None)


@dataclass(frozen=True)
class Movement:
    """All figures of both results, those that moved most first."""

    figures: tuple[Figure, ...]
    is_matched: bool = True
    """False where rows of the two could not be told to be the same group."""
    is_cut: bool = False
    """Groups were left out that only one side shows, for not all of its rows are there."""


def movement(before: QueryResult, after: QueryResult, groups: Sequence[str] = ()) -> Movement:
    """Compare two results, group by group.

    *groups* names the columns that tell a group; where there are none, or they are not all shown,
    those do that are no numbers, and as many of the numbers, from the left, as it takes to tell all
    rows apart.
    """
    pairs = _common(before, after)
    numbers = [pair for pair in pairs if _is_figure(before, after, pair)]
    shown = {after.columns[at].name.casefold() for _, at in pairs}
    named = {name.casefold() for name in groups}
    named = named if named <= shown else set[str]()
    keys = [
        pair
        for pair in pairs
        if (after.columns[pair[1]].name.casefold() in named if named else pair not in numbers)
    ]
    figures = [pair for pair in numbers if pair not in keys]
    while figures and not named and not _tells_apart(before, after, keys):
        keys = sorted([*keys, figures.pop(0)])
    if not figures or not _tells_apart(before, after, keys):
        rows = Figure((), "", "BIGINT", len(before.rows), len(after.rows))
        return Movement((rows,), is_matched=False, is_cut=before.truncated or after.truncated)
    return _moved(before, after, keys, figures)


def _moved(
    before: QueryResult,
    after: QueryResult,
    keys: Sequence[tuple[int, int]],
    figures: Sequence[tuple[int, int]],
) -> Movement:
    old = {_key(row, keys, 0): row for row in before.rows}
    new = {_key(row, keys, 1): row for row in after.rows}
    each = list(dict.fromkeys([*new, *old]))
    known = [
        key
        for key in each
        if (key in old or not before.truncated) and (key in new or not after.truncated)
    ]
    found = [
        Figure(
            tuple(_written(value) for value in key),
            after.columns[at[1]].name,
            _kind(before, after, at),
            old[key][at[0]] if key in old else None,
            new[key][at[1]] if key in new else None,
        )
        for key in known
        for at in figures
    ]
    found.sort(key=lambda one: one.moved, reverse=True)
    return Movement(tuple(found), is_cut=len(known) < len(each))


def _common(before: QueryResult, after: QueryResult) -> list[tuple[int, int]]:
    """Where each column that both results have stands in them."""
    was = [column.name for column in before.columns]
    now = [column.name for column in after.columns]
    if was == now:
        return [(at, at) for at in range(len(now))]
    return [
        (was.index(name), at)
        for at, name in enumerate(now)
        if was.count(name) == 1 and now.count(name) == 1
    ]


def _is_figure(before: QueryResult, after: QueryResult, at: tuple[int, int]) -> bool:
    return is_number(before.columns[at[0]].type) and is_number(after.columns[at[1]].type)


def _tells_apart(before: QueryResult, after: QueryResult, keys: Sequence[tuple[int, int]]) -> bool:
    return all(
        len({_key(row, keys, side) for row in result.rows}) == len(result.rows)
        for side, result in enumerate((before, after))
    )


def _key(row: Row, keys: Sequence[tuple[int, int]], side: int) -> Row:
    return tuple(row[at[side]] for at in keys)


def _kind(before: QueryResult, after: QueryResult, at: tuple[int, int]) -> str:
    was, now = before.columns[at[0]].type, after.columns[at[1]].type
    return now if was == now else "DECIMAL"


def _written(value: Cell) -> str:
    return "–" if value is None else str(value).removesuffix("T00:00:00")


def _exact(value: Cell) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
