"""The button of a card that keeps its SQL from some readers: the SQL, for whoever may see it."""

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient

from app.access import split
from app.desk import CardDesk
from app.failure_texts import word_failure
from app.listeners.actions import answered
from app.listeners.clicks import Answer, ClickOutcome, Pressed, opened, read_press, tell
from app.texts import say
from app.views.approval_card import SHOW_SQL
from app.views.modals import sql_view
from app.views.text import escape
from app.withheld import why_not_all
from sync.approvals import Approval


def register(app: App, desk: CardDesk, on_click: Callable[[ClickOutcome], None]) -> None:
    """Listen to the button; *on_click* is told what each press led to."""

    def shown(ack: Callable[[], None], body: Mapping[str, Any], client: WebClient) -> None:
        ack()
        pressed = read_press(body)
        answer = answered(desk, client, pressed, show)
        on_click(answer.outcome)
        tell(client, pressed, answer.words)

    app.action(SHOW_SQL)(shown)


def show(desk: CardDesk, slack: WebClient, pressed: Pressed, approval: Approval, /) -> Answer:
    """Open the SQL before whoever may see all of its tables, or asked it and may see them still."""
    request, language = approval.request, approval.request.language
    if request.question is None or pressed.digest != request.digest:
        return Answer("changed", say(language, "click.changed"))
    see = desk.see(pressed.user, pressed.channel, None)
    refs = [table.source_ref for table in request.plan.tables]
    if pressed.user == request.requested_by:
        why = [word_failure(language, error.failure) for error in split(refs, see)[1].values()]
    else:
        why = [why_not_all(language, see, ref) for ref in refs]
    if any(why):
        return Answer("not_allowed", escape(next(filter(None, why))))
    return opened(slack, pressed, approval, sql_view(language, request.question.sql))
