"""Whether a due schedule has anything to copy: not where its source is as its copies show it."""

import logging
from datetime import UTC, datetime

import redis
from pydantic import BaseModel, ConfigDict, ValidationError

from app.due_desk import DueDesk
from app.schedule_teller import Teller
from app.texts import say
from app.views.text import escape
from sync.audit import note as note_audit
from sync.changes import Look, is_unchanged
from sync.errors import WarehouseDamaged
from sync.plan import Plan
from sync.runs import Run, RunState
from sync.schedules import load_schedule, progress_key
from sync.skips import note_skip
from sync.standing import StandingSchedule
from sync.state import team_of
from sync.warehouse.manifest import Manifest

log = logging.getLogger(__name__)


class _Seen(BaseModel):
    """What a tick saw of its tables before it led to a run."""

    model_config = ConfigDict(frozen=True)

    run: str
    looks: tuple[Look, ...]


class _Published(BaseModel):
    """A run of the schedule that readers saw, and its tables' fencing numbers."""

    model_config = ConfigDict(frozen=True)

    run: str
    fences: tuple[int, ...]


def has_nothing_to_copy(
    desk: DueDesk,
    schedule: StandingSchedule,
    teller: Teller,
    plan: Plan,
    approval_id: str,
    due: str,
) -> bool:
    """Look at the tables; True, and noted, where the copies of now show them as they are.

    That is said only where the tick before looked at them, its run was published after, and this
    look differs in nothing: whatever is shown now was then read between the two. Else what was seen
    is kept for the next tick, under the run *approval_id* that this one leads to.
    """
    looks = desk.look(plan, f"schedule:{schedule.name}")
    unknown = next((look for look in looks if look.trouble), None)
    if unknown is not None:
        teller.once(
            "cannot_tell",
            f"{unknown.ref} {unknown.trouble}",
            "schedule.cannot_tell",
            table=escape(str(unknown.ref)),
            reason=_why_unknown(teller, unknown),
        )
        teller.forget("seen")
        return False
    teller.forget("cannot_tell")
    if _is_shown(desk, teller, plan, looks):
        team = approval_id.rpartition("-")[0]
        note_skip(desk.redis, team, schedule.name, "unchanged", datetime.now(UTC))
        note_audit(
            desk.redis,
            team,
            "schedule_skipped",
            who=f"schedule:{schedule.name}",
            subject=schedule.name,
            where=schedule.thread,
            detail=f"{due}: no change in {', '.join(str(look.ref) for look in looks)}",
        )
        return True
    teller.keep("seen", _Seen(run=approval_id, looks=looks).model_dump_json())
    return False


def remember_published(client: "redis.Redis", run: Run) -> None:
    """Note that a schedule's run was published: what its tick saw is in the copies since."""
    name, team = run.approval.request.schedule, team_of(run.id)
    fences = [fence for fence in run.fences if fence is not None]
    if run.state is not RunState.PUBLISHED or name is None or len(fences) != len(run.fences):
        return
    schedule = load_schedule(client, team, name)
    if schedule is not None and schedule.only_if_changed:
        published = _Published(run=run.id, fences=tuple(fences))
        client.hset(progress_key(team, name), "published", published.model_dump_json())


def _is_shown(desk: DueDesk, teller: Teller, plan: Plan, looks: tuple[Look, ...]) -> bool:
    try:
        seen = _Seen.model_validate_json(teller.kept("seen") or "")
        published = _Published.model_validate_json(teller.kept("published") or "")
        manifest = desk.manifest()
    except ValidationError:  # nothing is kept, or another version has kept it
        return False
    except WarehouseDamaged as error:
        log.warning("schedule %s runs: %s", teller.name, error)
        return False
    if seen.run != published.run or len(seen.looks) != len(looks):
        return False
    same = all(is_unchanged(*pair) for pair in zip(seen.looks, looks, strict=True))
    return same and _shows(manifest, plan, published, looks)


def _shows(manifest: Manifest, plan: Plan, published: _Published, looks: tuple[Look, ...]) -> bool:
    """Whether each copy was read by that run or a later one, whole, and looks as planned now."""
    for table, fence, look in zip(plan.tables, published.fences, looks, strict=True):
        entry = manifest.find(table.ref)
        if entry is None or entry.fence < fence or entry.receipt.oracle_rows != look.rows:
            return False
        if entry.receipt.undone is not None:
            return False  # somebody has gone back to what was read before
        if (entry.columns, entry.key) != (table.columns, table.key):
            return False
    return True


def _why_unknown(teller: Teller, look: Look) -> str:
    match look.trouble:
        case "no_table":
            return say(teller.language, "schedule.unknown_no_table")
        case "lob":
            return say(teller.language, "schedule.unknown_lob")
        case code:
            return say(teller.language, "schedule.unknown_code", code=escape(code))
