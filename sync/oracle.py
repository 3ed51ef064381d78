"""Read Oracle: the one place that knows its driver.

The driver's defaults lose digits, offsets and time: decimals come as doubles, zones are dropped, a
connect to a silent listener never returns (all measured). Everything here is set against that.
"""

import re
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast

import oracledb

from sync.errors import DuckferryError
from sync.oracle_errors import (
    CLASSES,
    ClientMissing,
    OracleFailure,
    OracleUnreachable,
    TableNotFound,
    kind_of,
)
from sync.plan import TableRef
from sync.types import MAX_NAME_BYTES

MAX_PACKET_BYTES = 65_535
"""What we ask for; the server may want less. Bigger packets cost the driver less (measured)."""

MAX_BATCH_BYTES = 64 << 20
"""A batch is in memory as a whole, and up to `BATCHES_AHEAD` more are."""

ROWS_A_TRIP = 1_000
"""Of what is not a table's own rows; the driver's default of 100 makes ten times the trips."""

MAX_COUNT_SECONDS = 3600
"""How long a count may take where the call timeout is not longer anyway."""


@dataclass(frozen=True)
class Source:
    """Where and as whom to connect. The password shows in no repr."""

    name: str
    dsn: str
    user: str
    password: str = field(repr=False)
    connect_timeout_seconds: float = 10
    call_timeout_seconds: float = 60
    """Of each round trip, so of each fetched batch; `count_rows` may have longer."""
    fetch_rows: int = 20_000
    """Rows a batch. Below about 5,000 round trips cost, above only memory grows (measured)."""
    driver: Literal["thin", "thick"] = "thin"
    """What the database needs: the thick driver for what is older than 12.1."""
    client_lib_dir: Path | None = None
    """Oracle's client libraries. With them every connection of this process is thick."""


@dataclass(frozen=True)
class Session:
    """An open connection and the source it belongs to."""

    source: Source
    connection: oracledb.Connection


@dataclass(frozen=True)
class Statement:
    """A query, and its values in order."""

    sql: str
    binds: tuple[Any, ...] = ()


@contextmanager
def connect(source: Source, *, action: str, client_identifier: str) -> Generator[Session]:
    """A session that names itself to the DBA (module, action, client id) and closes at the end.

    Closing rolls back, which also ends a read-only transaction. Raises `OracleUnreachable` by the
    deadline even where a listener accepts and never answers, and `LoginRefused`.
    """
    connection = _connect_by_deadline(source)
    session = Session(source, connection)
    try:
        with named_errors(source):
            connection.call_timeout = round(source.call_timeout_seconds * 1000)
            connection.module = "duckferry"
            connection.action = action
            connection.client_identifier = client_identifier
            with connection.cursor() as cursor:
                for setting in _SESSION_SETTINGS:
                    cursor.execute(f"ALTER SESSION SET {setting}")
        yield session
    finally:
        with suppress(oracledb.Error):  # it is gone already; what broke it is being raised
            connection.close()


def cancel(session: Session) -> None:
    """Break off the call that another thread is waiting for; there it raises `OracleTimeout`."""
    with suppress(oracledb.Error):  # it is gone already
        session.connection.cancel()


def begin_read_only(session: Session) -> None:
    """Start a transaction in which every read sees the same moment."""
    rows(session, "SET TRANSACTION READ ONLY")


def current_scn(session: Session) -> int | None:
    """Oracle's system change number now, or None where our user may learn it in no way.

    From ``V$DATABASE``, or from DBMS_FLASHBACK. In a read-only transaction it is the present one;
    asked right at its beginning, the two agree to within what was committed in between.
    """
    for question in _SCN_NOW:
        found = rows_if_allowed(session, question)
        if found:
            return int(found[0][0])
    return None


