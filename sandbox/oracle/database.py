# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false
# (pyarrow ships no types)
"""The embedded DuckDB behind the stand-in: system change numbers, snapshots, query results.

Every commit pins a DuckDB transaction of its own, so `AS OF SCN n` reads all tables as they
were at n without copying anything. Beyond the last 64 commits the answer is ORA-01555.
"""

import re
import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import cast

import duckdb

from sandbox.oracle import access, catalog, data, types
from sandbox.oracle.access import Access
from sandbox.oracle.errors import OracleError, from_duckdb
from sandbox.oracle.release import Setup
from sandbox.oracle.results import Result, ResultColumn
from sandbox.oracle.sql import Query
from sandbox.oracle.types import OracleType
from sandbox.oracle.values import BindValue

FIRST_SCN = 5_000_000
MOST_SNAPSHOTS = 64
TRANSACTIONS_PER_SNAPSHOT = 3


class Snapshot:
    """The whole database as it was at one SCN: DuckDB transactions that stay open.

    An error while a query runs aborts its transaction, so a snapshot starts with a few of them.
    """

    def __init__(
        self, scn: int, root: duckdb.DuckDBPyConnection, changed: Mapping[tuple[str, str], int]
    ) -> None:
        self.scn = scn
        self.changed = changed
        """The SCN of each table's last change by then."""
        self.taken_at = datetime.now(UTC)
        self._connections: list[duckdb.DuckDBPyConnection] = []
        self._lock = threading.Lock()
        self._kept: dict[object, Result] = {}
        self.refill(root)

    def refill(self, root: duckdb.DuckDBPyConnection) -> None:
        """Replace aborted transactions; right only while this is what the database looks like."""
        while len(self._connections) < TRANSACTIONS_PER_SNAPSHOT:
            self._connections.insert(0, _pinned(root))

    @contextmanager
    def use(self) -> Generator[duckdb.DuckDBPyConnection]:
        """A connection that sees this moment, for one query; ORA-01555 if none is left."""
        with self._lock:
            if not self._connections:
                raise OracleError(1555)
            try:
                yield self._connections[-1]
            except (OracleError, duckdb.Error):
                if _is_aborted(self._connections[-1]):
                    self._connections.pop().close()
                raise

    def keep(self, what: object, run: Callable[[], Result]) -> Result:
        """The result of *what* at this moment, from its first row; *run* only when it is new."""
        if what not in self._kept:
            self._kept[what] = replace(run(), kept={})
        return replace(self._kept[what])


@dataclass(frozen=True)
class Undo:
    """What reading from before `oldest_scn` leads to, as long undo is gone."""

    oldest_scn: int = 0
    code: int = 1555


_CHANGES_ROWS_ALONE = re.compile(
    r"\s*(INSERT|UPDATE|DELETE)\s(?!.*\bSYS\.)[^;]*;?\s*", re.IGNORECASE | re.DOTALL
)
"""A statement after which every table has its columns, and everybody the rights, as before."""


