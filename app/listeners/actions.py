"""The buttons of a card: one decision, and an answer to every click."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, cast

import redis
from slack_bolt import App
from slack_sdk import WebClient

from app.desk import (
    CardDesk,
    ask_again,
    judgement_of,
    limits_of,
    may_cancel,
    may_edit,
    prior_again,
    refusal,
)
from app.failure_texts import word_failure
from app.listeners.clicks import (
    Answer,
    ClickOutcome,
    Pressed,
    Tell,
    about_of,
    approval_of,
    mend_card,
    not_allowed,
    opened,
    outcome_words,
    read_press,
    run_of,
    tell,
    unknown,
)
from app.texts import Language, say
from app.views.approval_card import (
    AGAIN,
    APPROVE,
    CANCEL,
    EDIT,
    REJECT,
    can_be_asked_again,
    is_editable,
)
from app.views.modals import edit_form, reject_form
from app.views.text import person, with_dates
from sync.approvals import (
    Approval,
    ApprovalState,
    Click,
    Outcome,
    Verdict,
    decide,
    show_card,
)
from sync.audit import note
from sync.dispatch import RunLimits
from sync.errors import DuckferryError
from sync.jobs import hand_over
from sync.runs import FINAL, ask_cancel
from sync.state import named_error

log = logging.getLogger(__name__)

Handler = Callable[[CardDesk, WebClient, Pressed, Approval], Answer]
"""What a button or a form does with a click on a known card."""


def register(
    app: App, desk: CardDesk, on_click: Callable[[ClickOutcome], None], tell: Tell = tell
) -> None:
    """Listen to the buttons; *on_click* is told of every click, and its person by *tell*."""

    def listen(action_id: str, handler: Handler) -> None:
        def listener(ack: Callable[[], None], body: Mapping[str, Any], client: WebClient) -> None:
            ack()
            pressed = read_press(body)
            answer = answered(desk, client, pressed, handler)
            on_click(answer.outcome)
            tell(client, pressed, answer.words)

        app.action(action_id)(listener)

    listen(APPROVE, approve)
    listen(EDIT, open_edit)
    listen(REJECT, reject)
    listen(CANCEL, cancel)
    listen(AGAIN, again)


def answered(desk: CardDesk, slack: WebClient, pressed: Pressed, handler: Handler) -> Answer:
    """Do what a click on a card asks for; there is an answer, and the card is true."""

    def act() -> Answer:
        approval = approval_of(desk, pressed)
        if approval is None:
            return unknown(slack, desk, pressed)
        answer = handler(desk, slack, pressed, approval)
        mend_card(slack, desk, pressed)
        return answer

    return guarded(desk, act, user=pressed.user)


def guarded(
    desk: CardDesk, act: Callable[[], Answer], language: Language | None = None, *, user: str = ""
) -> Answer:
    """Do what a click asks for; whatever happens, there is an answer, in *language* or *user*'s."""
    try:
        return act()
    except DuckferryError as error:
        failure = error.failure
    except Exception as error:  # a listener is an outer edge: every click is answered
        named = named_error(error)
        log.exception("a click failed: %s", named)
        failure = named.failure
    theirs = language or (desk.readers_language(user) if user else None) or desk.config.language
    return Answer("failed", with_dates(word_failure(theirs, failure)))


def decided(
    desk: CardDesk, pressed: Pressed, approval: Approval, verdict: Verdict, why: str = ""
) -> Answer:
    """Decide as *pressed* says, and say what to tell the person in private."""
    refused = refusal(desk, approval, pressed.user, verdict)
    click = Click(
        user=pressed.user,
        verdict=verdict,
        digest=pressed.digest,
        reason=why,
        where=pressed.where,
    )
    quorum = judgement_of(desk, approval).quorum
    outcome = decide(desk.redis, approval, click, may_decide=refused is None, quorum=quorum)
    if outcome == "not_allowed" and refused:
        return Answer(outcome, not_allowed(desk, approval, refused))
    if outcome in ("approved", "rejected", "withdrawn"):
        return Answer(outcome)
    return Answer(outcome, outcome_words(desk, approval, outcome))


