"""The part of the Home tab that admins see: what waits, what runs, what is wrong. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.ledger import DaySpent
from app.texts import Language, say
from app.views.card_parts import duration
from app.views.text import context, cut, escape, number, person, plain, section, size, when
from sync.counts import StateCounts
from sync.runs import RunState
from sync.stops import Stop

WAITING_SHOWN = 5
_NAMED = 10
_CHARACTERS = 150


@dataclass(frozen=True)
class Waiter:
    """Somebody whose request nobody has decided yet."""

    who: str
    tables: str
    """Safe mrkdwn."""
    since: datetime


@dataclass(frozen=True)
class Operations:
    """What the product counts anyway, at one moment."""

    counts: StateCounts
    free_bytes: int | None
    """Besides the reserve; None where there is no disk to ask."""
    spent: DaySpent
    stopped: Mapping[str, Stop]
    closed: Mapping[str, datetime]
    """The sources that may not be read now, and until when."""
    missing_scopes: Sequence[str] = ()
    given_up: int = 0
    broken_answers: int = 0
    waiters: Sequence[Waiter] = ()


def operations_blocks(language: Language, found: Operations) -> list[dict[str, Any]]:
    """Draw it: troubles first, then the figures, then who waits."""
    troubles = [cut(line, 600) for line in _troubles(language, found)]
    blocks = [
        {"type": "header", "text": plain(say(language, "home.admin"))},
        *([section("\n".join(troubles))] if troubles else []),
        section("\n".join(_figures(language, found))),
    ]
    shown = [
        say(
            language,
            "home.waits",
            who=cut(person(one.who), _CHARACTERS),
            tables=one.tables,
            when=when(one.since),
        )
        for one in found.waiters[:WAITING_SHOWN]
    ]
    if not shown:
        return blocks
    more = len(found.waiters) - WAITING_SHOWN
    told = [context(say(language, "home.more_waiters", count=more))] if more > 0 else []
    return [*blocks, section("\n".join([say(language, "home.who_waits"), *shown])), *told]


def _figures(language: Language, found: Operations) -> list[str]:
    counts = found.counts
    lines = [
        say(
            language,
            "home.queues",
            inbox=number(counts.inbox_entries),
            oldest=duration(language, counts.oldest_entry_seconds)
            if counts.oldest_entry_seconds
            else "-",
            cards=number(counts.cards_waiting),
            pending=number(counts.approvals_pending),
        ),
        say(
            language,
            "home.work",
            queued=counts.open_runs[RunState.QUEUED],
            running=counts.open_runs[RunState.RUNNING],
            verifying=counts.open_runs[RunState.VERIFYING],
            published=number(counts.runs_ended[RunState.PUBLISHED]),
            failed=number(counts.runs_ended[RunState.FAILED]),
        ),
        say(
            language,
            "home.processes",
            workers=counts.workers,
            clock=say(language, "home.clock" if counts.clock_ticks else "home.no_clock"),
        ),
        say(
            language,
            "home.cost",
            tokens=number(found.spent.tokens),
            dollars=f"{found.spent.nano_usd / 1e9:,.2f}",
        ),
    ]
    if found.free_bytes is not None and found.free_bytes > 0:
        lines.append(say(language, "home.disk", free=size(found.free_bytes)))
    return lines


def _troubles(language: Language, found: Operations) -> list[str]:
    lines = [
        say(
            language,
            "home.stopped",
            source=escape(name),
            since=when(datetime.fromisoformat(stop.since)),
            reason=cut(escape(stop.reason), _CHARACTERS),
        )
        for name, stop in [*found.stopped.items()][:_NAMED]
    ]
    lines += [
        say(language, "home.closed", source=escape(name), until=when(until))
        for name, until in [*found.closed.items()][:_NAMED]
    ]
    if not found.counts.workers:
        lines.append(say(language, "home.no_workers"))
    if found.free_bytes is not None and found.free_bytes <= 0:
        lines.append(say(language, "home.disk_full"))
    if found.missing_scopes:
        names = ", ".join(f"`{name}`" for name in found.missing_scopes[:_NAMED])
        lines.append(say(language, "home.scopes", names=names))
    if found.given_up:
        lines.append(say(language, "home.given_up", count=found.given_up))
    if found.broken_answers:
        lines.append(say(language, "home.broken", count=found.broken_answers))
    return lines
