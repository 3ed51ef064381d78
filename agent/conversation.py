"""A thread: an append-only log of messages in Redis, and the view of it a model can read."""

import json
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict
from redis import Redis

from agent.events import Basis, Command, Limit
from agent.outputs import AskUser, Chart, File
from agent.remarks import Remark
from agent.summary import Summary
from agent.usage import Spent
from sync.errors import Failure
from sync.state import key, run_script

MAX_MESSAGES = 3_000
"""A longer thread forgets its oldest messages."""


class ToolCall(BaseModel):
    """One call the model asked for; `id` is unique in its thread."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    arguments: str
    """JSON as the model wrote it, unchecked."""


class Table(BaseModel):
    """Rows a query gave, kept beside its message so that they can be drawn again."""

    model_config = ConfigDict(frozen=True)

    columns: tuple[str, ...]
    types: tuple[str, ...] = ()
    """DuckDB's, one a column."""
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool
    sql: str = ""
    """What gave them, as a person can read it."""
    remarks: tuple[Remark, ...] = ()


class OnlyFor(BaseModel):
    """One person, and the rules of bot.toml by which it is them alone."""

    model_config = ConfigDict(frozen=True)

    user: str
    rules: str


_UNTRUE = "[The program told the person that this is not so: no sync has run here.]"


class Message(BaseModel):
    """One message in OpenAI's format; the fields after `speaker` are ours and never sent."""

    model_config = ConfigDict(frozen=True)

    role: Literal["system", "user", "assistant", "tool", "summary"]
    """Ours is ``summary``: what is read in place of the turns before `until`."""
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    speaker: str | None = None
    """User id of who wrote it; sent as ``name``, so that the model can tell people apart."""
    source_id: str | None = None
    """What brought it (an inbox entry); the same source is kept once."""
    replaces: str = ""
    """Source of a person's message in whose place this one is read."""
    deleted: bool = False
    """Whether its person took it back; what is read then says only that."""
    basis: tuple[Basis, ...] = ()
    table: Table | None = None
    chart: Chart | None = None
    file: File | None = None
    ask: AskUser | None = None
    """What a tool result asks people."""
    approval_id: str | None = None
    """The approval a tool result waits for."""
    failure: Failure | None = None
    """The error a tool result tells of."""
    untrue: Literal["sync"] | None = None
    """What it claims that no record knows: code says so beside it."""
    command: Command | None = None
    """The command whose turn this message ends: the person is told its result."""
    limit: Limit | None = None
    """The limit this message tells of."""
    most: float = 0
    """How much that allows."""
    private: OnlyFor | None = None
    """Whom a tool result is for, where that is not everybody who reads the thread."""
    spent: tuple[Spent, ...] = ()
    """What asking the model for this message used, and summarising before that."""
    summary: Summary | None = None
    until: str = ""
    """Source of the first message that this summary leaves as it is."""

    @property
    def sql(self) -> str:
        """What gave what this result shows; empty where it shows nothing."""
        made = self.table or self.chart or self.file
        return made.sql if made else ""

    @property
    def starts_turn(self) -> bool:
        """Tell whether the agent owes an answer to this: a person's words, or an event."""
        return self.role in ("user", "system")

    def to_openai(self) -> dict[str, Any]:
        """Write it as the Chat Completions API reads it."""
        message: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.untrue:
            message["content"] += f"\n\n{_UNTRUE}"
        if self.tool_calls:
            message["content"] = self.content or None
            message["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": _object(call.arguments)},
                }
                for call in self.tool_calls
            ]
        if self.tool_call_id is not None:
            message["tool_call_id"] = self.tool_call_id
        if self.role == "user" and self.speaker:
            # The API takes letters, digits, - and _, at most 64.
            message["name"] = re.sub(r"[^A-Za-z0-9_-]", "_", self.speaker)[:64]
        return message


def _object(arguments: str) -> str:
    """Leave out arguments that are no JSON object: some servers then refuse the whole thread."""
    try:
        return arguments if isinstance(json.loads(arguments), dict) else "{}"
    except (ValueError, RecursionError):
        return "{}"


_APPEND = """
local t = redis.call('TIME')
local now = string.format('%.0f', t[1] * 1000000 + t[2])
if redis.call('ZADD', KEYS[2], 'NX', now, ARGV[2]) == 0 then return 0 end
for i = 5, #ARGV do redis.call('ZREM', KEYS[2], ARGV[i]) end
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -2 * tonumber(ARGV[4]) - 1)
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], -tonumber(ARGV[4]), -1)
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 1
"""


