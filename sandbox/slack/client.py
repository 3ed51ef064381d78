"""What `SlackStandIn` does with messages and buttons, from another process.

Blocking, standard library only. A modal can be seen, not filled in; files and commands are for its
own process only.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http.client import HTTPResponse
from typing import Any, cast
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from sandbox.slack.delivery import Ack
from sandbox.slack.faults import ScriptedFault
from sandbox.slack.payloads import Event
from sandbox.slack.values import (
    Change,
    Channel,
    JsonObject,
    Message,
    User,
    from_json,
)
from sandbox.slack.waiting import wait_for_message

CALL_SECONDS = 60.0
POLL_SECONDS = 20.0


class SandboxRefused(Exception):
    """The stand-in did not do what was asked; the text says why."""


@dataclass(frozen=True)
class SlackClient:
    """A stand-in running elsewhere, at `SlackStandIn.base_url`."""

    base_url: str

    def post(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> str:
        """*user* says something in a channel. Returns its ts."""
        return self._act("post", user=user, channel=channel, text=text, thread_ts=thread_ts)

    def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        """*user* gives a message of theirs other words."""
        self._act("edit", user=user, channel=channel, ts=ts, text=text)

    def delete(self, user: str, channel: str, ts: str) -> None:
        """*user* takes a message of theirs away."""
        self._act("delete", user=user, channel=channel, ts=ts)

    def direct_message(self, user: str, text: str, thread_ts: str | None = None) -> str:
        """*user* writes to the bot alone. Returns its ts."""
        return self._act("direct_message", user=user, text=text, thread_ts=thread_ts)

    def press(
        self, user: str, channel: str, message_ts: str, button: str, version: int = -1
    ) -> Ack:
        """*user* presses a button, found by action id or label; see `SlackStandIn.press`."""
        place = {"channel": channel, "message_ts": message_ts, "button": button}
        return from_json(Ack, self._act("press", user=user, version=version, **place))

    def view_of(self, user: str) -> JsonObject | None:
        """The modal before *user*, or None."""
        return self._read("view", user=user)

    def redeliver(self, event: Event, times: int = 1) -> list[str]:
        """Deliver *event* again with the same event id. Returns the envelope ids."""
        return self._act("redeliver", event=asdict(event), times=times)

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Make the app reconnect."""
        self._act("disconnect", reason=reason)

    def fault(self, fault: ScriptedFault, times: int = 1) -> None:
        """The next *times* calls of a method meet *fault*."""
        self._act("fault", **asdict(fault), times=times)

    def messages(
        self, channel: str | None = None, thread_ts: str | None = None
    ) -> tuple[Message, ...]:
        """Messages the whole channel sees, oldest first."""
        found = self._read("messages", channel=channel, thread_ts=thread_ts)
        return from_json(tuple[Message, ...], found)

    def ephemerals(self, user: str | None = None) -> tuple[Message, ...]:
        """Messages just one person sees, oldest first."""
        return from_json(tuple[Message, ...], self._read("ephemerals", user=user))

    def events(self, channel: str | None = None, ts: str | None = None) -> tuple[Event, ...]:
        """Events told to the app so far."""
        return from_json(tuple[Event, ...], self._read("events", channel=channel, ts=ts))

    def changes(self, after: int = 0, timeout_seconds: float = 0.0) -> tuple[Change, ...]:
        """Changes numbered above *after*; waits for one up to *timeout_seconds*."""
        wait_seconds = min(timeout_seconds, POLL_SECONDS)
        found = self._read("changes", after=after, timeout_seconds=wait_seconds)
        return from_json(tuple[Change, ...], found)

    def version(self) -> int:
        """The number of the last change."""
        return int(self._read("workspace")["version"])

    def connections(self) -> int:
        """How many Socket Mode connections are open."""
        return int(self._read("workspace")["connections"])

    def users(self) -> tuple[User, ...]:
        """Everyone, the bot last."""
        return from_json(tuple[User, ...], self._read("workspace")["users"])

    def channels(self) -> tuple[Channel, ...]:
        """All channels and direct messages."""
        return from_json(tuple[Channel, ...], self._read("workspace")["channels"])

    def wait_for(
        self, predicate: Callable[[Message], bool], timeout_seconds: float = 10.0
    ) -> Message:
        """The first message that is or becomes as *predicate* wants. Raises `NothingMatched`."""
        return wait_for_message(self, predicate, timeout_seconds)

    def _act(self, verb: str, **given: Any) -> Any:
        return self._call(verb, json.dumps(given).encode())

    def _read(self, verb: str, **given: Any) -> Any:
        query = {name: value for name, value in given.items() if value is not None}
        return self._call(f"{verb}?{urlencode(query)}", None)

    def _call(self, path: str, body: bytes | None) -> Any:
        request = Request(  # noqa: S310 - always http, to the loopback address
            f"{self.base_url}/sandbox/{path}",
            data=body,
            headers={"Content-Type": "application/json"},
        )
        # No proxy, whatever the environment says: the stand-in is on this machine.
        opener = build_opener(ProxyHandler({}))
        try:
            with cast("HTTPResponse", opener.open(request, timeout=CALL_SECONDS)) as response:
                answer: JsonObject = json.load(response)
        except HTTPError as refused:
            raise SandboxRefused(refused.read().decode()) from refused
        return answer["result"]
