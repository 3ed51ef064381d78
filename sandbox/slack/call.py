"""One call of a Web API method: its arguments, and the state it works on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

from sandbox.slack.assistant import Assistant
from sandbox.slack.bell import Bell
from sandbox.slack.files import Files
from sandbox.slack.limits import refuse_over_limit
from sandbox.slack.scopes import Grants
from sandbox.slack.tickets import Tickets
from sandbox.slack.values import BOT_USER_ID, Channel, JsonObject
from sandbox.slack.views import Views
from sandbox.slack.workspace import SlackRefusal, Workspace


@dataclass(frozen=True, kw_only=True)
class State:
    """Everything the stand-in remembers."""

    workspace: Workspace
    views: Views
    files: Files
    assistant: Assistant
    tickets: Tickets
    grants: Grants
    bell: Bell


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a method, with its arguments already read from wherever they stood."""

    state: State
    arguments: Mapping[str, Any]

    @property
    def workspace(self) -> Workspace:
        """Who is there and what was said."""
        return self.state.workspace

    def text(self, name: str) -> str:
        """An argument as text, empty when it is not there."""
        value = self.arguments.get(name)
        return "" if value is None else str(value)

    def required(self, name: str) -> str:
        """An argument that must be there."""
        if not self.text(name):
            raise SlackRefusal("invalid_arguments", [f"[ERROR] missing required field: {name}"])
        return self.text(name)

    def number(self, name: str, default: int) -> int:
        """An argument that is a whole number."""
        given = self.text(name)
        if not given:
            return default
        if not given.isdigit():
            raise SlackRefusal("invalid_arguments", [f"[ERROR] {name} must be a number"])
        return int(given)

    def flag(self, name: str) -> bool:
        """An argument that is true or false."""
        return self.text(name).lower() in ("1", "true")

    def objects(self, name: str) -> list[JsonObject]:
        """An argument that is a list of objects, as JSON text or already read."""
        given: Any = self.arguments.get(name) or []
        if isinstance(given, str):
            try:
                given = json.loads(given)
            except json.JSONDecodeError as error:
                raise SlackRefusal("invalid_arguments", [f"[ERROR] {name}: {error}"]) from error
        if not isinstance(given, list) or not all(
            isinstance(each, dict) for each in cast("list[Any]", given)
        ):
            raise SlackRefusal("invalid_arguments", [f"[ERROR] {name} must be a list of objects"])
        return cast("list[JsonObject]", given)

    def blocks(self) -> tuple[JsonObject, ...]:
        """The `blocks` argument, each with a `block_id` as Slack gives one to those without."""
        given: Any = self.arguments.get("blocks") or []
        if not isinstance(given, list):
            raise SlackRefusal("invalid_blocks_format")
        refuse_over_limit(self.text("text"), cast("list[Any]", given))
        return with_block_ids(cast("list[JsonObject]", given))

    def content(self) -> tuple[JsonObject, ...]:
        """The blocks of a message, which may be missing if it has a text."""
        blocks = self.blocks()
        if not blocks and not self.text("text"):
            raise SlackRefusal("no_text")
        return blocks

    def channel(self, name: str = "channel") -> Channel:
        """A channel the bot knows of: a private one without the bot does not exist for it."""
        channel = self.workspace.channel(self.required(name))
        if channel.kind != "channel" and BOT_USER_ID not in channel.members:
            raise SlackRefusal("channel_not_found")
        return channel

    def channel_with_bot(self, name: str = "channel") -> Channel:
        """A channel the bot is in."""
        channel = self.channel(name)
        if BOT_USER_ID not in channel.members:
            raise SlackRefusal("not_in_channel")
        return channel

    def channel_to_post_in(self, name: str = "channel") -> Channel:
        """A channel the bot is in, or the direct message with the person it names."""
        target = self.required(name)
        if target.startswith(("U", "W")):
            return self.workspace.open_dm(target)
        return self.channel_with_bot(name)


def with_block_ids(blocks: list[JsonObject]) -> tuple[JsonObject, ...]:
    """The blocks, each with a `block_id`."""
    taken = {block.get("block_id") for block in blocks}
    free = (name for name in map("sandbox-{}".format, count()) if name not in taken)
    return tuple(
        block if "block_id" in block else {"block_id": next(free), **block} for block in blocks
    )
