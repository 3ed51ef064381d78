"""The card of a sync in every state of its life."""

from collections.abc import Iterator
from dataclasses import replace

from agent.deps import Language
from app.views.approval_card import approval_card
from app.views.card_parts import CardFacts
from sandbox.gallery.parts import (
    APPROVER,
    ASKER,
    GROUP,
    NOW_MS,
    SECOND,
    approval,
    backfill,
    columns,
    failure,
    incremental,
    noted,
    plan,
    progress,
    receipt,
    ref,
    request,
    run,
    trial,
    undo,
    went_back,
)
from sandbox.gallery.pieces import Content, Piece, message
from sync.approvals import Approval
from sync.errors import PlanDrifted
from sync.oracle_errors import OracleFailure, SourceStopped
from sync.runs import Run, RunState

FACTS = CardFacts(
    approvers=frozenset({APPROVER, SECOND, GROUP}),
    roles={APPROVER: "owner", GROUP: "approver", SECOND: "admin"},
    expected_seconds=95.0,
    free_bytes=412_000_000_000,
)


def cards(language: Language, content: Content) -> Iterator[Piece]:
    """Draw it from the question to the receipt, or to whatever else ends it."""
    for name, one, its_run, facts in _stages(language, content):
        yield message(f"card.{name}", language, approval_card(one, its_run, facts))
    live = approval(request(content, language))
    yield message("card.copy", language, approval_card(live, None, FACTS, live=False))


Stage = tuple[str, Approval, Run | None, CardFacts]


def _stages(language: Language, content: Content) -> Iterator[Stage]:
    yield from _waiting(language, content)
    yield from _decided(language, content)
    yield from _running(language, content)
    yield from _ended(language, content)


def _waiting(language: Language, content: Content) -> Iterator[Stage]:
    wish = request(content, language)
    yield "pending", approval(wish), None, FACTS
    replacing = plan(content, current_rows=98_000)
    seen = tuple(column for column in columns(content) if column.name != "CHANGED")
    changed = replace(FACTS, current={table.ref: seen for table in replacing.tables})
    yield "replaces", approval(request(content, language, replacing)), None, changed
    yield "incremental", approval(request(content, language, incremental(content))), None, FACTS
    yield "trial", approval(request(content, language, trial(content))), None, FACTS
    yield "backfill", approval(request(content, language, backfill(content))), None, FACTS
    yield "undo", approval(request(content, language, undo(content))), None, FACTS
    due = request(
        content, language, requested_by=f"schedule:{content.schedule}", schedule=content.schedule
    )
    yield "scheduled", approval(due), None, FACTS
    ruled = replace(
        FACTS,
        quorum=2,
        rules=(content.rule,),
        rule_why=content.typed,
        roles={APPROVER: "rule", SECOND: "rule"},
    )
    two = request(content, language, quorum=2)
    yield "quorum", approval(two), None, ruled
    yield "one_of_two", approval(two, yeses=(APPROVER,)), None, ruled
    yield "refused", approval(wish), None, replace(ruled, refused=True)
    yield "nobody", approval(wish), None, CardFacts(free_bytes=1_000)
    yield "withheld", approval(wish), None, replace(FACTS, withheld=content.rule)
    edited = request(content, language, revision=2, replaces="T0DUCK-old")
    lower = edited.plan.capped([500_000] * len(edited.plan.tables))
    edited = edited.model_copy(update={"plan": lower})
    yield "edited", approval(edited), None, replace(FACTS, before=wish.plan)


def _decided(language: Language, content: Content) -> Iterator[Stage]:
    wish = request(content, language)
    yield "approved", approval(wish, "approved", yeses=(APPROVER, SECOND)), None, FACTS
    yield "rejected", approval(wish, "rejected", reason=content.typed), None, FACTS
    yield "withdrawn", approval(wish, "withdrawn", decided_by=ASKER), None, FACTS
    yield "replaced", approval(wish, "replaced"), None, replace(FACTS, replaced_by=2)
    yield "expired", approval(wish, "expired"), None, FACTS
    yield "asked_again", approval(wish, "expired"), None, replace(FACTS, asked_again_by=SECOND)


def _running(language: Language, content: Content) -> Iterator[Stage]:
    wish = request(content, language)
    soon = {"put_off_ms": NOW_MS + 600_000}
    stopped = SourceStopped(source="main", since="2026-11-22 00:10", reason=content.typed, until="")
    broken = OracleFailure(source="main", oracle_code=content.failure)
    runs = {
        "queued": run(wish, RunState.QUEUED),
        "put_off": run(wish, RunState.QUEUED, **soon),
        "source_stopped": run(wish, RunState.QUEUED, **soon, last_failure=stopped.failure),
        "retry": run(wish, RunState.QUEUED, **soon, last_failure=broken.failure, attempts=1),
        "starting": run(wish, RunState.RUNNING),
        "running": run(wish, RunState.RUNNING, progress=progress(content)),
        "running_of_unknown": run(
            wish, RunState.RUNNING, progress=progress(content, expected_rows=None, is_paced=True)
        ),
        "stopping": run(wish, RunState.RUNNING, progress=progress(content), cancel_by=ASKER),
        "verifying": run(wish, RunState.VERIFYING, progress=progress(content, rows=100_000)),
    }
    for name, one in runs.items():
        yield name, one.approval, one, FACTS
    queued = runs["queued"]
    yield "place", queued.approval, queued, replace(FACTS, queue_place=3)
    yield "place_eta", queued.approval, queued, replace(FACTS, queue_place=3, queue_seconds=900.0)
    back = run(request(content, language, undo(content)), RunState.RUNNING)
    yield "undoing", back.approval, back, FACTS


def _ended(language: Language, content: Content) -> Iterator[Stage]:
    wish = request(content, language)
    going_on = request(content, language, incremental(content))
    back = request(content, language, undo(content))
    attempt = request(content, language, trial(content))
    drifted = PlanDrifted(table=str(ref(content))).failure
    undone = receipt(content, back.plan, undone=went_back())
    few = receipt(content, attempt.plan, rows=1000, oracle_rows=1000, trial_of=ref(content))
    runs = {
        "published": run(wish, RunState.PUBLISHED, receipt=receipt(content, wish.plan)),
        "published_noted": run(going_on, RunState.PUBLISHED, receipt=noted(content, going_on.plan)),
        "published_trial": run(attempt, RunState.PUBLISHED, receipt=few),
        "undone": run(back, RunState.PUBLISHED, receipt=undone),
        "failed": run(wish, RunState.FAILED, failure=failure(content)),
        "parked": run(wish, RunState.FAILED, failure=failure(content), parked=True, attempts=3),
        "superseded": run(wish, RunState.SUPERSEDED, failure=drifted),
        "cancelled": run(wish, RunState.CANCELLED, cancel_by=ASKER),
    }
    for name, one in runs.items():
        yield name, one.approval, one, FACTS
