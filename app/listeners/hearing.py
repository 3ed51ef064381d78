"""What an event of Slack says of a message: somebody wrote one, changed one or took one back. Pure.

Events: https://docs.slack.dev/reference/events/message and /app_mention.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from app.places import Place
from app.shared_files import SharedFile, shared_file
from app.views.text import unescape

_ASKING_SUBTYPES = (None, "file_share", "thread_broadcast")
_MENTION = re.compile(r"<@[UW][A-Z0-9]+(\|[^>]*)?>")
_NAMED = r"<(?:@[UW][A-Z0-9]+|!subteam\^[A-Z0-9]+|!here|!channel|!everyone)(?:\|[^>]*)?>"
_SOMEBODY = re.compile(_NAMED)
_GREETING = (
    r"(?:hey|hi|hello|thanks|thank you|cc|fyi|"
    r"안녕하세요|안녕|네|넵|예|감사합니다|고마워요|참고로|참고)"
)
_TO_ANOTHER = re.compile(rf"(?i)\s*(?:{_GREETING}[\s,.!:~]*)?{_NAMED}")
_LAST = "9999999999.999999"
"""Later than all moments of Slack's: nothing follows a deletion."""


@dataclass(frozen=True)
class Said:
    """Words of a person."""

    place: Place
    """The thread they stand in; a message outside of threads begins its own."""
    ts: str
    user: str
    text: str
    """As Slack writes it, mentions and all."""
    is_call: bool
    """They mention the bot, or stand in a direct message."""
    files: tuple[SharedFile, ...] = ()
    """Those of them that may be tables."""
    shared: bool | None = None
    """Whether another organisation reads the channel, where Slack tells."""

    @property
    def source(self) -> str:
        """The name by which the message is known, whichever event tells of it."""
        return f"message:{self.place.team}:{self.place.channel}:{self.ts}"

    @property
    def is_reply(self) -> bool:
        """Whether it stands below another message."""
        return self.place.thread_ts != self.ts

    @property
    def names_somebody(self) -> bool:
        """Whether a person or a group is mentioned."""
        return bool(_SOMEBODY.search(self.text))

    @property
    def says_something(self) -> bool:
        """Whether there is anything to answer: a picture alone in a thread is for its people."""
        return bool(self.text.strip() or self.files)

    @property
    def is_to_another(self) -> bool:
        """Whether it plainly talks to others: it begins with a mention, or is nothing else."""
        return not self.is_call and bool(_TO_ANOTHER.match(self.text))


@dataclass(frozen=True)
class Changed:
    """A message has other words than before, or is gone."""

    place: Place
    ts: str
    text: str | None
    """None where it was deleted."""
    at: str
    """When, as Slack writes moments; of two changes the later counts."""
    call: Said | None = None
    """The message as it is now, where it calls the bot and did not before."""

    @property
    def source(self) -> str:
        """The name by which the message is known, as `Said.source`."""
        return f"message:{self.place.team}:{self.place.channel}:{self.ts}"


def heard(body: Mapping[str, Any]) -> Said | Changed | None:
    """Tell what a person did by the event in *body*; None for anything else.

    A mention in a channel arrives twice, as app_mention and as message, in any order; both are the
    same `Said`.
    """
    event = cast("Mapping[str, Any]", body.get("event") or {})
    if event.get("type") not in ("app_mention", "message"):
        return None
    match event.get("subtype"):
        case "message_changed":
            return _changed(body, event)
        case "message_deleted":
            gone = cast("Mapping[str, Any]", event.get("previous_message") or {})
            ts = str(event.get("deleted_ts") or gone.get("ts") or "")
            return _deleted(body, event, gone, ts)
        case _:
            return _said(body, event, event)


def spoken(text: str) -> str:
    """Give a message's words without the mention that called the bot, as the person typed them."""
    return unescape(_MENTION.sub(" ", text)).strip()


def _said(
    body: Mapping[str, Any], event: Mapping[str, Any], message: Mapping[str, Any]
) -> Said | None:
    bot = _bot_of(body)
    if (
        message.get("subtype") not in _ASKING_SUBTYPES
        or message.get("bot_id")
        or message.get("user") == bot
    ):
        return None
    ts, user, channel = message.get("ts"), message.get("user"), event.get("channel")
    if not (ts and user and channel and body.get("team_id")):
        return None
    text = str(message.get("text", ""))
    is_call = event.get("type") == "app_mention" or event.get("channel_type") == "im"
    return Said(
        place=_place(body, event, message, str(ts)),
        ts=str(ts),
        user=str(user),
        text=text,
        is_call=is_call or _calls(text, bot),
        files=_files(message),
        shared=body.get("is_ext_shared_channel"),
    )


def _files(message: Mapping[str, Any]) -> tuple[SharedFile, ...]:
    told = cast("list[Mapping[str, Any]]", message.get("files") or [])
    return tuple(found for one in told if (found := shared_file(one)))


def _changed(body: Mapping[str, Any], event: Mapping[str, Any]) -> Changed | None:
    now = cast("Mapping[str, Any]", event.get("message") or {})
    before = cast("Mapping[str, Any]", event.get("previous_message") or {})
    if now.get("subtype") == "tombstone":  # deleted, and there are replies below it
        return _deleted(body, event, before, str(now.get("ts") or ""))
    said = _said(body, event, now)
    # Slack also tells of links it has unfolded and of replies: the words are the same then.
    if said is None or said.text == before.get("text"):
        return None
    bot = _bot_of(body)
    newly = _calls(said.text, bot) and not _calls(str(before.get("text", "")), bot)
    edited = cast("Mapping[str, Any]", now.get("edited") or {})
    at = str(edited.get("ts") or event.get("ts") or said.ts)
    return Changed(said.place, said.ts, said.text, at, said if newly else None)


def _deleted(
    body: Mapping[str, Any], event: Mapping[str, Any], gone: Mapping[str, Any], ts: str
) -> Changed | None:
    if not (ts and event.get("channel") and body.get("team_id")) or gone.get("bot_id"):
        return None
    return Changed(_place(body, event, gone, ts), ts, None, _LAST)


def _place(
    body: Mapping[str, Any], event: Mapping[str, Any], message: Mapping[str, Any], ts: str
) -> Place:
    thread_ts = str(message.get("thread_ts") or ts)
    return Place(str(body["team_id"]), str(event["channel"]), thread_ts)


def _calls(text: str, bot: str) -> bool:
    return bool(bot) and bool(re.search(rf"<@{re.escape(bot)}(\|[^>]*)?>", text))


def _bot_of(body: Mapping[str, Any]) -> str:
    """Give the user id the app has where this happened; empty where Slack does not tell."""
    for one in cast("list[Mapping[str, Any]]", body.get("authorizations") or []):
        if one.get("is_bot"):
            return str(one.get("user_id") or "")
    return ""
