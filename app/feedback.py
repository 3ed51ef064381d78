"""What people think of answers: one vote a person and answer, kept for whoever runs the bot.

A vote keeps a copy of what it is about, so that it can be looked into after the thread is gone from
memory; where the thread is forgotten on request, the copy's text is, too.
"""

from datetime import datetime
from typing import Literal, cast

import redis
from pydantic import BaseModel, ConfigDict

from sync.state import derived_id, key, run_script

Reason = Literal["wrong_number", "wrong_table", "not_up_to_date", "hard_to_understand", "other"]

MOST_KEPT = 1000
"""Votes of a team; the oldest make room."""
MAX_WORDS_CHARACTERS = 1000
_ID_CHARACTERS = 12

_KEEP = """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
local many = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[4])
if many > 0 then
  for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, many - 1)) do
    redis.call('HDEL', KEYS[1], id)
  end
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, many - 1)
end
return 1
"""


class UsedCopy(BaseModel):
    """A copy that an answer rests on."""

    model_config = ConfigDict(frozen=True)

    table: str
    as_of: str
    """ISO 8601 UTC moment of Oracle."""
    generation: str = ""
    """Empty where another one had taken its place by the time of the vote."""


class Vote(BaseModel):
    """What one person thinks of one answer."""

    model_config = ConfigDict(frozen=True)

    id: str
    user: str
    good: bool
    at: datetime
    thread: str
    """Of the question."""
    where: str
    """The message that was judged, as channel and ts."""
    question: str = ""
    answer: str = ""
    """The words of the model; rows are not kept."""
    sql: tuple[str, ...] = ()
    copies: tuple[UsedCopy, ...] = ()
    reason: Reason | None = None
    words: str = ""
    """What the person says about it."""
    is_done: bool = False
    note: str = ""
    """What whoever looked into it made of it."""
    is_forgotten: bool = False
    """Whether its text was forgotten with its thread."""


def vote_id(team: str, where: str, user: str) -> str:
    """Name the one vote of *user* about the message *where*."""
    return derived_id(team, "vote", where, user).rpartition("-")[2][:_ID_CHARACTERS]


def keep_vote(client: "redis.Redis", team: str, vote: Vote) -> None:
    """Keep a vote, in place of an earlier one of the same person about the same answer."""
    names = [_votes(team), _order(team)]
    moment = int(vote.at.timestamp() * 1000)
    run_script(client, _KEEP, names, vote.id, vote.model_dump_json(), moment, MOST_KEPT)


def load_vote(client: "redis.Redis", team: str, vote: str) -> Vote | None:
    """Read one; None where there is none of that id."""
    stored = cast("str | None", client.hget(_votes(team), vote))
    return Vote.model_validate_json(stored) if stored else None


def list_votes(client: "redis.Redis", team: str) -> list[Vote]:
    """Read all that are kept, newest first."""
    stored = cast("dict[str, str]", client.hgetall(_votes(team)))
    found = [Vote.model_validate_json(text) for text in stored.values()]
    return sorted(found, key=lambda vote: vote.at, reverse=True)


def forget_votes(client: "redis.Redis", thread: str) -> None:
    """Forget the text of all votes about answers in *thread*; that there were some stays."""
    team = thread.partition(":")[0]
    gone = {"question": "", "answer": "", "sql": (), "words": "", "is_forgotten": True}
    for vote in list_votes(client, team):
        if vote.thread == thread:
            keep_vote(client, team, vote.model_copy(update=gone))


def _votes(team: str) -> str:
    return key(team, "feedback")


def _order(team: str) -> str:
    return key(team, "feedback", "order")
