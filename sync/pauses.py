"""Why the bot paused a schedule by itself, for whoever looks at it later."""

from typing import Literal, cast, get_args

import redis

from sync.schedules import progress_key
from sync.standing import StandingSchedule

PauseReason = Literal["last_day", "owner_gone", "role_lost"]
"""``last_day``: it has passed; ``owner_gone``: the account of who asked for it is no longer there;
``role_lost``: nobody who said yes may decide about its tables any more."""


def note_pause(
    client: "redis.Redis", team: str, schedule: StandingSchedule, why: PauseReason
) -> None:
    """Remember it, in place of the one before."""
    client.hset(progress_key(team, schedule.name), "paused_why", f"{schedule.agreed} {why}")


def pause_reason(
    client: "redis.Redis", team: str, schedule: StandingSchedule
) -> PauseReason | None:
    """Give why a paused schedule was paused; None where a person did it."""
    text = cast("str | None", client.hget(progress_key(team, schedule.name), "paused_why"))
    agreed, _, why = (text or "").partition(" ")
    is_known = agreed == schedule.agreed and why in get_args(PauseReason)
    return cast("PauseReason", why) if is_known else None
