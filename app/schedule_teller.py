"""Telling the people of a schedule what became of it, each thing once."""

import logging
from dataclasses import dataclass, field
from typing import cast

import redis
from slack_sdk import WebClient

from app.places import parse_place
from app.slack_gateway import SlackRefused, post
from app.texts import Language, say
from app.views.notices import sentence
from app.views.text import escape

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Teller:
    """Tells where a schedule lives, and remembers in Redis what it has told."""

    redis: "redis.Redis" = field(repr=False)
    slack: WebClient
    team: str
    """Whose Slack it is: what was agreed on elsewhere, at a terminal, is only logged."""
    thread: str
    progress: str
    """Key of what is remembered of the schedule."""
    name: str
    language: Language

    def once(self, what: str, value: str, phrase: str, **words: str) -> None:
        """Say a phrase unless it was said of the same *value* already; *words* are safe mrkdwn."""
        if self.kept(what) != value:
            self.tell(phrase, **words)
            self.keep(what, value)

    def tell(self, phrase: str, **words: str) -> None:
        """Say a phrase. Raises `SlackAway`."""
        text = say(self.language, phrase, name=escape(self.name), **words)
        place = parse_place(self.thread)
        if place.team != self.team:
            log.info("%s", text)
            return
        try:
            post(self.slack, place, sentence(text))
        except SlackRefused as error:
            log.warning("the people of schedule %s could not be told: %s", self.name, error)

    def kept(self, what: str) -> str | None:
        """Give what is remembered."""
        return cast("str | None", self.redis.hget(self.progress, what))

    def keep(self, what: str, value: str) -> None:
        """Remember it."""
        self.redis.hset(self.progress, what, value)

    def forget(self, what: str) -> None:
        """Remember it no longer."""
        self.redis.hdel(self.progress, what)
