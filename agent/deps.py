"""What one turn may touch: a single frozen object, handed to every tool."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from redis import Redis

from agent.glossary import NO_GLOSSARY, Glossary
from agent.runtime.stream_parsing import OnText
from agent.steps import Step
from sync.access_errors import NotAllowed
from sync.blackout import Closed
from sync.offered_catalog import KnownSource
from sync.plan import Plan, TableRef, Wish
from sync.standing import StandingSchedule
from sync.warehouse.exposure import WHOLE, Exposure
from sync.warehouse.manifest import ManifestEntry
from sync.warehouse.query_process import Queries

Language = Literal["ko", "en"]

ModelSees = Literal["rows", "aggregates", "schema"]
"""What the model may see of a table: everything, figures over many rows, or names and types."""


@dataclass(frozen=True)
class Caller:
    """Who asks."""

    team: str
    user: str
    channel: str


@dataclass(frozen=True)
class Channel:
    """Where something is to be told."""

    id: str
    problem: str = ""
    """Why nothing can be told there, with what to do; empty where nothing is known of that."""


@dataclass(frozen=True)
class ScheduleLine:
    """One schedule, as a person would read it."""

    name: str
    tables: tuple[str, ...]
    cron: str
    timezone: str
    next_at: str | None
    """ISO 8601 moment of the next tick; None if it will not fire again."""


@dataclass(frozen=True)
class SchedulerStatus:
    """Whether a clock runs, and what it will do."""

    clock_running: bool
    schedules: tuple[ScheduleLine, ...]


@dataclass(frozen=True)
class Ruling:
    """What the policy says of a plan before anybody is asked."""

    effect: Literal["auto", "ask"]
    quorum: int
    rule: str = ""
    """Name of the rule it rests on, if one applies."""
    why: str = ""
    max_rows: tuple[int | None, ...] = ()
    """Of each table, where nobody is asked: the most rows it lets through."""


@dataclass(frozen=True)
class AnalystDeps:
    """Everything a turn and its tools work with. Made anew for each turn."""

    redis: Redis = field(repr=False)  # its repr names the URL
    warehouse: Path
    queries: Queries = field(repr=False)
    """Runs queries on `warehouse`, and on `files`."""
    offered: tuple[TableRef, ...]
    """The tables this caller may ask about and propose to copy."""
    hidden: Mapping[TableRef, NotAllowed] = field(
        default_factory=dict[TableRef, NotAllowed], kw_only=True
    )
    """Other offered and imported tables, which this caller may not see, and what says so."""
    model_sees: Callable[[TableRef], ModelSees]
    """Of a table of `offered`."""
    caller: Caller
    thread: str
    """Name of the conversation; begins with its team."""
    language: Language
    today: date
    """The date where the people are, in `timezone`."""
    timezone: str
    plan_sync: Callable[[Sequence[Wish]], Plan] = field(repr=False)
    """Asks Oracle what a sync would do, changing nothing; raises any DuckferryError."""
    rule_on: Callable[[Plan], Ruling] = field(repr=False)
    """Asks the policy whether a plan needs a yes; raises RefusedByRule where it must not be."""
    schedule_status: Callable[[], SchedulerStatus] = field(repr=False)
    windows_met: Callable[[StandingSchedule], Closed | None] = field(
        default=lambda _: None, repr=False
    )
    """Counts which of a schedule's next times a blackout of its source closes."""
    find_channel: Callable[[str], Channel] = field(default=Channel, repr=False)
    """Finds a channel as somebody has written it."""
    glossary: Glossary = NO_GLOSSARY
    """The team's own words."""
    known_sources: Callable[[], tuple[KnownSource, ...]] = field(default=tuple, repr=False)
    """Tells what Oracle's dictionary said of offered tables; may read it, where that is due."""
    exposure: Callable[[TableRef], Exposure] = field(default=lambda _: WHOLE, repr=False)
    """Says what this caller may see of a table; raises where that is nothing."""
    files: tuple[ManifestEntry, ...] = ()
    """What people shared in this thread, to be asked here and nowhere else."""
    on_text: OnText | None = field(default=None, repr=False)
    """Is told the words of the model as they come, whatever becomes of them."""
    is_stopped: Callable[[], bool] = field(default=lambda: False, repr=False)
    """Whether somebody wants the turn to end where it is."""
    on_step: Callable[[Step], None] = field(default=lambda _: None, repr=False)
    """Is told each step of the turn, for whoever runs the bot."""
    approval_seconds: int = 24 * 3600
    """How long a card can be decided."""
    export_rows: int = 100_000
    """The most rows of one file."""
    export_bytes: int = 20_000_000
    """The most a file's rows may come to as JSON."""
    result_chars: int = 12_000
    """The most text of one tool result the model reads."""
