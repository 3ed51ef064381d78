# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportUnknownMemberType=false
# (pyarrow ships no types)
"""Results of queries: their columns as a client is told, their rows in wire form."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyarrow import compute as pc

from sandbox.oracle import values
from sandbox.oracle.errors import OracleError
from sandbox.oracle.lobs import Lobs
from sandbox.oracle.types import OracleType

ROW = b"\x07"

compute: Any = pc
"""Of its functions pyarrow tells pyright nothing."""


@dataclass(frozen=True)
class ResultColumn:
    """A column of a result as the client is told about it."""

    name: str
    oracle_type: OracleType


@dataclass
class Result:
    """Rows of one query, encoded as they are fetched."""

    columns: tuple[ResultColumn, ...]
    table: pa.Table
    position: int = 0
    kept: dict[tuple[int, int], bytes] | None = None
    """Rows already encoded, by position and number; None keeps none."""
    lobs: Lobs | None = None
    located: frozenset[int] = frozenset()
    """Columns that go out through `lobs`; other LOBs go out as LONG and LONG RAW."""
    is_ascii: bool = False
    """The database's character set is US7ASCII: of text, the server sends no other sign."""

    def take(self, count: int) -> tuple[bytes, int]:
        """Up to `count` rows in wire form, and how many there were."""
        part = self.table.slice(self.position, count)
        place = (self.position, part.num_rows)
        self.position += part.num_rows
        if self.kept is None:
            return self._encode(part), part.num_rows
        if place not in self.kept:
            self.kept[place] = self._encode(part)
        return self.kept[place], part.num_rows

    def only_row(self) -> list[bytes]:
        """The values of a single row in wire form; ORA-01403 for none, ORA-01422 for several."""
        if self.table.num_rows != 1:
            raise OracleError(1422 if self.table.num_rows else 1403)
        return [
            values.encode_column(self.table.column(index), column.oracle_type)[0]
            for index, column in enumerate(self.columns)
        ]

    def _encode(self, part: pa.Table) -> bytes:
        encoded = [
            self.lobs.encode(part.column(index).to_pylist(), column.oracle_type)
            if self.lobs and index in self.located
            else values.encode_column(self._sent(part.column(index), column), column.oracle_type)
            for index, column in enumerate(self.columns)
        ]
        return b"".join([ROW + b"".join(row) for row in zip(*encoded, strict=True)])

    def _sent(self, cells: pa.ChunkedArray, column: ResultColumn) -> pa.ChunkedArray:
        """What is no ASCII leaves such a database as U+FFFD; of other sets each byte is a sign."""
        is_text = pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)
        if not self.is_ascii or not is_text or column.oracle_type.is_national:
            return cells
        return compute.replace_substring_regex(cells, r"[^\x00-\x7F]", "\ufffd")
