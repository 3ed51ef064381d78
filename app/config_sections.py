"""The sections of bot.toml, one by one: each field with its bounds and its default."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.deps import ModelSees
from sync.chunks import READERS
from sync.columns import DEFAULT_LOB_LIMIT, MAX_LOB_LIMIT, Policy
from sync.plan import Deletes, Encoding, Filter, Mode, Proof
from sync.planning import Drift


class Section(BaseModel):
    """Frozen, and a field that does not exist is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceSection(Section):
    """A database to copy from, and how gently. Its password stands in the environment."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
    """Any but `sync.plan.IMPORTED`."""
    dsn: str | None = None
    """``host:port/service`` or a connect descriptor; ORACLE_DSN where it is not said here."""
    user: str | None = None
    """ORACLE_USER where it is not said here."""
    driver: Literal["thin", "thick"] = "thin"
    """Oracle 11g needs the thick one, and so a process with ORACLE_CLIENT_LIB_DIR."""
    schemas: frozenset[str] = frozenset()
    """The only schemas whose tables may be offered; empty: any."""
    max_sessions: Annotated[int, Field(ge=1, le=64)] = 4
    """At the same time, over all our processes."""
    rows_per_second: Annotated[int, Field(ge=100, le=100_000_000)] | None = None
    """What a run may read, over all its sessions; any where it is not said."""
    readers: Annotated[int, Field(ge=1, le=8)] = READERS
    """Processes that read one large table side by side, each in a session of its own."""
    connect_timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 10
    call_timeout_seconds: Annotated[float, Field(ge=1, le=3600)] = 60
    """Of each round trip."""
    blackout: tuple[str, ...] = ()
    """When Oracle may not be read, as in ``mon-fri 08:30-09:30``, by bot.toml's time zone."""

    @property
    def environment_name(self) -> str:
        """The end of the name of the variable that holds its own password."""
        return self.name.upper().replace("-", "_")


class TableSection(Section):
    """A table that may be copied."""

    name: Annotated[str, Field(pattern=r"^[^.]+\.[^.]+$")]
    """``SCHEMA.TABLE`` as Oracle's dictionary spells it."""
    source: str | None = None
    """Name of its source; may be left out where there is only one."""
    max_rows: Annotated[int, Field(gt=0)] | None = None
    select: Annotated[str, Field(pattern=r"(?is)^\s*(select|with)\b[^;]*$")] | Literal[""] = ""
    """A query of Oracle that is copied under this name, where there is no such table."""
    key: tuple[str, ...] = ()
    """Columns that name a row, where Oracle declares no primary key or another one is meant."""
    cursor: str | None = None
    """The column that says when a row changed last; with a key, syncs are incremental by it."""
    columns: dict[str, Policy] = {}
    """What to do with a column's long values, or ``skip`` the column; the others are copied."""
    lob_limit: Annotated[int, Field(gt=0, le=MAX_LOB_LIMIT)] = DEFAULT_LOB_LIMIT
    """The longest CLOB in characters and BLOB in bytes; a longer one stops the sync or is cut."""
    encoding: dict[str, Encoding] = {}
    """What the bytes of a text column are that the database takes for another character set's."""
    mode: Mode | None = None
    """How it is copied where nobody says; `sync.planning.wanted_mode`."""
    lag_seconds: Annotated[int, Field(ge=0, le=31 * 24 * 3600)] | None = None
    """How far an incremental sync steps back: rows may be committed so long after their time."""
    where: tuple[Filter, ...] = ()
    """Only rows that meet all of these are copied."""
    include: tuple[str, ...] = ()
    """Only these columns are copied, and those of the key; empty: all."""
    proof: Proof = "sums"
    deletes: Deletes = "keep"
    delete_limit_percent: Annotated[int, Field(ge=0, le=100)] = 10
    """An incremental sync that would remove a larger share of the copy stops and asks."""
    drift: Drift = "ask"
    """What is done when Oracle's columns change."""
    owners: frozenset[str] = frozenset()
    """Slack user ids; they decide about this table as an approver does."""
    stale_hours: Annotated[float, Field(gt=0, le=10_000)] | None = None
    """An answer from a copy older than this offers to refresh it."""
    model_sees: ModelSees | None = None


ChannelId = Annotated[str, Field(pattern=r"^[CG][A-Z0-9]{2,}$")]


class ModelSection(Section):
    """What leaves for the model."""

    sees: ModelSees = "schema"
    """Of a table that does not say it itself."""
    sees_imported: ModelSees | None = None
    """Of every table that was imported from a DuckDB file; the same as `sees` where not said."""


class AgentSection(Section):
    """How conversations are carried on."""

    context_tokens: Annotated[int, Field(ge=16_000, le=2_000_000)] = 32_000
    """About the most one call of the model reads: instructions, tools and thread."""
    compact_at: Annotated[float, Field(ge=0.3, le=1)] = 0.7
    """Above this share of `context_tokens`, older turns are summarised."""
    ledger_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """How long it is kept what was used."""
    answers_in: tuple[ChannelId, ...] = ()
    """Channels in which what plainly asks for data is answered without a mention."""


class PriceSection(Section):
    """What a model costs, in US dollars for a million tokens."""

    model: Annotated[str, Field(min_length=1, max_length=200)]
    """As OPENAI_MODEL names it."""
    prompt: Annotated[float, Field(ge=0)]
    cached: Annotated[float, Field(ge=0)] | None = None
    """Of the part of a prompt that the server had read before; the same as `prompt` if not said."""
    completion: Annotated[float, Field(ge=0)]


