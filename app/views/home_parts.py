"""What the Home tab shows for one person, and its parts as blocks. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.texts import Language, say
from app.views.approval_card import (
    DETAILS,
    REJECT,
    approve_button,
    card_button,
    card_title,
)
from app.views.card_life import quorum_line
from app.views.card_parts import (
    duration,
    estimate_line,
    how_line,
    moment_of,
    question_words,
    table_parts,
)
from app.views.schedule_lines import change_lines
from app.views.text import context, cut, escape, link, number, person, plain, section, when
from sync.approvals import Approval
from sync.pauses import PauseReason
from sync.plan import Estimate, TableRef
from sync.receipt import TableReceipt
from sync.runs import Run

LOOK = "home_look"
SYNC = "home_sync"

APPROVALS, THREADS, TABLES, SCHEDULES, RUNS = 8, 8, 15, 8, 8
"""How many of each are shown: together less than the 100 blocks that Slack takes."""
_NAMES, _NAME_CHARACTERS = 3, 150
_DAY_SECONDS = 86_400
_LINE_CHARACTERS = 1200

Block = dict[str, Any]


@dataclass(frozen=True)
class Waiting:
    """A request that waits, as its reader may deal with it."""

    approval: Approval
    may_approve: bool
    may_reject: bool
    is_own: bool
    """Whether the reader asked for it: a no is a withdrawal then."""
    quorum: int
    link: str
    """Of its card; empty where the reader cannot get there."""


@dataclass(frozen=True)
class Conversation:
    """A thread the reader takes part in."""

    title: str
    asked_at: datetime
    link: str


@dataclass(frozen=True)
class TableState:
    """A table the reader may see, and the copy of it."""

    name: str
    ref: TableRef | None
    """To be synced; None of what is no table of Oracle's."""
    receipt: TableReceipt | None = None
    """Of the current copy; None where there is none."""
    stale_hours: float = 0
    """How old the copy may be."""
    age_seconds: float = 0
    rule: str = ""
    """By which the reader sees a part of it."""
    part: str = ""

    @property
    def is_stale(self) -> bool:
        """Whether the copy is older than it may be; what was imported never is."""
        return self.ref is not None and self.age_seconds > self.stale_hours * 3600


@dataclass(frozen=True)
class Planned:
    """A schedule that concerns what the reader may see."""

    name: str
    tables: str
    """Safe mrkdwn, as is `when`."""
    when: str
    next_at: datetime | None
    asks: bool = False
    """Whether a card asks each time: bot.toml's own."""
    paused: bool = False
    paused_because: PauseReason | None = None
    """None where a person paused it."""


@dataclass(frozen=True)
class Ran:
    """A run of tables the reader may see."""

    run: Run
    link: str


def waiting_blocks(
    language: Language, waiting: Sequence[Waiting], now: datetime, *, there_are_more: bool = False
) -> list[Block]:
    """Draw what the reader may decide or has asked for, the soonest to expire first."""
    blocks = [_heading(language, "home.approvals")]
    for one in waiting[:APPROVALS]:
        words = cut(" · ".join(_waits(language, one, now)), _LINE_CHARACTERS)
        blocks.append(section(_linked(language, words, one.link)))
        blocks.append({"type": "actions", "elements": _decisions(language, one)})
    count = len(waiting) - APPROVALS
    blocks += _more(language, "home.more_approvals", count, "+" if there_are_more else "")
    return blocks if waiting else [*blocks, context(say(language, "home.no_approvals"))]


def thread_blocks(language: Language, threads: Sequence[Conversation]) -> list[Block]:
    """Draw the reader's conversations, each a link to where it stands."""
    blocks = [_heading(language, "home.threads")]
    lines: list[str] = []
    for one in threads[:THREADS]:
        title = one.title or say(language, "home.untitled")
        lines.append(f"• {link(one.link, title)} · {when(one.asked_at)}")
    if not lines:
        return [*blocks, context(say(language, "home.no_threads"))]
    more = _more(language, "home.more_threads", len(threads) - THREADS)
    return [*blocks, section("\n".join(lines)), *more]


