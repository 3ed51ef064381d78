"""Everything the product can send is something Slack takes, whatever data and people say in it."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from agent.deps import Language
from app.views.asked import asked_message
from sandbox.gallery.catalogue import gallery
from sandbox.gallery.homes import LINK
from sandbox.gallery.openings import BOT
from sandbox.gallery.parts import APPROVER, ASKER, CHANNEL, GROUP, SECOND
from sandbox.gallery.pieces import CALM, Content, Piece
from tests.blocks import objects
from tests.slack_rules.check import message_complaints, view_complaints
from tests.slack_rules.hostile import SHAPES, at_random, everywhere

OURS = re.compile(
    rf"<@(?:{ASKER}|{APPROVER}|{SECOND}|{BOT})>|<!subteam\^{GROUP}>|<#{CHANNEL}>"
    rf"|<{re.escape(LINK)}\|[^<>|]*>"
    r"|<!date\^\d+\^\{date_num\} \{time\}\|[-0-9: ]+UTC>"
)
"""Mentions, links and dates that our own code made of what it knows by itself."""
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
HANGUL = re.compile("[\uac00-\ud7a3]")
ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
NASTY = (
    "<!channel>" * 60,
    "```</x> `<https://evil.example|a>` *b*",
    "가나다😀" * 900,
    "&",
    "\u202e",
)


def wrong(contents: Mapping[Language, Content]) -> list[str]:
    """Everything that is wrong with a gallery of these words."""
    return [
        f"{piece.name} ({piece.language}): {complaint}"
        for piece in gallery(contents)
        for complaint in complaints(piece)
    ]


def complaints(piece: Piece) -> Iterator[str]:
    if piece.view is not None:
        yield from view_complaints(piece.view)
    elif piece.kind == "ephemeral" and not piece.blocks:
        if not 0 < len(piece.text) <= 4000:
            yield f"its text has {len(piece.text)} characters"
    else:
        yield from message_complaints(piece.text, piece.blocks)
    yield from acting(piece)


def acting(piece: Piece) -> Iterator[str]:
    """What in a piece acts without our code having made it, or would be shown as nothing."""
    shown = [("text", piece.text), *texts(piece.view or piece.blocks)]
    for kind, text in shown:
        if CONTROL.search(text):
            yield f"control signs in {text[:60]!r}"
        if kind != "plain_text" and "<" in OURS.sub("", text):
            yield f"it acts: {OURS.sub('', text)[:200]!r}"
    for one in objects(piece.view or piece.blocks):
        if one.get("type") == "mrkdwn" and one.get("verbatim") is not True:
            yield "Slack would look for names and links in it: no verbatim"


def texts(value: Any) -> Iterator[tuple[str, str]]:
    """What is shown, with what Slack makes of it; cells and labels are shown as they stand."""
    for one in objects(value):
        if isinstance(one.get("text"), str):
            kind = "plain_text" if one.get("type") in ("plain_text", "raw_text") else "mrkdwn"
            yield kind, one["text"]


def test_slack_takes_all_of_it() -> None:
    assert wrong(CALM) == []


@pytest.mark.parametrize("word", NASTY)
def test_slack_takes_all_of_it_with_hostile_words_in_every_place(word: str) -> None:
    assert wrong(everywhere(word)) == []


@pytest.mark.parametrize("shape", SHAPES)
def test_slack_takes_all_of_it_however_much_there_is_of_it(shape: dict[str, int]) -> None:
    assert wrong(everywhere("<!here> 주문_내역 " * 9, **shape)) == []


@pytest.mark.parametrize(
    ("first", "count"),
    [(0, 4), *(pytest.param(at, 250, marks=pytest.mark.sweep) for at in range(1000, 5000, 1000))],
)
def test_slack_takes_all_of_it_with_any_mixture(
    first: int, count: int, tell_sweep: Callable[..., None]
) -> None:
    found = {seed: wrong(at_random(seed)) for seed in range(first, first + count)}
    tell_sweep(sweep="hostile words", seed=first, galleries=count)
    assert {seed: one[:5] for seed, one in found.items() if one} == {}


def test_each_language_is_whole_and_times_are_the_readers_own() -> None:
    found: list[str] = []
    for piece in gallery():
        told = [piece.text, *(text for _, text in texts(piece.view or piece.blocks))]
        words = "\n".join(told)
        if bool(HANGUL.search(words)) is not (piece.language == "ko"):
            found.append(f"{piece.name} ({piece.language}) is not in its language: {words[:200]}")
        found += [
            f"{piece.name} ({piece.language}) has a raw time: {one}"
            for one in told
            if ISO_TIME.search(one)
        ]
    assert found == []


def test_the_words_of_who_asks_stay_however_long_the_quotation_is() -> None:
    asked = asked_message("en", ASKER, "and since when?", "<&>\n" * 900)
    assert asked.blocks[0]["text"]["text"].endswith("and since when?")
