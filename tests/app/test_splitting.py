"""Long text is cut into pieces that are whole, and no message holds more than Slack takes."""

import random
import re
from typing import Any

from app.views.approval_card import Message
from app.views.budget import MOST_PARTS, characters, fitted, parted
from app.views.splitting import pieces
from app.views.text import context, section
from sandbox.slack.limits import refuse_over_limit

LIMIT = 3000
KOREAN = "이번 달 *주문은 1,204건*이고 <https://a.example/b|설명>은 `ORDERS`에 &lt;있다&gt;. "


def test_a_fence_that_is_cut_is_closed_and_opened_again() -> None:
    rows = [f"SELECT {number} FROM SHOP.ORDERS" for number in range(300)]
    found = pieces("보세요:\n```\n" + "\n".join(rows) + "\n```\n끝입니다.", LIMIT)
    assert len(found) > 2
    assert all(one.count("```") == 2 for one in found)
    assert all(len(one) <= LIMIT for one in found)
    assert [line for one in found for line in one.split("\n") if line.startswith("SELECT")] == rows


def test_a_table_that_is_cut_gets_its_head_again() -> None:
    head, rows = "| 지역 | 건수 |\n|---|--:|", [f"| 서울 {n} | {n} |" for n in range(400)]
    first, *others = pieces(f"표입니다.\n\n{head}\n" + "\n".join(rows), LIMIT)
    assert first.startswith(f"표입니다.\n\n{head}\n| 서울 0 |")
    assert others
    assert all(one.startswith(f"{head}\n| 서울") for one in others)
    shown = "\n".join((first, *others)).split("\n")
    assert [line for line in shown if line.startswith("| 서울")] == rows


def test_no_link_bold_or_sign_of_a_long_line_is_cut() -> None:
    found = pieces(KOREAN * 200, LIMIT)
    assert all(re.fullmatch(f"({re.escape(KOREAN.strip())} ?)+", one) for one in found)
    assert "".join(found).replace(" ", "") == (KOREAN * 200).replace(" ", "")


def test_a_sign_of_several_code_points_stays_whole() -> None:
    for sign in ("e\u0301", "\u1112\u1161\u11ab", "👩\u200d💻"):
        assert all(set(re.sub(sign, "", one)) <= {"x"} for one in pieces(sign * 2500, LIMIT))


def test_whatever_is_cut_each_piece_is_short_and_balanced() -> None:
    chance = random.Random(8)  # noqa: S311 -- the same text each time
    parts = ("```", "\n", "*굵은 말*", "<https://a.b|x>", "&lt;", "| a | b |\n", "가나다 ", "\n\n")
    for _ in range(300):
        text = "".join(chance.choices(parts, k=chance.choice((30, 300, 1500))))
        for one in pieces(text, 200):
            assert len(one) <= 200
            assert one.count("```") % 2 == 0


def test_a_long_answer_is_several_messages_and_what_stands_below_it_comes_last() -> None:
    words = [section(one) for one in pieces(KOREAN * 300, LIMIT)]
    button = {"type": "button", "text": {"type": "plain_text", "text": "SQL"}, "action_id": "sql"}
    below = [context("SHOP.ORDERS, 3 rows"), {"type": "actions", "elements": [button]}]
    parts, is_cut = parted("ko", Message("이번 달", [*words, *below]))
    assert not is_cut
    assert len(parts) == 3
    assert [block for part in parts for block in part.blocks] == [*words, *below]
    assert parts[-1].blocks[-2:] == below
    for part in parts:
        refuse_over_limit(part.text, part.blocks)
        assert part.text.startswith("이번 달 *주문은")


def test_of_a_longer_answer_the_rest_is_a_file_and_the_last_message_says_so() -> None:
    words = [section(one) for one in pieces(KOREAN * 2000, LIMIT)]
    parts, is_cut = parted("en", Message("x", [*words, context("SHOP.ORDERS")]))
    assert (len(parts), is_cut) == (MOST_PARTS, True)
    assert parts[-1].text.startswith("The answer is long and ends here; the file below")
    assert parts[-1].blocks[-1] == context("SHOP.ORDERS")


def test_what_nobody_has_cut_is_cut_before_it_goes_out() -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Approve"}, "action_id": "a"}
    cell = {"type": "raw_text", "text": "긴 값 " * 30}
    lines = {"type": "mrkdwn", "text": "```" + "줄\n" * 900 + "```"}
    huge: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": "제목" * 200}},
        *[{"type": "section", "text": lines} for _ in range(60)],
        {"type": "table", "rows": [[cell] * 20] * 100},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "x" * 3000}] * 12},
        {"type": "actions", "elements": [button]},
    ]
    sent = fitted(Message("글" * 9000, huge))
    refuse_over_limit(sent.text, sent.blocks)
    assert len(sent.text) == 4000
    assert sent.blocks[-1] == huge[-1]
    assert characters(sent.blocks) > 11_000


def test_what_fits_goes_out_as_it_is() -> None:
    message = Message("hello", [section("hello"), context("small print")])
    assert fitted(message) == message
    assert parted("en", message) == ((message,), False)
