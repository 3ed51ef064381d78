"""Bind values as a rewritten query takes them."""

from collections.abc import Sequence
from decimal import Decimal

from sandbox.oracle import rowids
from sandbox.oracle.sql import Query
from sandbox.oracle.values import BindValue


def converted(binds: Sequence[BindValue], query: Query) -> Sequence[BindValue]:
    """The binds with a row number in place of every ROWID, and exact numbers in plain digits."""
    result = list(binds)
    for index, side in query.rowid_binds.items():
        found = binds[index]
        if found is not None:
            object_id = rowids.object_number(query.tables[0][1])
            result[index] = rowids.bound(str(found), object_id, side)
    for index in query.number_binds:
        if binds[index] is not None:
            result[index] = f"{Decimal(str(binds[index])):f}"
    return result