def table_blocks(
    language: Language, tables: Sequence[TableState] | None, admins: frozenset[str]
) -> list[Block]:
    """Draw how fresh the copies are; None where their list cannot be read."""
    blocks = [_heading(language, "home.tables")]
    if tables is None:
        return [*blocks, section(say(language, "home.damaged"))]
    if not tables:
        who = ", ".join(map(person, sorted(admins)[:_NAMES])) or say(language, "home.an_admin")
        return [*blocks, context(say(language, "home.no_tables", who=who))]
    if not any(one.receipt for one in tables):
        table = cut(escape(tables[0].name), _NAME_CHARACTERS)
        blocks.append(section(say(language, "home.no_copies", table=table)))
    for one in tables[:TABLES]:
        button = _button(say(language, "home.sync"), SYNC, full_name(one.ref)) if one.ref else None
        blocks.append(_with(section(_table(language, one)), button))
    return [*blocks, *_more(language, "home.more_tables", len(tables) - TABLES)]


def schedule_blocks(language: Language, schedules: Sequence[Planned]) -> list[Block]:
    """Draw what is copied by the clock."""
    blocks = [_heading(language, "home.schedules")]
    blocks += [section(_schedule(language, one)) for one in schedules[:SCHEDULES]]
    blocks += _more(language, "home.more_schedules", len(schedules) - SCHEDULES)
    return blocks if schedules else [*blocks, context(say(language, "home.no_schedules"))]


def run_blocks(language: Language, runs: Sequence[Ran]) -> list[Block]:
    """Draw the newest runs."""
    blocks = [_heading(language, "home.runs")]
    for one in runs[:RUNS]:
        button = (
            card_button(language, one.run.approval, DETAILS, "home.receipt")
            if one.run.receipt
            else None
        )
        blocks.append(_with(section(_run(language, one)), button))
    return blocks if runs else [*blocks, context(say(language, "home.no_runs"))]


def full_name(ref: TableRef) -> str:
    """Name a table so that no other one is meant."""
    return f"{ref.source}.{ref}"


def names_line(language: Language, refs: Sequence[TableRef]) -> str:
    """Name the first of some tables and say how many more there are, as safe mrkdwn."""
    names = ", ".join(cut(escape(str(ref)), _NAME_CHARACTERS) for ref in refs[:_NAMES])
    rest = len(refs) - _NAMES
    return say(language, "home.and_more", names=names, count=rest) if rest > 0 else names


def _waits(language: Language, one: Waiting, now: datetime) -> list[str]:
    approval, request = one.approval, one.approval.request
    asked = (
        say(language, "card.scheduled", name=cut(escape(request.schedule), _NAME_CHARACTERS))
        if request.schedule
        else say(language, "card.asked_by", who=person(request.requested_by))
    )
    parts = [
        *_wish(language, approval, now),
        asked,
        say(language, "card.expires", when=when(moment_of(approval.expires_ms))),
    ]
    needed = max(one.quorum, request.quorum)
    if needed > 1:
        parts.append(quorum_line(language, approval, needed))
    return parts


def _wish(language: Language, approval: Approval, now: datetime) -> list[str]:
    request, plan = approval.request, approval.request.plan
    if request.change is not None:
        return change_lines(language, request.change, now)[:3]
    names = f"*{names_line(language, [table.ref for table in plan.tables])}*"
    if request.question is not None:
        return [names, *question_words(language, request.question)]
    estimates: tuple[Estimate | None, ...] = plan.estimates or (None,)
    if len(plan.tables) != 1:
        known = [one.rows for one in plan.estimates if one.rows is not None]
        rows = sum(known) if len(known) == len(plan.tables) else None
        both = Estimate(rows=rows, bytes=None, analyzed_at=None, current_rows=None)
        count = say(language, "home.tables_count", count=len(plan.tables))
        return [names, count, estimate_line(language, both)]
    table = plan.tables[0]
    if plan.is_undo:
        return [names, *table_parts(language, table, estimates[0], values=False)[:1]]
    current = estimates[0].current_rows if estimates[0] else None
    how = how_line(language, table, current, values=False)
    return [names, how, estimate_line(language, estimates[0])]