def rows_if_allowed(
    session: Session, sql: str, binds: Sequence[Any] = (), *, most: int = 1
) -> list[tuple[Any, ...]] | None:
    """What a question gives, or None where our user may not ask it, or Oracle does not know it."""
    try:
        return rows(session, sql, binds, most=most)
    except TableNotFound:
        return None
    except OracleFailure as refused:
        if refused.params["oracle_code"] in _NOT_ALLOWED:
            return None
        raise


def oracle_now(session: Session) -> datetime:
    """Oracle's clock, in UTC."""
    moment: datetime = rows(session, "SELECT SYS_EXTRACT_UTC(SYSTIMESTAMP) FROM dual")[0][0]
    return moment.replace(tzinfo=UTC)


@contextmanager
def patient(session: Session, read_seconds: float) -> Generator[Session]:
    """A session whose calls may take as long as an aggregate over all rows does.

    Such a call answers once, after the whole scan. So it has twice the *read_seconds* that reading
    all rows took, up to `MAX_COUNT_SECONDS`, and never less than any other call.
    """
    usual = session.source.call_timeout_seconds
    seconds = max(usual, min(2 * read_seconds, MAX_COUNT_SECONDS))
    with _call_timeout(session, seconds):
        yield replace(session, source=replace(session.source, call_timeout_seconds=seconds))


def quote_table(ref: TableRef) -> str:
    """``"SCHEMA"."TABLE"``."""
    return f"{quote_name(ref.schema_name)}.{quote_name(ref.table)}"


def quote_name(name: str) -> str:
    """*name* as a quoted identifier; raises ValueError for what Oracle cannot have named."""
    if not name or '"' in name or "\0" in name or len(name.encode()) > MAX_NAME_BYTES:
        raise ValueError(f"not an Oracle name: {name[:MAX_NAME_BYTES]!r}")
    return f'"{name}"'


def rows(
    session: Session,
    sql: str,
    binds: Sequence[Any] = (),
    *,
    ref: TableRef | None = None,
    most: int = 1,
    exact: bool = False,
) -> list[tuple[Any, ...]]:
    """Up to *most* rows of a statement with positional binds; *ref* is named if it is missing.

    Fractions come as floats, or as decimals of every digit where it is to be *exact*.
    """
    with named_errors(session.source, ref), session.connection.cursor() as cursor:
        cursor.arraysize = min(most, ROWS_A_TRIP)
        cursor.execute(sql, list(binds), fetch_decimals=exact)
        if cursor.description is None:
            return []
        return cast("list[tuple[Any, ...]]", cursor.fetchmany(most))


@contextmanager
def _call_timeout(session: Session, seconds: float) -> Generator[None]:
    """Give the calls of the block *seconds*, those after it what the source says again."""
    with named_errors(session.source):
        session.connection.call_timeout = round(seconds * 1000)
    try:
        yield
    finally:
        if session.connection.is_healthy():
            session.connection.call_timeout = round(session.source.call_timeout_seconds * 1000)


def _connect_by_deadline(source: Source) -> oracledb.Connection:
    """Connect on a thread of its own: the driver's own timeout ends with the TCP handshake."""
    outcome: Future[oracledb.Connection] = Future()

    _choose_driver(source)

    def attempt() -> None:
        try:
            connection = oracledb.connect(
                user=source.user,
                password=source.password,
                dsn=source.dsn,
                tcp_connect_timeout=source.connect_timeout_seconds,
                sdu=MAX_PACKET_BYTES,
            )
        except (oracledb.Error, OSError) as error:
            outcome.set_exception(error)
        else:
            outcome.set_result(connection)

    threading.Thread(target=attempt, name=f"connect {source.name}", daemon=True).start()
    try:
        return outcome.result(timeout=source.connect_timeout_seconds)
    except oracledb.Error as error:
        raise _named(error, source, None) from error
    except TimeoutError:
        outcome.add_done_callback(_close_late)
        detail = f"no answer within {source.connect_timeout_seconds:g} s"
        raise OracleUnreachable(source=source.name, detail=detail) from None
    except OSError as error:
        detail = "the connection broke off before the login"
        raise OracleUnreachable(source=source.name, detail=detail) from error


