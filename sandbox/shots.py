"""`make shots`: a picture of every message and view of the gallery, in both languages.

Each is drawn by the sandbox's page in the machine's own browser, at a fixed moment, as the person
sees it whose language it is in. Needs a Chromium and the fonts of Debian's fonts-noto-cjk and
fonts-noto-color-emoji.
"""

import base64
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agent.deps import Language
from sandbox.browser import browser, missing
from sandbox.gallery.catalogue import gallery
from sandbox.gallery.openings import BOT as OUR_BOT
from sandbox.gallery.parts import GROUP, NOW
from sandbox.gallery.pieces import Piece
from sandbox.slack.call import with_block_ids
from sandbox.slack.limits_views import ready_view
from sandbox.slack.server import start_slack
from sandbox.slack.values import BOT, PEOPLE, JsonObject, User, UserGroup
from sandbox.slack.view_state import state_of
from sandbox.slack.workspace import Workspace
from sandbox.small_png import small_png

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER = Path(__file__).parents[1] / "docs" / "shots"
READERS: dict[Language, User] = {"ko": PEOPLE[0], "en": PEOPLE[2]}
TEAM = UserGroup(id=GROUP, handle="data-team", name="Data team", users=())
"""Of the gallery, and not of the sandbox's own workspace; so is its bot."""
DRAW = "async what => (await import('/page/picture.js')).draw(what)"
LESSEN = "async picture => (await import('/page/colours.js')).fewColours(picture)"
SENTENCES = "sentences"
ABOUT = """\
# Everything the product says in Slack

Taken by `make shots` from `sandbox/gallery/`, by the sandbox's page: it looks much like Slack, and
is not Slack. What is long is cut off below. Taking them needs Debian's packages chromium,
fonts-noto-cjk and fonts-noto-color-emoji; with other fonts they come out otherwise.
"""


def main() -> int:
    """Take all pictures anew and write the table of them; gives the exit code."""
    if missing():
        print(f"No pictures are taken: {missing()}.", file=sys.stderr)
        return 1
    pieces = list(gallery())
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    take(pieces, FOLDER)
    (FOLDER / "README.md").write_text("\n".join(_table(pieces)), encoding="utf-8")
    return 0


def take(pieces: list[Piece], folder: Path) -> None:
    """Take the pictures of these pieces."""
    workspace = Workspace((*PEOPLE, replace(BOT, id=OUR_BOT)), groups=(TEAM,))
    with start_slack(workspace) as slack, browser() as running:
        for language, reader in READERS.items():
            mine = [piece for piece in pieces if piece.language == language]
            if not mine:
                continue
            page = running.new_page(
                locale=reader.locale,
                timezone_id=reader.tz,
                viewport={"width": 640, "height": 800},
            )
            page.clock.set_fixed_time(NOW)
            page.goto(f"{slack.base_url}/#{reader.id}/C0DATA")
            page.locator("#channel textarea").wait_for()
            for name, drawn in _pictures(mine):
                page.evaluate(DRAW, drawn)
                (folder / f"{name}.{language}.png").write_bytes(_picture(page))


def _pictures(pieces: list[Piece]) -> Iterator[tuple[str, JsonObject]]:
    """What the page is to draw, by the picture's name; all single sentences are one picture."""
    for piece in pieces:
        if piece.view is not None:
            yield piece.name, {"view": _view(piece.view, piece.kind)}
        elif piece.blocks:
            yield piece.name, {"message": _message(piece)}
    whispered = [[piece.name, piece.text] for piece in pieces if _is_sentence(piece)]
    yield SENTENCES, {"sentences": whispered}


def _is_sentence(piece: Piece) -> bool:
    return piece.view is None and not piece.blocks


def _view(given: JsonObject, kind: str) -> JsonObject:
    ready = ready_view(given, "home" if kind == "home" else "modal")
    view: JsonObject = {"submit": None, "close": None, **ready, "id": "V1", "hash": ""}
    return {**view, "state": {"values": state_of(view, {})}}


def _message(piece: Piece) -> JsonObject:
    ts = f"{NOW.timestamp():.6f}"
    blocks = with_block_ids(piece.blocks)
    return {"channel": "C0DATA", "ts": ts, "text": piece.text, "blocks": blocks}


def _picture(page: "Page") -> bytes:
    taken = page.locator(".picture").screenshot()
    few = page.evaluate(LESSEN, base64.b64encode(taken).decode())
    rows = base64.b64decode(few["pixels"])
    return small_png(few["width"], few["height"], few["palette"], rows)


def _table(pieces: list[Piece]) -> Iterator[str]:
    yield ABOUT
    yield "| | 한국어 | English |"
    yield "|---|---|---|"
    names = dict.fromkeys(piece.name for piece in pieces if not _is_sentence(piece))
    for name in (*names, SENTENCES):
        yield f"| {name} | [ko]({name}.ko.png) | [en]({name}.en.png) |"
    yield ""


if __name__ == "__main__":
    sys.exit(main())
