"""Who reads: their language (by words, by their Slack, by bot.toml), and whose they are."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from agent.deps import Language
from app.bot_config import BotConfig
from app.remembering import Remembered, once_at_a_time
from app.slack_client import hurried
from app.slack_gateway import reason
from app.texts import written_in
from app.workspace import Workspace

log = logging.getLogger(__name__)

FRESH_SECONDS = 3600.0
WAIT_SECONDS = 1
"""Slack lets a window be opened for three seconds after the press, whatever else takes its time."""


def language_for(
    config: BotConfig, readers_language: Callable[[str], Language | None], user: str, text: str
) -> Language:
    """Say in which language *user* is answered who wrote *text*.

    Where it has no words but names of tables ("ORDERS?"), their Slack decides before bot.toml does.
    """
    names = {
        name.casefold()
        for ref in config.offered
        for name in (ref.table, str(ref), f"{ref.source}.{ref}")
    }
    return written_in(text, names) or readers_language(user) or config.language


@dataclass(frozen=True)
class Person:
    """What Slack says of somebody; nothing where it says nothing."""

    locale: str = ""
    homes: frozenset[str] = frozenset()
    """Their workspace, and the organisation it belongs to."""


ReadersLanguage = Callable[[str], Language | None]
"""The language of a user by id; None where it is none of ours, or nobody says."""
People = Callable[[str], Person]
"""What Slack says of a user by id; asked for once an hour."""


def make_people(client: WebClient, now: Callable[[], float] = time.monotonic) -> People:
    """Make the function that asks Slack who somebody is; needs the scope users:read."""
    quick = hurried(client, WAIT_SECONDS)
    known = Remembered[Person](now)

    def find(user: str) -> Person:
        found = known.find(user, FRESH_SECONDS)
        if found:
            return found[0]
        try:
            answer = quick.users_info(user=user, include_locale=True)
        except (SlackClientError, OSError, HTTPException) as error:
            log.info("who %s is is not known: %s", user, reason(error))
            return Person()
        return known.keep(user, _read(cast("dict[str, Any]", answer.get("user") or {})))

    return once_at_a_time(find)


def make_readers_language(people: People) -> ReadersLanguage:
    """Make the function that tells the language of a Slack user."""
    return lambda user: _language(people(user).locale)


def make_is_outsider(people: People, workspace: Workspace) -> Callable[[str], bool]:
    """Make the function that tells whether a Slack user is of another organisation than the bot.

    Where Slack does not say whose a person is, they are no outsider.
    """
    ours = {workspace.team, workspace.enterprise}

    def is_outsider(user: str) -> bool:
        homes = people(user).homes
        return bool(homes) and not homes & ours

    return is_outsider


def _read(user: Mapping[str, Any]) -> Person:
    in_grid = cast("Mapping[str, Any]", user.get("enterprise_user") or {})
    homes = {str(user.get("team_id") or ""), str(in_grid.get("enterprise_id") or "")}
    return Person(str(user.get("locale") or ""), frozenset(homes - {""}))


def _language(locale: str) -> Language | None:
    spoken: dict[str, Language] = {"ko": "ko", "en": "en"}
    return spoken.get(locale.partition("-")[0])