def _decisions(language: Language, one: Waiting) -> list[Block]:
    no = "home.withdraw" if one.is_own else "card.reject"
    return [
        *([approve_button(language, one.approval)] if one.may_approve else []),
        *([card_button(language, one.approval, REJECT, no, "danger")] if one.may_reject else []),
        card_button(language, one.approval, LOOK, "card.details"),
    ]


def _table(language: Language, one: TableState) -> str:
    name = f"*{cut(escape(one.name), _NAME_CHARACTERS)}*"
    receipt = one.receipt
    if receipt is None:
        return f"{name} · {say(language, 'home.never')}"
    moment = when(datetime.fromisoformat(receipt.as_of))
    file = cut(escape(receipt.imported), _NAME_CHARACTERS)
    parts = [
        name,
        say(language, "home.some_rows", rule=cut(escape(one.rule), _NAME_CHARACTERS))
        if one.rule
        else say(language, "home.rows", rows=number(receipt.rows)),
        say(language, "home.age", when=moment, age=_age(language, one.age_seconds)),
        say(language, f"receipt.proof_{receipt.proof}", count=len(receipt.checks), file=file),
    ]
    if one.part:
        parts.append(say(language, "home.part", part=cut(escape(one.part), _NAME_CHARACTERS)))
    if one.is_stale:
        parts.append(say(language, "home.stale", limit=f"{one.stale_hours:g}"))
    return " · ".join(parts)


def _age(language: Language, seconds: float) -> str:
    if seconds < 2 * _DAY_SECONDS:
        return duration(language, seconds)
    return say(language, "home.days", count=round(seconds / _DAY_SECONDS))


def _schedule(language: Language, one: Planned) -> str:
    parts = [f"*{cut(escape(one.name), _NAME_CHARACTERS)}*", one.tables, one.when]
    if one.asks:
        parts.append(say(language, "schedule.asks_each_time"))
    if one.paused:
        because = f"home.paused_{one.paused_because}" if one.paused_because else "home.paused"
        parts.append(say(language, because))
    elif one.next_at is not None:
        parts.append(say(language, "home.next", when=when(one.next_at)))
    return cut(" · ".join(parts), _LINE_CHARACTERS)


def _run(language: Language, one: Ran) -> str:
    run, request = one.run, one.run.approval.request
    refs = [table.ref for table in request.plan.tables]
    parts = [f"*{names_line(language, refs)}*", card_title(language, run.approval, run)]
    if run.receipt:
        rows = number(sum(table.rows for table in run.receipt.tables))
        parts.append(say(language, "home.rows", rows=rows))
    if run.started_ms and run.finished_ms:
        parts.append(duration(language, (run.finished_ms - run.started_ms) / 1000))
    parts += [
        say(language, "card.scheduled", name=cut(escape(request.schedule), _NAME_CHARACTERS))
        if request.schedule
        else say(language, "card.asked_by", who=person(request.requested_by)),
        when(moment_of(run.finished_ms or run.queued_ms)),
    ]
    return _linked(language, " · ".join(parts), one.link)


def _linked(language: Language, words: str, url: str) -> str:
    return f"{words} · {link(url, say(language, 'home.link'))}" if url else words


def _heading(language: Language, phrase: str) -> Block:
    return {"type": "header", "text": plain(say(language, phrase))}


def _more(language: Language, phrase: str, count: int, and_more: str = "") -> list[Block]:
    return [context(say(language, phrase, count=f"{count}{and_more}"))] if count > 0 else []


def _with(block: Block, button: Block | None) -> Block:
    return {**block, "accessory": button} if button else block


def _button(words: str, action: str, value: str) -> Block:
    return {"type": "button", "text": plain(words), "action_id": action, "value": value}
