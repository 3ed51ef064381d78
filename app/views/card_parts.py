"""The parts of a card that say what would be copied, what changes and what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from app.texts import Language, say
from app.views.text import clock, cut, escape, number, size, when
from sync.approvals import Question, Request
from sync.bounds import lower_bound, written
from sync.plan import Column, Estimate, Filter, Plan, TablePlan, TableRef, Undo

TABLES_IN_FULL = 10
NAME_CHARACTERS = 300
"""A name Oracle allows is shorter, unless it is made of signs that must be escaped."""
_COLUMNS_NAMED = 6
_CONDITIONS_SHOWN = 5
_CONDITION_CHARACTERS = 300
_TABLE_CHARACTERS = 800
"""Ten tables and all else must stay within what Slack takes of one message, 13,200."""
_MINUTE, _HOUR = 60, 3600
_REASON_CHARACTERS = 600

Role = Literal["approver", "owner", "admin", "rule"]


@dataclass(frozen=True)
class CardFacts:
    """What a card shows besides the approval and its run, all of the moment it is drawn."""

    approvers: frozenset[str] = frozenset()
    """Slack ids of people and user groups who may decide."""
    roles: Mapping[str, Role] = field(default_factory=dict[str, Role])
    """Why each of them may."""
    rules: tuple[str, ...] = ()
    rule_why: str = ""
    refused: bool = False
    """A rule allows no such sync, whoever says yes."""
    quorum: int = 1
    current: Mapping[TableRef, tuple[Column, ...]] = field(
        default_factory=dict[TableRef, tuple[Column, ...]]
    )
    """Columns of the copies there are."""
    expected_seconds: float | None = None
    free_bytes: int | None = None
    """Left on the warehouse's disk, besides what is kept in reserve."""
    queue_place: int | None = None
    """1-based, of a queued run."""
    queue_seconds: float | None = None
    """Until it starts, if that can be told."""
    before: Plan | None = None
    """Of the request this one replaces."""
    replaced_by: int | None = None
    """The revision that replaces this request."""
    asked_again_by: str | None = None
    withheld: str = ""
    """The rules by which not all who read the card see all of its tables: it tells no values."""
    change_lines: tuple[str, ...] = ()
    """What a change of a schedule comes to, already safe."""


def name_of(ref: TableRef) -> str:
    """Give a table's name as safe mrkdwn."""
    return cut(escape(str(ref)), NAME_CHARACTERS)


def names_of(plan: Plan) -> str:
    """Give the names of a plan's tables as safe mrkdwn."""
    return cut(escape(", ".join(f"'{table.ref}'" for table in plan.tables)), 1000)


