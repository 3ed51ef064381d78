"""A conversation as readable plain text: all of it at once, or change by change as it happens.

    [#data] 민지: @Duckferry USERS 테이블 동기화 해줘
        ↳ Duckferry:
            【동기화 요청】
            [1] Approve  [2] Reject

Pure functions of frozen values, so they work the same beside the stand-in and in another process.
"""

from collections.abc import Iterable
from difflib import SequenceMatcher

from sandbox.slack.blocks_text import block_lines, body_lines
from sandbox.slack.mrkdwn import Reader
from sandbox.slack.values import Change, Channel, JsonObject, Message, User

INDENT = "    "


def reader_of(
    users: Iterable[User], channels: Iterable[Channel], zone: str = "Asia/Seoul"
) -> Reader:
    """A reader who knows these people and channels and lives in *zone*."""
    return Reader(
        users={user.id: user.real_name for user in users},
        channels={channel.id: channel.name for channel in channels},
        zone=zone,
    )


def transcript(messages: Iterable[Message], reader: Reader) -> list[str]:
    """Messages as they are now, oldest first, each thread's replies under its root."""
    ordered = sorted(messages, key=lambda message: message.ts)
    present = {(message.channel, message.ts) for message in ordered}
    lines: list[str] = []
    for root in ordered:
        if root.thread_ts and (root.channel, root.thread_ts) in present:
            continue
        lines += message_lines(root, reader)
        for reply in ordered:
            if reply.channel == root.channel and reply.thread_ts == root.ts:
                lines += message_lines(reply, reader)
    return lines


def message_lines(message: Message, reader: Reader) -> list[str]:
    """One message: who says it and where, then what it shows."""
    body = body_lines(message, reader)
    reactions = sorted({reaction.name for reaction in message.reactions})
    if reactions:
        body.append(" ".join(f":{name}:" for name in reactions))
    head = _head(message, reader)
    if message.blocks or not body:
        return [head, *_indented(body, message)]
    return [f"{head} {body[0]}", *_indented(body[1:], message)]


def change_lines(change: Change, reader: Reader) -> list[str]:
    """What to print when *change* happens: of an edited message only the lines that changed.

    `~` stands before a new or changed line, `-` before one that is gone. Nothing when an edit
    leaves everything people see as it was, and of a stream, which is printed when the bot has put
    the whole message in its place.
    """
    message, before = change.message, change.before
    if _is_streamed(message):
        return []
    if change.kind == "posted" or before is None or _is_streamed(before):
        return message_lines(message, reader)
    if change.kind == "deleted":
        return [f"{_head(before, reader)} (deleted)"]
    if change.kind == "reacted":
        added = set(message.reactions) - set(before.reactions)
        removed = set(before.reactions) - set(message.reactions)
        marks = [f"+:{each.name}:" for each in added] + [f"-:{each.name}:" for each in removed]
        return [f"{_head(message, reader)} {' '.join(marks)}"]
    changed = changed_lines(body_lines(before, reader), body_lines(message, reader))
    head = _head(message, reader).removesuffix(":") + " (edited):"
    return [head, *_indented(changed, message)] if changed else []


def view_lines(view: JsonObject, reader: Reader) -> list[str]:
    """A modal: its title and what it shows."""
    body = block_lines(view["blocks"], reader)
    return [f"{INDENT}[[ {view['title']['text']} ]]", *((INDENT + line).rstrip() for line in body)]


def changed_lines(before: list[str], after: list[str]) -> list[str]:
    """The lines of *after* that are not in *before*, and those of *before* that have no heir."""
    lines: list[str] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if kind == "delete":
            lines += [f"- {line}" for line in before[old_start:old_end]]
        elif kind != "equal":
            lines += [f"~ {line}" for line in after[new_start:new_end]]
    return lines


def _is_streamed(message: Message) -> bool:
    return message.is_streaming or any(block["type"] == "markdown" for block in message.blocks)


def _head(message: Message, reader: Reader) -> str:
    name = reader.user(message.user)
    if message.ephemeral_to:
        name += f" (only {reader.user(message.ephemeral_to)} sees this)"
    if message.thread_ts:
        return f"{INDENT}↳ {name}:"
    return f"[{reader.channel(message.channel)}] {name}:"


def _indented(lines: Iterable[str], message: Message) -> list[str]:
    indent = INDENT * 2 if message.thread_ts else INDENT
    return [(indent + line).rstrip() for line in lines]
