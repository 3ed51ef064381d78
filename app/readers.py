"""In which language somebody reads: by their words, by their Slack (kept an hour), by bot.toml."""

import logging
import time
from collections.abc import Callable
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


def make_readers_language(
    client: WebClient, now: Callable[[], float] = time.monotonic
) -> Callable[[str], Language | None]:
    """Make the function that tells the language of a Slack user; needs the scope users:read.

    None where it is none of ours, or Slack does not say.
    """
    quick = hurried(client, WAIT_SECONDS)
    known = Remembered[Language | None](now)

    def language_of(user: str) -> Language | None:
        found = known.find(user, FRESH_SECONDS)
        if found:
            return found[0]
        try:
            answer = quick.users_info(user=user, include_locale=True)
        except (SlackClientError, OSError, HTTPException) as error:
            log.info("the language of %s is not known: %s", user, reason(error))
            return None
        described = cast("dict[str, Any]", answer.get("user") or {})
        language = _language(str(described.get("locale") or ""))
        return known.keep(user, language)

    return language_of


def _language(locale: str) -> Language | None:
    spoken: dict[str, Language] = {"ko": "ko", "en": "en"}
    return spoken.get(locale.partition("-")[0])
