"""Due entries that wait for the end of a blackout window."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import cast

import redis

from sync.inbox import put
from sync.state import PREFIX

_PUT_OFF_KEY = f"{PREFIX}:schedules:put_off"
_MOST_PUT_OFF = 1000


def put_off(client: "redis.Redis", body: Mapping[str, str], until: datetime) -> None:
    """Have the clock note a due entry once more, at *until*; done again it is the same."""
    text = json.dumps({**body, "put_off": until.isoformat()}, sort_keys=True)
    client.zadd(_PUT_OFF_KEY, {text: until.timestamp()})
    client.zremrangebyrank(_PUT_OFF_KEY, _MOST_PUT_OFF, -1)


def fire_put_off(client: "redis.Redis", now: datetime) -> list[str]:
    """Note what waited for the end of a window; it is forgotten after it is noted."""
    noted: list[str] = []
    waiting = cast(
        "list[str]", client.zrangebyscore(_PUT_OFF_KEY, "-inf", now.timestamp(), start=0, num=100)
    )
    for text in waiting:
        body = cast("dict[str, str]", json.loads(text))
        claim = ":".join(("schedule", *filter(None, (body.get("team"), body["schedule"]))))
        if put(client, "schedule_due", claim, body, once=(f"{claim}:again:{text}",)):
            noted.append(body["schedule"])
        client.zrem(_PUT_OFF_KEY, text)
    return noted
