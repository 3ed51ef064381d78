"""Text becomes Slack text in one place, and nothing in it can act."""

import re
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.views.text import (
    context,
    cut,
    dated_in,
    escape,
    from_model,
    number,
    person,
    section,
    size,
    split,
    unescape,
    when,
    with_dates,
)
from sandbox.slack.limits import refuse_over_limit

ENTITY_CUT_SHORT = re.compile(r"&(?!(?:amp|lt|gt);)")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("<!channel>", "&lt;!channel&gt;"),
        ("<!here|here> <!subteam^S1>", "&lt;!here|here&gt; &lt;!subteam^S1&gt;"),
        ("<@U1>", "&lt;@U1&gt;"),
        ("<#C1|data>", "&lt;#C1|data&gt;"),
        ("<https://evil.example|click>", "&lt;https://evil.example|click&gt;"),
        ("a & b", "a &amp; b"),
        ("&lt;", "&amp;lt;"),
        ("plain 한글", "plain 한글"),
        ("a\x00b\x07c\x7fd", "abcd"),
        ("\u202egnp.exe\u202c \u2066x\u2069 \u200fy", "gnp.exe x y"),
        ("line\nbreak\tand tab", "line\nbreak\tand tab"),
        ("\r\n", "\n"),
    ],
)
def test_escaped_text_is_only_text(text: str, safe: str) -> None:
    assert escape(text) == safe


@pytest.mark.parametrize("text", ["<!channel>", "a & b", "&lt;", "&amp;lt;", "<a|b>", "한글"])
def test_what_slack_delivers_is_read_back_as_it_was_typed(text: str) -> None:
    assert unescape(escape(text)) == text


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("**150** rows", "*150* rows"),
        ("**a** and **b**", "*a* and *b*"),
        ("**<!channel>**", "*&lt;!channel&gt;*"),
        ("2 ** 3 ** 4", "2 ** 3 ** 4"),
        ("**", "**"),
        ("****", "****"),
        ("**open", "**open"),
        ("*already*", "*already*"),
        ("**two\nlines**", "**two\nlines**"),
        ("**1,204건**입니다", "*1,204건*\u200b입니다"),
        ("총**3건**", "총\u200b*3건*"),
        ("*3건*이고 *4건*.", "*3건*\u200b이고 *4건*."),
        ("2*3*4", "2*3*4"),
        ("[click](https://evil.example)", "[click](https://evil.example)"),
    ],
)
def test_markdown_of_a_model_is_bold_in_slacks_way(text: str, drawn: str) -> None:
    assert from_model(text) == drawn


def test_a_model_that_repeats_itself_does_not_stop_the_bot() -> None:
    began = time.monotonic()
    from_model("**a " * 20_000)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("abcde", 5, "abcde"),
        ("abcdef", 5, "abcd…"),
        ("", 5, ""),
        ("가나다라마바", 5, "가나다라…"),
        ("abc&lt;def", 6, "abc…"),
        ("abc&lt;def", 8, "abc&lt;…"),
    ],
)
def test_cut_text_says_that_something_is_missing(text: str, limit: int, short: str) -> None:
    assert cut(text, limit) == short


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("", 10, []),
        ("short", 10, ["short"]),
        ("line one\nline two", 10, ["line one", "line two"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("ab\n\n\ncd", 4, ["ab\n", "cd"]),
        ("\n\n\n\n\n\n\n", 3, []),
        ("abc&lt;def", 5, ["abc", "&lt;d", "ef"]),
    ],
)
def test_split_text_breaks_at_line_ends(text: str, limit: int, pieces: list[str]) -> None:
    assert split(text, limit) == pieces


def test_neither_cut_nor_split_leaves_half_an_entity() -> None:
    text = escape("a<b>&" * 2_000)
    for limit in range(2_990, 3_010):
        assert not ENTITY_CUT_SHORT.search(cut(text, limit))
        pieces = split(text, limit)
        assert not any(ENTITY_CUT_SHORT.search(piece) for piece in pieces)
        assert "".join(pieces) == text
        assert max(map(len, pieces)) <= limit


def test_neither_cut_nor_split_leaves_half_a_date_or_mention() -> None:
    moment = when(datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC))
    text = f"as of {moment} for {person('U0MINJI')}, done"
    for limit in range(7, len(text)):
        assert cut(text, limit).count("<") == cut(text, limit).count(">")
    for limit in range(len(moment), len(text)):
        pieces = split(text, limit)
        assert [piece.count("<") for piece in pieces] == [piece.count(">") for piece in pieces]
        assert "".join(pieces) == text


def test_a_section_and_a_context_are_never_longer_than_slack_takes() -> None:
    blocks = [section("x" * 5_000), context("y" * 3_000, "z" * 3_000)]
    refuse_over_limit("text", blocks)


def test_a_context_holds_ten_elements_at_most() -> None:
    refuse_over_limit("text", [context(*["x"] * 30)])


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (1_234_567, "1.2 MB"),
        (999_999, "1.0 MB"),
        (999_999_999, "1.0 GB"),
        (56_000_000_000, "56.0 GB"),
    ],
)
def test_a_size_is_told_in_the_unit_people_use(count: int, words: str) -> None:
    assert size(count) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0, "0"), (999, "999"), (100_000, "100,000"), (-1_234, "-1,234")]
)
def test_a_count_has_thousands_separators(value: int, words: str) -> None:
    assert number(value) == words


@pytest.mark.parametrize(
    ("user", "shown"),
    [
        ("U0MINJI", "<@U0MINJI>"),
        ("W012AB", "<@W012AB>"),
        ("schedule:nightly", "schedule:nightly"),
        ("operator", "operator"),
        ("U1> <!channel", "U1&gt; &lt;!channel"),
        ("U0MINJI\n", "U0MINJI\n"),
        ("", ""),
    ],
)
def test_only_a_slack_user_id_becomes_a_mention(user: str, shown: str) -> None:
    assert person(user) == shown


def test_a_moment_is_shown_in_the_readers_zone_and_in_utc_where_that_is_not_known() -> None:
    moment = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
    assert when(moment) == "<!date^1795309323^{date_num} {time}|2026-11-22 01:02 UTC>"
    korean = datetime.fromisoformat("2026-11-22T10:02:03+09:00")
    assert when(korean) == when(moment)


def test_the_moments_of_an_error_are_shown_in_the_readers_zone_and_all_else_is_text() -> None:
    told = with_dates("<main> may not be read before 2026-11-28T10:00+09:00, or 2026-99-01T10:00Z")
    assert told == (
        "&lt;main&gt; may not be read before "
        "<!date^1795827600^{date_num} {time}|2026-11-28 01:00 UTC>, or 2026-99-01T10:00Z"
    )


def test_what_is_sent_tells_dates_in_the_zone_of_the_bot_where_they_cannot_be_drawn() -> None:
    at = when(datetime(2026, 11, 28, 1, tzinfo=UTC))
    sent = {"text": f"until {at}", "blocks": [{"elements": ({"text": f"*{at}*"}, 3)}], "view": None}
    drawn = "<!date^1795827600^{date_num} {time}|2026-11-28 10:00 KST>"
    assert dated_in(ZoneInfo("Asia/Seoul"), sent) == {
        "text": f"until {drawn}",
        "blocks": [{"elements": [{"text": f"*{drawn}*"}, 3]}],
        "view": None,
    }
