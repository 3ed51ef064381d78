"""Compare the rows of two copies as far as one caller may see them, in the process of a query."""

from collections.abc import Sequence

from sync.comparison import RowDifferences
from sync.warehouse.carrying import holds_marks
from sync.warehouse.comparing_rows import Side, comparing_sql, differences, key_of, pairs_of
from sync.warehouse.exposure import Exposure
from sync.warehouse.manifest import ManifestEntry
from sync.warehouse.merge import DELETED_AT
from sync.warehouse.query import Condition, filter_sql
from sync.warehouse.query_process import Queries
from sync.warehouse.sql import quote

_MOST_BYTES = 1_000_000
"""Of its one row: a value in an example is short, but a table may have a thousand columns."""


def compare_shown(
    queries: Queries,
    copies: tuple[ManifestEntry, ManifestEntry],
    exposure: Exposure,
    where: Sequence[Condition],
    examples: int,
) -> RowDifferences:
    """What differs between two copies in the rows and columns that *exposure* shows as they are.

    Only rows that meet *where* in one of the two are compared. Hidden and disguised columns are
    not, and a key with one of them is none. Raises what `Queries.run_own` raises, and `BadQuery`
    and `ColumnNotFound` where a rule or *where* names a column that one of the two lacks.
    """
    old, new = copies
    params: list[str] = []

    def bind(value: str) -> str:
        params.append(value)
        return f"${len(params)}"

    def side(name: str, entry: ManifestEntry) -> Side:
        filters = [filter_sql(one, exposure.shape(entry), bind) for one in where]
        has_marks = holds_marks(entry) and is_shown(DELETED_AT)
        return Side(quote(name), has_marks, f"({' AND '.join(filters or ['true'])})")

    def is_shown(column: str) -> bool:
        return not exposure.hides(column) and not exposure.mask(column)

    pairs = [pair for pair in pairs_of(old, new) if is_shown(pair.after.name)]
    key = key_of(old, new)
    key = key if all(map(is_shown, key)) else ()
    sides = side("older", old), side("newer", new)
    sql = comparing_sql(sides, pairs, key, examples)
    shown = {"older": old, "newer": new}
    result = queries.taking(size=_MOST_BYTES).run_own(sql, params, shown, exposure)
    return differences(pairs, key, [None if told is None else str(told) for told in result.rows[0]])
