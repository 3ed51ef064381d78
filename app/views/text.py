"""The one place where text becomes Slack text: escaping, lengths, times, numbers.

Text from data, people or a model is escaped here and never becomes a mention, a link or a control;
mentions and dates are made only by the functions below. Lengths are Slack's documented ones.
"""

import re
from datetime import UTC, datetime, tzinfo
from typing import TypeVar, cast

T = TypeVar("T")

SECTION_CHARACTERS = 3000
FALLBACK_CHARACTERS = 4000
MESSAGE_BLOCKS = 50
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NAIVE = re.compile(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)")
_MARKDOWN_BOLD = re.compile(r"\*\*(?=\S)([^*\n]+)(?<=\S)\*\*")
_LETTER = re.compile(r"\w")
_BOLD_BEFORE_LETTER = re.compile(r"((?<![*\w])\*(?=\S)[^*\n]+(?<=\S)\*)(?=\w)")
_INSEPARABLE = re.compile("&(?:amp|lt|gt);|<[!@#][^<>]{1,99}>")
_LONGEST_INSEPARABLE = 102
_LINK_CHARACTERS = 120
_DATE = re.compile(r"(?P<drawn><!date\^(?P<epoch>[0-9]{1,11})\^[^|<>]{1,60})\|[^|<>]{1,40}>")
_ISO_MOMENT = re.compile(
    r"\b2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def escape(text: str) -> str:
    """Make any text harmless inside mrkdwn; control and direction signs are dropped."""
    return CONTROL.sub("", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Give what a person typed from what Slack delivers."""
    for entity, sign in _ENTITIES:
        text = text.replace(entity, sign)
    return text


def from_model(text: str) -> str:
    """Make a model's Markdown harmless and bold in Slack's way.

    Slack takes asterisks beside a letter for asterisks, and Korean particles follow without a
    space: a space of no width stands between them.
    """
    safe = _MARKDOWN_BOLD.sub(_bold, escape(text))
    return _BOLD_BEFORE_LETTER.sub("\\1\u200b", safe)


def _bold(found: re.Match[str]) -> str:
    before = found.string[max(found.start() - 1, 0) : found.start()]
    after = found.string[found.end() : found.end() + 1]
    left, right = ("\u200b" if _LETTER.fullmatch(one) else "" for one in (before, after))
    return f"{left}*{found[1]}*{right}"


def mrkdwn(text: str) -> dict[str, object]:
    """Make a text object in which Slack finds no links or people by itself (``verbatim``)."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain(text: str) -> dict[str, object]:
    """Make a plain text object; control and direction signs are dropped. Slack takes no blank."""
    shown = CONTROL.sub("", text)
    return {"type": "plain_text", "text": shown if shown.strip() else "–", "emoji": True}


def section(text: str) -> dict[str, object]:
    """Make a section of already safe mrkdwn, cut at Slack's limit."""
    return {"type": "section", "text": mrkdwn(cut(text, SECTION_CHARACTERS))}


def quote_lines(text: str) -> str:
    """Write what somebody else said as a quotation."""
    return "\n".join(f"> {line}" for line in escape(text).splitlines())


def context(*texts: str) -> dict[str, object]:
    """Make a line of small print of already safe mrkdwn."""
    return {"type": "context", "elements": [mrkdwn(cut(text, 2000)) for text in texts[:10]]}


def cut(text: str, limit: int) -> str:
    """Shorten text to *limit* characters; the ellipsis says that something is missing."""
    return text if len(text) <= limit else text[: _whole(text, limit - 1)] + "…"


def split(text: str, limit: int) -> list[str]:
    """Split text into pieces of at most *limit* characters, at line ends where there are any.

    Blank pieces are left out: Slack refuses them.
    """
    pieces: list[str] = []
    while len(text) > limit:
        end = text.rfind("\n", 1, limit)
        end = end if end > 0 else _whole(text, limit) or limit
        pieces.append(text[:end])
        text = text[end:].lstrip("\n")
    return [piece for piece in (*pieces, text) if piece.strip()]


def person(user: str) -> str:
    """Mention a person by Slack id; anything else (a schedule, an operator) is shown as text."""
    return f"<@{user}>" if re.fullmatch(r"[UW][A-Z0-9]{2,}", user) else escape(user)


def channel_link(channel: str) -> str:
    """Link to a channel by its Slack id; anything else, such as a terminal's, is shown as text."""
    return f"<#{channel}>" if re.fullmatch(r"[CG][A-Z0-9]{2,}", channel) else escape(channel)


def link(url: str, words: str) -> str:
    """Link to an address of Slack's that we made; where there is none, the words alone."""
    shown = cut(escape(words).replace("|", "¦"), _LINK_CHARACTERS)
    return f"<{escape(url)}|{shown}>" if re.fullmatch(r"https://[^\s<>|]+", url) else shown


def whoever(who: str) -> str:
    """Mention a person, or a user group (S…) and with it all its members."""
    return f"<!subteam^{who}>" if re.fullmatch(r"S[A-Z0-9]{2,}", who) else person(who)


def when(moment: datetime) -> str:
    """Show a moment in the reader's own time zone; the fallback is UTC until it is sent."""
    fallback = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(moment.timestamp())}^{{date_num}} {{time}}|{fallback}>"


def dated_in(zone: tzinfo, told: T) -> T:
    """Give what is told to Slack with the dates that its client cannot draw in *zone*, not in UTC.

    *told* is text, or lists and dicts of it, as they are sent.
    """
    if isinstance(told, str):
        return cast("T", _DATE.sub(lambda found: _dated(zone, found), told))
    if isinstance(told, dict):
        parts = cast("dict[str, object]", told)
        return cast("T", {name: dated_in(zone, part) for name, part in parts.items()})
    if isinstance(told, list | tuple):
        return cast("T", [dated_in(zone, part) for part in cast("list[object]", told)])
    return told


def _dated(zone: tzinfo, found: re.Match[str]) -> str:
    moment = datetime.fromtimestamp(int(found["epoch"]), zone)
    return f"{found['drawn']}|{moment:%Y-%m-%d %H:%M} {moment.tzname()}>"


def with_dates(sentence: str) -> str:
    """Make a sentence of ours harmless inside mrkdwn, its moments in the reader's own zone.

    Moments are those of errors: ISO 8601 with a time and a zone.
    """

    def date(found: re.Match[str]) -> str:
        try:
            return when(datetime.fromisoformat(found[0]))
        except (ValueError, OverflowError):  # it only looks like one, as of the 31st of June
            return found[0]

    return _ISO_MOMENT.sub(date, escape(sentence))


def clock(value: str) -> str:
    """Write a moment that a database keeps without a zone as people read it; else as it is."""
    return _NAIVE.sub(r"\1 \2", value)


def number(value: int) -> str:
    """Write a count with thousands separators."""
    return f"{value:,}"


def size(count: int) -> str:
    """Write a number of bytes as people say it (decimal units)."""
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= limit * 0.99995:  # it would round to 1000.0 of the unit below
            return f"{count / limit:.1f} {unit}"
    return f"{count} B"


def _whole(text: str, end: int) -> int:
    """Move *end* back to the start of the escaped sign, date or mention it would cut in two."""
    for sign in "&<":
        start = text.rfind(sign, max(end - _LONGEST_INSEPARABLE, 0), end)
        found = _INSEPARABLE.match(text, start) if start >= 0 else None
        if found and found.end() > end:
            return start
    return end
