"""What one message of Slack may hold, and what becomes of one that holds more.

Slack takes 50 blocks and about 13,200 characters in all of them (bolt-js#2509); 12,000 are used. An
answer that is longer is several messages (`parted`), and nothing goes out that is (`fitted`).
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any, cast

from app.texts import Language, say
from app.views.approval_card import Message
from app.views.splitting import pieces
from app.views.text import FALLBACK_CHARACTERS, MESSAGE_BLOCKS, SECTION_CHARACTERS, context, cut

MESSAGE_CHARACTERS = 12_000
MOST_PARTS = 5
"""Messages of one answer; what is longer is a file."""
_PART_CHARACTERS = 9_000
"""Of the words of one message, so that there is room for what is said before and after."""
_PART_BLOCKS = 40
_TEXT_LIMITS = {"section": SECTION_CHARACTERS, "header": 150, "markdown": 12_000}
_CONTEXT_ELEMENTS, _CONTEXT_CHARACTERS = 10, 2000
_FIRST_KEPT = ("actions", "context_actions", "header", "section", "rich_text", "markdown")
"""Kinds by what is kept first where not all have room; then tables and charts, then small print."""
_LEAST_ROWS = 2

Block = dict[str, Any]


def parted(language: Language, message: Message) -> tuple[tuple[Message, ...], bool]:
    """Make several messages of one whose words are too long; whether they do not hold them all."""
    words = list(takewhile(lambda block: block["type"] == "section", message.blocks))
    rest = message.blocks[len(words) :]
    if _fits([*words, *rest], MESSAGE_CHARACTERS, MESSAGE_BLOCKS):
        return (message,), False
    groups: list[list[Block]] = [[]]
    for block in words:
        if not _fits([*groups[-1], block], _PART_CHARACTERS, _PART_BLOCKS):
            groups.append([])
        groups[-1].append(block)
    is_cut = len(groups) > MOST_PARTS
    if is_cut:
        groups = groups[: MOST_PARTS - 1]
        rest = [context(say(language, "answer.rest_in_file")), *rest]
    if _fits([*groups[-1], *rest], MESSAGE_CHARACTERS, MESSAGE_BLOCKS) and not is_cut:
        groups[-1] += rest
    elif rest:
        groups.append(rest)
    return tuple(Message(_spoken(group) or message.text, group) for group in groups), is_cut


def fitted(message: Message) -> Message:
    """Give a message that Slack takes whatever its length: the same, or less of it."""
    blocks = _shortened([_within(block) for block in message.blocks])
    return Message(cut(message.text, FALLBACK_CHARACTERS), _fewer(blocks))


def characters(blocks: Sequence[Mapping[str, Any]]) -> int:
    """Count the characters of all texts in blocks."""
    return sum(map(len, _texts(blocks)))


def _fits(blocks: Sequence[Block], most: int, most_blocks: int) -> bool:
    return len(blocks) <= most_blocks and characters(blocks) <= most


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in cast("Mapping[str, object]", value).items():
            if name == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in cast("Sequence[object]", value):
            yield from _texts(inner)


def _spoken(blocks: Sequence[Block]) -> str:
    """What a notification says of blocks: their words, without tables and buttons."""
    told = [block for block in blocks if block["type"] in ("section", "context")]
    return cut("\n".join(_texts(told)), FALLBACK_CHARACTERS)


def _within(block: Block) -> Block:
    """Keep the limits of one block."""
    kind, text = block["type"], block.get("text")
    if kind == "context":
        elements = [_cut_text(one, _CONTEXT_CHARACTERS) for one in block["elements"]]
        return {**block, "elements": elements[:_CONTEXT_ELEMENTS]}
    if kind in _TEXT_LIMITS and text is not None:
        most = _TEXT_LIMITS[kind]
        if isinstance(text, str):
            return {**block, "text": cut(text, most)}
        return {**block, "text": _cut_text(text, most)}
    return block


def _cut_text(thing: Block, most: int) -> Block:
    text = thing.get("text")
    return {**thing, "text": cut(text, most)} if isinstance(text, str) else thing


def _fewer(blocks: Sequence[Block]) -> list[Block]:
    """Leave out what is over fifty blocks, but no buttons."""
    buttons = [one for one in blocks if one["type"] == "actions"][:MESSAGE_BLOCKS]
    left = MESSAGE_BLOCKS - len(buttons)
    kept: list[Block] = []
    for block in blocks:
        if block["type"] != "actions" and left > 0:
            kept.append(block)
            left -= 1
        elif any(block is one for one in buttons):
            kept.append(block)
    return kept


def _shortened(blocks: Sequence[Block]) -> list[Block]:
    """Shorten or leave out what has no room among the characters of a message."""
    if characters(blocks) <= MESSAGE_CHARACTERS:
        return list(blocks)
    left, kept = MESSAGE_CHARACTERS, dict[int, Block]()
    for number, block in sorted(enumerate(blocks), key=lambda one: _rank(one[1])):
        shown = block if characters([block]) <= left else _less(block, left)
        if shown is not None:
            kept[number] = shown
            left -= characters([shown])
    return [kept[number] for number in sorted(kept)]


def _rank(block: Block) -> int:
    kind = block["type"]
    return (
        _FIRST_KEPT.index(kind) if kind in _FIRST_KEPT else len(_FIRST_KEPT) + (kind == "context")
    )


def _less(block: Block, most: int) -> Block | None:
    """Give as much of a block as has *most* characters; None for nothing."""
    match block:
        case {"type": "section", "text": {"text": str(words)}} if most > 1:
            found = pieces(words, most - 2) if most > len(words) // 2 else []
            first = found[0] if found else cut(words, most)
            return {**block, "text": {**block["text"], "text": first}}
        case {"type": "table" | "data_table"}:
            fitting = cast("list[Any]", block["rows"])
            while len(fitting) >= _LEAST_ROWS and characters([{"rows": fitting}]) > most:
                fitting = fitting[:-1]
            return {**block, "rows": fitting} if len(fitting) >= _LEAST_ROWS else None
        case {"type": "context"} if most > 1:
            return {**block, "elements": [_cut_text(block["elements"][0], most)]}
        case _:
            return None
