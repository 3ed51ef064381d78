"""What an app says through a response_url, or in the ack of a slash command.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses: ephemeral unless
`in_channel`; `replace_original` and `delete_original` are about the message of the interaction.
"""

from collections.abc import Mapping
from typing import Any, cast

from sandbox.slack.call import with_block_ids
from sandbox.slack.limits import refuse_over_limit
from sandbox.slack.tickets import ResponseUrl
from sandbox.slack.values import BOT_USER_ID, JsonObject
from sandbox.slack.workspace import SlackRefusal, Workspace


def answer_by_url(workspace: Workspace, target: ResponseUrl, given: Mapping[str, Any]) -> None:
    """Do what was posted to a response_url. Raises `SlackRefusal`.

    Where the interaction had no message, as a slash command, an answer may replace the one before.
    """
    original = target.original or target.latest
    if given.get("delete_original"):
        if original is None:
            raise SlackRefusal("message_not_found")
        workspace.delete(original.channel, original.ts)
        return
    text, blocks = str(given.get("text") or ""), cast("list[JsonObject]", given.get("blocks") or [])
    if not text and not blocks:
        raise SlackRefusal("no_text")
    refuse_over_limit(text, blocks)
    ready = with_block_ids(blocks)
    if given.get("replace_original") and original is not None:
        workspace.edit(original.channel, original.ts, text=text, blocks=ready)
        return
    in_channel = given.get("response_type") == "in_channel"
    said = workspace.post(
        channel=target.channel,
        user=BOT_USER_ID,
        text=text,
        blocks=ready,
        thread_ts=given.get("thread_ts"),
        ephemeral_to=None if in_channel else target.user,
    )
    target.latest = said


def says_something(payload: Any) -> bool:
    """Whether the ack of a slash command carries a message."""
    said: Mapping[str, Any] = cast("JsonObject", payload) if isinstance(payload, dict) else {}
    return bool(said.get("text") or said.get("blocks"))
