"""Redis streams that any number of bots share: each entry is handed to one of them.

What a dead bot was handed is claimed by another once nobody has touched it for a while.
"""

from typing import cast

import redis

GROUP = "bots"
"""The consumer group of every stream."""
MAX_LOOKS = 1_000
"""One XAUTOCLAIM looks at ten times its count; what a dead bot left may lie far behind."""

Raw = tuple[str, dict[str, str]]
"""An entry's id and its fields."""


def open_group(client: "redis.Redis", stream: str) -> None:
    """Make sure the group exists; it starts at the oldest entry: nothing waits unseen."""
    try:
        client.xgroup_create(stream, GROUP, id="0", mkstream=True)
    except redis.ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise


def read_new(
    client: "redis.Redis", stream: str, consumer: str, *, count: int, wait_seconds: float
) -> list[Raw]:
    """Wait for new entries and take up to *count* of them.

    *wait_seconds* must stay below the client's socket timeout.
    """
    block = max(1, int(wait_seconds * 1000))  # 0 would wait for ever
    reply = client.xreadgroup(GROUP, consumer, {stream: ">"}, count=count, block=block)
    streams = cast("list[tuple[str, list[Raw]]]", reply or [])
    return [entry for _, entries in streams for entry in entries]


def claim_left(
    client: "redis.Redis", stream: str, consumer: str, *, idle_seconds: float, count: int
) -> list[Raw]:
    """Claim up to *count* entries nobody has touched for *idle_seconds*."""
    claimed: list[Raw] = []
    cursor = "0-0"
    for _ in range(MAX_LOOKS):
        reply = client.xautoclaim(
            stream,
            GROUP,
            consumer,
            min_idle_time=int(idle_seconds * 1000),
            start_id=cursor,
            count=count - len(claimed),
        )
        entries = cast("list[tuple[str, dict[str, str] | None]]", reply[1])
        claimed += [(entry_id, fields) for entry_id, fields in entries if fields is not None]
        cursor = str(reply[0])
        if cursor == "0-0" or len(claimed) >= count:
            break
    return claimed
