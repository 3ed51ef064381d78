"""The last tick of a schedule that copied nothing, and why."""

from datetime import datetime
from typing import Literal, cast

import redis
from pydantic import BaseModel, ConfigDict

from sync.schedules import progress_key

SkipReason = Literal["unchanged", "running", "waits"]


class Skip(BaseModel):
    """A tick of a schedule that copied nothing."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    why: SkipReason
    """``unchanged``: the source is as its copies show it; ``running``: the run before had not
    ended; ``waits``: its card waited for a decision."""


def note_skip(client: "redis.Redis", team: str, name: str, why: SkipReason, at: datetime) -> None:
    """Remember that a tick copied nothing, in place of the one before."""
    skip = Skip(at=at, why=why)
    client.hset(progress_key(team, name), "skip", skip.model_dump_json())


def last_skip(client: "redis.Redis", team: str, name: str) -> Skip | None:
    """Give the last tick of a schedule that copied nothing."""
    text = cast("str | None", client.hget(progress_key(team, name), "skip"))
    return Skip.model_validate_json(text) if text else None
