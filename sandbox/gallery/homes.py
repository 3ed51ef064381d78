"""The Home tab: of somebody new, of somebody who works with it, of an admin; a request in full."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from agent.deps import Language
from agent.ledger import DaySpent
from app.views.approval_card import approval_card
from app.views.home import Home, home_view, outsiders_view, request_view
from app.views.home_admin import Operations, Waiter
from app.views.home_parts import Conversation, Planned, Ran, TableState, Waiting, names_line
from app.views.schedule_lines import when_line
from app.views.text import escape
from sandbox.gallery.cards import FACTS
from sandbox.gallery.parts import (
    APPROVER,
    ASKER,
    NOW,
    NOW_MS,
    approval,
    failure,
    plan,
    receipt,
    ref,
    request,
    run,
    schedule,
    table_receipt,
    undo,
)
from sandbox.gallery.pieces import Content, Piece, window
from sync.approvals import Approval, Question
from sync.counts import StateCounts
from sync.runs import RunState
from sync.standing import ScheduleChange
from sync.stops import Stop

MANY = 30
LINK = "https://acme.slack.com/archives/C0DATA/p1795309330000200"
EMPTY = Home(now=NOW, waiting=(), threads=(), tables=(), schedules=(), runs=())


def homes(language: Language, content: Content) -> Iterator[Piece]:
    """Draw each of them."""
    first = replace(EMPTY, tables=(TableState(content.table, ref(content)),))
    busy, wish = busy_home(language, content), request(content, language)
    yield window("home.nothing", language, home_view(language, EMPTY))
    yield window("home.first", language, home_view(language, first))
    yield window("home.damaged", language, home_view(language, replace(EMPTY, tables=None)))
    yield window("home.busy", language, home_view(language, busy, escape(content.typed)))
    admin = replace(busy, operations=operations(language, content))
    yield window("home.admin", language, home_view(language, admin))
    many = Home(
        now=NOW,
        waiting=busy.waiting * MANY,
        threads=busy.threads * MANY,
        tables=(busy.tables or ()) * MANY,
        schedules=busy.schedules * MANY,
        runs=busy.runs * MANY,
        operations=operations(language, content, MANY),
        has_more=True,
    )
    yield window("home.outsider", language, outsiders_view(language))
    yield window("home.many", language, home_view(language, many, escape(content.typed)))
    card = approval_card(approval(wish), None, FACTS, live=False)
    yield window("home.request", language, request_view(language, card.blocks))


def busy_home(language: Language, content: Content) -> Home:
    """Draw from one of each kind."""
    one = replace(content, tables=1)
    change = ScheduleChange(action="create", schedule=schedule(content, language))
    question = Question(sql=content.sql, planned_rows=84_000_000, wanted="rows")
    wishes = (
        request(one, language),
        request(content, language, quorum=2),
        request(one, language, undo(one)),
        request(content, language, change=change, schedule=content.schedule),
        request(content, language, question=question),
    )
    week = timedelta(days=7).total_seconds()
    whole = table_receipt(content, ref(content))
    imported = table_receipt(content, ref(content), imported=content.file, proof="none")
    daily = schedule(content, language)
    named = names_line(language, daily.tables)
    planned = Planned(content.schedule, named, when_line(language, daily), NOW)
    done = run(wishes[0], RunState.PUBLISHED, receipt=receipt(one, plan(one)))
    done = done.model_copy(update={"started_ms": NOW_MS, "finished_ms": NOW_MS + 12_340})
    return Home(
        now=NOW,
        waiting=tuple(waiting(approval(wish), own=wish.quorum == 1) for wish in wishes),
        threads=(Conversation(content.typed, NOW, LINK), Conversation("", NOW, LINK)),
        tables=(
            TableState(content.table, ref(content), whole, 24, 3600),
            TableState(content.table, ref(content), whole, 24, week, rule=content.rule),
            TableState(content.table, ref(content), whole, 24, 3600, part="ROWNUM <= 1000"),
            TableState(content.table, None, imported, 24, week),
            TableState(content.table, ref(content)),
        ),
        schedules=(
            planned,
            replace(planned, asks=True),
            replace(planned, paused=True),
            replace(planned, paused=True, paused_because="last_day"),
            replace(planned, paused=True, paused_because="owner_gone"),
            replace(planned, paused=True, paused_because="role_lost"),
        ),
        runs=(
            Ran(done, LINK),
            Ran(run(wishes[1], RunState.FAILED, failure=failure(content)), LINK),
            Ran(run(wishes[1], RunState.QUEUED), ""),
        ),
    )


def waiting(asked: Approval, *, own: bool) -> Waiting:
    """Let the reader decide about it."""
    return Waiting(asked, may_approve=True, may_reject=True, is_own=own, quorum=1, link=LINK)


def operations(language: Language, content: Content, waiters: int = 1) -> Operations:
    """Give the figures of a day on which all is wrong that can be."""
    tables = names_line(language, [ref(content)])
    return Operations(
        counts=StateCounts(
            open_runs={RunState.QUEUED: 2, RunState.RUNNING: 1, RunState.VERIFYING: 0},
            oldest_queued_seconds=90.0,
            runs_ended={RunState.PUBLISHED: 1204, RunState.FAILED: 3},
            approvals_pending=2,
            inbox_entries=4,
            oldest_entry_seconds=42.0,
            cards_waiting=1,
            clock_ticks=False,
            stopped_sources=["main"],
            workers=0,
        ),
        free_bytes=0,
        spent=DaySpent(tokens=1_234_567, nano_usd=1_850_000_000),
        stopped={"main": Stop(since="2026-11-22T00:00:00+00:00", reason=content.typed)},
        closed={"main": datetime(2026, 11, 22, 9, 30, tzinfo=UTC)},
        missing_scopes=("files:write", "users:read"),
        given_up=2,
        broken_answers=1,
        waiters=[Waiter(ASKER, tables, NOW), Waiter(APPROVER, tables, NOW)] * waiters,
    )