class Database:
    """One sample database, shared by all sessions of a server.

    It holds the shop of `today`, or no table at all. `access` says what may be read now.
    """

    def __init__(self, setup: Setup, today: date | None) -> None:
        self._root = duckdb.connect(
            ":memory:",
            config={
                "default_null_order": "nulls_last_on_asc_first_on_desc",
                "threads": 1,  # what a session asks of a sample is too small to be shared out
            },
        )
        self._root.execute("SET GLOBAL TimeZone = 'UTC'")
        self._lock = threading.Lock()
        self._scn = FIRST_SCN
        self._snapshots: deque[Snapshot] = deque(maxlen=MOST_SNAPSHOTS)
        self.access = Access()
        self._columns = catalog.Columns()
        self._keeping: set[tuple[str, str]] = set()
        self._defined: dict[tuple[str, str], int] = {}
        self._undo = Undo()
        self._is_ascii = setup.character_set == "US7ASCII"
        catalog.create_dictionary(self._root, setup)
        self.change(lambda connection: data.create_shop(connection, today) if today else None)

    def change(
        self,
        work: Callable[[duckdb.DuckDBPyConnection], object],
        statement: str = "",
        redefined: Sequence[tuple[str, str]] = (),
    ) -> int:
        """Do `work` in one transaction; returns its SCN.

        Every table that *statement* names counts as changed by it, as new ones do. Tables that are
        new, or lost or changed a column, cannot be read as they were before it, nor can those
        `redefined` without a trace, as by TRUNCATE.
        """
        with self._lock:
            with _transaction(self._root):
                work(self._root)
                columns, rights = self._columns, self.access
                if not _CHANGES_ROWS_ALONE.fullmatch(statement):
                    columns = catalog.refresh(self._root, columns)
                    rights = access.read_access(self._root, columns.types)
            self._scn += 1
            for table, kinds in columns.types.items():
                earlier = self._columns.types.get(table)
                if earlier is None or not earlier.items() <= kinds.items() or table in redefined:
                    self._defined[table] = self._scn
            self._columns, self.access = columns, rights
            before = self._snapshots[-1].changed if self._snapshots else {}
            named = {word.upper() for word in re.findall(r"[\w$#]+", statement)}
            changed = {
                table: self._scn if table[1].upper() in named else before.get(table, self._scn)
                for table in rights.tables
            }
            self._snapshots.append(Snapshot(self._scn, self._root, changed))
            return self._scn

    def keep_encoded(self, owner: str, name: str) -> None:
        """Encode what a transaction reads of this table only once, and remember it.

        Reading the table again at the same moment then costs the server next to nothing, so that a
        measurement sees the client. What stands beside the table in a SELECT is remembered too.
        """
        self._keeping.add((owner, name))

    def keeps(self, query: Query) -> bool:
        """Whether all a query reads is to be kept."""
        return bool(query.tables) and self._keeping.issuperset(query.tables)

    def forget_undo(self, undo: "Undo") -> None:
        """From now on, refuse the past before an SCN."""
        self._undo = undo

    def check_past(self, query: Query, scn: int | None, schema: str) -> None:
        """Refuse a moment that can no longer be read: ORA-01555 or what the test chose.

        Raises ORA-01466 for a moment before a table's definition changed.
        """
        if scn is None:
            return
        if scn < self._undo.oldest_scn:
            raise OracleError(self._undo.code)
        for table in self.access.resolve(query.tables, schema):
            if scn < self._defined.get(table, 0):
                raise OracleError(1466)

    def connection(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own for one session; transactions belong to connections."""
        with self._lock:
            return self._root.cursor()

    def next_scn(self) -> int:
        """The current SCN. It moves on with every look, as in Oracle."""
        with self._lock:
            self._scn += 1
            return self._scn

    def last_change(self, query: Query, schema: str, snapshot: Snapshot | None) -> int:
        """ORA_ROWSCN of the rows of the one table a query reads, at a moment or now.

        It is the table's, where Oracle has one a block: an upper bound as well. Raises ORA-00904
        for a view, and ORA-03001 for more than one table.
        """
        tables = self.access.resolve(query.tables, schema)
        if len(tables) != 1 or query.is_past:
            raise OracleError(3001)
        with self._lock:
            changed = (snapshot or self._snapshots[-1]).changed
        if tables[0] not in changed:
            raise OracleError(904, '"ORA_ROWSCN"')
        return changed[tables[0]]

    @property
    def scn(self) -> int:
        """The current SCN, without moving it on."""
        return self._scn

    def snapshots(self) -> list[dict[str, object]]:
        """SCN and time (UTC) of every moment that is still there, oldest first."""
        with self._lock:
            return [
                {"SCN": each.scn, "TAKEN": each.taken_at.replace(tzinfo=None)}
                for each in self._snapshots
            ]

    def snapshot(self, scn: int | None = None) -> Snapshot:
        """The database as it was at `scn`, or as it is now.

        Raises ORA-08181 for a number ahead of now, ORA-01555 for one too far back.
        """
        with self._lock:
            self._snapshots[-1].refill(self._root)
            if scn is None:
                return self._snapshots[-1]
            if scn > self._scn:
                raise OracleError(8181)
            for snapshot in reversed(self._snapshots):
                if snapshot.scn <= scn:
                    return snapshot
        raise OracleError(1555)

    def snapshot_at(self, moment_sql: str, binds: Sequence[BindValue]) -> Snapshot:
        """The database as it was at the time that a SELECT of one value names, in UTC.

        Raises ORA-08186 for no time at all, ORA-08180 for one before the first snapshot.
        """
        with self._lock:
            try:
                found = self._root.execute(moment_sql, list(binds)).fetchone()
            except duckdb.Error as error:
                raise from_duckdb(error) from error
            if not found or found[0] is None:
                raise OracleError(8186)
            moment = cast("datetime", found[0]).replace(tzinfo=UTC)
            self._snapshots[-1].refill(self._root)
            for snapshot in reversed(self._snapshots):
                if snapshot.taken_at <= moment:
                    return snapshot
        raise OracleError(8180)

    def run(
        self,
        connection: duckdb.DuckDBPyConnection,
        query: Query,
        binds: Sequence[BindValue],
        schema: str,
    ) -> Result:
        """Run a query to its end; `interrupt()` on the connection stops it."""
        try:
            relation = connection.sql(query.sql, params=list(binds))
            found = [str(kind) for kind in relation.types]
            names = query.column_names or relation.columns
            table = relation.to_arrow_table()
        except duckdb.Error as error:
            raise from_duckdb(error) from error
        tables = self.access.resolve(query.tables, schema)
        columns = tuple(
            ResultColumn(name, self._type_of(tables, query, place, name, stored))
            for place, (name, stored) in enumerate(zip(names, found, strict=True))
        )
        if any(column.oracle_type.name == "XMLTYPE" for column in columns):
            # the driver would ask for the type in PL/SQL (DBMS_PICKLER) before it reads a row
            raise OracleError(3001, "the stand-in sends XMLTYPE only as a CLOB (XMLSERIALIZE)")
        return Result(columns, table, is_ascii=self._is_ascii)

    def _type_of(
        self,
        tables: Sequence[tuple[str, str]],
        query: Query,
        place: int,
        name: str,
        stored: str,
    ) -> OracleType:
        """The declared type of what a place of the select list shows; DuckDB does not know it."""
        if query.column_types is not None:
            passed_on = query.column_types[place]
            is_kept = passed_on is not None and passed_on.storage == stored
            return passed_on if passed_on and is_kept else types.of_expression(stored)
        for table in tables:
            declared = self.access.types.get(table, {}).get(name)
            if declared and declared.storage == stored:
                return declared
        return types.of_expression(stored)


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Generator[None]:
    connection.begin()
    is_done = False
    try:
        yield
        connection.commit()
        is_done = True
    finally:
        if not is_done:
            connection.rollback()


def _pinned(root: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A connection that keeps seeing the database as it is now."""
    connection = root.cursor()
    connection.begin()
    connection.execute("SELECT count(*) FROM SYS.DUAL").fetchall()  # the first read takes the view
    return connection


def _is_aborted(connection: duckdb.DuckDBPyConnection) -> bool:
    try:
        connection.execute("SELECT 1").fetchall()
    except duckdb.TransactionException:
        return True
    return False
