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
from app.remembering import Remembered
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
class _Person:
    """What Slack says of somebody; nothing where it says nothing."""

    locale: str = ""
    homes: frozenset[str] = frozenset()
    """Their workspace, and the organisation it belongs to."""


def make_readers_language(
    client: WebClient, now: Callable[[], float] = time.monotonic
) -> Callable[[str], Language | None]:
    """Make the function that tells the language of a Slack user; needs the scope users:read.

    None where it is none of ours, or Slack does not say.
    """
    find = _make_find(client, now)
    return lambda user: _language(find(user).locale)


def make_is_outsider(
    client: WebClient, workspace: Workspace, now: Callable[[], float] = time.monotonic
) -> Callable[[str], bool]:
    """Make the function that tells whether a Slack user is of another organisation than the bot.

    Where Slack does not say whose a person is, they are no outsider.
    """
    find, ours = _make_find(client, now), {workspace.team, workspace.enterprise}

    def is_outsider(user: str) -> bool:
        homes = find(user).homes
        return bool(homes) and not homes & ours

    return is_outsider


def _make_find(client: WebClient, now: Callable[[], float]) -> Callable[[str], _Person]:
    quick = hurried(client, WAIT_SECONDS)
    known = Remembered[_Person](now)

    def find(user: str) -> _Person:
        found = known.find(user, FRESH_SECONDS)
        if found:
            return found[0]
        try:
            answer = quick.users_info(user=user, include_locale=True)
        except (SlackClientError, OSError, HTTPException) as error:
            log.info("who %s is is not known: %s", user, reason(error))
            return _Person()
        return known.keep(user, _read(cast("dict[str, Any]", answer.get("user") or {})))

    return find


def _read(user: Mapping[str, Any]) -> _Person:
    in_grid = cast("Mapping[str, Any]", user.get("enterprise_user") or {})
    homes = {str(user.get("team_id") or ""), str(in_grid.get("enterprise_id") or "")}
    return _Person(str(user.get("locale") or ""), frozenset(homes - {""}))


def _language(locale: str) -> Language | None:
    spoken: dict[str, Language] = {"ko": "ko", "en": "en"}
    return spoken.get(locale.partition("-")[0])
