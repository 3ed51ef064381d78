"""The inbox: what the bot must react to, kept in Redis until it is done.

A consumer group shares the entries among any number of bots. An entry is dropped after its effect;
what a dead bot left is taken over once nobody has touched it for a while, so an effect may happen
twice and must bear that.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

import redis

from sync.state import INBOX, PREFIX, run_script
from sync.streams import GROUP, claim_left, read_new

Kind = Literal[
    "message",
    "message_changed",
    "asked",
    "rejected",
    "expired",
    "run_ended",
    "schedule_due",
    "schedule_changed",
    "question_approved",
    "condition_due",
    "answers_due",
    "file_deleted",
]

MAX_DELIVERIES = 3
MAX_ENTRIES = 100_000
"""Entries that may wait; above it `put` refuses new ones, and never drops an old one."""
_DEDUPE_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Entry:
    """One thing to react to."""

    id: str
    kind: Kind
    thread: str
    """The conversation it belongs to; entries of one thread wait for each other."""
    body: Mapping[str, str]
    deliveries: int = 1
    """How often it was handed to a bot, this time included."""


_PUT = """
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 1 then return 0 end
end
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[4]) then
  return redis.error_reply('INBOXFULL ' .. ARGV[4] .. ' entries wait for a bot')
end
for i = 2, #KEYS do redis.call('SET', KEYS[i], '1', 'EX', ARGV[5]) end
redis.call('XADD', KEYS[1], '*', 'kind', ARGV[1], 'thread', ARGV[2], 'body', ARGV[3])
return 1
"""


def put(
    client: "redis.Redis",
    kind: Kind,
    thread: str,
    body: Mapping[str, str],
    *,
    once: tuple[str, ...] = (),
    max_entries: int = MAX_ENTRIES,
) -> bool:
    """Add an entry unless a name in *once* was seen in the last day; say whether it was added.

    Looking and adding are one step, so an event delivered four times to four bots is one entry.
    Raises `redis.ResponseError` (INBOXFULL) where *max_entries* wait already; nothing is
    remembered then, so the same event may be delivered again later.
    """
    keys = [INBOX, *map(_seen, once)]
    text = json.dumps(dict(body))
    return bool(run_script(client, _PUT, keys, kind, thread, text, max_entries, _DEDUPE_SECONDS))


def was_put(client: "redis.Redis", name: str) -> bool:
    """Tell whether an entry with *name* in its ``once`` was added in the last day."""
    return bool(client.exists(_seen(name)))


def take(client: "redis.Redis", consumer: str, *, count: int, wait_seconds: float) -> list[Entry]:
    """Wait for new entries and take up to *count* of them; see `read_new`."""
    new = read_new(client, INBOX, consumer, count=count, wait_seconds=wait_seconds)
    return [_entry(entry_id, fields) for entry_id, fields in new]


def take_over(
    client: "redis.Redis", consumer: str, *, idle_seconds: float, count: int
) -> list[Entry]:
    """Take what a dead bot left: up to *count* entries nobody has touched for *idle_seconds*."""
    entries: list[Entry] = []
    left = claim_left(client, INBOX, consumer, idle_seconds=idle_seconds, count=count)
    for entry_id, fields in left:
        deliveries = _deliveries(client, entry_id)
        if deliveries:  # else it was done while it was claimed
            entries.append(_entry(entry_id, fields, deliveries))
    return entries


def keep(client: "redis.Redis", consumer: str, entry_ids: list[str]) -> None:
    """Say that this bot still works on these entries, so that no other takes them over.

    Counts as no delivery, and entries that are done stay done.
    """
    if entry_ids:
        client.xclaim(INBOX, GROUP, consumer, 0, [*entry_ids], justid=True)


def give_back(client: "redis.Redis", consumer: str, entry_ids: list[str]) -> None:
    """Leave entries to whichever bot takes them over, as if they had never been handed out.

    What keeps them from being done is none of their fault, so it does not count towards
    `MAX_DELIVERIES`.
    """
    if entry_ids:
        client.xclaim(INBOX, GROUP, consumer, 0, [*entry_ids], retrycount=0, justid=True)


def done(client: "redis.Redis", entry_id: str) -> None:
    """Drop an entry whose effect has happened."""
    pipeline = client.pipeline()
    pipeline.xack(INBOX, GROUP, entry_id)
    pipeline.xdel(INBOX, entry_id)
    pipeline.execute()


def _seen(name: str) -> str:
    return f"{PREFIX}:seen:{name}"


def _deliveries(client: "redis.Redis", entry_id: str) -> int:
    """How often an entry was handed out; 0 once it is done, even if we have just claimed it."""
    pending = client.xpending_range(INBOX, GROUP, entry_id, entry_id, 1)
    return cast("list[dict[str, int]]", pending)[0]["times_delivered"] if pending else 0


def _entry(entry_id: str, fields: dict[str, str], deliveries: int = 1) -> Entry:
    body = cast("dict[str, str]", json.loads(fields["body"]))
    return Entry(entry_id, cast("Kind", fields["kind"]), fields["thread"], body, deliveries)