@dataclass(frozen=True)
class ConversationHistory:
    """The log of one thread. All of it is in Redis: two objects of one thread see the same."""

    redis: Redis
    thread: str
    keep_days: int = 30
    """Days without a new message after which the thread is forgotten."""
    _read: dict[str, Message] = field(default_factory=dict[str, Message], repr=False, compare=False)
    """Lines read before: a turn reads its thread at each step, and most of it is as it was."""

    def append(self, message: Message) -> bool:
        """Add *message*; False if its source, or an answer to its call, is there already."""
        # The random name lets the same line, sent again after a broken connection, know itself.
        once = f"line:{secrets.token_hex(8)}"
        if message.tool_call_id:
            once = f"call:{message.tool_call_id}"
        elif message.source_id:
            once = f"source:{message.source_id}"
        log = thread_key(self.thread)
        text = message.model_dump_json(exclude_defaults=True)
        seconds = self.keep_days * 86_400
        # A call that takes the id of one long forgotten has no answer yet.
        opened = (f"call:{call.id}" for call in message.tool_calls)
        args = (text, once, seconds, MAX_MESSAGES, *opened)
        return bool(run_script(self.redis, _APPEND, [log, f"{log}:seen"], *args))

    @property
    def summarising(self) -> str:
        """Name the key that stands while one process makes a summary of this thread."""
        return f"{thread_key(self.thread)}:summarising"

    def messages(self) -> tuple[Message, ...]:
        """Read the thread in a model's order: each answer right behind its call."""
        return in_order(line for line in self.lines() if line.role != "summary")

    def lines(self) -> list[Message]:
        """Read the log as it was written, summaries too."""
        lines = cast("list[str]", self.redis.lrange(thread_key(self.thread), 0, -1))
        for line in lines:
            if line not in self._read:
                self._read[line] = Message.model_validate_json(line)
        return [self._read[line] for line in lines]

    def exists(self) -> bool:
        """Tell whether anything was ever said here and is still remembered."""
        return bool(self.redis.exists(thread_key(self.thread)))

    def forget(self) -> None:
        """Drop all that was said here. What comes next begins a new thread of the same name."""
        log = thread_key(self.thread)
        self.redis.delete(log, f"{log}:seen", self.summarising)

    def has(self, source_id: str) -> bool:
        """Tell whether a message of this source was put in."""
        seen = f"{thread_key(self.thread)}:seen"
        return self.redis.zscore(seen, f"source:{source_id}") is not None


def in_order(log: Iterable[Message]) -> tuple[Message, ...]:
    """Put every tool message behind its call and drop those whose call is gone.

    A person may write before a call that a crash left is answered, so the log alone is not the
    order the API wants. A message that was changed is read as it was last, where it stood.
    """
    kept = _as_changed(log)
    answers = {message.tool_call_id: message for message in kept if message.role == "tool"}
    ordered: list[Message] = []
    for message in kept:
        if message.role != "tool":
            ordered.append(message)
        ordered.extend(answers[call.id] for call in message.tool_calls if call.id in answers)
    return tuple(ordered)


def _as_changed(log: Iterable[Message]) -> list[Message]:
    kept = list(log)
    newest = {message.replaces: message for message in kept if message.replaces}
    return [
        message.model_copy(update={"content": now.content, "deleted": now.deleted})
        if (now := newest.get(message.source_id or ""))
        else message
        for message in kept
        if not message.replaces
    ]


def unanswered(messages: Sequence[Message]) -> tuple[ToolCall, ...]:
    """Name the calls without an answer, oldest first."""
    answered = {message.tool_call_id for message in messages}
    return tuple(
        call for message in messages for call in message.tool_calls if call.id not in answered
    )


def newest_turn(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Cut out the last thing the agent owes an answer to, and what came after it."""
    starts = [number for number, message in enumerate(messages) if message.starts_turn]
    return tuple(messages[starts[-1] :]) if starts else tuple(messages)


def through_turn(messages: Sequence[Message], call_id: str) -> tuple[Message, ...]:
    """Cut a thread off after the turn in which *call_id* was answered; nothing where none was."""
    at = [number for number, one in enumerate(messages) if one.tool_call_id == call_id]
    if not call_id or not at:
        return ()
    later = (number for number in range(at[0], len(messages)) if messages[number].starts_turn)
    return tuple(messages[: next(later, len(messages))])


def turn_by(messages: Sequence[Message], source_id: str) -> tuple[Message, ...]:
    """Cut out the turn that *source_id* began; nothing where it is not kept."""
    starts = [number for number, message in enumerate(messages) if message.starts_turn]
    for start, end in pairwise([*starts, len(messages)]):
        if messages[start].source_id == source_id:
            return tuple(messages[start:end])
    return ()


def without_private(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Take out what earlier turns showed one person alone, whoever asks now.

    A turn lives through its private results; the next one asks for them anew, with the rights of
    whoever asks then. Left out are the first such result of a turn and all that came after it, for
    it may speak of it: words, arguments of calls, and what they gave.
    """
    newest = len(messages) - len(newest_turn(messages))
    return (*concealed(messages[:newest]), *messages[newest:])


def concealed(messages: Sequence[Message], reader: str = "") -> tuple[Message, ...]:
    """Leave out of *messages* what was for one person alone, unless that is *reader*."""
    kept: list[Message] = []
    only_for: OnlyFor | None = None
    for message in messages:
        private = message.private if message.private and message.private.user != reader else None
        only_for = None if message.starts_turn else only_for or private
        kept.append(_stub(message, only_for) if only_for else message)
    return tuple(kept)


def _stub(message: Message, only_for: OnlyFor) -> Message:
    note = f"Shown to {only_for.user} alone, by the rule {only_for.rules}."
    content = note if message.role == "assistant" else json.dumps({"ok": True, "note": note})
    calls = tuple(call.model_copy(update={"arguments": "{}"}) for call in message.tool_calls)
    shown = dict.fromkeys(("table", "chart", "file", "ask", "command", "failure"))
    update = {"content": content, "tool_calls": calls, "basis": (), **shown}
    return message.model_copy(update=update)


def thread_key(thread: str) -> str:
    """Name the key of a thread; its name begins with its team, up to the first colon."""
    team, _, place = thread.partition(":")
    return key(team, "thread", place)
