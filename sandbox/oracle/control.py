"""The control port: faults, changes "in Oracle" and a look at the sessions, from a test.

One JSON line in, one JSON line out: {"ok": …} or {"error": "…"}.
"""

import json
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import duckdb
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from sandbox.oracle import catalog
from sandbox.oracle.catalog import Column, Table
from sandbox.oracle.database import Database
from sandbox.oracle.faults import Fault, Faults
from sandbox.oracle.session import Attributes

LONGEST_LINE_BYTES = 1024 * 1024
ANSWER_TIMEOUT_SECONDS = 30.0


class Command(BaseModel):
    """Exactly one field is set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fault: Fault | None = None
    clear: bool = False
    execute: str | None = None
    create_table: Table | None = None
    keep_encoded: tuple[str, str] | None = None
    sessions: bool = False


@dataclass(frozen=True)
class OracleControl:
    """A test's hand on the stand-in. Every call opens a connection of its own."""

    host: str
    port: int

    def fault(self, fault: Fault) -> None:
        """Let `fault` wait for its statement and round trip."""
        self._ask({"fault": asdict(fault)})

    def clear_faults(self) -> None:
        """Take back every fault that has not struck."""
        self._ask({"clear": True})

    def execute(self, duckdb_sql: str) -> int:
        """Run DuckDB's SQL on the sample database, as one commit; returns the new SCN.

        Names of tables carry their schema (SHOP.ORDERS). A row (owner, table) in SYS."HIDDEN$"
        takes the right to read a table away. Raises RuntimeError when it is refused.
        """
        return int(self._ask({"execute": duckdb_sql}))

    def create_table(
        self,
        name: str,
        columns: Sequence[tuple[str, str]],
        key: Sequence[str] = (),
        owner: str = "SHOP",
    ) -> int:
        """An empty table with (name, Oracle type) columns; returns the new SCN."""
        table = Table(owner, name, tuple(Column(*column) for column in columns), tuple(key))
        return int(self._ask({"create_table": asdict(table)}))

    def keep_encoded(self, name: str, owner: str = "SHOP") -> None:
        """Let read-only transactions read this table from rows that are encoded only once.

        The first reading at a moment encodes them; measurements want the ones after it.
        """
        self._ask({"keep_encoded": [owner, name]})

    def sessions(self) -> list[Attributes]:
        """Who is logged on, with module, action and client identifier."""
        return TypeAdapter(list[Attributes]).validate_python(self._ask({"sessions": True}))

    def _ask(self, command: dict[str, Any]) -> Any:
        with socket.create_connection((self.host, self.port), ANSWER_TIMEOUT_SECONDS) as connection:
            connection.sendall(json.dumps(command).encode() + b"\n")
            with connection.makefile("rb") as lines:
                answer: dict[str, Any] = json.loads(lines.readline(LONGEST_LINE_BYTES))
        if "error" in answer:
            raise RuntimeError(f"the Oracle stand-in refused: {answer['error']}")
        return answer["ok"]


def serve(
    listener: socket.socket,
    database: Database,
    faults: Faults,
    sessions: Callable[[], list[Attributes]],
) -> None:
    """Answer one command per connection until the listener is closed."""
    lock = threading.Lock()
    while True:
        try:
            accepted, _ = listener.accept()
        except OSError:
            return
        with accepted, lock:
            accepted.settimeout(ANSWER_TIMEOUT_SECONDS)
            try:
                with accepted.makefile("rb") as lines:
                    line = lines.readline(LONGEST_LINE_BYTES)
                answer = _obey(Command.model_validate_json(line), database, faults, sessions)
                accepted.sendall(json.dumps({"ok": answer}).encode() + b"\n")
            except (duckdb.Error, ValidationError, ValueError) as error:
                accepted.sendall(json.dumps({"error": str(error)}).encode() + b"\n")
            except OSError:
                continue  # the test went away


def _obey(
    command: Command,
    database: Database,
    faults: Faults,
    sessions: Callable[[], list[Attributes]],
) -> object:
    if command.fault:
        faults.add(command.fault)
    elif command.clear:
        faults.clear()
    elif command.execute is not None:
        statement = command.execute
        return database.change(lambda connection: connection.execute(statement))
    elif command.create_table is not None:
        table = command.create_table
        return database.change(lambda connection: catalog.create_table(connection, table))
    elif command.keep_encoded is not None:
        database.keep_encoded(*command.keep_encoded)
    elif command.sessions:
        return [asdict(attributes) for attributes in sessions()]
    else:
        raise ValueError("name one of fault, clear, execute, create_table, keep_encoded, sessions")
    return None
