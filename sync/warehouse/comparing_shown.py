"""Compare the rows of two copies as far as one caller may see them, in the process of a query."""

from sync.comparison import RowDifferences
from sync.warehouse.carrying import holds_marks
from sync.warehouse.comparing_rows import Side, comparing_sql, differences, key_of, pairs_of
from sync.warehouse.exposure import Exposure
from sync.warehouse.manifest import ManifestEntry
from sync.warehouse.merge import DELETED_AT
from sync.warehouse.query_process import Queries
from sync.warehouse.sql import quote

_MOST_BYTES = 1_000_000
"""Of its one row: a value in an example is short, but a table may have a thousand columns."""


def compare_shown(
    queries: Queries, old: ManifestEntry, new: ManifestEntry, exposure: Exposure, examples: int
) -> RowDifferences:
    """What differs between two copies in the rows and columns that *exposure* shows as they are.

    Hidden and disguised columns are not compared, and a key with one of them is none. Raises what
    `Queries.run_own` raises, and `BadQuery` where a rule filters by a column one of them lacks.
    """

    def is_shown(column: str) -> bool:
        return not exposure.hides(column) and not exposure.mask(column)

    pairs = [pair for pair in pairs_of(old, new) if is_shown(pair.after.name)]
    key = key_of(old, new)
    key = key if all(map(is_shown, key)) else ()
    copies = {"older": old, "newer": new}
    older, newer = (
        Side(quote(name), has_marks=holds_marks(entry) and is_shown(DELETED_AT))
        for name, entry in copies.items()
    )
    sql = comparing_sql((older, newer), pairs, key, examples)
    result = queries.taking(size=_MOST_BYTES).run_own(sql, copies, exposure)
    return differences(pairs, key, [None if told is None else str(told) for told in result.rows[0]])
