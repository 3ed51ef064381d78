"""What somebody asks outside of a conversation: a message says so, and below it it is answered."""

import json
import logging
from dataclasses import asdict
from typing import cast

from agent.deps import Language
from app.office import Office
from app.places import Place, parse_place
from app.readers import language_for
from app.slack_gateway import SlackRefused, post_answer
from app.thread_memory import expect_turn
from app.views.asked import asked_message
from sync.inbox import Entry, put
from sync.state import key

log = logging.getLogger(__name__)

_POSTED_SECONDS = 7 * 24 * 3600


def pose(office: Office, entry: Entry) -> None:
    """Say in its channel or thread who asks what, and have it answered there as if they wrote it.

    Where the bot cannot write, in their direct messages. Done again it is asked once.
    """
    redis, body, place = office.core.redis, entry.body, parse_place(entry.thread)
    language = language_of_entry(office, entry, body["text"])
    noted = key(place.team, "posed", entry.id)
    stored = cast("str | None", redis.get(noted))
    thread = Place(**json.loads(stored)) if stored else _begin(office, entry, place, language)
    redis.set(noted, json.dumps(asdict(thread)), ex=_POSTED_SECONDS)
    expect_turn(redis, str(thread))
    asked = {name: body[name] for name in ("user", "text", "source")}
    put(redis, "message", str(thread), {**asked, "language": language}, once=(body["source"],))


def language_of_entry(office: Office, entry: Entry, text: str) -> Language:
    """Tell in which language an entry is answered: the one it names, else its person's."""
    named, user = entry.body.get("language"), entry.body.get("user", "")
    if named in ("ko", "en"):
        return named
    return language_for(office.core.config, office.readers_language, user, text)


def _begin(office: Office, entry: Entry, place: Place, language: Language) -> Place:
    user, shown, quote = (entry.body.get(name, "") for name in ("user", "shown", "quote"))
    try:
        in_thread = bool(place.thread_ts)  # there the message that is asked about stands above
        message = asked_message(language, user, shown, "" if in_thread else quote)
        posted = post_answer(office.slack, place, message)
    except SlackRefused as error:
        log.info("what %s asks is answered directly, not in %s: %s", user, place.channel, error)
        message = asked_message(language, user, shown, quote, not_in=place.channel)
        posted = post_answer(office.slack, Place(place.team, user), message)
        return Place(place.team, posted.channel, posted.ts)
    return Place(place.team, posted.channel, place.thread_ts or posted.ts)
