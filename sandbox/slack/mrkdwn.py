"""Slack's text as people see it: mentions, dates, links and emphasis; and its width on a terminal.

https://docs.slack.dev/messaging/formatting-message-text. Pure.
"""

import html
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_ANGLE = re.compile(r"<([^<>\s][^<>]*)>")
_EMPHASIS = re.compile(r"(?<!\S)([*_~])(?=\S)([^*_~\n]+)(?<=\S)\1(?![\w*_~])")
_DATE_TOKEN = re.compile(r"\{(\w+)\}")
_DATE_FORMATS = {
    "date_num": "%Y-%m-%d",
    "date_slash": "%Y/%m/%d",
    "date": "%Y-%m-%d",
    "date_short": "%Y-%m-%d",
    "date_long": "%Y-%m-%d",
    "date_pretty": "%Y-%m-%d",
    "date_short_pretty": "%Y-%m-%d",
    "date_long_pretty": "%Y-%m-%d",
    "time": "%H:%M",
    "time_secs": "%H:%M:%S",
}


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Whose eyes a transcript is written for: names by id, and the reader's time zone."""

    users: Mapping[str, str]
    channels: Mapping[str, str]
    zone: str = "Asia/Seoul"

    def user(self, user_id: str) -> str:
        """The name shown for a user id."""
        return self.users.get(user_id, user_id)

    def channel(self, channel_id: str) -> str:
        """`#data`, or for a direct message `DM 민지`."""
        if channel_id.startswith("D"):
            return "DM " + self.user("U" + channel_id[1:])
        return "#" + self.channels.get(channel_id, channel_id)


def seen(text: str, reader: Reader) -> str:
    """`mrkdwn` as *reader* sees it: no marks of bold, italic and strike, except inside code."""
    parts = _CODE.split(text)
    for number, part in enumerate(parts):
        shown = _ANGLE.sub(lambda match: _angle(match[1], reader), part)
        is_code = number % 2 == 1
        parts[number] = html.unescape(shown if is_code else _EMPHASIS.sub(r"\2", shown))
    return "".join(parts)


def width(text: str) -> int:
    """Columns of a terminal that *text* takes: East Asian wide characters take two.

    By Unicode's East_Asian_Width (UAX #11); marks that combine with the one before take none.
    """
    return sum(_columns(character) for character in text)


def padded(text: str, columns: int, align: str = "left") -> str:
    """*text* filled up with blanks to *columns*, `left`, `center` or `right`."""
    missing = max(columns - width(text), 0)
    before = {"left": 0, "center": missing // 2, "right": missing}.get(align, 0)
    return " " * before + text + " " * (missing - before)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _angle(inside: str, reader: Reader) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return "@" + (label or reader.user(target[1:]))
    if target.startswith("#"):
        return "#" + (label or reader.channels.get(target[1:], target[1:]))
    if target.startswith("!date^"):
        return _date(target, label, reader.zone)
    if target.startswith("!"):
        return label or "@" + target[1:].partition("^")[0]
    return f"{label} ({target})" if label and label != target else target


def _date(target: str, fallback: str, zone: str) -> str:
    _, epoch, wanted, *_ = [*target.split("^"), "", ""]
    if not epoch.isdigit():
        return fallback
    moment = datetime.fromtimestamp(int(epoch), ZoneInfo(zone))
    return _DATE_TOKEN.sub(
        lambda token: (
            moment.strftime(_DATE_FORMATS[token[1]]) if token[1] in _DATE_FORMATS else token[0]
        ),
        wanted,
    )
