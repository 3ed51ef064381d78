"""What the control port can do, on the server's side of `control.OracleControl`.

One JSON line in, {"do": name, "arguments": {…}}; one JSON line out, {"ok": …} or {"error": "…"}.
"""

import json
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import duckdb
from pydantic import BaseModel, ConfigDict, ValidationError, validate_call

from sandbox.oracle import catalog, privileges
from sandbox.oracle.catalog import Table
from sandbox.oracle.database import Undo
from sandbox.oracle.faults import Fault
from sandbox.oracle.live import OpenTransaction
from sandbox.oracle.parts import Parts
from sandbox.oracle.storing import Cell

LONGEST_LINE_BYTES = 16 * 1024 * 1024
ANSWER_TIMEOUT_SECONDS = 30.0
MOST_TRANSACTIONS = 1000


class Command(BaseModel):
    """The name of one of the commands below, and its arguments."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    do: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class _Commands:
    """The commands; `control.OracleControl` says what each is for.

    Arguments are checked against the annotations before a method is called.
    """

    parts: Parts

    def fault(self, fault: Fault) -> None:
        self.parts.faults.add(fault)

    def clear_faults(self) -> None:
        self.parts.faults.clear()

    def waiting_faults(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self.parts.faults.waiting()]

    def execute(self, statement: str) -> int:
        return self.parts.database.change(
            lambda connection: connection.execute(statement), statement
        )

    def create_table(self, table: Table, rows: Sequence[Sequence[Cell]]) -> int:
        return self.parts.database.change(
            lambda connection: catalog.create_table(connection, table, rows)
        )

    def insert(self, table: str, rows: Sequence[Sequence[Cell]], owner: str) -> int:
        return self.parts.database.change(
            lambda connection: catalog.insert_rows(connection, owner, table, rows), statement=table
        )

    def create_index(self, name: str, table: str, columns: Sequence[str], owner: str) -> int:
        return self.parts.database.change(
            lambda connection: catalog.create_index(connection, name, table, columns, owner)
        )

    def create_partitions(
        self, table: str, partitions: Sequence[tuple[str, str]], owner: str
    ) -> int:
        return self.parts.database.change(
            lambda connection: catalog.create_partitions(connection, table, partitions, owner)
        )

    def create_synonym(self, name: str, table: str, owner: str, table_owner: str) -> int:
        return self.parts.database.change(
            lambda connection: catalog.create_synonym(connection, name, table, owner, table_owner)
        )

    def keep_encoded(self, owner: str, name: str) -> None:
        self.parts.database.keep_encoded(owner, name)

    def grant(self, privilege: str, table: str, owner: str) -> int:
        return self.parts.database.change(
            lambda connection: privileges.grant(connection, privilege, table, owner)
        )

    def revoke(self, privilege: str, table: str, owner: str) -> int:
        return self.parts.database.change(
            lambda connection: privileges.revoke(connection, privilege, table, owner)
        )

    def sessions(self) -> list[dict[str, Any]]:
        return [asdict(attributes) for attributes in self.parts.sessions()]

    def lock(self, user: str) -> None:
        self.parts.accounts.lock(user)

    def unlock(self, user: str) -> None:
        self.parts.accounts.unlock(user)

    def expire_password(self, user: str, at: datetime | None) -> None:
        self.parts.accounts.expire_password(user, at)

    def set_password(self, user: str, password: str) -> None:
        self.parts.accounts.set_password(user, password)

    def login_attempts(self, user: str) -> int:
        return self.parts.accounts.login_attempts(user)

    def limit(self, limits: Mapping[str, int | None]) -> None:
        accounts = self.parts.accounts
        accounts.profile = replace(accounts.profile, **limits)

    def open_transaction(self, started: datetime, scn: int | None, statement: str) -> None:
        if len(self.parts.transactions) >= MOST_TRANSACTIONS:
            raise ValueError(f"more than {MOST_TRANSACTIONS} open transactions")
        now = self.parts.database.next_scn()
        self.parts.transactions.append(
            OpenTransaction(started, now if scn is None else scn, statement)
        )

    def end_transactions(self) -> None:
        self.parts.transactions.clear()

    def commit_transactions(self) -> int:
        for transaction in self.parts.transactions:
            if transaction.statement:
                self.execute(transaction.statement)
        self.parts.transactions.clear()
        return self.parts.database.next_scn()

    def forget_undo(self, before_scn: int, code: int) -> None:
        self.parts.database.forget_undo(Undo(before_scn, code))

    def truncate(self, table: str, owner: str) -> int:
        return self.parts.database.change(
            lambda connection: connection.execute(f'DELETE FROM "{owner}"."{table}"'),
            statement=table,
            redefined=[(owner, table)],
        )

    def delay_round_trips(self, seconds: float) -> None:
        self.parts.faults.round_trip_seconds = seconds


def serve(listener: socket.socket, parts: Parts) -> None:
    """Answer one command per connection until the listener is closed."""
    lock, commands = threading.Lock(), _Commands(parts)
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
                answer = _obey(commands, Command.model_validate_json(line))
                accepted.sendall(json.dumps({"ok": answer}, default=str).encode() + b"\n")
            except (duckdb.Error, ValidationError, TypeError, ValueError) as error:
                accepted.sendall(json.dumps({"error": str(error)}).encode() + b"\n")
            except OSError:
                continue  # the test went away


def _obey(commands: _Commands, command: Command) -> object:
    method: Callable[..., object] | None = getattr(commands, command.do, None)
    if command.do not in vars(_Commands) or method is None or command.do.startswith("_"):
        raise ValueError(f"there is no command {command.do!r}")
    return validate_call(method)(**command.arguments)
