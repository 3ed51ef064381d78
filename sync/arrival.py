"""From the driver's answer to the rows that are staged: values above their limit are seen here."""

from collections.abc import Sequence
from typing import Any

from pyarrow import compute as pc

from sync.errors import LobTooLarge
from sync.plan import Column, TableRef
from sync.types import arrow, arrow_schema, is_cut, is_length_told, rules

compute: Any = pc
"""pyarrow ships no types; here what it returns becomes `Any`."""


def arrived(ref: TableRef, columns: Sequence[Column], table: Any) -> Any:
    """The ``pyarrow.Table`` of `arrow_schema` from one of `sync.types.wire_schema`.

    Raises `LobTooLarge` where a value is longer than its column's limit and may not be cut.
    """
    values: list[Any] = list(table.columns[: len(columns)])
    told = iter(table.columns[len(columns) :])
    lengths: list[Any] = []
    for number, (column, rule) in enumerate(zip(columns, rules(ref, columns), strict=True)):
        if column.limit is None or not rule.capped:
            continue
        length = next(told) if is_length_told(column, rule) else _length(values[number])
        if is_cut(column):
            values[number] = _cut(values[number], column.limit)
            lengths.append(length)
        elif (longest := compute.max(length).as_py()) is not None and longest > column.limit:
            raise LobTooLarge(table=str(ref), column=column.name, size=longest, limit=column.limit)
    return arrow.table(values + lengths, schema=arrow_schema(ref, columns))


def _length(value: Any) -> Any:
    is_text = arrow.types.is_large_string(value.type)
    length = compute.utf8_length(value) if is_text else compute.binary_length(value)
    return length.cast(arrow.int64())


def _cut(value: Any, limit: int) -> Any:
    if arrow.types.is_large_string(value.type):
        return compute.utf8_slice_codeunits(value, 0, limit)
    return compute.binary_slice(value, 0, limit)
