"""Which verified answers do not hold any more, and where that was told."""

from typing import cast

import redis
from pydantic import BaseModel, ConfigDict

from agent.glossary import Glossary
from sync.state import PREFIX

_BROKEN = f"{PREFIX}:answers:broken"
"""Hash of question → where it was told, as JSON."""


class Told(BaseModel):
    """The messages that said so, each a place in Slack and its time stamp."""

    model_config = ConfigDict(frozen=True)

    messages: tuple[tuple[str, str], ...] = ()
    untold: tuple[str, ...] = ()
    """Places that have not heard of it yet."""


def told_of(client: "redis.Redis", question: str) -> Told | None:
    """Say where it was told that an answer is broken; None where it is not."""
    stored = cast("str | None", client.hget(_BROKEN, question))
    return Told.model_validate_json(stored) if stored else None


def note_broken(client: "redis.Redis", question: str, told: Told) -> None:
    """Keep that an answer is broken, and where that stands."""
    client.hset(_BROKEN, question, told.model_dump_json())


def note_whole(client: "redis.Redis", *questions: str) -> None:
    """Keep that answers hold again, or are none any more."""
    if questions:
        client.hdel(_BROKEN, *questions)


def broken(client: "redis.Redis") -> frozenset[str]:
    """Name the questions whose verified answers are broken."""
    return frozenset(cast("list[str]", client.hkeys(_BROKEN)))


def usable(client: "redis.Redis", glossary: Glossary) -> Glossary:
    """Leave out what is broken, so that no person is answered by it."""
    if not any(one.verified for one in glossary.example):
        return glossary
    out = broken(client)
    kept = tuple(one for one in glossary.example if one.question not in out)
    return glossary.model_copy(update={"example": kept})
