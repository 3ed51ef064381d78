"""One client connection: logon, then calls until the client leaves.

Two threads per connection. The reader thread takes packets off the socket, so that a break
(call_timeout, `connection.cancel()`) is seen while the worker runs a query or stalls.
"""

import queue
import threading
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime

import duckdb

from sandbox.oracle import logon, messages, requests
from sandbox.oracle.calls import Calls
from sandbox.oracle.errors import OracleError
from sandbox.oracle.live import Attributes
from sandbox.oracle.messages import CallEnd
from sandbox.oracle.parts import Parts
from sandbox.oracle.release import SERVICE
from sandbox.oracle.requests import Function
from sandbox.oracle.wire import (
    DATA_FLAGS_BYTES,
    END_OF_FILE_FLAG,
    Disconnected,
    Marker,
    PacketSocket,
    PacketType,
    ProtocolError,
    Reader,
)

RESET_TIMEOUT_SECONDS = 10.0
INTERRUPT_EVERY_SECONDS = 0.05
MOST_PACKETS_WAITING = 10_000
PROTOCOL, DATA_TYPES, FUNCTION, PIGGYBACK, FAST_AUTH = 1, 2, 3, 17, 34
UNKNOWN_SERVICE = 12514


class Session:
    """The protocol of one connection. `run` returns when the client has left."""

    def __init__(self, packets: PacketSocket, parts: Parts, session_id: int) -> None:
        self.attributes = Attributes(session_id)
        self._packets = packets
        self._parts = parts
        self._release = parts.setup.release
        self._requests: queue.Queue[bytes | None] = queue.Queue(MOST_PACKETS_WAITING)
        self._resets: queue.Queue[None] = queue.Queue()
        self._broken = threading.Event()
        self._gone = threading.Event()
        self._reader = Reader(self._next_packet)
        self._calls = Calls(parts, self._broken)

    def run(self) -> None:
        """Serve the connection; raises `Disconnected` or `ProtocolError` at its end."""
        if not self._connect():
            return
        threading.Thread(target=self._read_packets, daemon=True).start()
        try:
            if self._log_on():
                while self._answer_call():
                    pass
        finally:
            self._leave()
            self._calls.close()

    def _connect(self) -> bool:
        """Answer CONNECT as a listener does; False when the connection was refused."""
        asked = logon.read_connect(self._packets)
        if asked.service.upper() != SERVICE:
            logon.refuse(self._packets, UNKNOWN_SERVICE)
            return False
        try:
            if self._parts.faults.strike("connect", self._gone.wait):
                self._packets.tear_next()
        except OracleError as error:
            logon.refuse(self._packets, error.code)
            return False
        logon.accept(self._packets, self._parts.setup, asked)
        return True

    def _log_on(self) -> bool:
        """Two or four round trips; False when the user may not come in."""
        asked: logon.Challenge | None = None
        for _ in range(4):
            self._reader.start_request()
            kind = self._reader.byte()
            if kind == PROTOCOL:
                self._packets.send_data(logon.answer_protocol(self._reader, self._parts.setup))
                continue
            if kind == DATA_TYPES:
                answer, version = logon.answer_data_types(self._reader)
                self._agree(version)
                self._packets.send_data(answer)
                continue
            if kind == FAST_AUTH:
                start, version = logon.answer_fast_auth(self._reader, self._parts.setup)
                self._agree(version)
                kind, function = self._reader.byte(), self._reader.raw(2)[0]  # no token yet
            else:
                start, function = b"", self._function_code()
            user, pairs = logon.read_auth(self._reader)
            if kind == FUNCTION and function == Function.AUTH_PHASE_ONE:
                known = self._parts.accounts.password(user)
                asked, answer = logon.challenge(user, known, self._parts.setup.verifier)
                self._packets.send_data(start + answer + self._end(CallEnd()))
            elif kind == FUNCTION and function == Function.AUTH_PHASE_TWO and asked:
                return self._enter(asked, pairs)
            else:
                raise ProtocolError(f"function {function} during logon")
        raise ProtocolError("logon did not end")

    def _agree(self, client_field_version: int) -> None:
        """Lay messages out as both sides know them."""
        self._calls.field_version = min(self._release.field_version, client_field_version)

    def _enter(self, asked: logon.Challenge, pairs: Mapping[str, bytes]) -> bool:
        is_right, session_key = logon.prove(asked, pairs)
        try:
            self._calls.strike("login")
            self._parts.accounts.enter(asked.user, is_right_password=is_right)
        except OracleError as error:
            self._send_error(error)
            return False
        self._calls.driver = pairs.get("SESSION_CLIENT_DRIVER_NAME", b"").decode()
        number, now = self.attributes.session_id, datetime.now(UTC)
        self.attributes = Attributes(number, user=asked.user, since=now)
        answer = logon.welcome(session_key, number, self._release)
        self._send(answer + self._end(CallEnd()))
        return True

    def _leave(self) -> None:
        """Give the place of a logged-on session back; calling this twice is fine."""
        if self.attributes.user:
            self._parts.accounts.leave(self.attributes.user)
            self.attributes = Attributes(self.attributes.session_id)

    def _answer_call(self) -> bool:
        """One request and its response; False after the client logged off."""
        try:
            function, answer = self._request()
        except OracleError as error:
            self._reader.discard()
            if self._broken.is_set():
                self._confirm_break()
                self._send_error(OracleError(1013))
            else:
                self._send_error(error)
            return True
        if function == Function.LOGOFF:
            self._leave()
        self._send(answer)
        return function != Function.LOGOFF

    def _request(self) -> tuple[int, bytes]:
        """Read one request with all that rides in front of it: its function and the answer."""
        reader = self._reader
        reader.start_request()
        if self._parts.faults.round_trip_seconds:
            self._broken.wait(self._parts.faults.round_trip_seconds)
        while (kind := reader.byte()) == PIGGYBACK:
            self._piggyback(self._function_code())
        if kind != FUNCTION:
            raise ProtocolError(f"message {kind} where a function was expected")
        function = self._function_code()
        answer = self._function(function)
        if self._broken.is_set():
            raise OracleError(1013)
        return function, answer

    def _function(self, function: int) -> bytes:
        reader, calls = self._reader, self._calls
        context = {
            "SESSION_USER": self.attributes.user,
            "CURRENT_USER": self.attributes.user,
            "CURRENT_SCHEMA": calls.schema or self.attributes.user,
            "MODULE": self.attributes.module,
            "ACTION": self.attributes.action,
            "CLIENT_IDENTIFIER": self.attributes.client_identifier,
            "CLIENT_INFO": self.attributes.client_info,
            "SID": str(self.attributes.session_id),
            "SERVICE_NAME": SERVICE,
            "DB_NAME": SERVICE,
            "DB_UNIQUE_NAME": SERVICE,
            "INSTANCE_NAME": SERVICE,
        }
        match function:
            case Function.EXECUTE:
                return calls.execute(requests.read_execute(reader), context)
            case Function.REEXECUTE | Function.REEXECUTE_AND_FETCH:
                return calls.reexecute(reader, context)
            case Function.FETCH:
                cursor, rows = reader.uint(), reader.uint()
                return calls.fetch(cursor, rows)
            case Function.VERSION:
                requests.read_version(reader)
                return messages.version(self._release) + messages.status(calls.call_status)
            case Function.LOB_CALL:
                return calls.lob_call(reader)
            case Function.COMMIT:
                return calls.end_transaction("commit")
            case Function.ROLLBACK:
                return calls.end_transaction("rollback")
            case Function.PING | Function.LOGOFF:
                calls.strike("ping" if function == Function.PING else "close")
                return messages.status(calls.call_status)
            case _:
                raise ProtocolError(f"function {function} is not there")

    def _piggyback(self, function: int) -> None:
        match function:
            case Function.CLOSE_CURSORS:
                self._calls.close_cursors(requests.read_close_cursors(self._reader))
            case Function.CURRENT_SCHEMA:
                self._calls.set_schema(requests.read_current_schema(self._reader))
            case Function.END_TO_END:
                changed = asdict(requests.read_end_to_end(self._reader))
                known = {name: text for name, text in changed.items() if text is not None}
                self.attributes = replace(self.attributes, **known)
            case _:
                raise ProtocolError(f"piggyback {function} is not there")

    def _send_error(self, error: OracleError) -> None:
        self._send(self._end(CallEnd(self._calls.call_status, code=error.code, text=error.text)))

    def _send(self, answer: bytes) -> None:
        if self._calls.cut:
            self._packets.tear_next()
        self._packets.send_data(answer)

    def _end(self, end: CallEnd) -> bytes:
        return messages.end_of_call(end, self._calls.field_version)

    def _function_code(self) -> int:
        """Which function a header names; from field version 18 on it carries a token too."""
        function, _ = self._reader.byte(), self._reader.byte()
        if self._calls.field_version >= 18:
            self._reader.uint()
        return function

    def _confirm_break(self) -> None:
        """Both sides throw away what is in flight: BREAK out, RESET in, RESET out."""
        if self._gone.is_set():
            raise Disconnected
        self._packets.send_marker(Marker.BREAK)
        try:
            self._resets.get(timeout=RESET_TIMEOUT_SECONDS)
        except queue.Empty as error:
            raise ProtocolError("no RESET after BREAK") from error
        self._broken.clear()
        self._packets.send_marker(Marker.RESET)

    def _next_packet(self) -> bytes:
        packet = self._requests.get()
        if packet is None:
            raise Disconnected
        return packet

    def _read_packets(self) -> None:
        """The reader thread: until the socket is closed by either side."""
        try:
            while self._sort_packet():
                pass
        except (Disconnected, ProtocolError):
            self._gone.set()
            self._break()
        finally:
            self._requests.put(None)

    def _sort_packet(self) -> bool:
        """Hand one packet to whom it concerns; False when the client announced its end."""
        packet_type, body = self._packets.read()
        if packet_type == PacketType.DATA:
            if int.from_bytes(body[:DATA_FLAGS_BYTES], "big") & END_OF_FILE_FLAG:
                return False
            self._requests.put(body[DATA_FLAGS_BYTES:])
        elif packet_type == PacketType.MARKER and body[2] == Marker.RESET:
            self._resets.put(None)
        elif packet_type == PacketType.MARKER:
            self._break()
        else:
            raise ProtocolError(f"packet type {packet_type} after logon")
        return True

    def _break(self) -> None:
        """Stop what the worker is doing, again and again until it has stopped."""
        self._broken.set()
        while (running := self._calls.running) is not None:
            try:
                running.interrupt()
            except duckdb.Error:
                return  # the worker has closed its connection
            self._calls.stopped.wait(INTERRUPT_EVERY_SECONDS)
