"""LOBs on their way out: as locators with calls that read them, and JSON as a whole.

Facts: python-oracledb 26.1.0, `packet.pyx` (values), `lob_op.pyx` and `constants.pxi` (calls).
"""

import itertools
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.oracle import oson, wire
from sandbox.oracle.errors import OracleError
from sandbox.oracle.types import OracleType
from sandbox.oracle.wire import Reader

LOCATOR_BYTES = 40
#: A locator older than this many others is ORA-22275.
MOST_LOCATORS = 200_000
CHUNK_BYTES = 8132
CLOB_FLAG, UTF16_FLAG = 0x02, 0x80
GET_LENGTH, READ, GET_CHUNK_SIZE = 0x0001, 0x0002, 0x4000


@dataclass(frozen=True)
class LobCall:
    """What a client wants of a LOB; `offset` counts from 1, in UTF-16 units for text."""

    operation: int
    locator: bytes
    offset: int
    amount: int


class Lobs:
    """The LOBs that one session has locators of."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._found: OrderedDict[bytes, tuple[bytes, int]] = OrderedDict()

    def encode(self, cells: Sequence[str | bytes | None], kind: OracleType) -> list[bytes]:
        """Every value of a column as the client gets it: locators, or JSON as a whole."""
        if kind.name == "JSON":
            return [_whole_json(str(cell)) if cell else b"\x00" for cell in cells]
        return [b"\x00" if not cell else self._located(cell) for cell in cells]

    def _located(self, cell: str | bytes) -> bytes:
        is_text = isinstance(cell, str)
        data = cell.encode("utf-16-be") if isinstance(cell, str) else cell
        unit = 2 if is_text else 1
        flags = bytes((0, CLOB_FLAG if is_text else 1, 8, UTF16_FLAG if is_text else 0, 0))
        number = next(self._numbers).to_bytes(8, "big")
        locator = (b"\x00\x26\x00" + flags[:4] + number).ljust(LOCATOR_BYTES, b"\x00")
        self._found[locator] = (data, unit)
        if len(self._found) > MOST_LOCATORS:
            self._found.popitem(last=False)
        size = wire.uint(len(data) // unit) + wire.uint(CHUNK_BYTES)
        return wire.uint(LOCATOR_BYTES) + size + wire.value(locator)

    def answer(self, call: LobCall) -> bytes:
        """What a call gives back, without the end of the call.

        Raises ORA-22275 for a locator nobody gave out, ORA-01031 for what would write.
        """
        if call.locator not in self._found:
            raise OracleError(22275)
        data, unit = self._found[call.locator]
        if call.operation == GET_LENGTH:
            return _amount(call, len(data) // unit)
        if call.operation == GET_CHUNK_SIZE:
            return _amount(call, CHUNK_BYTES)
        if call.operation != READ:
            raise OracleError(1031)
        start = (call.offset - 1) * unit
        part = data[start : start + call.amount * unit]
        text = b"\x0e" + wire.value(part) if part else b""
        return text + _amount(call, len(part) // unit)


def read_call(reader: Reader) -> LobCall:
    """The whole message of a LOB call."""
    reader.byte()
    size = reader.uint()
    reader.byte()
    for _ in range(3):
        reader.uint()
    reader.raw(3)
    operation = reader.uint()
    reader.raw(2)
    offset = reader.uint()
    reader.uint()
    has_amount = reader.byte()
    reader.raw(6)
    locator = reader.raw(size)
    if operation not in (GET_LENGTH, READ, GET_CHUNK_SIZE):
        raise OracleError(1031)  # what else it carries is thrown away
    return LobCall(operation, locator, offset, reader.uint() if has_amount else 0)


def _whole_json(text: str) -> bytes:
    data = oson.encode(text)
    size = wire.uint(len(data)) + wire.uint(CHUNK_BYTES)
    return wire.uint(LOCATOR_BYTES) + size + wire.value(data) + wire.value(b"\x01" * LOCATOR_BYTES)


def _amount(call: LobCall, amount: int) -> bytes:
    return b"\x08" + call.locator + wire.uint(amount)
