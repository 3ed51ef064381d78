"""The Web API's `chat.*Stream` and `assistant.threads.*` methods.

https://docs.slack.dev/reference/methods/chat.startStream and its neighbours. What a text may hold:
12,000 characters a call; what a chunk may be: markdown_text, task_update, plan_update, blocks.
"""

from typing import Any, cast

from sandbox.slack.assistant import Stream
from sandbox.slack.call import Call, with_block_ids
from sandbox.slack.limits import refuse_over_limit
from sandbox.slack.payloads import message_json
from sandbox.slack.values import BOT_USER_ID, JsonObject, Message
from sandbox.slack.workspace import SlackRefusal

MAX_STREAMED_TEXT = 12_000
MAX_PROMPTS = 4
MAX_TITLE = 200
MAX_LOADING_MESSAGES = 10
STATUSES = ("pending", "in_progress", "complete", "error")


def start(call: Call) -> JsonObject:
    """Begin a message that grows."""
    channel = call.channel_to_post_in()
    if channel.kind != "im":
        for name in ("recipient_user_id", "recipient_team_id"):
            if not call.text(name):
                raise SlackRefusal(f"missing_{name}")
    chunks = _chunks(call)
    message = call.workspace.post(
        channel=channel.id,
        user=BOT_USER_ID,
        text="",
        thread_ts=call.required("thread_ts"),
        is_streaming=True,
    )
    display = call.text("task_display_mode") or "timeline"
    stream = call.state.assistant.start(channel.id, message.ts, display)
    _add(call, stream, chunks)
    return {"channel": channel.id, "ts": message.ts}


def append(call: Call) -> JsonObject:
    """Let a message grow."""
    stream = _open_stream(call)
    chunks = _chunks(call)
    if not chunks:
        raise SlackRefusal("no_text")
    _add(call, stream, chunks)
    return {"channel": stream.channel, "ts": stream.ts}


def stop(call: Call) -> JsonObject:
    """End a message that grew, with blocks under it if wanted."""
    stream = _open_stream(call)
    chunks = _chunks(call)
    blocks = call.blocks()
    _grow(stream, chunks)
    stream.blocks += blocks
    call.state.assistant.end(stream.channel, stream.ts)
    changed: dict[str, Any] = {"metadata": call.arguments.get("metadata")}
    message = _show(call, stream, is_streaming=False, **changed)
    return {"channel": stream.channel, "ts": stream.ts, "message": message_json(message)}


def set_status(call: Call) -> JsonObject:
    """The thinking status under a thread."""
    channel = call.channel("channel_id")
    loading = cast("list[str]", call.arguments.get("loading_messages") or [])
    if len(loading) > MAX_LOADING_MESSAGES:
        raise SlackRefusal("invalid_arguments", ["[ERROR] no more than 10 loading_messages"])
    call.workspace.set_status(channel.id, call.required("thread_ts"), call.text("status"))
    return {}


def set_title(call: Call) -> JsonObject:
    """The name of a thread in the person's history."""
    channel = call.channel("channel_id")
    title = call.required("title")
    if len(title) > MAX_TITLE:
        raise SlackRefusal("invalid_arguments", [f"[ERROR] title is over {MAX_TITLE} characters"])
    thread = call.workspace.message(channel.id, call.required("thread_ts"))
    call.state.assistant.set_title(channel.id, thread.ts, title)
    return {}


def set_suggested_prompts(call: Call) -> JsonObject:
    """Up to four prompts; with a `thread_ts` it does nothing, silently, as the docs warn."""
    channel = call.channel("channel_id")
    prompts = call.objects("prompts")
    if not 1 <= len(prompts) <= MAX_PROMPTS or not all(
        each.get("title") and each.get("message") for each in prompts
    ):
        raise SlackRefusal("invalid_arguments", ["[ERROR] 1 to 4 prompts of title and message"])
    if not call.text("thread_ts"):
        call.state.assistant.set_prompts(channel.id, tuple(prompts))
    return {}


def _open_stream(call: Call) -> Stream:
    channel = call.channel_with_bot()
    message = call.workspace.message(channel.id, call.required("ts"))
    if message.user != BOT_USER_ID:
        raise SlackRefusal("message_not_owned_by_app")
    stream = call.state.assistant.stream(channel.id, message.ts)
    if stream is None:
        if message.is_streaming:
            call.workspace.edit(channel.id, message.ts, is_streaming=False)
        raise SlackRefusal("message_not_in_streaming_state")
    return stream


def _chunks(call: Call) -> list[JsonObject]:
    """What one call adds, checked before anything is shown."""
    chunks = call.objects("chunks")
    if call.text("markdown_text"):
        chunks = [{"type": "markdown_text", "text": call.text("markdown_text")}, *chunks]
    for chunk in chunks:
        kind = chunk.get("type")
        if kind == "markdown_text":
            if len(str(chunk.get("text", ""))) > MAX_STREAMED_TEXT:
                raise SlackRefusal("msg_too_long")
        elif kind == "task_update":
            if not chunk.get("id") or chunk.get("status", "pending") not in STATUSES:
                raise SlackRefusal("invalid_chunks", ["[ERROR] a task needs an id and a status"])
        elif kind == "blocks":
            refuse_over_limit("", chunk.get("blocks") or ())
        elif kind != "plan_update":
            raise SlackRefusal("invalid_chunks", [f"[ERROR] unsupported type: {kind}"])
    return chunks


def _add(call: Call, stream: Stream, chunks: list[JsonObject]) -> None:
    if chunks:
        _grow(stream, chunks)
        _show(call, stream)


def _grow(stream: Stream, chunks: list[JsonObject]) -> None:
    for chunk in chunks:
        if chunk["type"] == "markdown_text":
            stream.text += str(chunk["text"])
        elif chunk["type"] == "plan_update":
            stream.plan_title = str(chunk.get("title", ""))
        elif chunk["type"] == "blocks":
            stream.blocks += chunk["blocks"]
        else:
            task = {key: value for key, value in chunk.items() if key not in ("type", "id")}
            known = stream.tasks.get(str(chunk["id"]), {"task_id": str(chunk["id"])})
            stream.tasks[str(chunk["id"])] = {**known, **task}


def _show(call: Call, stream: Stream, **changed: Any) -> Message:
    blocks = with_block_ids(list(stream.shown()))
    return call.workspace.edit(
        stream.channel, stream.ts, text=stream.text, blocks=blocks, **changed
    )