def _choose_driver(source: Source) -> None:
    """Make the process thick where it has the client libraries; it cannot be both, nor go back.

    On Linux the loader must have found the libraries' folder before the process began
    (LD_LIBRARY_PATH); python-oracledb's documentation, "Initializing python-oracledb".
    """
    if source.client_lib_dir is None:
        if source.driver == "thick":
            raise ClientMissing(source=source.name, detail="ORACLE_CLIENT_LIB_DIR is not set")
    elif oracledb.is_thin_mode():
        try:
            oracledb.init_oracle_client()
        except oracledb.Error as error:
            raise ClientMissing(source=source.name, detail=_code(error)) from error


def _close_late(outcome: Future[oracledb.Connection]) -> None:
    """Close a connection nobody waits for any more."""
    if outcome.exception() is None:
        with suppress(oracledb.Error):
            outcome.result().close()


@contextmanager
def named_errors(source: Source, ref: TableRef | None = None) -> Generator[None]:
    """Turn what the driver raises in the block into an error of ours."""
    try:
        yield
    except (oracledb.Error, OSError) as error:
        raise _named(error, source, ref) from error


def _named(error: oracledb.Error | OSError, source: Source, ref: TableRef | None) -> DuckferryError:
    code = _code(error)
    meant = kind_of(code)
    return CLASSES[meant.group if meant else "failed"](
        source=source.name,
        user=source.user,
        oracle_code=code,
        table=str(ref) if ref else "of the dictionary",
        quoted=quote_table(ref) if ref else "…",
        seconds=round(source.call_timeout_seconds),
        detail=code,
    )


def _code(error: BaseException) -> str:
    """``ORA-01555`` or ``DPY-4011``; never the text, which may quote addresses or values.

    The database's own code counts where the driver put another over it, and the one below a code
    that only says where it happened. Where the driver trips over a socket while it handles an error
    of its own, that error counts.
    """
    if isinstance(error, oracledb.Error):
        if isinstance(error.__cause__, oracledb.NotSupportedError):
            return _code(error.__cause__)  # why no connection came about: the release is too old
        detail = error.args[0] if error.args else None
        told = [code for code in _ORA_CODES.findall(str(detail)) if code not in _WHERE_IT_WAS]
        full = str(getattr(detail, "full_code", "") or type(error).__name__)
        known = [code for code in (*told[:1], full) if kind_of(code)]
        return (known or told or [full])[0]
    if isinstance(error.__context__, oracledb.Error):
        return _code(error.__context__)
    return "DPY-4024" if isinstance(error, TimeoutError) else "DPY-4011"


_SESSION_SETTINGS = (
    "NLS_NUMERIC_CHARACTERS = '.,'",
    "NLS_DATE_FORMAT = 'YYYY-MM-DD\"T\"HH24:MI:SS'",
    "NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD\"T\"HH24:MI:SS.FF'",
    "NLS_TIMESTAMP_TZ_FORMAT = 'YYYY-MM-DD\"T\"HH24:MI:SS.FFTZH:TZM'",
    "TIME_ZONE = '+00:00'",
)
_ORA_CODES = re.compile(r"\bORA-\d{5}\b")
_WHERE_IT_WAS = frozenset({"ORA-00604", "ORA-02063", "ORA-06512", "ORA-12801"})
"""Recursive SQL, a database link, a line of PL/SQL, a parallel server; what happened comes next."""
_SCN_NOW = (
    "SELECT current_scn FROM v$database",
    "SELECT dbms_flashback.get_system_change_number FROM dual",
)
_NOT_ALLOWED = frozenset({"ORA-01031", "ORA-00904", "ORA-06550", "ORA-06553"})
"""Insufficient privileges; a package our user does not see is an invalid identifier."""
