"""What the client asks: execute, re-execute, fetch and the messages that ride in front of them.

Requests carry no length, so every field is read, also those that mean nothing here. Layouts for
field version 12: python-oracledb 26.1.0, `messages/execute.pyx`, `fetch.pyx` and `base.pyx`.
"""

from dataclasses import dataclass
from enum import IntEnum

from sandbox.oracle import values
from sandbox.oracle.values import BindValue
from sandbox.oracle.wire import ProtocolError, Reader

FETCH_OPTION, DEFINE_OPTION, EXECUTE_OPTION = 0x40, 0x10, 0x20
LONGEST_ORDERED_BIND_BYTES = 32767
MOST_BINDS = 65535


class Function(IntEnum):
    """Function codes of calls and of the messages that ride in front of them."""

    REEXECUTE = 4
    FETCH = 5
    LOGOFF = 9
    COMMIT = 14
    ROLLBACK = 15
    VERSION = 59
    REEXECUTE_AND_FETCH = 78
    EXECUTE = 94
    CLOSE_CURSORS = 105
    AUTH_PHASE_TWO = 115
    AUTH_PHASE_ONE = 118
    LOB_CALL = 96
    END_TO_END = 135
    PING = 147
    CURRENT_SCHEMA = 152


@dataclass(frozen=True)
class BindType:
    """`form` 2 is UTF-16; a bind of more than 32,767 bytes comes after all the others."""

    type_number: int
    form: int
    size_bytes: int


@dataclass(frozen=True)
class Execute:
    """`cursor` is 0 for a new statement; `bind_types` is None where none were sent.

    `defines` say how the columns of a parsed statement are wanted, LOBs as LONG for example; such
    a request runs nothing. `prefetch_rows` is what the client has room for, also where it does not
    ask for rows.
    """

    cursor: int
    sql: str | None
    rows_wanted: int
    bind_types: tuple[BindType, ...] | None
    binds: tuple[BindValue, ...]
    defines: tuple[BindType, ...] = ()
    prefetch_rows: int = 0


@dataclass(frozen=True)
class EndToEnd:
    """Session attributes the client changed; None means left as it was."""

    client_identifier: str | None
    module: str | None
    action: str | None
    client_info: str | None


def read_execute(reader: Reader) -> Execute:
    """The whole execute message, with its SQL and binds."""
    options, cursor = reader.uint(), reader.uint()
    has_sql = reader.byte()
    reader.uint()  # SQL length, repeated in front of the text
    reader.byte()
    array_length = reader.uint()
    reader.raw(2)
    reader.uint()  # prefetch buffer
    rows_wanted = reader.uint()
    reader.uint()  # longest LONG
    has_binds = reader.byte()
    bind_count = reader.uint()
    reader.raw(5)
    reader.byte()
    define_count = reader.uint()
    reader.uint()  # registration
    reader.raw(3)
    reader.uint()
    reader.byte()
    reader.uint()
    reader.uint()  # registration
    for _ in range(3):  # DML row counts, SQL signature, SQL id
        reader.byte()
        reader.uint()
        reader.byte()
    reader.uint()  # chunk ids
    sql = (reader.value() or b"").decode() if has_sql else None
    array = [reader.uint() for _ in range(min(array_length, 100))]
    if options & DEFINE_OPTION:
        if options & EXECUTE_OPTION:
            raise ProtocolError("defines together with an execution")
        defines = tuple(_read_bind_type(reader) for _ in range(min(define_count, MOST_BINDS)))
        return Execute(cursor, sql, 0, None, (), defines)
    bind_types = None
    binds: tuple[BindValue, ...] = ()
    if has_binds:
        bind_types = tuple(_read_bind_type(reader) for _ in range(min(bind_count, MOST_BINDS)))
        row_count = 1 if array[7] else min(array[1], MOST_BINDS)
        for _ in range(row_count):
            binds = read_bind_row(reader, bind_types)
    return Execute(
        cursor=cursor,
        sql=sql,
        rows_wanted=rows_wanted if options & FETCH_OPTION else 0,
        bind_types=bind_types,
        binds=binds,
        prefetch_rows=rows_wanted,
    )


def read_bind_row(reader: Reader, bind_types: tuple[BindType, ...]) -> tuple[BindValue, ...]:
    """One row of bind values, which starts with byte 7."""
    if not bind_types:
        return ()
    if reader.byte() != 7:
        raise ProtocolError("bind values expected")
    order = sorted(
        range(len(bind_types)),
        key=lambda index: bind_types[index].size_bytes > LONGEST_ORDERED_BIND_BYTES,
    )
    found: dict[int, BindValue] = {}
    for index in order:
        kind = bind_types[index]
        found[index] = values.decode_bind(kind.type_number, kind.form, reader.value())
    return tuple(found[index] for index in range(len(bind_types)))


def read_version(reader: Reader) -> None:
    """Pointers and the room for a banner."""
    reader.byte()
    for _ in range(3):
        reader.uint()


def read_close_cursors(reader: Reader) -> list[int]:
    """Numbers of the statements to forget."""
    reader.byte()
    return [reader.uint() for _ in range(min(reader.uint(), MOST_BINDS))]


def read_current_schema(reader: Reader) -> str:
    """The name of the schema to work in."""
    reader.byte()
    return reader.sized_value().decode()


def read_end_to_end(reader: Reader) -> EndToEnd:
    """Pointers and lengths of all attributes first, then the texts that have a length."""
    reader.raw(2)
    reader.uint()
    identifier, module, action = (_pointer(reader) for _ in range(3))
    for _ in range(2):
        reader.byte()
        reader.uint()
    info = _pointer(reader)
    for _ in range(2):
        reader.byte()
        reader.uint()
    operation = _pointer(reader)
    texts = [
        None if length is None else (reader.value() or b"").decode() if length else ""
        for length in (identifier, module, action, info, operation)
    ]
    return EndToEnd(*texts[:4])


def _pointer(reader: Reader) -> int | None:
    is_set, length = reader.byte(), reader.uint()
    return length if is_set else None


def _read_bind_type(reader: Reader) -> BindType:
    type_number = reader.byte()
    reader.raw(3)
    size_bytes = reader.uint()
    reader.uint()
    reader.uint()
    reader.sized_value()  # object id
    reader.uint()
    reader.uint()
    form = reader.byte()
    reader.uint()
    reader.uint()
    return BindType(type_number, form, size_bytes)
