"""The database that the live tests run against: a real Oracle, or the stand-in to try them out.

What a test sends as SQL is Oracle's, and so plain that the stand-in's DuckDB understands it too.
"""

import secrets
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import oracledb

from sandbox.oracle.process import OracleStandIn
from sync.oracle import Session, Source, connect
from sync.plan import TableRef
from sync.planning import TableSettings
from sync.receipt import TableReceipt
from sync.warehouse.manifest import read_manifest
from tests.sync.copying import copied_rows, plan_copy, run_copy

NO_SUCH_TABLE = 942
DEFINITION_TOO_NEW = 1466
SETTLED_SECONDS = 60.0
"""A table's past begins some seconds after the table (ORA-01466)."""
PAST = ("SELECT", "FLASHBACK")
"""What the reading user is granted on each table."""


class Database(Protocol):
    """Makes tables in one schema, which another user reads."""

    source: Source
    """As whom the product reads."""
    owner: str
    is_real: bool

    def execute(self, *statements: str) -> None:
        """As the owner, and committed."""
        ...

    def create(
        self,
        columns: Sequence[tuple[str, str]],
        key: Sequence[str] = (),
        rows: Sequence[Sequence[str]] = (),
        rights: Sequence[str] = PAST,
    ) -> TableRef:
        """A new table with rows of SQL values; gone at the end of the test."""
        ...

    def release(self) -> tuple[int, int]:
        """Major and minor."""
        ...


@dataclass
class RealOracle:
    """An Oracle that two users are given on: one owns tables, the other may read them."""

    source: Source
    connection: oracledb.Connection
    owner: str
    made: list[str] = field(default_factory=list[str])
    is_real: bool = True

    def execute(self, *statements: str) -> None:
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        self.connection.commit()

    def create(
        self,
        columns: Sequence[tuple[str, str]],
        key: Sequence[str] = (),
        rows: Sequence[Sequence[str]] = (),
        rights: Sequence[str] = PAST,
    ) -> TableRef:
        name = _new_name()
        parts = [f'"{column}" {kind}' for column, kind in columns]
        if key:
            parts.append("PRIMARY KEY ({})".format(", ".join(f'"{one}"' for one in key)))
        self.made.append(name)
        self.execute(f'CREATE TABLE "{name}" ({", ".join(parts)})')
        ref = TableRef(source="main", schema_name=self.owner, table=name)
        self.execute(*insertions(ref, rows))
        for right in rights:
            self.execute(f'GRANT {right} ON "{name}" TO {self.source.user}')
        self._wait_for_past(name)
        return ref

    def release(self) -> tuple[int, int]:
        major, minor = self.connection.version.split(".")[:2]
        return int(major), int(minor)

    def drop_all(self) -> None:
        for name in self.made:
            self.execute(f'DROP TABLE "{name}" PURGE')
        self.made.clear()

    def _wait_for_past(self, name: str) -> None:
        """Until a moment can be read at which the table was as it is."""
        past = f'SELECT COUNT(*) FROM "{name}" AS OF TIMESTAMP SYSTIMESTAMP'
        deadline = time.monotonic() + SETTLED_SECONDS
        with self.connection.cursor() as cursor:
            while True:
                try:
                    cursor.execute(past)
                except oracledb.DatabaseError as error:
                    too_new = f"ORA-{DEFINITION_TOO_NEW:05}" in str(error)
                    if not too_new or time.monotonic() > deadline:
                        raise
                    time.sleep(0.5)
                else:
                    return


@dataclass
class StandIn:
    """The stand-in, so that these tests are known to run before a real Oracle is at hand."""

    source: Source
    oracle: OracleStandIn
    owner: str = "SHOP"
    is_real: bool = False

    def execute(self, *statements: str) -> None:
        for statement in statements:
            self.oracle.control.execute(statement)

    def create(
        self,
        columns: Sequence[tuple[str, str]],
        key: Sequence[str] = (),
        rows: Sequence[Sequence[str]] = (),
        rights: Sequence[str] = PAST,
    ) -> TableRef:
        name = _new_name()
        self.oracle.control.create_table(name, list(columns), key=list(key))
        if not rights:
            self.oracle.control.revoke("READ", name)
        for right in set(PAST) - set(rights):
            self.oracle.control.revoke(right, name)
        ref = TableRef(source="main", schema_name=self.owner, table=name)
        if any(value.startswith("@") for row in rows for value in row):
            cells = [[None if one == "NULL" else one.lstrip("@") for one in row] for row in rows]
            self.oracle.control.insert(name, cells)
        else:
            self.execute(*insertions(ref, rows))
        return ref

    def release(self) -> tuple[int, int]:
        return 23, 0


def _new_name() -> str:
    return f"LIVE_{secrets.token_hex(6).upper()}"


def insertions(ref: TableRef, rows: Sequence[Sequence[str]]) -> list[str]:
    """A statement a row: before 23ai Oracle takes no more."""
    return [f"INSERT INTO {named(ref)} VALUES ({', '.join(row)})" for row in rows]


def named(ref: TableRef) -> str:
    """The table as SQL names it."""
    return f'{ref.schema_name}."{ref.table}"'


@dataclass
class Copies:
    """Runs of the product's engine over tables of a database."""

    database: Database
    root: Path
    fence: int = 0

    def open_session(self, _: str) -> AbstractContextManager[Session]:
        return connect(self.database.source, action="live test", client_identifier="live")

    def run(
        self, ref: TableRef, settings: TableSettings | None = None, **wish: object
    ) -> TableReceipt:
        """One run to its published copy."""
        settings = settings or TableSettings(1_000_000, proof="deep")
        self.fence += 1
        plan = plan_copy(self.open_session, self.root, ref, settings, **wish)
        return run_copy(self.open_session, self.root, plan, settings, fence=self.fence)

    def rows(self, ref: TableRef, shown: str = "*") -> list[tuple[object, ...]]:
        """What readers see of it, by its first column."""
        return copied_rows(self.root, ref, shown)

    def types(self, ref: TableRef) -> dict[str, str]:
        """The columns' types in the copy."""
        return {
            column.name: column.duckdb_type
            for column in read_manifest(self.root).entry(ref).columns
        }
