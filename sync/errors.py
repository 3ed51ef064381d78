"""Everything that can go wrong below the agent, named for what happened.

DuckferryError
├── OracleError                 the source
│   ├── LoginRefused            never retried: retrying locks accounts
│   ├── OracleUnreachable       transient
│   ├── ConnectionDropped       transient
│   ├── OracleTimeout           transient
│   ├── TableNotFound
│   └── OracleFailure           any other ORA- or DPY- code
├── WarehouseError              the copies
│   ├── TableNotSynced
│   ├── TableAmbiguous
│   ├── ColumnNotFound
│   ├── BadQuery
│   ├── QueryTimeout
│   ├── QueryFailed
│   ├── UnsupportedColumn
│   ├── ValueDoesNotFit
│   ├── StaleFence
│   ├── WarehouseDamaged
│   └── DiskFull
├── RunError                    one run
│   ├── VerificationFailed
│   ├── TooManyRows
│   ├── TableBusy               transient
│   ├── PlanDrifted
│   └── WorkerLost
├── TableNotOffered             bot.toml does not offer the table
├── StateUnavailable            Redis; transient
└── Unexpected                  a fault of ours, caught at an outer edge

A class's ``message`` is its English sentence with ``{named}`` parameters; ``code`` and ``params``
cross process borders as a `Failure`, and the app words them in the reader's language.
"""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Failure(BaseModel):
    """An error as plain data: what is stored with a run and shown on a card."""

    model_config = ConfigDict(frozen=True)

    code: str
    params: dict[str, str | int] = {}


class DuckferryError(Exception):
    """Base of every error we name; carries the values its sentence needs."""

    code: ClassVar[str] = "unexpected"
    message: ClassVar[str] = "Something failed in a way nobody foresaw."
    transient: ClassVar[bool] = False
    """Trying the same thing again later may work."""

    def __init__(self, **params: str | int) -> None:
        super().__init__()
        self.params = params

    def __str__(self) -> str:
        return self.message.format(**self.params)

    @property
    def failure(self) -> Failure:
        """The error as plain data."""
        return Failure(code=self.code, params=self.params)


class OracleError(DuckferryError):
    """The source said no, or said nothing."""


class LoginRefused(OracleError):
    """Oracle does not accept the user and password (ORA-01017, 28000, 28001)."""

    code = "login_refused"
    message = (
        "Oracle refused the login of user {user} at {source} ({oracle_code}). Check ORACLE_USER "
        "and ORACLE_PASSWORD; it will not be tried again by itself, so that the account is not "
        "locked."
    )


class OracleUnreachable(OracleError):
    """No connection could be made."""

    code = "oracle_unreachable"
    message = (
        "Oracle source {source} cannot be reached ({detail}). Check that the database and its "
        "listener run and that ORACLE_DSN is right, then ask again."
    )
    transient = True


class ConnectionDropped(OracleError):
    """The connection ended in the middle of the work."""

    code = "connection_dropped"
    message = "The connection to Oracle source {source} broke off. The old data stays; ask again."
    transient = True


class OracleTimeout(OracleError):
    """Oracle did not answer within the call timeout."""

    code = "oracle_timeout"
    message = (
        "Oracle source {source} did not answer within {seconds} s. The old data stays; ask again "
        "later."
    )
    transient = True


class TableNotFound(OracleError):
    """Neither our user's catalog nor a read shows the table (ORA-00942)."""

    code = "table_not_found"
    message = (
        "Oracle source {source} has no table {table} that our user may read. Check the name, or "
        "have the DBA grant READ on it."
    )


class OracleFailure(OracleError):
    """Any other code of the server or driver."""

    code = "oracle_failure"
    message = "Oracle source {source} answered with {oracle_code}. The old data stays."


class WarehouseError(DuckferryError):
    """The DuckDB copies."""


class TableNotSynced(WarehouseError):
    """The table has no copy yet."""

    code = "table_not_synced"
    message = "{table} has not been copied yet. Propose a sync of it first."


class TableAmbiguous(WarehouseError):
    """A bare name fits tables of more than one schema or source."""

    code = "table_ambiguous"
    message = "{table} fits more than one table: {candidates}. Name one of them in full."


