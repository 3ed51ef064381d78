"""From the driver's answer to the rows that are staged.

Values above their limit are seen here, and bytes become text whose encoding bot.toml tells.
"""

from collections.abc import Sequence
from typing import Any

from pyarrow import compute as pc

from sync.errors import LobTooLarge, NotDecodable
from sync.plan import Column, Encoding, TableRef, is_cut
from sync.types import arrow, arrow_schema, is_length_told, pieces, rules

compute: Any = pc
"""pyarrow ships no types; here what it returns becomes `Any`."""


def arrived(ref: TableRef, columns: Sequence[Column], table: Any) -> Any:
    """The ``pyarrow.Table`` of `arrow_schema` from one of `sync.types.wire_schema`.

    Raises `LobTooLarge` where a value is longer than its column's limit and may not be cut, and
    `NotDecodable`.
    """
    values: list[Any] = list(table.columns[: len(columns)])
    told = iter(table.columns[len(columns) :])
    lengths: list[Any] = []
    for number, (column, rule) in enumerate(zip(columns, rules(ref, columns), strict=True)):
        if column.encoding is not None:
            parts = [values[number], *(next(told) for _ in range(pieces(column) - 1))]
            values[number] = _decoded(ref, column, column.encoding, parts)
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


def _decoded(ref: TableRef, column: Column, encoding: Encoding, parts: Sequence[Any]) -> Any:
    """Text of the bytes whose pieces stand in *parts*; what is no text stops the run."""
    texts: list[str | None] = []
    wrong = 0
    for pieces_of_one in zip(*(part.to_pylist() for part in parts), strict=True):
        value = b"".join(piece for piece in pieces_of_one if piece is not None)
        try:
            texts.append(value.decode(encoding) if value else None)  # in Oracle '' is NULL
        except UnicodeDecodeError:
            wrong += 1
    if wrong:
        raise NotDecodable(
            table=str(ref), column=column.name, encoding=encoding, count=wrong, rows=len(parts[0])
        )
    return arrow.array(texts, arrow.large_string())
