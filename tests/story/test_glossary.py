"""A verified answer that a sync breaks: told where copies that fail are told."""

from pathlib import Path

from sandbox.slack.values import BOT_USER_ID
from sandbox.start import BOT_TOML
from tests.story.world import SECONDS, shown, world

WRONG = """
[[example]]
question = "전체 재고는?"
sql = "SELECT sum(QUANTITY_LEFT) FROM SHOP.PRODUCTS"
verified = true
"""


def test_a_verified_answer_that_does_not_bind_is_told_after_the_sync(tmp_path: Path) -> None:
    toml = tmp_path / "bot.toml"
    toml.write_text(BOT_TOML.read_text(encoding="utf-8") + '\n[alerts]\nchannel = "C0DATA"\n')
    (tmp_path / "glossary.toml").write_text(WRONG, encoding="utf-8")
    with world(tmp_path, {"BOT_TOML": str(toml)}) as running:
        running.synced("PRODUCTS")
        told = running.sandbox.slack.wait_for(
            lambda m: m.user == BOT_USER_ID and "검증된 답이 더는 맞지 않아" in shown(m), SECONDS
        )
        assert "전체 재고는?" in shown(told)
        assert "QUANTITY_LEFT" in shown(told)
