"""Cards that ask for something else than a sync: a schedule, a large query."""

from collections.abc import Iterator
from dataclasses import replace

from agent.deps import Language
from app.views.approval_card import approval_card
from app.views.schedule_lines import change_lines, outside_lines
from sandbox.gallery.cards import FACTS
from sandbox.gallery.parts import (
    APPROVER,
    ASKER,
    CHANNEL,
    NOW,
    approval,
    ref,
    request,
    schedule,
)
from sandbox.gallery.pieces import Content, Piece, message
from sync.approvals import Question
from sync.result_condition import ResultCondition
from sync.standing import Action, Outside, ScheduleChange
from sync.warehouse.query import Condition

ACTIONS: tuple[Action, ...] = ("create", "change", "pause", "resume", "delete")


def schedule_cards(language: Language, content: Content) -> Iterator[Piece]:
    """Draw the cards of each change of a schedule, and of a tick outside of its envelope."""
    told = schedule(content, language, only_if_changed=True, tell_if=tells(content))
    for action in ACTIONS:
        change = ScheduleChange(action=action, schedule=told)
        wish = request(content, language, change=change)
        facts = replace(FACTS, change_lines=tuple(change_lines(language, change, NOW)))
        yield message(f"schedule.{action}", language, approval_card(approval(wish), None, facts))
    later = schedule(content, language, cron="", after=(ref(content),), until=None)
    change = ScheduleChange(action="create", schedule=later)
    wish = request(content, language, change=change)
    facts = replace(FACTS, change_lines=tuple(change_lines(language, change, NOW)))
    for state in ("approved", "rejected", "withdrawn", "expired"):
        given = approval(wish, state, yeses=(APPROVER,) if state == "approved" else ())
        yield message(f"schedule.{state}", language, approval_card(given, None, facts))
    found = (
        Outside(reason="rows", table=str(ref(content)), rows=1_200_000, limit=1_000_000),
        Outside(reason="rows_unknown", table=str(ref(content)), limit=1_000_000),
        Outside(reason="columns", table=str(ref(content))),
        Outside(reason="mode", table=str(ref(content))),
        Outside(reason="policy"),
        Outside(reason="tables"),
    )
    reason = " ".join(outside_lines(language, found))
    wish = request(content, language, schedule=content.schedule, reason=reason)
    yield message("schedule.outside", language, approval_card(approval(wish), None, FACTS))


def question_cards(language: Language, content: Content) -> Iterator[Piece]:
    """Draw the card of a query that works through many rows."""
    for wanted in ("rows", "chart", "file"):
        asks = Question(sql=content.sql, planned_rows=84_000_000, wanted=wanted)
        wish = request(content, language, question=asks)
        yield message(f"question.{wanted}", language, approval_card(approval(wish), None, FACTS))
    wish = request(content, language, question=Question(sql=content.sql, planned_rows=84_000_000))
    withheld = replace(FACTS, withheld=content.rule)
    yield message("question.withheld", language, approval_card(approval(wish), None, withheld))
    for state in ("approved", "rejected", "withdrawn", "expired"):
        by = ASKER if state == "withdrawn" else APPROVER
        given = approval(wish, state, decided_by=None if state == "expired" else by)
        yield message(f"question.{state}", language, approval_card(given, None, FACTS))


def tells(content: Content) -> ResultCondition:
    """Give a condition on which a channel is told."""
    return ResultCondition(
        table=ref(content),
        where=(Condition(column=content.column[:200], op="=", value=content.cell),),
        op="<",
        value="1000",
        channel=CHANNEL,
    )
