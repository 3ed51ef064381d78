"""Which threads somebody takes part in: the newest first, each with what it began with."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from redis import Redis

from agent.conversation import thread_key
from sync.state import LUA_NOW, key, run_script

MOST_KEPT = 50
"""Of each person."""
TITLE_CHARACTERS = 200


@dataclass(frozen=True)
class ThreadLine:
    """A thread, as whoever takes part in it finds it again."""

    thread: str
    title: str
    """What was asked first; empty where its person took it back."""
    asked_at: datetime
    """When this person asked last, by Redis's clock."""


_NOTE = (
    LUA_NOW
    + """
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[4]) - 1)
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('SET', KEYS[2], ARGV[2], 'NX')
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 0
"""
)


def note_thread(redis: Redis, thread: str, user: str, text: str, keep_days: int) -> None:
    """Note that *user* asked in *thread* just now; the first *text* of all names it."""
    keys = [_index(thread.partition(":")[0], user), _title(thread)]
    run_script(redis, _NOTE, keys, thread, _short(text), keep_days * 86_400, MOST_KEPT)


def rename_thread(redis: Redis, thread: str, text: str) -> None:
    """Let *text* stand where the words a thread began with stood; empty where they are gone."""
    redis.set(_title(thread), _short(text), xx=True, keepttl=True)


def threads_of(redis: Redis, team: str, user: str) -> tuple[ThreadLine, ...]:
    """Read the threads of *user* that are still remembered, the newest first."""
    found = cast(
        "list[tuple[str, float]]",
        redis.zrevrange(_index(team, user), 0, MOST_KEPT - 1, withscores=True),
    )
    pipeline = redis.pipeline(transaction=False)
    for thread, _ in found:
        pipeline.exists(thread_key(thread))
        pipeline.get(_title(thread))
    answers = pipeline.execute()
    return tuple(
        ThreadLine(thread, title or "", datetime.fromtimestamp(at / 1000, UTC))
        for (thread, at), is_there, title in zip(found, answers[::2], answers[1::2], strict=True)
        if is_there
    )


def forget_title(redis: Redis, thread: str, people: Iterable[str]) -> None:
    """Leave nothing of a thread with those who took part in it."""
    team = thread.partition(":")[0]
    pipeline = redis.pipeline()
    pipeline.delete(_title(thread))
    for user in people:
        pipeline.zrem(_index(team, user), thread)
    pipeline.execute()


def _short(text: str) -> str:
    return " ".join(text.split())[:TITLE_CHARACTERS]


def _index(team: str, user: str) -> str:
    return key(team, "threads", user)


def _title(thread: str) -> str:
    return f"{thread_key(thread)}:title"
