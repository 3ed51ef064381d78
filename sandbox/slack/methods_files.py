"""The Web API's `files.*` methods: the upload in three steps, and what is known of a file."""

from dataclasses import replace

from sandbox.slack.call import Call
from sandbox.slack.files import StoredFile, file_json, shares_json
from sandbox.slack.values import BOT_USER_ID, JsonObject
from sandbox.slack.workspace import SlackRefusal


def get_upload_url(call: Call) -> JsonObject:
    """Step 1: where to send the bytes."""
    name = call.required("filename")
    size = call.number("length", 0)
    file_id, ticket = call.state.files.reserve(
        name, size, call.text("alt_txt"), call.text("snippet_type")
    )
    return {"file_id": file_id, "upload_url": f"{call.state.tickets.base_url}/upload/v1/{ticket}"}


def complete_upload(call: Call) -> JsonObject:
    """Step 3: make the files, and share them in one message a channel.

    A channel or thread that cannot be posted in is refused before anything is done.
    """
    wanted = call.objects("files")
    if not wanted:
        raise SlackRefusal("invalid_arguments", ["[ERROR] missing required field: files"])
    targets = [each for each in call.text("channels").split(",") if each]
    if call.text("channel_id"):
        targets = [call.text("channel_id"), *targets]
    thread_ts = call.text("thread_ts") or None
    if thread_ts and len(targets) > 1:
        raise SlackRefusal("invalid_arguments", ["[ERROR] thread_ts takes one channel"])
    channels = [
        replace(call, arguments={"channel": target}).channel_to_post_in() for target in targets
    ]
    for channel in channels:
        if channel.is_archived:
            raise SlackRefusal("is_archived")
        if thread_ts:
            call.workspace.message(channel.id, thread_ts)
    comment = call.text("initial_comment")
    blocks = () if comment else call.blocks()
    files = [
        call.state.files.complete(str(each.get("id", "")), str(each.get("title") or ""))
        for each in wanted
    ]
    shown = [file_json(file, call.state.tickets.base_url) for file in files]
    for channel in channels:
        message = call.workspace.post(
            channel=channel.id,
            user=BOT_USER_ID,
            text=comment,
            thread_ts=thread_ts,
            blocks=blocks,
            files=tuple(shown),
            subtype="file_share",
        )
        for file in files:
            call.state.files.share(file.id, message)
    return {"files": shown}


def info(call: Call) -> JsonObject:
    """One file, if the bot can see it."""
    file = call.state.files.file(call.required("file"))
    if not is_seen_by_bot(call, file):
        raise SlackRefusal("file_not_found")
    channels = {channel.id: channel for channel in call.workspace.channels()}
    base_url = call.state.tickets.base_url
    return {
        "file": {**file_json(file, base_url), **shares_json(file, channels)},
        "comments": [],
        "response_metadata": {"next_cursor": ""},
    }


def is_seen_by_bot(call: Call, file: StoredFile) -> bool:
    """Whether the file is the bot's own, or shared where the bot is."""
    return file.user == BOT_USER_ID or any(
        BOT_USER_ID in call.workspace.channel(channel).members for channel, _, _ in file.shares
    )
