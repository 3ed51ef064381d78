"""What every surface shares: the agent, the state, the warehouse and Oracle, put together once."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import redis

from agent.budget import Budget
from agent.deps import AnalystDeps, Caller, Channel, Ruling, ScheduleLine, SchedulerStatus
from agent.glossary import NO_GLOSSARY, Glossary
from agent.service import Analyst
from app.access import See, split
from app.bot_config import BotConfig
from app.broken_answers import usable
from app.channels import any_channel
from app.policy import require_allowed
from app.texts import Language
from sync.attached import files_there, keep_files
from sync.blackout import Closed, closed_times
from sync.catalog import TableFacts
from sync.changes import Look, look_at
from sync.chunks import Reading
from sync.dispatch import RunLimits
from sync.errors import TableNotOffered, WarehouseDamaged
from sync.offered_catalog import KnownSource, known_source
from sync.oracle import Session
from sync.oracle_errors import OracleUnreachable
from sync.perform import Rules, perform_run
from sync.plan import Plan, TablePlan, TableRef, Wish
from sync.planning import make_estimate, make_table_plan, plan_tables, trial_ref
from sync.planning_errors import TrialNameTaken
from sync.progress import Progress
from sync.schedules import clock_is_running
from sync.sources import GuardedSource, open_chunk_reader, open_source, require_open
from sync.standing import StandingSchedule
from sync.state import moment_of
from sync.undo import plan_undo
from sync.warehouse.exposure import WHOLE
from sync.warehouse.manifest import Manifest, ManifestEntry, read_manifest
from sync.warehouse.query_process import Queries, QueryLimits
from sync.when import next_time, times

PLAN_WAIT_SECONDS = 10.0
"""A person waits for a plan; a source whose sessions are all taken is said to be busy sooner."""
SEARCH_WAIT_SECONDS = 2.0
"""A search goes on without a source that is busy."""
RUN_WAIT_SECONDS = 600.0


@dataclass(frozen=True)
class Core:
    """The product without a surface."""

    redis: "redis.Redis" = field(repr=False)
    config: BotConfig
    warehouse: Path
    queries: Queries = field(repr=False)
    analyst: Analyst
    sources: tuple[GuardedSource, ...] = field(repr=False)
    """Those this process can reach."""
    glossary: Glossary = NO_GLOSSARY
    find_channel: Callable[[str], Channel] = any_channel
    """Finds a channel as somebody has written it."""
    mask_key: str = field(default="", repr=False)
    """Of the hashes that access rules put in place of values."""


def deps_for(core: Core, caller: Caller, thread: str, language: Language, see: See) -> AnalystDeps:
    """Say what one turn may touch; *see* says what its caller is shown."""
    offered, hidden = split(core.config.offered, see)
    hidden |= split(_imported(core.warehouse), see)[1]
    files = tuple(file.entry for file in files_there(core.redis, core.warehouse, thread))
    keep_files(core.redis, thread, core.analyst.policy.keep_days)
    return AnalystDeps(
        redis=core.redis,
        warehouse=core.warehouse,
        queries=core.queries.taking(files=files),
        files=files,
        offered=offered,
        hidden=hidden,
        # No rule is about a file: who reads the thread sees it there whole.
        exposure=lambda ref: WHOLE if ref.is_attached else see(ref),
        model_sees=core.config.model_sees,
        glossary=usable(core.redis, core.glossary),
        known_sources=lambda: known_sources(core, caller.user),
        caller=caller,
        thread=thread,
        language=language,
        today=datetime.now(ZoneInfo(core.config.timezone)).date(),
        timezone=core.config.timezone,
        plan_sync=lambda wishes: plan_sync(core, wishes, caller.user),
        rule_on=lambda plan: rule_on(core.config, plan),
        schedule_status=lambda: schedule_status(core),
        windows_met=lambda schedule: windows_met(core.config, schedule),
        find_channel=core.find_channel,
        approval_seconds=approval_seconds(core.config),
        export_rows=core.config.limits.export_rows,
        export_bytes=core.config.limits.export_mb * 1_000_000,
    )


def _imported(warehouse: Path) -> tuple[TableRef, ...]:
    try:
        return read_manifest(warehouse).imported
    except WarehouseDamaged:  # told by whatever reads a table of it
        return ()


def plan_sync(core: Core, wishes: Sequence[Wish], asker: str) -> Plan:
    """Ask Oracle's dictionary, or of an undo the copies, what these wishes would do.

    Raises any DuckferryError.
    """
    if any(wish.undo for wish in wishes):
        return plan_undo(core.warehouse, wishes[0].ref)
    return plan_tables(
        lambda name: open_session(core, name, "plan", asker, PLAN_WAIT_SECONDS),
        wishes,
        read_manifest(core.warehouse),
        partial(plan_table, core.config),
        core.config.select_of,
    )


def known_sources(core: Core, asker: str) -> tuple[KnownSource, ...]:
    """Tell what is known of each source's offered tables, read from Oracle where that is due.

    Tables that stand for a query of bot.toml are in no dictionary.
    """
    offered: dict[str, list[TableRef]] = {source.name: [] for source in core.config.source}
    for ref in core.config.offered:
        if not core.config.select_of(ref):
            offered[ref.source].append(ref)
    return tuple(
        known_source(
            core.redis,
            source,
            refs,
            lambda name: open_session(core, name, "search", asker, SEARCH_WAIT_SECONDS),
        )
        for source, refs in offered.items()
        if refs
    )


def look_at_tables(core: Core, plan: Plan, asker: str) -> tuple[Look, ...]:
    """Look at the tables of a plan, up to the first of which nothing can be told.

    Raises what opening a session raises.
    """
    looks: list[Look] = []
    with open_session(core, plan.source, "look", asker, PLAN_WAIT_SECONDS) as session:
        for table in plan.tables:
            looks.append(look_at(session, table))
            if looks[-1].trouble:
                break
    return tuple(looks)


def windows_met(config: BotConfig, schedule: StandingSchedule) -> Closed | None:
    """Count which of a schedule's next times its source's blackout closes; None where none can."""
    source = next((one for one in config.source if one.name == schedule.tables[0].source), None)
    if source is None or not source.blackout or not schedule.cron:
        return None
    now = datetime.now(UTC)
    coming = times(schedule.cron, schedule.timezone, now)
    return closed_times(source.name, source.blackout, config.timezone, coming, now)


def rule_on(config: BotConfig, plan: Plan) -> Ruling:
    """Say what bot.toml's rules say of a plan. Raises `RefusedByRule`."""
    found = require_allowed(config, plan)
    effect = "auto" if found.effect == "auto" else "ask"
    return Ruling(effect, found.quorum, ", ".join(found.rules), found.why, found.max_rows)


