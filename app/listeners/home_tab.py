"""The Home tab: drawn when it is opened and after each press on it, and its own buttons.

What decides there are the buttons of cards, heard where those are.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient

from app.desk import CardDesk, facts_of, refusal
from app.failure_texts import word_failure
from app.home import reader_of, show_home
from app.listeners.actions import answered, guarded
from app.listeners.clicks import (
    Answer,
    ClickOutcome,
    Pressed,
    Tell,
    opened,
    read_press,
    run_of,
    tell,
)
from app.listeners.slash import ask_for
from app.places import Place
from app.texts import say
from app.views.approval_card import approval_card
from app.views.home import REFRESH, request_view
from app.views.home_parts import LOOK, SYNC, full_name
from app.views.text import with_dates
from app.withheld import rules_for_readers
from sync.access_errors import NotAllowed
from sync.approvals import Approval
from sync.state import key

ONCE_SECONDS = 30
"""For so long pressing the same again asks nothing new."""


def register(app: App, desk: CardDesk, on_click: Callable[[ClickOutcome], None]) -> None:
    """Listen to the tab and its own buttons; *on_click* is told what each press led to."""
    answer_at_home = teller(desk)

    def is_home(event: Mapping[str, Any]) -> bool:
        return event.get("tab") == "home"

    def drawn(event: Mapping[str, Any], body: Mapping[str, Any], client: WebClient) -> None:
        show_home(desk, client, str(event["user"]), str(body["team_id"]))

    def refreshed(ack: Callable[[], None], body: Mapping[str, Any], client: WebClient) -> None:
        ack()
        on_click("drawn")
        answer_at_home(client, read_press(body), "")

    def looked(ack: Callable[[], None], body: Mapping[str, Any], client: WebClient) -> None:
        ack()
        pressed = read_press(body)
        answer = answered(desk, client, pressed, look)
        on_click(answer.outcome)
        if answer.words:
            answer_at_home(client, pressed, answer.words)

    def asked(ack: Callable[[], None], body: Mapping[str, Any], client: WebClient) -> None:
        ack()
        pressed = read_press(body)
        answer = guarded(desk, lambda: ask_sync(desk, pressed), user=pressed.user)
        on_click(answer.outcome)
        answer_at_home(client, pressed, answer.words)

    app.event("app_home_opened", matchers=[is_home])(drawn)
    app.action(REFRESH)(refreshed)
    app.action(LOOK)(looked)
    app.action(SYNC)(asked)


def teller(desk: CardDesk) -> Tell:
    """Make what answers a click: on the Home tab, drawn anew, where it was pressed there."""

    def answer(slack: WebClient, pressed: Pressed, words: str) -> None:
        def draw() -> Answer:
            is_shown = show_home(desk, slack, pressed.user, pressed.team, words)
            return Answer("drawn", "" if is_shown else words)

        if pressed.is_home:
            drawn = guarded(desk, draw, user=pressed.user)
            words = (drawn.outcome == "failed" and words) or drawn.words
        tell(slack, pressed, words)

    return answer


def look(desk: CardDesk, slack: WebClient, pressed: Pressed, approval: Approval, /) -> Answer:
    """Show a request in full, as its card does, to who asked and who may decide."""
    language = reader_of(desk, pressed.user)
    if refusal(desk, approval, pressed.user, "reject") is not None:
        return Answer("not_allowed", say(language, "home.not_yours"))
    return opened(slack, pressed, approval, _request_shown(desk, pressed.user, approval))


def ask_sync(desk: CardDesk, pressed: Pressed) -> Answer:
    """Ask for a sync in the person's name, in their direct messages; a card is proposed there.

    It is the command anybody may write, so the same rules, cards and approvals follow.
    """
    language = reader_of(desk, pressed.user)
    offered = {full_name(ref): ref for ref in desk.config.offered}
    ref = offered.get(pressed.value)
    if ref is None:
        return Answer("not_offered", say(language, "home.not_offered"))
    try:
        desk.see(pressed.user, "", None)(ref)
    except NotAllowed as error:
        return Answer("not_allowed", with_dates(word_failure(language, error.failure)))
    claim = key(pressed.team, "asked_at_home", pressed.user, pressed.value)
    if not desk.redis.set(claim, "1", nx=True, ex=ONCE_SECONDS):
        return Answer("asked_again", say(language, "home.asked_twice"))
    directly = Place(pressed.team, pressed.user)
    ask_for(desk, language, directly, pressed.user, ref, None, pressed.trigger_id)
    return Answer("asked", say(language, "home.asked"))


def _request_shown(desk: CardDesk, user: str, approval: Approval) -> dict[str, Any]:
    """Draw a request for *user* alone: by what they may see, in their language."""
    language, request = reader_of(desk, user), approval.request
    run = run_of(desk, approval)
    refs = [table.source_ref for table in request.plan.tables]
    withheld = rules_for_readers(language, desk.see, "", user, refs)
    facts = replace(facts_of(desk, approval, run), withheld=withheld)
    theirs = request.model_copy(update={"language": language})
    shown = approval.model_copy(update={"request": theirs})
    return request_view(language, approval_card(shown, run, facts, live=False).blocks)
