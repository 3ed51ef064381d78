"""What a schedule's result condition came to last, for whoever lists schedules."""

from datetime import datetime
from typing import cast

import redis
from pydantic import BaseModel, ConfigDict

from sync.schedules import progress_key


class ConditionOutcome(BaseModel):
    """One look at a condition."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    figure: str
    held: bool
    """Whether its channel was told."""


def keep_outcome(client: "redis.Redis", team: str, name: str, outcome: ConditionOutcome) -> None:
    """Remember it, in place of the one before."""
    client.hset(progress_key(team, name), "condition_outcome", outcome.model_dump_json())


def last_outcome(client: "redis.Redis", team: str, name: str) -> ConditionOutcome | None:
    """Give the last one of a schedule."""
    text = cast("str | None", client.hget(progress_key(team, name), "condition_outcome"))
    return ConditionOutcome.model_validate_json(text) if text else None
