"""Packets (TNS) and field encodings (TTC) of the Oracle client protocol.

Facts: python-oracledb 26.1.0 thin driver, `impl/thin/packet.pyx` and `impl/base/buffer.pyx`.
A request carries no length: a `Reader` is handed a function that yields the next packet and
pulls one whenever a field reaches past what has arrived.
"""

import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum

HEADER_BYTES = 8
DATA_FLAGS_BYTES = 2
LONGEST_PACKET_BYTES = 4 * 1024 * 1024
LONGEST_FIELD_BYTES = 64 * 1024 * 1024
LONGEST_SHORT_VALUE = 252
CHUNK_BYTES = 32767
END_OF_FILE_FLAG = 0x0040
END_OF_RESPONSE_FLAG = 0x2000
END_OF_RESPONSE = b"\x1d"


class PacketType(IntEnum):
    """The packets this stand-in reads or sends."""

    CONNECT = 1
    ACCEPT = 2
    REFUSE = 4
    DATA = 6
    MARKER = 12


class Marker(IntEnum):
    """What a MARKER packet says."""

    BREAK = 1
    RESET = 2
    INTERRUPT = 3


class ProtocolError(Exception):
    """The client sent bytes this stand-in cannot read; the connection is closed."""


class Disconnected(Exception):
    """The client has gone."""