class Approvals(Section):
    """Who decides about what is proposed."""

    approvers: frozenset[str] = frozenset()
    """Slack ids of people and of user groups."""
    self_approval: bool = True
    """Whether an approver may approve what they asked for themselves."""
    expires_hours: Annotated[float, Field(gt=0, le=24 * 14)] = 24
    two_above_rows: Annotated[int, Field(ge=0)] | None = None
    """Copies of a table of more rows, by Oracle's statistics, need two different people."""


class Rule(Section):
    """Another decision than the usual one for some tables. The first rule that fits one counts."""

    name: str
    """Shown on cards and in the audit."""
    tables: Annotated[tuple[str, ...], Field(min_length=1)] = ("*",)
    """``SCHEMA.TABLE``, ``HR.*``, ``erp.SHOP.*``."""
    up_to_rows: Annotated[int, Field(ge=0)] | None = None
    """Only where Oracle's statistics say that the table has at most so many."""
    above_rows: Annotated[int, Field(ge=0)] | None = None
    """Only where they say more, or nothing."""
    modes: tuple[Mode, ...] = ()
    """Only copies made so; empty: any."""
    decision: Literal["auto", "ask", "refuse"] = "ask"
    """``auto``: nobody has to be asked."""
    approvers: frozenset[str] = frozenset()
    """Slack ids of people and user groups, in place of the usual ones."""
    quorum: Annotated[int, Field(ge=1, le=2)] | None = None
    self_approval: bool | None = None
    why: str = ""
    """What people are told."""


ColumnShown = Literal["hidden", "hash", "last4", "null"]
"""What becomes of a column: it is left out, or something stands in place of its values."""

RoleName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]

SlackId = Annotated[str, Field(pattern=r"^[UWSCG][A-Z0-9]{2,}$")]
"""Of a person (U…, W…), a user group (S…) or a channel (C…, G…)."""


class AccessRule(Section):
    """Who sees some tables, and what of them. The first that lets somebody in counts."""

    name: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]
    """Told to whom it keeps out, and below answers it limits."""
    tables: Annotated[tuple[str, ...], Field(min_length=1)]
    """``SCHEMA.TABLE``, ``HR.*``, ``erp.HR.*``."""
    allow: Annotated[tuple[str, ...], Field(min_length=1)]
    """Of ``[roles]``, Slack ids, or ``*``: everybody. A channel lets in all who ask there."""
    columns: dict[str, ColumnShown] = {}
    rows: tuple[Filter, ...] = ()
    """Only rows that meet all of these are shown."""
    why: str = ""
    """What those are told whom it keeps out."""


class Alerts(Section):
    """Where it is told that copies fail."""

    channel: str = ""
    """Id of a Slack channel; empty: only where a schedule lives."""


class Limits(Section):
    """The bounds of everything that could run away."""

    max_rows: Annotated[int, Field(gt=0)] = 10_000_000
    """Rows a table may have in Oracle before its sync stops."""
    query_seconds: Annotated[float, Field(gt=0, le=600)] = 20
    query_rows: Annotated[int, Field(gt=0, le=100)] = 100
    query_memory_mb: Annotated[int, Field(ge=64, le=1500)] = 512
    query_kb: Annotated[int, Field(ge=1, le=2000)] = 100
    """Of a result's rows as JSON."""
    stale_hours: Annotated[float, Field(gt=0, le=10_000)] = 24
    """Of a table that does not say it itself."""
    query_planned_rows: Annotated[int, Field(gt=0)] = 500_000_000
    """That DuckDB expects a step of a plan to work through."""
    export_rows: Annotated[int, Field(gt=0, le=5_000_000)] = 100_000
    """Of one file."""
    export_mb: Annotated[int, Field(ge=1, le=500)] = 20
    """Of a file's rows as JSON."""
    file_mb: Annotated[int, Field(ge=0, le=100)] = 20
    """Of one file that somebody shares in a thread; with 0 none is read."""
    thread_files: Annotated[int, Field(gt=0, le=50)] = 10
    files_total_mb: Annotated[int, Field(gt=0, le=1_000_000)] = 1000
    """On disk, of all threads together."""
    turn_steps: Annotated[int, Field(gt=0, le=50)] = 8
    """Model calls of one turn."""
    turn_calls: Annotated[int, Field(gt=0, le=200)] = 24
    """Tool calls of one turn."""
    turn_seconds: Annotated[float, Field(gt=0, le=3600)] = 300
    turn_tokens: Annotated[int, Field(gt=0)] = 400_000
    """Read and written in one turn."""
    turn_usd: Annotated[float, Field(gt=0)] = 1.0
    """Of one turn; all costs by `BotConfig.prices`."""
    user_day_tokens: Annotated[int, Field(gt=0)] = 5_000_000
    """Of one person on one day of the time zone."""
    user_day_usd: Annotated[float, Field(gt=0)] = 10.0
    day_tokens: Annotated[int, Field(gt=0)] = 50_000_000
    """Of everybody together."""
    day_usd: Annotated[float, Field(gt=0)] = 100.0
    turns: Annotated[int, Field(gt=0, le=64)] = 8
    """Turns at the same time in one bot."""
    runs_per_user: Annotated[int, Field(gt=0, le=64)] = 2
    """Runs at the same time of what one person asked for; more wait."""
    runs_per_source: Annotated[int, Field(gt=0, le=64)] = 2
