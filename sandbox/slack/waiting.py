"""Waiting for a message, in this process or from another one."""

import time
from collections.abc import Callable
from typing import Protocol

from sandbox.slack.values import Change, Message


class NothingMatched(TimeoutError):
    """No message became as wanted in time; the error shows the messages that were there."""


class Watched(Protocol):
    """A stand-in, near (`SlackStandIn`) or far (`SlackClient`)."""

    def version(self) -> int:
        """The number of the last change."""
        ...

    def messages(self) -> tuple[Message, ...]:
        """Messages everyone sees."""
        ...

    def ephemerals(self) -> tuple[Message, ...]:
        """Messages just one person sees."""
        ...

    def changes(self, after: int, timeout_seconds: float) -> tuple[Change, ...]:
        """Changes numbered above *after*, waiting for one."""
        ...


def wait_for_message(
    slack: Watched, predicate: Callable[[Message], bool], timeout_seconds: float
) -> Message:
    """The first message that satisfies *predicate*: of those there, else of every later version.

    No version is missed, however fast it is replaced. Raises `NothingMatched`.
    """
    deadline = time.monotonic() + timeout_seconds
    seen = slack.version()
    for message in (*slack.messages(), *slack.ephemerals()):
        if predicate(message):
            return message
    while (left := deadline - time.monotonic()) > 0:
        for change in slack.changes(seen, left):
            seen = change.number
            if change.kind != "deleted" and predicate(change.message):
                return change.message
    there = "\n".join(
        f"  {message.channel} {message.ts} {message.user}: {message.text!r}"
        for message in (*slack.messages(), *slack.ephemerals())
    )
    raise NothingMatched(f"no message matched in {timeout_seconds} s; there were:\n{there}")
