"""The agent view of Slack: what is suggested where nothing was asked yet, and its own Stop."""

from collections.abc import Mapping
from typing import Any

from slack_bolt import App

from app.desk import CardDesk
from app.live import STOP_SECONDS, running_key, stop_key
from app.openers import find_openers
from app.places import Place
from app.signs import Signs, set_session, suggest
from app.texts import say
from app.views.opening import opening_prompts


def register(app: App, desk: CardDesk, signs: Signs) -> None:
    """Listen to people who open the messages of the bot, and who stop it there."""

    def is_messages(event: Mapping[str, Any]) -> bool:
        return event.get("tab") == "messages"

    def opened(event: Mapping[str, Any]) -> None:
        suggest_first(desk, signs, str(event["user"]), str(event["channel"]))

    def stopped(body: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        thread_ts = str(event.get("thread_ts") or "")
        place = Place(str(body["team_id"]), str(event["channel"]), thread_ts)
        stop_turn(desk, signs, place, str(event.get("user", "")))

    app.event("app_home_opened", matchers=[is_messages])(opened)
    app.event("agent_session_stopped")(stopped)


def suggest_first(desk: CardDesk, signs: Signs, user: str, channel: str) -> None:
    """Suggest to somebody what they may ask, in their language, by what they may see."""
    language = desk.readers_language(user) or desk.config.language
    openers = find_openers(desk.config, desk.warehouse, desk.see(user, channel, None))
    suggest(signs, channel, say(language, "prompt.title"), opening_prompts(language, openers))


def stop_turn(desk: CardDesk, signs: Signs, place: Place, user: str) -> None:
    """Have the turn of a thread end, as our own button does; Slack leaves its session to us."""
    entry = desk.redis.get(running_key(str(place)))
    if entry is None:
        set_session(signs, place, "active")
        return
    desk.redis.set(stop_key(place.team, str(entry)), user, ex=STOP_SECONDS)
