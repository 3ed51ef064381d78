"""Execute, fetch and the end of a transaction, for one session."""

import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import duckdb

from sandbox.oracle import live, lobs, messages, requests, sql
from sandbox.oracle.access import USER
from sandbox.oracle.binds import converted
from sandbox.oracle.database import Snapshot
from sandbox.oracle.errors import OracleError
from sandbox.oracle.faults import FaultPoint
from sandbox.oracle.lobs import Lobs
from sandbox.oracle.messages import CallEnd
from sandbox.oracle.parts import Parts
from sandbox.oracle.requests import BindType, Execute
from sandbox.oracle.results import Result, ResultColumn
from sandbox.oracle.settings import NLS_DEFAULTS, SESSION_SETTINGS
from sandbox.oracle.sql import AlterSession, BeginReadOnly, EndTransaction, Query, SelectInto
from sandbox.oracle.values import BindValue
from sandbox.oracle.wire import Reader

MOST_CURSORS = 300
#: What go-ora calls itself; by which capability Oracle knows its dialect was not found.
GO_DRIVER = "OracleClientGo"
#: Types a LOB can be asked for as: LONG and LONG RAW.
AS_LONG = (8, 24)


@dataclass
class Cursor:
    """A parsed statement and, while rows are left, its result.

    `scn` is the moment it reads, None for now; `located` are the LOB columns that the client wants
    as locators (JSON as a whole).
    """

    number: int
    sql: str
    bind_types: tuple[BindType, ...] = ()
    columns: tuple[ResultColumn, ...] = ()
    located: frozenset[int] = frozenset()
    result: Result | None = None
    fetches: int = 0
    query: Query | None = None
    scn: int | None = None