class ColumnNotFound(WarehouseError):
    """A query names a column the table does not have."""

    code = "column_not_found"
    message = "{table} has no column {column}. It has: {columns}."


class BadQuery(WarehouseError):
    """A query asks for something its vocabulary does not have."""

    code = "bad_query"
    message = "This cannot be asked: {reason}"


class QueryTimeout(WarehouseError):
    """The query process was ended at its deadline."""

    code = "query_timeout"
    message = (
        "The query did not end within {seconds} s and was stopped. Ask for less, or add a filter."
    )


class QueryFailed(WarehouseError):
    """The query process ended without an answer, or DuckDB refused."""

    code = "query_failed"
    message = "The query could not be run: {reason}"


class UnsupportedColumn(WarehouseError):
    """No rule copies this Oracle type exactly."""

    code = "unsupported_column"
    message = (
        "Column {column} of {table} has the type {oracle_type}, which cannot be copied exactly yet."
    )


class ValueDoesNotFit(WarehouseError):
    """A value its copy could only round or wrap around."""

    code = "value_does_not_fit"
    message = (
        "{table} holds a value in column {columns} that its copy cannot keep exactly: a number of "
        "more than 28 digits before or 10 after the point where none are declared, or a moment "
        "outside 1678 to 2261 with more than 6 digits of a second. Nothing was rounded or "
        "published; have the DBA declare precision and scale, or leave the table out."
    )


class WarehouseDamaged(WarehouseError):
    """A file of the warehouse is missing or cannot be read, which no run of ours causes."""

    code = "warehouse_damaged"
    message = (
        "The warehouse is damaged: {file} is missing or cannot be read. An admin must restore the "
        "folder from a backup, or empty it and sync again."
    )


class StaleFence(WarehouseError):
    """A newer run has published this table, or has begun to copy it; ours came too late."""

    code = "stale_fence"
    message = "A newer run of {table} has taken over, so this one was dropped."


class DiskFull(WarehouseError):
    """The warehouse's disk has no room for the new copy."""

    code = "disk_full"
    message = (
        "The disk of the warehouse is full. The old data stays; free some space and ask again."
    )


class RunError(DuckferryError):
    """One run ended without publishing."""


class VerificationFailed(RunError):
    """The copy and Oracle do not agree."""

    code = "verification_failed"
    message = (
        "The copy of {table} holds {copied} rows but Oracle counted {counted}. Nothing was "
        "published and the old data stays; ask again."
    )


class TooManyRows(RunError):
    """Oracle has more rows than the approved plan allows."""

    code = "too_many_rows"
    message = (
        "{table} has more than {ceiling} rows, which is more than was approved. Nothing was "
        "published; raise max_rows in bot.toml or ask for less."
    )


class TableBusy(RunError):
    """Another run holds the table's lease."""

    code = "table_busy"
    message = "{table} is being copied by another run. Wait for it to end."
    transient = True


class PlanDrifted(RunError):
    """The source changed between the card and the run."""

    code = "plan_drifted"
    message = (
        "{table} has changed in Oracle since the card was shown, so nothing was run. Ask for the "
        "sync again."
    )


class WorkerLost(RunError):
    """The worker stopped without a word (killed, out of memory, machine gone)."""

    code = "worker_lost"
    message = "The worker that copied {table} stopped in the middle. The old data stays; ask again."


class TableNotOffered(DuckferryError):
    """bot.toml does not offer this table."""

    code = "table_not_offered"
    message = (
        "{table} is not among the tables this bot may copy. An admin can add it to bot.toml.{hint}"
    )


class StateUnavailable(DuckferryError):
    """Redis did not answer."""

    code = "state_unavailable"
    message = (
        "The bot's memory (Redis) does not answer. It may not have been noted: look at the status "
        "in a minute before trying again."
    )
    transient = True


class Unexpected(DuckferryError):
    """A fault of ours, caught at an outer edge; the log has the details under this reference."""

    code = "unexpected"
    message = "Something failed on our side (reference {reference})."
