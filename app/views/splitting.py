"""Cut long text of an answer into pieces each of which is whole: fences, tables, links and bold.

Text is safe mrkdwn. Slack lets none of these go on from one block to the next.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

_FENCE = "```"
_ROOM_FOR_FENCE = len(f"\n{_FENCE}")
_RULE = re.compile(r"\|[\s:|-]+")
_SPAN = re.compile(
    r"&(?:amp|lt|gt);|<[^<>\n]+>|\[[^\]\n]*\]\([^)\n]*\)|`[^`\n]+`|\*[^*\n]+\*|_[^_\n]+_|~[^~\n]+~"
)
"""What is one thing within a line."""
_MARK = re.compile(r"&(?:amp|lt|gt);|<[^<>\n]{1,99}>")
"""The same of what is never cut, however long the things around it."""
_SENTENCE = re.compile(r"[.!?。！？…]\s+")
_JOINERS = "\u200d\ufe0e\ufe0f"


@dataclass
class _Piece:
    """The lines of one piece, and what is open at their end."""

    lines: list[str] = field(default_factory=list[str])
    size: int = 0
    is_fenced: bool = False
    head: tuple[str, ...] = ()
    """The first lines of the table that is open."""
    break_at: int = 0
    """Where the last paragraph begins; 0 in the first."""

    def add(self, line: str) -> None:
        """Take one line more."""
        if not self.is_fenced:
            self._follow_table(line)
        if not line.strip() and not self.is_fenced:
            self.break_at = len(self.lines) + 1
        self.is_fenced ^= line.count(_FENCE) % 2 == 1
        self.lines.append(line)
        self.size += len(line) + 1

    def _follow_table(self, line: str) -> None:
        if not line.lstrip().startswith("|"):
            self.head = ()
        elif not self.head:
            self.head = (line,)
        elif len(self.head) == 1 and _RULE.fullmatch(line.strip()):
            self.head = (*self.head, line)

    def text(self) -> str:
        """The piece as it is shown: what is open is closed."""
        shown = "\n".join(self.lines).strip("\n")
        return f"{shown}\n{_FENCE}" if self.is_fenced else shown

    def is_blank(self) -> bool:
        """Whether it shows nothing."""
        return not self.text().replace(_FENCE, "").strip()


def pieces(text: str, limit: int) -> list[str]:
    """Cut *text* into pieces of at most *limit* characters; blank ones are left out.

    A fence that is cut is closed and opened again, a table gets its head again, and a line too long
    is cut between sentences or words where it can be.
    """
    room = limit - _ROOM_FOR_FENCE
    found, piece = list[_Piece](), _Piece()
    for line in _short_lines(text, room - _ROOM_FOR_FENCE):
        if piece.lines and piece.size + len(line) > room:
            before, piece = _parted(piece, line, room)
            found.append(before)
        piece.add(line)
    found.append(piece)
    return [one.text() for one in found if not one.is_blank()]


def _parted(piece: _Piece, line: str, room: int) -> tuple[_Piece, _Piece]:
    """End a piece before *line*, at its last paragraph if that is not far back; begin the next."""
    following = _Piece()
    if piece.is_fenced:
        following.add(_FENCE)
    elif piece.head and line.lstrip().startswith("|"):
        if sum(map(len, piece.head)) + len(line) + 2 <= room // 2:
            for one in piece.head:
                following.add(one)
    elif piece.break_at and sum(map(len, piece.lines[: piece.break_at])) >= room // 2:
        before = _Piece()
        for one in piece.lines[: piece.break_at]:
            before.add(one)
        for one in piece.lines[piece.break_at :]:
            following.add(one)
        if following.size + len(line) <= room:
            return before, following
        following = _Piece()
    return piece, following


def _short_lines(text: str, limit: int) -> Iterator[str]:
    for line in text.split("\n"):
        left = line
        while len(left) > limit:
            end = _end(left, limit)
            yield left[:end].rstrip(" ")
            left = left[end:].lstrip(" ")
        yield left


def _end(line: str, limit: int) -> int:
    """Say where to cut a line: after a sentence, a word, or any sign, but within no one thing."""
    ends = [one.end() for one in _SENTENCE.finditer(line, 0, limit)]
    spaces = line.rfind(" ", 0, limit) + 1
    for end in (ends[-1] if ends else 0, spaces, limit):
        if end > limit // 2:
            kept = _outside(_SPAN, line, end, limit // 2)
            return kept if kept > limit // 2 else _outside(_MARK, line, end, limit)
    return limit


def _outside(things: re.Pattern[str], line: str, end: int, longest: int) -> int:
    """Move *end* to the start of the thing it would cut, and of the sign it would."""
    for one in things.finditer(line, 0, end + longest):
        if one.start() < end < one.end() and len(one[0]) <= longest:
            end = one.start()
    while 1 < end < len(line) and _goes_on(line, end):
        end -= 1
    return end


def _goes_on(line: str, end: int) -> bool:
    """Whether the sign at *end* belongs to the one before it."""
    sign = line[end]
    is_part = unicodedata.combining(sign) or sign in _JOINERS or "\u1160" <= sign <= "\u11ff"
    return bool(is_part) or line[end - 1] == "\u200d"