class PacketSocket:
    """Whole packets over one socket. One thread may read while another one writes."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._long_lengths = False
        self._ends_responses = False
        self._tears_next = False
        self.sdu_bytes = 8192

    def accepted(self, sdu_bytes: int, *, ends_responses: bool) -> None:
        """Switch to 4-byte packet lengths, as both sides do after an ACCEPT of version 315+.

        With `ends_responses` (protocol version 319) the last packet of each response says so.
        """
        self._long_lengths = True
        self._ends_responses = ends_responses
        self.sdu_bytes = sdu_bytes

    def read(self) -> tuple[int, bytes]:
        """Packet type and body; raises `Disconnected` when the client has closed."""
        header = self._exactly(HEADER_BYTES)
        if self._long_lengths:
            (length,) = struct.unpack_from(">I", header)
        else:
            (length,) = struct.unpack_from(">H", header)
        if not HEADER_BYTES <= length <= LONGEST_PACKET_BYTES:
            raise ProtocolError(f"packet length {length}")
        return header[4], self._exactly(length - HEADER_BYTES)

    def send(self, packet_type: PacketType, body: bytes) -> None:
        """One packet; raises `Disconnected`, as all sending does."""
        self._send_all(self._packet(packet_type, body))

    def send_data(self, message: bytes) -> None:
        """One response, cut into as many DATA packets as the agreed SDU asks for."""
        self._send_all(self._data_packets(message))

    def tear_next(self) -> None:
        """Let the next bytes end half way, in the middle of a packet, and the connection there."""
        self._tears_next = True

    def send_marker(self, marker: Marker) -> None:
        """A break or a reset."""
        self.send(PacketType.MARKER, bytes((1, 0, marker)))

    def close(self) -> None:
        """Close at once; a thread blocked in `read` gets `Disconnected`."""
        with suppress(OSError):  # the other side was faster
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _data_packets(self, message: bytes) -> bytes:
        if self._ends_responses:
            message += END_OF_RESPONSE
        step = self.sdu_bytes - HEADER_BYTES - DATA_FLAGS_BYTES
        packets: list[bytes] = []
        for start in range(0, len(message), step):
            is_last = self._ends_responses and start + step >= len(message)
            flags = (END_OF_RESPONSE_FLAG if is_last else 0).to_bytes(DATA_FLAGS_BYTES, "big")
            packets.append(self._packet(PacketType.DATA, flags + message[start : start + step]))
        return b"".join(packets)

    def _packet(self, packet_type: PacketType, body: bytes) -> bytes:
        length = len(body) + HEADER_BYTES
        size = struct.pack(">I", length) if self._long_lengths else struct.pack(">HH", length, 0)
        return size + bytes((packet_type, 0, 0, 0)) + body

    def _send_all(self, data: bytes) -> None:
        if self._tears_next:
            data = data[: len(data) // 2]
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise Disconnected from error
        if self._tears_next:
            raise Disconnected

    def _exactly(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            try:
                part = self._socket.recv(count - len(data))
            except OSError as error:
                raise Disconnected from error
            if not part:
                raise Disconnected
            data += part
        return bytes(data)


class Reader:
    """Reads fields, pulling further packets as they are needed."""

    def __init__(self, next_packet: Callable[[], bytes]) -> None:
        self._next_packet = next_packet
        self._data: bytes = b""
        self._position: int = 0

    def start_request(self) -> None:
        """Wait for the first packet of the next request; the one before must be used up."""
        if self._position != len(self._data):
            raise ProtocolError(f"{len(self._data) - self._position} bytes left unread")
        self._data, self._position = self._next_packet(), 0

    def discard(self) -> None:
        """Forget what is left of a request that could not be answered normally."""
        self._data, self._position = b"", 0

    def raw(self, count: int) -> bytes:
        """Exactly `count` bytes."""
        if count > LONGEST_FIELD_BYTES:
            raise ProtocolError(f"field of {count} bytes")
        while len(self._data) - self._position < count:
            self._data = self._data[self._position :] + self._next_packet()
            self._position = 0
        start = self._position
        self._position += count
        return self._data[start : self._position]

    def byte(self) -> int:
        """ub1."""
        return self.raw(1)[0]

    def uint(self) -> int:
        """ub2, ub4 and ub8 alike: a length byte, then that many big-endian bytes."""
        length = self.byte()
        if length > 8:
            raise ProtocolError(f"integer of {length} bytes")
        return int.from_bytes(self.raw(length), "big")

    def value(self) -> bytes | None:
        """Bytes behind a length byte, in chunks when long; None for NULL."""
        length = self.byte()
        if length in (0, 255):
            return None
        if length != 254:
            return self.raw(length)
        chunks: list[bytes] = []
        total = 0
        while size := self.uint():
            chunks.append(self.raw(size))
            total += size
            if total > LONGEST_FIELD_BYTES:
                raise ProtocolError("value too long")
        return b"".join(chunks)

    def sized_value(self) -> bytes:
        """A length, then (unless it is 0) the bytes behind a length of their own."""
        return (self.value() or b"") if self.uint() else b""

    def until_zero(self) -> bytes:
        """Text ended by a 0 byte."""
        found = bytearray()
        while byte := self.byte():
            found.append(byte)
            if len(found) > 1000:
                raise ProtocolError("text without end")
        return bytes(found)


def uint(number: int) -> bytes:
    """ub2, ub4 and ub8: a length byte and the shortest big-endian bytes the client expects."""
    if number == 0:
        return b"\x00"
    if number < 0x100:
        return bytes((1, number))
    if number < 0x10000:
        return b"\x02" + number.to_bytes(2, "big")
    if number < 0x100000000:
        return b"\x04" + number.to_bytes(4, "big")
    return b"\x08" + number.to_bytes(8, "big")


def signed(number: int) -> bytes:
    """sb2 and its like: as `uint`, with the highest bit of the length for a minus."""
    size, *rest = uint(abs(number))
    return bytes((size | 0x80 if number < 0 else size, *rest))


def value(data: bytes | None) -> bytes:
    """Bytes behind a length byte; long ones in chunks; NULL and empty are one 0 byte."""
    if not data:
        return b"\x00"
    if len(data) <= LONGEST_SHORT_VALUE:
        return bytes((len(data),)) + data
    chunks = [data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES)]
    return b"\xfe" + b"".join(uint(len(chunk)) + chunk for chunk in chunks) + b"\x00"


def sized_value(data: bytes) -> bytes:
    """A length, then (unless it is 0) the bytes behind a length of their own."""
    return uint(len(data)) + (value(data) if data else b"")
