"""Pictures of what the product says, as far as a browser is there to take them."""

from pathlib import Path

import pytest

from sandbox.browser import missing
from sandbox.gallery.pieces import Piece
from sandbox.shots import take


@pytest.mark.skipif(bool(missing()), reason=missing() or "nothing is missing")
def test_pictures_are_small_and_the_same_each_time(tmp_path: Path) -> None:
    words = {"type": "section", "text": {"type": "mrkdwn", "text": "<!date^1795863043^{time}|x>"}}
    window = {"type": "modal", "title": {"type": "plain_text", "text": "창"}, "blocks": [words]}
    take(
        [
            Piece("card.one", "message", "ko", "하나", [words]),
            Piece("window.one", "modal", "ko", view=window),
            Piece("click.one", "ephemeral", "ko", "혼자 봅니다"),
            Piece("card.two", "message", "ko", "하나", [words]),
        ],
        tmp_path,
    )
    taken = {each.name.removesuffix(".ko.png"): each.read_bytes() for each in tmp_path.iterdir()}
    assert sorted(taken) == ["card.one", "card.two", "sentences", "window.one"]
    assert taken["card.one"] == taken["card.two"] != taken["window.one"]
    assert all(each.startswith(b"\x89PNG") and len(each) < 10_000 for each in taken.values())
