"""The control port: faults, rights, accounts and changes "in Oracle", from a test."""

import json
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from sandbox.oracle.catalog import Column, Table
from sandbox.oracle.commands import ANSWER_TIMEOUT_SECONDS, LONGEST_LINE_BYTES
from sandbox.oracle.faults import Fault
from sandbox.oracle.live import Attributes

Value = None | str | int | float | Decimal | date | datetime | timedelta | bytes
UNCHANGED = -1


@dataclass(frozen=True)
class OracleControl:
    """A test's hand on the stand-in. Every call opens a connection of its own.

    What the stand-in refuses is a RuntimeError.
    """

    host: str
    port: int

    def fault(self, fault: Fault) -> None:
        """Let `fault` wait for its point."""
        self._ask("fault", fault=asdict(fault))

    def clear_faults(self) -> None:
        """Take back every fault that has not struck."""
        self._ask("clear_faults")

    def waiting_faults(self) -> list[Fault]:
        """The faults that have not struck yet, with what is left of `times` and `skip`."""
        return TypeAdapter(list[Fault]).validate_python(self._ask("waiting_faults"))

    def execute(self, duckdb_sql: str) -> int:
        """Run DuckDB's SQL on the sample database, as one commit; returns the new SCN.

        Names of tables carry their schema (SHOP.ORDERS). A row (owner, table) in SYS."HIDDEN$"
        takes the right to read a table away.
        """
        return int(self._ask("execute", statement=duckdb_sql))

    def create_table(
        self,
        name: str,
        columns: Sequence[tuple[str, str]],
        key: Sequence[str] = (),
        owner: str = "SHOP",
        rows: Sequence[Sequence[Value]] = (),
    ) -> int:
        """A table with (name, Oracle type) columns and literal rows; returns the new SCN.

        Values that Python cannot hold come as text: all digits of a number, nine of a second, an
        offset (`2026-02-28 12:00:00.123456789+05:30`), an interval (`-3 04:05:06.000000001`, or
        `+1-02` for years and months). They are kept and sent as they are.
        """
        table = Table(owner, name, tuple(Column(*column) for column in columns), tuple(key))
        cells = [[_cell(value) for value in row] for row in rows]
        return int(self._ask("create_table", table=asdict(table), rows=cells))

    def insert(self, name: str, rows: Sequence[Sequence[Value]], owner: str = "SHOP") -> int:
        """More literal rows, as in `create_table`; returns the new SCN."""
        cells = [[_cell(value) for value in row] for row in rows]
        return int(self._ask("insert", table=name, rows=cells, owner=owner))

    def create_index(
        self, name: str, table: str, columns: Sequence[str], owner: str = "SHOP"
    ) -> None:
        """An index that is not unique, for ALL_INDEXES; keys have theirs already."""
        self._ask("create_index", name=name, table=table, columns=columns, owner=owner)

    def create_partitions(
        self, table: str, partitions: Sequence[tuple[str, str]], owner: str = "SHOP"
    ) -> None:
        """Range partitions (name, high value) for ALL_TAB_PARTITIONS; no row moves."""
        self._ask("create_partitions", table=table, partitions=partitions, owner=owner)

    def create_synonym(
        self, name: str, table: str, owner: str = "PUBLIC", table_owner: str = "SHOP"
    ) -> None:
        """Another name for a table, for everybody or in the schema of `owner`."""
        self._ask("create_synonym", name=name, table=table, owner=owner, table_owner=table_owner)

    def gather_statistics(self, name: str, owner: str = "SHOP") -> None:
        """Let the dictionary know how many rows a table has now, as DBMS_STATS does."""
        of = f"OWNER = '{owner}' AND TABLE_NAME = '{name}'"
        self.execute(f'DELETE FROM SYS."STATS$" WHERE {of}')
        self.execute(
            f"""INSERT INTO SYS."STATS$" SELECT '{owner}', '{name}', count(*), 100,
                count(*) // 64 + 1, now() FROM "{owner}"."{name}" """
        )

    def keep_encoded(self, name: str, owner: str = "SHOP") -> None:
        """Let this table be read from rows that are encoded only once.

        The first reading at a moment encodes them; measurements want the ones after it.
        """
        self._ask("keep_encoded", owner=owner, name=name)

    def grant(self, privilege: str, table: str = "", owner: str = "SHOP") -> None:
        """GRANT to DUCKFERRY; without a table, a system privilege or a role.

        READ, SELECT and FLASHBACK decide what can be read, as do "SELECT ANY TABLE", "READ ANY
        TABLE" and "FLASHBACK ANY TABLE"; EXECUTE on DBMS_FLASHBACK lets its SCN be asked for. With
        another right alone, such as INSERT, a table is listed and reading it is ORA-01031. V_$
        views and DBMS_ packages belong to SYS.
        """
        self._ask("grant", privilege=privilege, table=table, owner=owner)

    def revoke(self, privilege: str, table: str = "", owner: str = "SHOP") -> None:
        """REVOKE from DUCKFERRY. At the start every table has READ (11g: SELECT) and FLASHBACK."""
        self._ask("revoke", privilege=privilege, table=table, owner=owner)

    def sessions(self) -> list[Attributes]:
        """Who is logged on, with module, action and client identifier."""
        return TypeAdapter(list[Attributes]).validate_python(self._ask("sessions"))

    def session_count(self) -> int:
        """How many sessions are logged on."""
        return len(self.sessions())

    def lock(self, user: str) -> None:
        """Lock an account: every login gets ORA-28000."""
        self._ask("lock", user=user)

    def unlock(self, user: str) -> None:
        """Unlock an account and forget its failed logins."""
        self._ask("unlock", user=user)

    def expire_password(self, user: str, at: datetime | None = None) -> None:
        """Let a password end, now (logins get ORA-28001) or at a moment with a time zone."""
        moment = None if at is None else at.astimezone(UTC).isoformat()
        self._ask("expire_password", user=user, at=moment)

    def set_password(self, user: str, password: str) -> None:
        """A new password without an end; a lock stays."""
        self._ask("set_password", user=user, password=password)

    def login_attempts(self, user: str) -> int:
        """How many logins were tried as this user, refused ones too."""
        return int(self._ask("login_attempts", user=user))

    def limit(
        self,
        *,
        failed_login_attempts: int | None = UNCHANGED,
        sessions_per_user: int | None = UNCHANGED,
        sessions: int | None = UNCHANGED,
    ) -> None:
        """Change the profile's limits (ORA-28000, ORA-02391) and the instance's (ORA-00018).

        None is UNLIMITED; what is not named stays.
        """
        limits = {
            "failed_login_attempts": failed_login_attempts,
            "sessions_per_user": sessions_per_user,
            "sessions": sessions,
        }
        changed = {name: limit for name, limit in limits.items() if limit != UNCHANGED}
        self._ask("limit", limits=changed)

    def open_transaction(
        self, started: datetime, scn: int | None = None, duckdb_sql: str = ""
    ) -> None:
        """Let V$TRANSACTION show somebody's open transaction, by default begun at today's SCN.

        What `duckdb_sql` changes is seen only after `commit_transactions`: a late commit.
        """
        moment = started.astimezone(UTC).isoformat()
        self._ask("open_transaction", started=moment, scn=scn, statement=duckdb_sql)

    def commit_transactions(self) -> int:
        """Do what the open transactions hold, and let V$TRANSACTION be empty; returns the SCN."""
        return int(self._ask("commit_transactions"))

    def end_transactions(self) -> None:
        """Let V$TRANSACTION be empty again; what the transactions held is rolled back."""
        self._ask("end_transactions")

    def forget_undo(self, before_scn: int, code: int = 1555) -> None:
        """From now on, reading from before this SCN fails, in the middle of a read too.

        `code` is 1555, 8181 or what else Oracle would answer; 0 as the SCN gives all back.
        """
        self._ask("forget_undo", before_scn=before_scn, code=code)

    def truncate(self, table: str, owner: str = "SHOP") -> int:
        """TRUNCATE: no row is left, and reading the past of the table is ORA-01466."""
        return int(self._ask("truncate", table=table, owner=owner))

    def delay_round_trips(self, seconds: float) -> None:
        """Hold every answer back that long, as a network with this round-trip time would."""
        self._ask("delay_round_trips", seconds=seconds)

    def _ask(self, command: str, **arguments: object) -> Any:
        line = json.dumps({"do": command, "arguments": arguments}).encode() + b"\n"
        with socket.create_connection((self.host, self.port), ANSWER_TIMEOUT_SECONDS) as connection:
            connection.sendall(line)
            with connection.makefile("rb") as lines:
                answer: dict[str, Any] = json.loads(lines.readline(LONGEST_LINE_BYTES))
        if "error" in answer:
            raise RuntimeError(f"the Oracle stand-in refused: {answer['error']}")
        return answer["ok"]


def _cell(value: Value) -> str | None:
    """A value as a text that DuckDB casts to the column's type; an empty text is NULL in Oracle."""
    if isinstance(value, bytes):
        return "".join(f"\\x{byte:02x}" for byte in value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value // timedelta(microseconds=1)} microseconds"
    return (
        f"{value:f}" if isinstance(value, Decimal) else None if value in (None, "") else str(value)
    )
