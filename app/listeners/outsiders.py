"""People of another organisation, met in a shared channel: told once that they are not answered.

They may read what a rule lets a shared channel see. They ask nothing and decide nothing: what they
write to the bot and press goes no further than here.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from slack_bolt import App, BoltContext, BoltResponse
from slack_sdk import WebClient

from app.desk import CardDesk
from app.listeners.clicks import read_press
from app.listeners.hearing import Said, heard
from app.slack_gateway import whisper
from app.texts import say
from sync.audit import note
from sync.state import key

_TOLD_SECONDS = 3600


def register(app: App, desk: CardDesk, slack: WebClient, workers: ThreadPoolExecutor) -> None:
    """Keep all that comes of people of other organisations from the listeners; the first of all."""

    def keep_out(
        body: Mapping[str, Any],
        context: BoltContext,
        next: Callable[[], BoltResponse],  # noqa: A002 -- Bolt's name
    ) -> BoltResponse:
        team, enterprise = _installed_in(context)
        if not is_outsider(body, team, enterprise):
            return next()
        if _is_to_be_told(desk, team, body):
            workers.submit(_tell, desk, slack, body)
        return BoltResponse(status=200)

    app.use(keep_out)


def is_outsider(body: Mapping[str, Any], team: str, enterprise: str) -> bool:
    """Whether *body* tells what a person of another organisation did than the app's own.

    Where Slack does not say whose a person is, they are no outsider.
    """
    theirs = _team_of_person(body)
    ours = {team, enterprise, str(body.get("team_id") or "") if "event" in body else ""}
    return bool(theirs) and theirs not in ours


def _team_of_person(body: Mapping[str, Any]) -> str:
    event = cast("Mapping[str, Any]", body.get("event") or {})
    if event:
        said = cast("Mapping[str, Any]", event.get("message") or event)
        return str(said.get("user_team") or said.get("source_team") or "")
    user: object = body.get("user")
    if not isinstance(user, dict):
        return ""
    return str(cast("Mapping[str, Any]", user).get("team_id") or "")


def _installed_in(context: BoltContext) -> tuple[str, str]:
    found = context.authorize_result
    return (found.team_id or "", found.enterprise_id or "") if found else ("", "")


def _is_to_be_told(desk: CardDesk, team: str, body: Mapping[str, Any]) -> bool:
    """Whether they have called or pressed; a message is told of by two events and counts once."""
    if "event" not in body:
        pressed = read_press(body)
        about, where = pressed.approval_id, pressed.where
        note(
            desk.redis,
            team,
            "click_refused",
            who=pressed.user,
            subject=about,
            where=where,
            detail=f"outsider {pressed.action}".strip(),
        )
        return bool(pressed.user)
    said = heard(body)
    if not isinstance(said, Said) or not said.is_call:
        return False
    told = key(team, "outsider_told", said.source)
    return bool(desk.redis.set(told, "1", nx=True, ex=_TOLD_SECONDS))


def _tell(desk: CardDesk, slack: WebClient, body: Mapping[str, Any]) -> None:
    said = heard(body)
    if isinstance(said, Said):
        user, channel, thread = said.user, said.place.channel, said.place.thread_ts
        thread = thread if said.is_reply else ""
    else:
        pressed = read_press(body)
        user, channel, thread = pressed.user, pressed.channel, pressed.thread
    language = desk.readers_language(user) or desk.config.language
    whisper(slack, channel, user, thread, say(language, "outsider.refused"))