def approve(desk: CardDesk, _slack: WebClient, pressed: Pressed, approval: Approval, /) -> Answer:
    """Say yes; the last yes that is needed hands the run to a worker."""
    request = approval.request
    stops = request.change is not None and request.change.stops
    read = [table.source_ref for table in request.plan.tables]
    gone = [ref for ref in read if ref not in desk.config.offered and not ref.is_imported]
    if gone and not stops:
        return Answer("not_offered", say(request.language, "click.not_offered"))
    answer = decided(desk, pressed, approval, "approve")
    if answer.outcome == "approved" and request.change is None and request.question is None:
        limits = desk.config.limits
        try:
            hand_over(desk.redis, RunLimits(limits.runs_per_user, limits.runs_per_source))
        except redis.RedisError as error:
            # It is decided all the same; the reconciler hands the run to a worker.
            log.warning("run %s is handed over later: %s", approval.id, type(error).__name__)
    return answer


def reject(desk: CardDesk, slack: WebClient, pressed: Pressed, approval: Approval, /) -> Answer:
    """Withdraw at once for who asked; others who may say no are asked for a reason."""
    if pressed.user == approval.request.requested_by:
        return decided(desk, pressed, approval, "withdraw")
    if not_pending(pressed, approval) or refusal(desk, approval, pressed.user, "reject"):
        # Refused in the one place that decides, so that the audit has it.
        return decided(desk, pressed, approval, "reject")
    return opened(slack, pressed, approval, reject_form(approval, about_of(pressed)))


def open_edit(desk: CardDesk, slack: WebClient, pressed: Pressed, approval: Approval, /) -> Answer:
    """Show the plan to be changed to who asked and who may decide."""
    language = approval.request.language
    if not may_edit(desk, approval, pressed.user):
        note_refused(desk, pressed, "edit")
        return Answer("not_allowed", say(language, "click.not_editor"))
    outcome = not_pending(pressed, approval)
    if outcome:
        return Answer(outcome, outcome_words(desk, approval, outcome))
    if not is_editable(approval):
        return Answer("not_editable", say(language, "click.not_editable"))
    form = edit_form(approval, about_of(pressed), limits_of(desk, approval.request.plan))
    return opened(slack, pressed, approval, form)


def cancel(desk: CardDesk, _slack: WebClient, pressed: Pressed, approval: Approval, /) -> Answer:
    """Stop a run: one that waits ends at once, one that copies within about a second."""
    language, run = approval.request.language, run_of(desk, approval)
    if not may_cancel(desk, approval, pressed.user):
        note_refused(desk, pressed, "cancel")
        return Answer("not_allowed", not_allowed(desk, approval, "click.not_canceller"))
    if run is None or run.state in FINAL:
        show_card(desk.redis, approval.id)
        return Answer("already_ended", say(language, "click.already_ended"))
    outcome = ask_cancel(desk.redis, run, pressed.user)
    ended = outcome == "already_ended"
    return Answer(outcome, say(language, "click.already_ended") if ended else "")


def again(desk: CardDesk, _slack: WebClient, pressed: Pressed, approval: Approval, /) -> Answer:
    """Ask anew for what ended without a copy, once for a card; anybody who sees it may."""
    language = approval.request.language
    first = prior_again(desk, approval)
    if first is None:
        if not can_be_asked_again(approval, run_of(desk, approval)):
            return Answer("not_ended", say(language, "click.not_ended"))
        first = ask_again(desk, approval, pressed.user, where=pressed.where)
        if first.request.requested_by == pressed.user:
            return Answer("asked")
    who = person(first.request.requested_by)
    return Answer("asked_again", say(language, "click.asked_again", who=who))


def note_refused(desk: CardDesk, pressed: Pressed, what: str) -> None:
    """Note a click of somebody who may not, where no decision notes it."""
    note(
        desk.redis,
        pressed.team,
        "click_refused",
        who=pressed.user,
        subject=pressed.approval_id,
        where=pressed.where,
        detail=f"not_allowed {what}",
    )


def not_pending(pressed: Pressed, approval: Approval) -> Outcome | None:
    """Give what a click on a request comes to that cannot be decided any more, or None."""
    if approval.state is ApprovalState.EXPIRED:
        return "expired"
    if approval.state is not ApprovalState.PENDING:
        return cast("Outcome", f"already_{approval.state}")
    return None if pressed.digest == approval.request.digest else "changed"
