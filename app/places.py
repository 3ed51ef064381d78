"""Where in Slack a conversation stands, and the name of its thread."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A thread in a channel, or the channel itself where ``thread_ts`` is empty."""

    team: str
    channel: str
    thread_ts: str = ""

    def __str__(self) -> str:
        return f"{self.team}:{self.channel}:{self.thread_ts}"


def parse_place(thread: str) -> Place:
    """Read a thread's name back."""
    team, channel, thread_ts = thread.split(":", 2)
    return Place(team, channel, thread_ts)