@dataclass
class Calls:
    """The statements of one session, and its transaction.

    Nobody writes here, so a transaction is only ever a snapshot: SET TRANSACTION READ ONLY takes
    one, commit and rollback let it go.

    `running` is the DuckDB connection at work, for another thread to interrupt. `cut` says that a
    fault wants the answer of this call torn. `driver` is what the client calls itself,
    `field_version` the layout of messages that both sides know.
    """

    parts: Parts
    broken: threading.Event
    cut: bool = False
    schema: str = ""
    driver: str = ""
    field_version: int = 0
    running: duckdb.DuckDBPyConnection | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    settings: dict[str, str] = field(default_factory=lambda: dict(NLS_DEFAULTS))
    _cursors: dict[int, Cursor] = field(default_factory=dict[int, Cursor])
    _last_cursor: int = 0
    _lobs: Lobs = field(default_factory=Lobs)
    _snapshot: Snapshot | None = None
    _began_scn: int | None = None
    _connection: duckdb.DuckDBPyConnection | None = None

    @property
    def call_status(self) -> int:
        """Tells the client whether a transaction is open, or it would not roll back on close."""
        return messages.TRANSACTION_OPEN if self._snapshot else 0

    def close(self) -> None:
        """Give the session's DuckDB connection back."""
        if self._connection:
            self._connection.close()

    def execute(self, request: Execute, context: Mapping[str, str]) -> bytes:
        """Parse and run a statement, or run a parsed one again with other bind types."""
        if request.cursor:
            cursor = self._cursor(request.cursor)
        else:
            if len(self._cursors) >= MOST_CURSORS:
                raise OracleError(1000, "maximum open cursors exceeded")
            self._last_cursor = self._last_cursor % 65535 + 1
            cursor = Cursor(self._last_cursor, request.sql or "")
            self._cursors[cursor.number] = cursor
        if request.bind_types is not None:
            cursor.bind_types = request.bind_types
        if request.defines:
            return self._define(cursor, request.defines)
        try:
            rows = request.prefetch_rows if self.driver == GO_DRIVER else request.rows_wanted
            return self._run(cursor, request.binds, rows, context)
        except OracleError:
            if not request.cursor:
                del self._cursors[cursor.number]
            raise

    def reexecute(self, reader: Reader, context: Mapping[str, str]) -> bytes:
        """The short form for a cursor whose statement and bind types are known."""
        cursor = self._cursor(reader.uint())
        rows = reader.uint()
        fetches_too = reader.uint()
        reader.uint()
        binds = requests.read_bind_row(reader, cursor.bind_types)
        return self._run(cursor, binds, rows if fetches_too else 0, context)

    def fetch(self, number: int, rows: int) -> bytes:
        """The next rows of an executed query."""
        cursor = self._cursor(number)
        cursor.fetches += 1
        self._strike(cursor)
        if cursor.result is None:
            raise OracleError(1002, "fetch out of sequence")
        if cursor.query:
            self.parts.database.check_past(cursor.query, cursor.scn, self.schema or USER)
        return self._rows(cursor, cursor.result, rows)

    def end_transaction(self, point: FaultPoint) -> bytes:
        """Commit or rollback."""
        self.strike(point)
        self._end_snapshot()
        return messages.status(self.call_status)

    def close_cursors(self, numbers: Sequence[int]) -> None:
        """Forget statements the client no longer caches."""
        for number in numbers:
            self._cursors.pop(number, None)

    def set_schema(self, schema: str) -> None:
        """The schema of bare table names; ORA-01435 when there is none of that name."""
        if schema.upper() not in (USER, "SHOP", "SYS", *self.parts.database.access.owners):
            raise OracleError(1435)
        self.schema = schema.upper()

    def _cursor(self, number: int) -> Cursor:
        if number not in self._cursors:
            raise OracleError(1001, "invalid cursor")
        return self._cursors[number]

    def _run(
        self, cursor: Cursor, binds: Sequence[BindValue], rows: int, context: Mapping[str, str]
    ) -> bytes:
        cursor.fetches, cursor.result = 0, None
        self._strike(cursor)
        parameters = messages.PARAMETERS
        access, schema = self.parts.database.access, self.schema or USER
        match sql.translate(
            cursor.sql,
            context,
            self.parts.setup.release,
            lambda tables: access.columns(tables, schema),
        ):
            case Query() as query:
                return self._query(cursor, query, binds, rows)
            case SelectInto(query):
                self._query(cursor, query, (), 0)
                return self._into_binds(cursor)
            case AlterSession(settings):
                self._alter(settings)
                if self.schema and any(name == "CURRENT_SCHEMA" for name, _ in settings):
                    parameters = messages.schema_changed(self.schema)
            case BeginReadOnly():
                if self._snapshot:
                    raise OracleError(1453)
                self._snapshot = self.parts.database.snapshot()
                self._began_scn = self.parts.database.scn
            case EndTransaction():
                self._end_snapshot()
        return parameters + self._end(CallEnd(self.call_status, cursor.number))

    def _query(self, cursor: Cursor, query: Query, binds: Sequence[BindValue], rows: int) -> bytes:
        schema, database = self.schema or USER, self.parts.database
        database.access.check(query, schema)
        moment_order = query.moment.bind_order if query.moment else ()
        scn_order = () if query.scn_bind is None else (query.scn_bind,)
        highest = max((*query.bind_order, *moment_order, *scn_order, -1))
        if highest >= len(binds):
            raise OracleError(1008)
        binds = converted(binds, query)
        ordered = [binds[index] for index in query.bind_order]
        scn = query.scn if query.scn_bind is None else binds[query.scn_bind]
        snapshot = self._moment(scn)
        if query.moment:
            at = [binds[index] for index in moment_order]
            snapshot = self.parts.database.snapshot_at(query.moment.sql, at)
            scn = snapshot.scn
        elif scn is None:
            scn = self._began_scn
        cursor.query, cursor.scn = query, scn if isinstance(scn, int) else None
        self.parts.database.check_past(query, cursor.scn, schema)
        is_kept = database.keeps(query)
        if is_kept and snapshot is None:
            snapshot = database.snapshot()  # the present one

        row_scn = database.last_change(query, schema, snapshot) if query.row_scn else 0

        def run() -> Result:
            with self._source(snapshot) as connection:
                self._prepare(connection, query, schema)
                if query.row_scn:
                    connection.execute(f'SET VARIABLE "ORA_ROWSCN" = {row_scn}')
                return self.parts.database.run(connection, query, ordered, schema)

        what = (query.sql, tuple(ordered))
        result = snapshot.keep(what, run) if snapshot and is_kept else run()
        description = b"" if result.columns == cursor.columns else self._describe(result)
        cursor.columns, cursor.result = result.columns, self._with_locators(cursor, result)
        result = cursor.result
        if not rows or any(column.oracle_type.is_lob for column in result.columns):
            end = self._end(CallEnd(self.call_status, cursor.number))
            return description + messages.PARAMETERS + end
        return description + self._rows(cursor, result, rows)

    def _into_binds(self, cursor: Cursor) -> bytes:
        """The one row of a SELECT INTO, as the values of its binds."""
        cells = cursor.result.only_row() if cursor.result else []
        end = self._end(CallEnd(self.call_status, cursor.number))
        return messages.binds(cells) + messages.PARAMETERS + end

    def _define(self, cursor: Cursor, defines: Sequence[BindType]) -> bytes:
        """How LOB columns are to be sent: as LONG and LONG RAW, or as locators."""
        columns = enumerate(zip(cursor.columns, defines, strict=True))
        cursor.located = frozenset(
            place
            for place, (column, define) in columns
            if column.oracle_type.is_lob and define.type_number not in AS_LONG
        )
        if cursor.result:
            cursor.result = self._with_locators(cursor, cursor.result)
        return messages.PARAMETERS + self._end(CallEnd(self.call_status, cursor.number))

    def _with_locators(self, cursor: Cursor, result: Result) -> Result:
        if not cursor.located:
            return result
        return replace(result, lobs=self._lobs, located=cursor.located, kept=None)

    def lob_call(self, reader: Reader) -> bytes:
        """Read a LOB by its locator, or ask its size."""
        call = lobs.read_call(reader)
        self.strike("lob")
        return self._lobs.answer(call) + messages.status(self.call_status)

    def _end_snapshot(self) -> None:
        self._snapshot = self._began_scn = None

    def _moment(self, scn: object) -> Snapshot | None:
        """What a query sees: the moment of its SCN, of its transaction, or None for now."""
        if scn is None:
            return self._snapshot
        if not isinstance(scn, int):
            raise OracleError(8181)
        return self.parts.database.snapshot(scn)

    @contextmanager
    def _source(self, snapshot: Snapshot | None) -> Generator[duckdb.DuckDBPyConnection]:
        """The connection that sees the right moment; a break interrupts what runs on it."""
        if snapshot:
            with snapshot.use() as connection, self._interruptible(connection):
                yield connection
            return
        if self._connection is None:
            self._connection = self.parts.database.connection()
        with self._interruptible(self._connection):
            yield self._connection

    @contextmanager
    def _interruptible(self, connection: duckdb.DuckDBPyConnection) -> Generator[None]:
        self.stopped.clear()
        self.running = connection
        try:
            if self.broken.is_set():
                raise OracleError(1013)
            yield
        except duckdb.InterruptException as error:  # before the query itself had begun
            raise OracleError(1013) from error
        finally:
            self.running = None
            self.stopped.set()

    def _prepare(self, connection: duckdb.DuckDBPyConnection, query: Query, schema: str) -> None:
        """Name resolution as in Oracle, and the values that the V$ and NLS views show."""
        connection.execute(f"SET search_path = '{schema},SYS'")
        names = {name.replace("V_$", "V$").removeprefix("G") for _, name in query.tables}
        if "V$DATABASE" in names or "DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER" in query.packages:
            connection.execute(f'SET VARIABLE "CURRENT_SCN" = {self.parts.database.next_scn()}')
        if 'SYS."SCN_AT$' in query.sql or 'SYS."TIME_AT$' in query.sql:
            connection.execute('SET VARIABLE "SNAPSHOTS" = ?', [self.parts.database.snapshots()])
        if "V$SESSION" in names:
            live.prepare_sessions(connection, self.parts.sessions())
        if "V$TRANSACTION" in names:
            live.prepare_transactions(connection, self.parts.transactions)
        if names & {"USER_USERS", "USER_RESOURCE_LIMITS", "USER_PASSWORD_LIMITS"}:
            accounts = self.parts.accounts
            live.prepare_account(connection, accounts.get(USER), accounts.profile)
        if "NLS_SESSION_PARAMETERS" in names:
            for name, setting in self.settings.items():
                connection.execute(f'SET VARIABLE "{name}" = ?', [setting])

    def _rows(self, cursor: Cursor, result: Result, wanted: int) -> bytes:
        """Exactly as many rows as wanted, or fewer and ORA-01403, which ends the fetching."""
        rows, count = result.take(wanted)
        code = messages.NO_DATA_FOUND if count < wanted else 0
        if code:
            cursor.result = None  # the client keeps cursors open, their rows need not stay
        text = OracleError(code).text if code else ""
        end = CallEnd(self.call_status, cursor.number, result.position, code, text)
        return messages.ROW_HEADER + rows + messages.PARAMETERS + self._end(end)

    def _describe(self, result: Result) -> bytes:
        wide = self.driver == GO_DRIVER
        return messages.describe(result.columns, self.field_version, wide_scales=wide)

    def _end(self, end: CallEnd) -> bytes:
        return messages.end_of_call(end, self.field_version)

    def _alter(self, settings: Sequence[tuple[str, str]]) -> None:
        for name, setting in settings:
            if name == "CURRENT_SCHEMA":
                self.set_schema(setting)
            elif name.startswith(SESSION_SETTINGS):
                self.settings[name] = setting.replace("''", "'")
            else:
                raise OracleError(2248)

    def strike(self, point: FaultPoint) -> None:
        """The fault that waits for a call of this kind, if any."""
        self.cut |= self.parts.faults.strike(point, self.broken.wait)

    def _strike(self, cursor: Cursor) -> None:
        """The fault that waits for this round trip, if any."""
        faults, wait = self.parts.faults, self.broken.wait
        self.cut |= faults.strike_statement(cursor.sql, cursor.fetches, wait)