def plan_table(
    config: BotConfig, facts: TableFacts, wish: Wish, current: ManifestEntry | None
) -> TablePlan:
    """Plan a table as bot.toml has it, when it is asked for and again when it is run.

    Raises `TableNotOffered`, `RefusedByRule`, and what the engine raises.
    """
    settings = config.settings(facts.ref)
    if settings is None:
        raise TableNotOffered(table=str(facts.ref), hint="")
    trial = trial_ref(facts.ref)
    if wish.trial_rows is not None and trial in config.offered:
        raise TrialNameTaken(table=str(facts.ref), taken=str(trial))
    planned = make_table_plan(facts, settings, wish, current)
    estimate = make_estimate(facts, planned, Manifest())
    rule_on(config, Plan(tables=(planned,), estimates=(estimate,)))
    return planned


def perform(
    core: Core, run_id: str, on_progress: Callable[[Progress], None] = lambda _: None
) -> None:
    """Execute a queued run in this process."""
    perform_run(
        core.redis,
        run_id,
        open_session=lambda name: open_session(core, name, "sync", run_id, RUN_WAIT_SECONDS),
        warehouse=core.warehouse,
        on_progress=on_progress,
        rules=Rules(
            plan_table=partial(plan_table, core.config),
            require_open=lambda name: require_open(_source(core, name), moment_of(core.redis)),
            rows_per_second=lambda name: _source(core, name).rows_per_second,
            reading=lambda name: _reading(core, name, run_id),
        ),
    )


def open_session(
    core: Core, name: str, action: str, asker: str, wait_seconds: float
) -> AbstractContextManager[Session]:
    """Open a session at a source. Raises what `sync.sources.open_source` raises."""
    return open_source(
        core.redis,
        _source(core, name),
        action=action,
        client_identifier=asker,
        wait_seconds=wait_seconds,
    )


def _reading(core: Core, name: str, run_id: str) -> Reading:
    source = _source(core, name)
    return Reading(
        open_reader=lambda _: open_chunk_reader(
            core.redis, source, action="sync", client_identifier=run_id
        ),
        readers=source.readers,
    )


def _source(core: Core, name: str) -> GuardedSource:
    for source in core.sources:
        if source.name == name:
            return source
    raise OracleUnreachable(source=name, detail="nothing says how to reach it")


def schedule_status(core: Core) -> SchedulerStatus:
    """Tell whether a clock runs and when each schedule is due next."""
    now = datetime.now(UTC)
    lines = tuple(
        ScheduleLine(
            name=schedule.name,
            tables=schedule.tables,
            cron=schedule.cron,
            timezone=schedule.timezone,
            next_at=next_time(schedule.cron, schedule.timezone, now).isoformat(timespec="minutes"),
        )
        for schedule in core.config.schedule
    )
    return SchedulerStatus(clock_is_running(core.redis), lines)


def run_limits(config: BotConfig) -> RunLimits:
    """Say how many runs may go on at the same time."""
    return RunLimits(config.limits.runs_per_user, config.limits.runs_per_source)


def query_limits(config: BotConfig) -> QueryLimits:
    """Say what one query may use."""
    return QueryLimits(
        seconds=config.limits.query_seconds,
        rows=config.limits.query_rows,
        memory_mb=config.limits.query_memory_mb,
        bytes=config.limits.query_kb * 1000,
        planned_rows=config.limits.query_planned_rows,
    )


def turn_budget(config: BotConfig) -> Budget:
    """Say what turns, people and days may use of the model."""
    limits = config.limits
    return Budget(
        context_tokens=config.agent.context_tokens,
        compact_at=config.agent.compact_at,
        steps=limits.turn_steps,
        calls=limits.turn_calls,
        seconds=limits.turn_seconds,
        tokens=limits.turn_tokens,
        usd=limits.turn_usd,
        user_day_tokens=limits.user_day_tokens,
        user_day_usd=limits.user_day_usd,
        day_tokens=limits.day_tokens,
        day_usd=limits.day_usd,
        prices=config.prices,
        ledger_days=config.agent.ledger_days,
    )


def approval_seconds(config: BotConfig) -> int:
    """Say how long a card can be decided."""
    return int(config.approvals.expires_hours * 3600)
