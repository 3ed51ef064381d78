"""Uploaded files: reserved, received, shared; their bytes, and how Slack describes them.

https://docs.slack.dev/reference/objects/file-object and
https://docs.slack.dev/reference/methods/files.getUploadURLExternal (the three steps of an upload).
"""

import mimetypes
import secrets
import time
from dataclasses import dataclass, replace
from threading import Lock

from sandbox.slack.values import BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, Channel, JsonObject, Message
from sandbox.slack.workspace import SlackRefusal

MAX_FILE_BYTES = 20_000_000
"""Of this stand-in; Slack itself takes 1 GB."""
MAX_FILES = 5_000
MAX_ALT_TEXT = 1000


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """One file. `content` is None until its bytes arrived, `shares` are (channel, ts, thread)."""

    id: str
    user: str
    name: str
    title: str
    size: int
    created: int
    alt_txt: str = ""
    snippet_type: str = ""
    content: bytes | None = None
    completed: bool = False
    shares: tuple[tuple[str, str, str | None], ...] = ()


class Files:
    """All files of the workspace. All methods may be called from any thread."""

    def __init__(self) -> None:
        self.max_bytes = MAX_FILE_BYTES
        """A smaller limit can be set, as workspace owners do."""
        self._files: dict[str, StoredFile] = {}
        self._tickets: dict[str, str] = {}
        self._lock = Lock()

    def reserve(self, name: str, size: int, alt_txt: str, snippet_type: str) -> tuple[str, str]:
        """Step 1 of the bot's upload: the file's id, and a ticket for its bytes."""
        if size <= 0:
            raise SlackRefusal("missing_argument", ["[ERROR] missing required field: length"])
        if size > self.max_bytes:
            raise SlackRefusal("file_upload_size_restricted")
        if len(alt_txt) > MAX_ALT_TEXT:
            raise SlackRefusal("alt_txt_too_large")
        file = self._new(BOT_USER_ID, name, size)
        ticket = secrets.token_hex(16)
        with self._lock:
            self._files[file.id] = replace(file, alt_txt=alt_txt, snippet_type=snippet_type)
            self._tickets[ticket] = file.id
        return file.id, ticket

    def receive(self, ticket: str, content: bytes) -> bool:
        """Step 2: the bytes. False if the address is not good or the length is another."""
        with self._lock:
            file = self._files.get(self._tickets.get(ticket, ""))
            if file is None or file.content is not None or len(content) != file.size:
                return False
            del self._tickets[ticket]
            self._files[file.id] = replace(file, content=content)
            return True

    def complete(self, file_id: str, title: str) -> StoredFile:
        """Step 3: the file exists from now on. Raises `SlackRefusal`."""
        with self._lock:
            file = self._files.get(file_id)
            if file is None or file.content is None or file.completed:
                raise SlackRefusal("file_not_found")
            self._files[file_id] = replace(file, title=title or file.name, completed=True)
            return self._files[file_id]

    def add(self, user: str, name: str, content: bytes) -> StoredFile:
        """A file that a person uploads. Raises `SlackRefusal` over the size limit."""
        if len(content) > self.max_bytes:
            raise SlackRefusal("file_upload_size_restricted")
        file = replace(self._new(user, name, len(content)), content=content, completed=True)
        with self._lock:
            self._files[file.id] = file
        return file

    def share(self, file_id: str, message: Message) -> None:
        """Remember that *message* shows the file."""
        with self._lock:
            file = self._files[file_id]
            where = (message.channel, message.ts, message.thread_ts)
            self._files[file_id] = replace(file, shares=(*file.shares, where))

    def file(self, file_id: str) -> StoredFile:
        """A completed file. Raises `SlackRefusal` with `file_not_found`."""
        with self._lock:
            file = self._files.get(file_id)
        if file is None or not file.completed:
            raise SlackRefusal("file_not_found")
        return file

    def remove(self, file_id: str) -> None:
        """Delete a file; its messages stay."""
        with self._lock:
            self._files[file_id] = replace(self._files[file_id], completed=False, content=None)

    def all(self) -> tuple[StoredFile, ...]:
        """All completed files, oldest first."""
        with self._lock:
            return tuple(file for file in self._files.values() if file.completed)

    def _new(self, user: str, name: str, size: int) -> StoredFile:
        with self._lock:
            if len(self._files) >= MAX_FILES:
                raise SlackRefusal("fatal_error", [f"sandbox is full after {MAX_FILES} files"])
            number = len(self._files) + 1
        return StoredFile(
            id=f"F{number:05d}{secrets.token_hex(3).upper()}",
            user=user,
            name=name,
            title=name,
            size=size,
            created=int(time.time()),
        )


def file_json(file: StoredFile, base_url: str) -> JsonObject:
    """A file as a message carries it."""
    filetype = file.snippet_type or file.name.rpartition(".")[2].lower() or "text"
    private = f"{base_url}/files-pri/{TEAM_ID}-{file.id}"
    described: JsonObject = {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title,
        "mimetype": mimetypes.guess_type(file.name)[0] or "application/octet-stream",
        "filetype": filetype,
        "pretty_type": filetype.upper(),
        "user": file.user,
        "user_team": TEAM_ID,
        "editable": bool(file.snippet_type),
        "size": file.size,
        "mode": "snippet" if file.snippet_type else "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": False,
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": f"{private}/{file.name}",
        "url_private_download": f"{private}/download/{file.name}",
        "permalink": f"https://{TEAM_DOMAIN}.slack.com/files/{file.user}/{file.id}/{file.name}",
        "file_access": "visible",
    }
    if file.alt_txt:
        described["alt_txt"] = file.alt_txt
    return described


def shares_json(file: StoredFile, channels: dict[str, Channel]) -> JsonObject:
    """Where a file is shared, as `files.info` adds to `file_json`."""
    public: JsonObject = {}
    private: JsonObject = {}
    for channel, ts, thread_ts in file.shares:
        side = public if channels[channel].kind == "channel" else private
        share: JsonObject = {"ts": ts, "team_id": TEAM_ID}
        if thread_ts:
            share["thread_ts"] = thread_ts
        side.setdefault(channel, []).append(share)
    shares = {name: side for name, side in (("public", public), ("private", private)) if side}
    kinds = {channel: channels[channel].kind for channel, _, _ in file.shares}
    return {
        "shares": shares,
        "is_public": bool(public),
        "channels": [each for each, kind in kinds.items() if kind == "channel"],
        "groups": [each for each, kind in kinds.items() if kind in ("group", "mpim")],
        "ims": [each for each, kind in kinds.items() if kind == "im"],
    }
