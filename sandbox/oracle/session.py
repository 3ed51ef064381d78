"""One client connection: logon, then calls until the client leaves.

Two threads per connection. The reader thread takes packets off the socket, so that a break
(call_timeout, `connection.cancel()`) is seen while the worker runs a query or stalls.
"""

import queue
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import duckdb

from sandbox.oracle import logon, messages, requests
from sandbox.oracle.calls import Calls
from sandbox.oracle.database import Database
from sandbox.oracle.errors import OracleError
from sandbox.oracle.faults import Faults
from sandbox.oracle.messages import CallEnd
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
PROTOCOL, DATA_TYPES, FUNCTION, PIGGYBACK = 1, 2, 3, 17


@dataclass(frozen=True)
class Attributes:
    """What V$SESSION would show of a session; "" where the client set nothing."""

    session_id: int
    user: str = ""
    module: str = ""
    action: str = ""
    client_identifier: str = ""
    client_info: str = ""


class Session:
    """The protocol of one connection. `run` returns when the client has left."""

    def __init__(
        self,
        packets: PacketSocket,
        database: Database,
        faults: Faults,
        passwords: Mapping[str, str],
        session_id: int,
        service: str,
    ) -> None:
        self.attributes = Attributes(session_id)
        self._packets = packets
        self._passwords = passwords
        self._service = service
        self._requests: queue.Queue[bytes | None] = queue.Queue(MOST_PACKETS_WAITING)
        self._resets: queue.Queue[None] = queue.Queue()
        self._broken = threading.Event()
        self._gone = threading.Event()
        self._reader = Reader(self._next_packet)
        self._calls = Calls(database, faults, self._broken)

    def run(self) -> None:
        """Serve the connection; raises `Disconnected` or `ProtocolError` at its end."""
        if not logon.accept(self._packets, self._service):
            return
        threading.Thread(target=self._read_packets, daemon=True).start()
        try:
            if self._log_on():
                while self._answer_call():
                    pass
        finally:
            self._calls.close()

    def _log_on(self) -> bool:
        """Four round trips; False when the password was wrong (ORA-01017)."""
        asked: logon.Challenge | None = None
        for _ in range(4):
            self._reader.start_request()
            kind = self._reader.byte()
            if kind == PROTOCOL:
                self._packets.send_data(logon.answer_protocol(self._reader))
                continue
            if kind == DATA_TYPES:
                self._packets.send_data(logon.answer_data_types(self._reader))
                continue
            function, _ = self._reader.byte(), self._reader.byte()
            user, pairs = logon.read_auth(self._reader)
            if kind == FUNCTION and function == Function.AUTH_PHASE_ONE:
                asked, answer = logon.challenge(user, self._passwords)
                self._packets.send_data(answer + messages.end_of_call(CallEnd()))
            elif kind == FUNCTION and function == Function.AUTH_PHASE_TWO and asked:
                return self._check_password(asked, pairs)
            else:
                raise ProtocolError(f"function {function} during logon")
        raise ProtocolError("logon did not end")

    def _check_password(self, asked: logon.Challenge, pairs: Mapping[str, bytes]) -> bool:
        try:
            answer = logon.prove(asked, pairs, self.attributes.session_id, self._service)
        except OracleError as error:
            self._send_error(error)
            return False
        self.attributes = Attributes(self.attributes.session_id, user=asked.user)
        self._packets.send_data(answer + messages.end_of_call(CallEnd()))
        return True

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
        self._packets.send_data(answer)
        return function != Function.LOGOFF

    def _request(self) -> tuple[int, bytes]:
        """Read one request with all that rides in front of it: its function and the answer."""
        reader = self._reader
        reader.start_request()
        while (kind := reader.byte()) == PIGGYBACK:
            function, _ = reader.byte(), reader.byte()
            self._piggyback(function)
        if kind != FUNCTION:
            raise ProtocolError(f"message {kind} where a function was expected")
        function, _ = reader.byte(), reader.byte()
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
            "SERVICE_NAME": self._service,
            "DB_NAME": self._service,
            "DB_UNIQUE_NAME": self._service,
            "INSTANCE_NAME": self._service,
        }
        match function:
            case Function.EXECUTE:
                return calls.execute(requests.read_execute(reader), context)
            case Function.REEXECUTE | Function.REEXECUTE_AND_FETCH:
                return calls.reexecute(reader, context)
            case Function.FETCH:
                cursor, rows = reader.uint(), reader.uint()
                return calls.fetch(cursor, rows)
            case Function.COMMIT | Function.ROLLBACK:
                return calls.end_transaction()
            case Function.PING | Function.LOGOFF:
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
        end = CallEnd(self._calls.call_status, code=error.code, text=error.text)
        self._packets.send_data(messages.end_of_call(end))

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
