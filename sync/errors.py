"""Everything that can go wrong below the agent, named for what happened.

DuckferryError
├── OracleError                 the source: `sync.oracle_errors`
├── WarehouseError              the copies
│   ├── TableNotSynced
│   ├── TableAmbiguous
│   ├── ColumnNotFound
│   ├── BadQuery
│   ├── QueryTimeout
│   ├── QueryFailed
│   ├── QueriesUnguarded
│   ├── UnsupportedColumn
│   ├── SettingDoesNotFit
│   ├── LobTooLarge
│   ├── StaleFence
│   ├── WarehouseDamaged
│   ├── WarehouseMismatch
│   ├── DiskFull
│   ├── PastError               what was kept: `sync.past_errors`
│   ├── ImportFailed            a DuckDB file that is not ours: `sync.import_errors`
│   └── AttachFailed            a file shared in a thread: `sync.attach_errors`
├── RunError                    one run
│   ├── VerificationFailed
│   ├── FigureDiffers           `sync.proof_errors`, with the next
│   ├── KeyNotUnique
│   ├── TooManyRows
│   ├── TableBusy               transient
│   ├── PlanDrifted
│   ├── TooManyDeletes
│   ├── Cancelled
│   ├── WorkerLost
│   └── RecordUnreadable
├── PlanningError               a wish: `sync.planning_errors`
├── TableNotOffered             bot.toml does not offer the table
├── SourcesMixed                one sync reads one source
├── RefusedByRule               a rule of bot.toml forbids it
├── NotAllowed                  a rule of bot.toml hides it: `sync.access_errors`
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
    message = "The query did not end within {seconds} s. Ask for less, or add a filter."


class QueryFailed(WarehouseError):
    """The query process ended without an answer, or DuckDB refused."""

    code = "query_failed"
    message = "The query could not be run: {reason}"


class QueriesUnguarded(WarehouseError):
    """Nothing of the operating system would keep a query from the files of this machine."""

    code = "queries_unguarded"
    message = (
        "No query is run: this runs as root, may not become another user, and its kernel has no "
        "Landlock. An admin must run it as a user of its own."
    )


class UnsupportedColumn(WarehouseError):
    """No rule copies these Oracle types exactly; all such columns of a table are named at once."""

    code = "unsupported_column"
    message = (
        "{table} has columns that cannot be copied exactly: {columns}. An admin can leave them out "
        'in bot.toml: columns = {{ NAME = "skip" }} under this [[table]].'
    )


class SettingDoesNotFit(WarehouseError):
    """bot.toml wants to cut values of a type that has a length of its own."""

    code = "setting_does_not_fit"
    message = (
        'Column {column} of {table} has the type {oracle_type}, which "truncate" is not for. An '
        'admin can set "skip" for it in bot.toml, or take the setting out.'
    )


class EncodingDoesNotFit(WarehouseError):
    """bot.toml says how to decode a column whose bytes cannot be asked for."""

    code = "encoding_does_not_fit"
    message = (
        "Column {column} of {table} has the type {oracle_type}, and only VARCHAR2 and CHAR can be "
        "given an encoding in bot.toml. An admin can take it out there."
    )


class NotDecodable(WarehouseError):
    """Bytes of a column are no text in the encoding that bot.toml gives it."""

    code = "not_decodable"
    message = (
        "{count} of the {rows} values just read of column {column} of {table} are no text in "
        "{encoding}. Nothing was published. An admin can correct encoding under this [[table]] in "
        'bot.toml, or set columns = {{ {column} = "skip" }} there.'
    )


class LobTooLarge(WarehouseError):
    """A value is longer than bot.toml lets through, in characters or bytes."""

    code = "lob_too_large"
    message = (
        "{table} holds a value of {size} in column {column}, and lob_limit is {limit} (characters "
        "of text, bytes otherwise). Nothing was published. An admin can raise lob_limit under this "
        '[[table]] in bot.toml, or set columns = {{ {column} = "truncate" }} or "skip" there.'
    )


class WarehouseDamaged(WarehouseError):
    """A file of the warehouse is missing or cannot be read, which no run of ours causes."""

    code = "warehouse_damaged"
    message = (
        "The warehouse is damaged: {file} is missing or cannot be read. An admin must restore the "
        "folder from a backup, or empty it and sync again; a lost manifest.json is made again by "
        "`botctl warehouse rebuild`."
    )


class WarehouseMismatch(WarehouseError):
    """The folder is not the one the other processes of this Redis work on."""

    code = "warehouse_mismatch"
    message = (
        "WAREHOUSE_DIR is not the warehouse this Redis knows (here: {here}, known: {known}). Check "
        "WAREHOUSE_DIR and REDIS_URL of this process. If the folder was replaced on purpose, run "
        "`botctl warehouse adopt`."
    )


class StaleFence(WarehouseError):
    """A newer run has published this table, or has begun to copy it; ours came too late."""

    code = "stale_fence"
    message = "A newer run of {table} has taken over, so this one was dropped."


class DiskFull(WarehouseError):
    """The warehouse's disk has no room for the new copy."""

    code = "disk_full"
    message = "The warehouse's disk is full. The old data stays; free some space and ask again."


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


class TooManyDeletes(PlanDrifted):
    """More rows are gone from Oracle than an incremental run may remove by itself."""

    code = "too_many_deletes"
    message = (
        "{gone} of the {rows} rows in the copy of {table} are gone from Oracle, more than the "
        "{percent}% a run may remove. Nothing was changed. A full sync, which shows what it "
        "replaces, takes them over."
    )


class Cancelled(RunError):
    """A person stopped the run, or took it out of the queue."""

    code = "cancelled"
    message = "{by} stopped this. Nothing was published; the old data stays."


class WorkerLost(RunError):
    """The worker stopped without a word (killed, out of memory, machine gone)."""

    code = "worker_lost"
    message = "The worker that copied {table} stopped in the middle. The old data stays; ask again."


class RecordUnreadable(RunError):
    """What Redis kept of the run can no longer be read, and readers see nothing of it."""

    code = "record_unreadable"
    message = (
        "The record of the sync of {table} could not be read any more, so it was stopped. No copy "
        "of it is known: look at the table's status, then ask again."
    )


class TableNotOffered(DuckferryError):
    """bot.toml does not offer this table."""

    code = "table_not_offered"
    message = (
        "{table} is not among the tables this bot may copy. An admin can add it to bot.toml.{hint}"
    )


class SourcesMixed(DuckferryError):
    """A sync of tables from several sources cannot show one moment."""

    code = "sources_mixed"
    message = (
        "These tables are in different sources ({sources}), and one sync reads one source. Ask for "
        "one sync for each."
    )


class RefusedByRule(DuckferryError):
    """bot.toml forbids what was asked for, whoever says yes."""

    code = "refused_by_rule"
    message = "The rule {rule} of bot.toml does not allow this. {why}"


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
