"""What a click carries, and the ways to answer it: in private, or on the message itself."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Literal, cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from app.desk import CardDesk, facts_of, who_may
from app.slack_gateway import reason, redraw, whisper
from app.texts import say
from app.views.approval_card import Message, approval_card, read_button_value
from app.views.card_life import people
from app.views.modals import About
from app.views.text import context, person
from sync.approvals import Approval, Outcome, load_approval, remember_card, show_card
from sync.runs import Run, load_run
from sync.state import team_of

ClickOutcome = (
    Outcome
    | Literal[
        "not_offered",
        "inactive",
        "failed",
        "form",
        "told",
        "drawn",
        "good",
        "bad",
        "receipt",
        "receipt_gone",
        "asked",
        "asked_again",
        "not_ended",
        "not_editable",
        "unchanged",
        "too_late",
        "cancelled",
        "cancelling",
        "already_ended",
    ]
)
"""What a click led to: also a table that is offered no more, an old button, a form, a fault."""

_LATE = frozenset(
    {"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "trigger_expired"}
)
"""Slack's answers where a form was opened more than three seconds after the click."""

_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,8}")


@dataclass(frozen=True)
class Answer:
    """What became of a click, and what to tell the person in private; nothing where it shows."""

    outcome: ClickOutcome
    words: str = ""


@dataclass(frozen=True)
class Pressed:
    """A click, as it arrives."""

    user: str
    team: str
    channel: str
    thread: str
    message: str
    """The ts of the message that was clicked."""
    approval_id: str
    digest: str
    action: str = ""
    """Which button, where one listener hears several."""
    trigger_id: str = ""
    blocks: tuple[Mapping[str, Any], ...] = ()
    """What the message showed."""
    value: str = ""
    """What the button carries."""
    is_home: bool = False
    """Whether it stands on the person's Home tab, where there is no channel and no message."""

    @property
    def where(self) -> str:
        """The message, as an approval remembers its card and the audit a place."""
        return "home" if self.is_home else f"{self.channel}:{self.message}"


def read_press(body: Mapping[str, Any]) -> Pressed:
    """Read a click on a button of a message or of the Home tab."""
    container = _part(body, "container")
    message = _part(body, "message")
    actions = cast("list[Mapping[str, Any]]", body.get("actions") or [{}])
    value = str(actions[0].get("value", ""))
    approval_id, digest = read_button_value(value)
    return Pressed(
        user=str(_part(body, "user").get("id", "")),
        team=team_in(body),
        channel=str(_part(body, "channel").get("id") or container.get("channel_id") or ""),
        thread=str(container.get("thread_ts") or message.get("thread_ts") or ""),
        message=str(container.get("message_ts") or ""),
        approval_id=approval_id,
        digest=digest,
        action=str(actions[0].get("action_id", "")),
        trigger_id=str(body.get("trigger_id", "")),
        blocks=tuple(cast("list[Mapping[str, Any]]", message.get("blocks") or [])),
        value=value,
        is_home=_part(body, "view").get("type") == "home",
    )


def read_submit(body: Mapping[str, Any], about: About) -> Pressed:
    """Read a form that came back."""
    return Pressed(
        user=str(_part(body, "user").get("id", "")),
        team=team_in(body),
        channel=about.channel,
        thread=about.thread if _TS.fullmatch(about.thread) else "",
        message=about.card,
        approval_id=about.approval,
        digest=about.digest,
        is_home=not about.channel,
    )


def about_of(pressed: Pressed) -> About:
    """Say for a form which click it belongs to."""
    return About(
        approval=pressed.approval_id,
        digest=pressed.digest,
        channel=pressed.channel,
        thread=pressed.thread,
        card=pressed.message,
    )


def approval_of(desk: CardDesk, pressed: Pressed) -> Approval | None:
    """Read what a click is about; an id is no secret, so another workspace finds nothing."""
    # Only its own team's ids are looked up: what a forged one names may be anything.
    if not pressed.approval_id or team_of(pressed.approval_id) != pressed.team:
        return None
    return load_approval(desk.redis, pressed.approval_id)


def run_of(desk: CardDesk, approval: Approval) -> Run | None:
    """Read the run of an approval, if it has one."""
    return load_run(desk.redis, approval.run_id) if approval.run_id else None


def unknown(slack: WebClient, desk: CardDesk, pressed: Pressed) -> Answer:
    """Answer a click on a card nobody knows anything of, and take its buttons away."""
    language = desk.config.language
    is_ours = team_of(pressed.approval_id) == pressed.team if pressed.approval_id else False
    if is_ours and pressed.blocks and pressed.message:
        words = say(language, "click.orphaned")
        kept = [dict(block) for block in pressed.blocks if block.get("type") != "actions"]
        redraw(
            slack, pressed.channel, pressed.message, Message(words, [*kept[:49], context(words)])
        )
    theirs = desk.readers_language(pressed.user) or language
    return Answer("unknown", say(theirs, "click.unknown"))


def mend_card(slack: WebClient, desk: CardDesk, pressed: Pressed) -> None:
    """See that the message that was clicked is the card, or says how things stand without buttons.

    A crash between posting a card and noting where leaves a card nobody keeps true.
    """
    if not pressed.blocks:  # a form: where it says it came from is not known to be a card
        return
    approval = approval_of(desk, pressed)
    if approval is None or approval.card == pressed.where:
        return
    if approval.card is None:
        remember_card(desk.redis, approval.id, pressed.where)
        show_card(desk.redis, approval.id)
        return
    run = run_of(desk, approval)
    facts = facts_of(desk, approval, run)
    redraw(slack, pressed.channel, pressed.message, approval_card(approval, run, facts, live=False))


def not_allowed(desk: CardDesk, approval: Approval, phrase: str) -> str:
    """Say why somebody may not, and who may."""
    who = people(who_may(desk, approval))
    return say(approval.request.language, phrase, who=who)


def outcome_words(desk: CardDesk, approval: Approval, outcome: ClickOutcome) -> str:
    """Say what stood in the way, with who was first."""
    decided = load_approval(desk.redis, approval.id)
    who = person(decided.decided_by or "?") if decided else "?"
    return say(approval.request.language, f"click.{outcome}", who=who)


def opened(
    slack: WebClient,
    pressed: Pressed,
    approval: Approval,
    view: dict[str, Any],
    outcome: ClickOutcome = "form",
) -> Answer:
    """Open a window before the person, for which Slack gives three seconds; or say it is late."""
    if open_window(slack, pressed.trigger_id, view):
        return Answer(outcome)
    return Answer("too_late", say(approval.request.language, "click.too_late"))


def open_window(slack: WebClient, trigger_id: str, view: dict[str, Any]) -> bool:
    """Open a window before whoever did something in the last three seconds; False: too late."""
    try:
        slack.views_open(trigger_id=trigger_id, view=view)
    except SlackApiError as error:
        if reason(error) in _LATE:
            return False
        raise
    except (SlackClientError, OSError, HTTPException):
        return False
    return True


Tell = Callable[[WebClient, Pressed, str], None]
"""Tells a person what became of their click; the words are safe mrkdwn, or none."""


def tell(slack: WebClient, pressed: Pressed, words: str) -> None:
    """Tell the person in private where they clicked, or directly."""
    if words:
        whisper(slack, pressed.channel, pressed.user, pressed.thread, words)


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", body.get(name) or {})


def team_in(body: Mapping[str, Any]) -> str:
    """Name the workspace a person did something in."""
    return str(_part(body, "team").get("id") or _part(body, "user").get("team_id") or "")