def moment_of(milliseconds: int) -> datetime:
    """Give the moment of a time in Redis."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def plan_lines(language: Language, plan: Plan, facts: CardFacts) -> list[str]:
    """Tell of each table what would be copied and what would change."""
    estimates = plan.estimates or (None,) * len(plan.tables)
    lines = [
        _table(language, table, estimate, facts)
        for table, estimate in zip(plan.tables[:TABLES_IN_FULL], estimates, strict=False)
    ]
    return lines + more_lines(language, [table.ref for table in plan.tables])


def more_lines(language: Language, refs: Sequence[TableRef]) -> list[str]:
    """Name the tables there is no room to tell more about."""
    rest = refs[TABLES_IN_FULL:]
    if not rest:
        return []
    names = cut(escape(", ".join(map(str, rest))), 1000)
    return [say(language, "card.more_tables", count=len(rest), names=names)]


def wish_lines(language: Language, request: Request, facts: CardFacts) -> list[str]:
    """Tell why it is asked for, and what is not as it was on the card before."""
    lines: list[str] = []
    if request.reason:
        text = cut(escape(request.reason), _REASON_CHARACTERS)
        lines.append(say(language, "card.reason", text=text))
    if facts.before is not None:
        changes = _since(language, facts.before, request.plan)
        lines.append(
            say(language, "card.since", changes=cut(" · ".join(changes), 800))
            if changes
            else say(language, "card.since_same")
        )
    return lines


def cost_line(language: Language, plan: Plan, facts: CardFacts) -> str:
    """Tell how long it takes and whether there is room."""
    parts = [
        say(language, "card.takes_unknown")
        if facts.expected_seconds is None
        else say(language, "card.takes", time=duration(language, facts.expected_seconds))
    ]
    if facts.free_bytes is not None:
        free = size(max(facts.free_bytes, 0))
        known = [one.bytes for one in plan.estimates if one.bytes is not None]
        if not known or len(known) < len(plan.tables):
            parts.append(say(language, "card.room_unknown", free=free))
        else:
            phrase = "card.room" if sum(known) <= facts.free_bytes else "card.room_short"
            parts.append(say(language, phrase, free=free, needed=size(sum(known))))
    return " · ".join(parts)


def duration(language: Language, seconds: float) -> str:
    """Write a time as people say it, in its largest useful unit."""
    if seconds < 1.5 * _MINUTE:
        return say(language, "card.seconds", count=max(round(seconds), 1))
    if seconds < 1.5 * _HOUR:
        return say(language, "card.minutes", count=round(seconds / _MINUTE))
    return say(language, "card.hours", count=number(round(seconds / _HOUR)))


def _table(
    language: Language, table: TablePlan, estimate: Estimate | None, facts: CardFacts
) -> str:
    parts = table_parts(language, table, estimate, values=not facts.withheld)
    text = f"*{name_of(table.ref)}*\n" + " · ".join(parts)
    if table.left_out:
        names = _listed([column.name for column in table.left_out])
        text += "\n" + say(language, "card.columns_left_out", names=names)
    before = facts.current.get(table.ref)
    if before is not None:
        changes = column_changes(language, before, table.columns)
        text += "\n" + (" · ".join(changes) or say(language, "card.columns_same"))
    return cut(text, _TABLE_CHARACTERS)


def table_parts(
    language: Language, table: TablePlan, estimate: Estimate | None, *, values: bool = True
) -> list[str]:
    """Tell of one table what would be copied, as safe mrkdwn; with *values* from where on."""
    if table.undo is not None:
        return _undo_parts(language, table, table.undo, estimate)
    parts = [say(language, "card.from_to", source=table.ref.source)]
    rows = estimate.current_rows if estimate else None
    parts.append(how_line(language, table, rows, values=values))
    if estimate and estimate.full_because and estimate.full_because != "first":
        parts.append(say(language, f"card.full_{estimate.full_because}"))
    if table.where:
        conditions = conditions_line(language, table.where)
        parts.append(say(language, "card.where", conditions=conditions))
    if table.is_partial and table.deletes != "keep":
        percent = table.delete_limit_percent
        parts.append(say(language, f"card.deletes_{table.deletes}", percent=percent))
    parts.append(estimate_line(language, estimate))
    if estimate and estimate.bytes is not None:
        parts.append(say(language, "card.bytes", size=size(estimate.bytes)))
    parts.append(say(language, "card.columns", count=len(table.columns)))
    parts.append(say(language, "card.limit", rows=number(table.max_rows)))
    parts.append(say(language, f"card.proof_{table.proof}"))
    return parts


def _undo_parts(
    language: Language, table: TablePlan, undo: Undo, estimate: Estimate | None
) -> list[str]:
    older = when(datetime.fromisoformat(undo.to_as_of))
    newer = when(datetime.fromisoformat(undo.leaves_as_of))
    rows, current = (estimate.rows or 0, estimate.current_rows or 0) if estimate else (0, 0)
    parts = [
        say(language, "card.undo_to", when=older, rows=number(rows)),
        say(language, "card.undo_leaves", when=newer, rows=number(current)),
    ]
    if table.where:
        conditions = conditions_line(language, table.where)
        parts.append(say(language, "card.where", conditions=conditions))
    return parts


def how_line(
    language: Language, table: TablePlan, current_rows: int | None, *, values: bool = True
) -> str:
    """Tell how a table is copied, and what becomes of the copy there is."""
    wish = table.wished
    if wish.trial_rows is not None:
        name = cut(escape(table.ref.table), NAME_CHARACTERS)
        return say(language, "card.trial", rows=number(wish.trial_rows), table=name)
    rows, cursor = number(current_rows or 0), escape(table.cursor or "")
    if wish.since is not None or wish.until is not None:
        return say(
            language,
            "card.backfill",
            cursor=cursor,
            since=escape(wish.since or "…"),
            until=escape(wish.until or say(language, "card.open_end")),
            rows=rows,
        )
    if table.is_partial:
        begin = clock(written(lower_bound(table))) if values else "…"
        return say(language, f"card.{table.mode}", cursor=cursor, from_=escape(begin), rows=rows)
    if current_rows is None:
        return say(language, "card.first_copy")
    return say(language, "card.replaces", rows=rows)


def conditions_line(language: Language, where: Sequence[Filter]) -> str:
    """Write the filter of a copy as safe mrkdwn: in signs, which both languages read alike."""
    shown = [escape(str(one)) for one in where[:_CONDITIONS_SHOWN]]
    rest = len(where) - _CONDITIONS_SHOWN
    joined = (" 그리고 " if language == "ko" else " and ").join(shown)
    return cut(f"{joined}, +{rest}" if rest > 0 else joined, _CONDITION_CHARACTERS)


def column_changes(
    language: Language, before: Sequence[Column], after: Sequence[Column]
) -> list[str]:
    """Tell which columns come, go or get another type; nothing where none does."""
    old, new = {one.name: one for one in before}, {one.name: one for one in after}
    added = [name for name in new if name not in old]
    dropped = [name for name in old if name not in new]
    retyped = [
        f"{name} {old[name].oracle_type} → {one.oracle_type}"
        for name, one in new.items()
        if name in old and old[name].declared != one.declared
    ]
    found = (
        ("card.columns_added", added),
        ("card.columns_dropped", dropped),
        ("card.columns_retyped", retyped),
    )
    return [say(language, phrase, names=_listed(names)) for phrase, names in found if names]


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(cut(escape(name), 60) for name in names[:_COLUMNS_NAMED])
    rest = len(names) - _COLUMNS_NAMED
    return f"{shown}, +{rest}" if rest > 0 else shown


def estimate_line(language: Language, estimate: Estimate | None) -> str:
    """Tell how many rows the dictionary believes in."""
    if estimate is None or estimate.rows is None:
        return say(language, "card.no_estimate")
    rows = number(estimate.rows)
    if estimate.analyzed_at is None:
        return say(language, "card.estimate", rows=rows)
    return say(language, "card.estimate_of", rows=rows, date=escape(estimate.analyzed_at[:10]))


def _since(language: Language, before: Plan, after: Plan) -> list[str]:
    now = {table.ref: table for table in after.tables}
    changes: list[str] = []
    for old in before.tables:
        new, name = now.get(old.ref), cut(escape(str(old.ref)), 100)
        if new is None:
            changes.append(say(language, "card.table_dropped", table=name))
            continue
        if new.max_rows != old.max_rows:
            ceilings = {"before": number(old.max_rows), "after": number(new.max_rows)}
            changes.append(say(language, "card.ceiling", table=name, **ceilings))
        columns = ", ".join(column_changes(language, old.columns, new.columns))
        if columns:
            changes.append(say(language, "card.table_columns", table=name, changes=columns))
        if new.key != old.key:
            changes.append(say(language, "card.table_key", table=name))
    return changes


def question_words(language: Language, question: Question) -> list[str]:
    """Say over how much it goes, and what a yes makes of it."""
    words = [say(language, "card.question_rows", rows=number(question.planned_rows))]
    if question.wanted != "rows":
        words.append(say(language, f"card.question_{question.wanted}"))
    return words
