"""The forms of a card when they come back: a no with its reason, and another revision."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import redis
from slack_bolt import App
from slack_sdk import WebClient

from app.desk import CardDesk, edit, limits_of, may_edit
from app.listeners.actions import Handler, answered, decided, not_pending, note_refused
from app.listeners.clicks import (
    Answer,
    ClickOutcome,
    Pressed,
    Tell,
    approval_of,
    outcome_words,
    read_submit,
    tell,
)
from app.texts import say
from app.views.approval_card import is_editable
from app.views.modals import (
    EDIT_FORM,
    NOTHING,
    REJECT_FORM,
    About,
    read_about,
    read_edit,
    read_reason,
)
from sync.approvals import Approval


def register(
    app: App, desk: CardDesk, on_click: Callable[[ClickOutcome], None], tell: Tell = tell
) -> None:
    """Listen to the forms; *on_click* is told what each led to, and its person by *tell*."""

    def rejected(
        ack: Callable[..., object],
        body: Mapping[str, Any],
        view: Mapping[str, Any],
        client: WebClient,
    ) -> None:
        ack()
        about = read_about(view) or NOTHING
        finish(read_submit(body, about), client, partial(_rejected, read_reason(view)))

    def edited(
        ack: Callable[..., object],
        body: Mapping[str, Any],
        view: Mapping[str, Any],
        client: WebClient,
    ) -> None:
        about = read_about(view) or NOTHING
        errors = _errors(desk, body, view, about)
        if errors:
            ack(response_action="errors", errors=errors)
            return
        ack()  # before Oracle is asked, which may take longer than Slack waits
        finish(read_submit(body, about), client, partial(_edited, view))

    def finish(pressed: Pressed, client: WebClient, handler: Handler) -> None:
        answer = answered(desk, client, pressed, handler)
        on_click(answer.outcome)
        tell(client, pressed, answer.words)

    app.view(REJECT_FORM)(rejected)
    app.view(EDIT_FORM)(edited)


def _rejected(
    why: str, desk: CardDesk, _slack: WebClient, pressed: Pressed, approval: Approval
) -> Answer:
    """Say no with a reason."""
    return decided(desk, pressed, approval, "reject", why)


def _edited(
    view: Mapping[str, Any], desk: CardDesk, _slack: WebClient, pressed: Pressed, approval: Approval
) -> Answer:
    """Put another revision in the place of the card."""
    language, plan = approval.request.language, approval.request.plan
    # Asked again: between the form and its coming back anything may have happened.
    if not may_edit(desk, approval, pressed.user):
        note_refused(desk, pressed, "edit")
        return Answer("not_allowed", say(language, "click.not_editor"))
    outcome = not_pending(pressed, approval)
    if outcome is None:
        found = read_edit(language, plan, limits_of(desk, plan), view)
        if isinstance(found, dict):
            return Answer("changed", "\n".join(found.values()))
        outcome = edit(desk, approval, found.ceilings, pressed.user, where=pressed.where)
    if outcome == "replaced":
        return Answer(outcome)
    return Answer(outcome, outcome_words(desk, approval, outcome))


def _errors(
    desk: CardDesk, body: Mapping[str, Any], view: Mapping[str, Any], about: About
) -> dict[str, str]:
    """Say what is wrong with a form, by block id; nothing where only its card can tell."""
    try:
        approval = approval_of(desk, read_submit(body, about))
    except redis.RedisError:  # said once the form is closed
        return {}
    if approval is None or not is_editable(approval) or about.digest != approval.request.digest:
        return {}
    plan = approval.request.plan
    found = read_edit(approval.request.language, plan, limits_of(desk, plan), view)
    return found if isinstance(found, dict) else {}
