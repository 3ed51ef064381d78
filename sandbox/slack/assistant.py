"""What an agent shows besides messages: streams, sessions, titles of threads, suggested prompts.

Slack closes a stream about five minutes after its start, whatever is appended; then appending and
stopping it is refused (slackapi/python-slack-sdk#1859). The message stays, and can be updated.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from sandbox.slack.values import JsonObject

STREAM_SECONDS = 300.0


@dataclass(kw_only=True)
class Stream:
    """What was streamed into one message so far."""

    channel: str
    ts: str
    display: str
    started_at: float
    text: str = ""
    plan_title: str = ""
    tasks: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    blocks: list[JsonObject] = field(default_factory=list[JsonObject])

    @property
    def is_expired(self) -> bool:
        """Whether Slack has closed it."""
        return time.monotonic() - self.started_at > STREAM_SECONDS

    def shown(self) -> tuple[JsonObject, ...]:
        """The message's blocks: the text, then the tasks, then other blocks."""
        text: list[JsonObject] = [{"type": "markdown", "text": self.text}] if self.text else []
        return (*text, *self._shown_tasks(), *self.blocks)

    def _shown_tasks(self) -> list[JsonObject]:
        tasks = [{"type": "task_card", **task} for task in self.tasks.values()]
        if self.display == "plan" and (tasks or self.plan_title):
            return [{"type": "plan", "title": self.plan_title, "tasks": tasks}]
        return tasks


@dataclass(frozen=True, kw_only=True)
class Session:
    """What the agent does in one thread, as people see it beside the thread."""

    title: str
    initiator: str
    statuses: tuple[str, ...]
    """All it has had, the present one last."""

    @property
    def status(self) -> str:
        """processing, active, suspended or closed."""
        return self.statuses[-1]


class Assistant:
    """The open streams, the sessions, and what threads are called. May be used from any thread."""

    def __init__(self) -> None:
        self._streams: dict[tuple[str, str], Stream] = {}
        self._titles: dict[tuple[str, str], str] = {}
        self._prompts: dict[str, tuple[Mapping[str, Any], ...]] = {}
        self._sessions: dict[tuple[str, str], Session] = {}
        self._lock = Lock()

    def start(self, channel: str, ts: str, display: str) -> Stream:
        """A stream into a message that was just posted."""
        stream = Stream(channel=channel, ts=ts, display=display, started_at=time.monotonic())
        with self._lock:
            self._streams[(channel, ts)] = stream
        return stream

    def stream(self, channel: str, ts: str) -> Stream | None:
        """The open stream into a message; None if there is none or Slack has closed it."""
        with self._lock:
            stream = self._streams.get((channel, ts))
        return None if stream is None or stream.is_expired else stream

    def end(self, channel: str, ts: str) -> None:
        """Close a stream."""
        with self._lock:
            self._streams.pop((channel, ts), None)

    def take_all(self) -> tuple[Stream, ...]:
        """Close all streams, and say which they were."""
        with self._lock:
            streams = tuple(self._streams.values())
            self._streams.clear()
        return streams

    def streams(self, channel: str) -> tuple[Stream, ...]:
        """The open streams of a channel."""
        with self._lock:
            return tuple(one for one in self._streams.values() if one.channel == channel)

    def set_session(self, channel: str, thread_ts: str, status: str, title: str, who: str) -> None:
        """Begin a session, or change its status; title and initiator count at its beginning."""
        with self._lock:
            known = self._sessions.get((channel, thread_ts))
            if known is None:
                session = Session(title=title, initiator=who, statuses=(status,))
            else:
                session = replace(known, statuses=(*known.statuses, status))
            self._sessions[(channel, thread_ts)] = session

    def rename_session(self, channel: str, thread_ts: str, title: str) -> bool:
        """Give a session another title; False where there is none."""
        with self._lock:
            known = self._sessions.get((channel, thread_ts))
            if known is not None:
                self._sessions[(channel, thread_ts)] = replace(known, title=title)
        return known is not None

    def session(self, channel: str, thread_ts: str) -> Session | None:
        """The session of a thread, None where there is none."""
        with self._lock:
            return self._sessions.get((channel, thread_ts))

    def sessions(self) -> tuple[tuple[str, str, str, str], ...]:
        """All sessions, each as its channel, its thread, its status and its title."""
        with self._lock:
            known = tuple(self._sessions.items())
        return tuple((*place, session.status, session.title) for place, session in known)

    def set_title(self, channel: str, thread_ts: str, title: str) -> None:
        """Name a thread in the person's history."""
        with self._lock:
            self._titles[(channel, thread_ts)] = title

    def title(self, channel: str, thread_ts: str) -> str:
        """The title of a thread, empty when it has none."""
        with self._lock:
            return self._titles.get((channel, thread_ts), "")

    def titles(self) -> tuple[tuple[str, str, str], ...]:
        """All titles, each as its channel, its thread and the title."""
        with self._lock:
            return tuple((*place, title) for place, title in self._titles.items())

    def set_prompts(self, channel: str, prompts: tuple[Mapping[str, Any], ...]) -> None:
        """Replace the prompts suggested in a direct message."""
        with self._lock:
            self._prompts[channel] = prompts

    def prompts(self, channel: str) -> tuple[Mapping[str, Any], ...]:
        """The prompts suggested in a direct message."""
        with self._lock:
            return self._prompts.get(channel, ())
