"""An answer as one Slack message: always taken by Slack, and nothing in it can act."""

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import pytest

from agent.deps import Language
from agent.events import (
    ApprovalRequested,
    Asked,
    Basis,
    Event,
    Failed,
    GaveUp,
    Limit,
    Said,
    TableShown,
    Thought,
    ToolFinished,
    ToolStarted,
)
from agent.outputs import AskUser
from agent.remarks import remark
from app.terminal import answer_lines
from app.texts import word_limit
from app.views.answer import Reader, answer_message
from app.views.answer_buttons import Carried, read_carried
from app.views.approval_card import Message
from app.views.budget import fitted, parted
from app.views.results import plainer
from app.views.text import from_model
from sandbox.slack.limits import refuse_over_limit
from sync.errors import Failure, TableNotSynced
from sync.import_errors import NotFromOracle
from sync.past_errors import NothingToUndo
from tests.app.parts import HOSTILE_NAMES, approval, kinds, live_parts, plan, request, shown

ORDERS = Basis(table="SHOP.ORDERS", rows=100_000, as_of="2026-11-22T01:02:03Z")
STARTED = ToolStarted("c1", "query_table", {"table": "ORDERS", "limit": 5})
DONE = ToolFinished("c1", "query_table", ok=True, result={})
ANY_CONTROL = re.compile(r"<(?!!date\^\d+\^\{date_num\} \{time\}\|[-0-9: ]+UTC>)[^>]*>?")


def drawn(events: Sequence[Event], language: Language = "en") -> Message:
    message = answer_message(language, events)
    assert message is not None
    assert_taken(message)
    return message


def assert_taken(message: Message) -> tuple[Message, ...]:
    """Slack takes an answer, in several messages where it is long; gives these."""
    parts = tuple(map(fitted, parted("en", message)[0]))
    for part in parts:
        refuse_over_limit(part.text, part.blocks)
        for block in part.blocks:
            words = str(block["text"]["text"]) if block["type"] == "section" else ""
            assert words.count("```") % 2 == 0
    return parts


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], **more: Any) -> TableShown:
    given: dict[str, Any] = {"truncated": False, "basis": None} | more
    return TableShown(tuple(columns), tuple(tuple(row) for row in rows), **given)


def cells(message: Message) -> list[list[str]]:
    """The table of a message, its head first."""
    found = [block for block in message.blocks if block["type"] in ("table", "data_table")]
    assert len(found) == 1
    assert all(cell["type"] == "raw_text" for row in found[0]["rows"] for cell in row)
    return [[cell["text"] for cell in row] for row in found[0]["rows"]]


def test_plain_words_are_one_section() -> None:
    message = drawn([Said("There are **150** users.")])
    assert message.blocks == [
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "There are *150* users.", "verbatim": True},
        }
    ]
    assert message.text == "There are *150* users."


def test_a_turn_without_anything_to_say_is_no_message() -> None:
    assert answer_message("en", []) is None


def test_a_turn_that_only_asks_for_approval_is_no_message() -> None:
    asked = ApprovalRequested(approval(request(plan("ORDERS"))))
    assert answer_message("en", [asked]) is None


def test_steps_that_lead_to_a_card_are_shown_without_an_excuse() -> None:
    asked = ApprovalRequested(approval(request(plan("ORDERS"))))
    message = drawn([ToolStarted("c1", "start_sync", {"tables": ["ORDERS"]}), asked])
    assert kinds(message.blocks) == ["context"]
    assert message.text == shown(message.blocks) == ':wrench: tool: start_sync tables=["ORDERS"]'


def test_a_question_back_stands_with_its_choices_and_not_as_a_step_once_more() -> None:
    ask = AskUser(question="Which <!channel>?", choices=("March", "<!here>"))
    started = ToolStarted("c1", "ask_user", {"question": ask.question})
    message = drawn([started, Asked(ask, "c1")])
    assert kinds(message.blocks) == ["section", "actions"]
    assert message.text == "Which &lt;!channel&gt;?"
    buttons = message.blocks[1]["elements"]
    assert [one["text"]["text"] for one in buttons] == ["March", "<!here>"]
    assert {one["text"]["type"] for one in buttons} == {"plain_text"}


@pytest.mark.parametrize(
    ("language", "words"),
    [("ko", "답할 내용이 없습니다."), ("en", "There is nothing to say to that.")],
)
@pytest.mark.parametrize("silence", ["", " \n", "\x00\u202e"])
def test_steps_that_lead_to_nothing_are_not_left_alone(
    language: Language, words: str, silence: str
) -> None:
    assert words in drawn([STARTED, DONE, Said(silence)], language).text


def test_the_words_come_first_and_the_steps_stand_below_in_small_print() -> None:
    message = drawn([Thought("I look it up."), STARTED, DONE, Said("150.")])
    assert kinds(message.blocks) == ["section", "context"]
    assert message.text == "150."
    assert shown(message.blocks[1:]) == (
        ":thought_balloon: thought: I look it up.\n:wrench: tool: query_table table=ORDERS, limit=5"
    )


def test_a_tool_that_failed_is_told_as_failed() -> None:
    failed = ToolFinished("c1", "query_table", ok=False, result={"error": "x"})
    steps = shown(drawn([STARTED, failed, Said("Sorry.")], "ko").blocks[1:])
    assert steps == ":wrench: 도구 실패: query_table table=ORDERS, limit=5"


def test_more_steps_than_there_is_room_for_end_in_an_ellipsis() -> None:
    steps = shown(drawn([STARTED, DONE] * 30 + [Said("Done.")]).blocks[1:]).splitlines()
    assert (len(steps), steps[-1]) == (11, "…")


def test_rows_are_drawn_from_the_result_with_what_they_rest_on() -> None:
    rows = table(["ID", "NAME"], [(1, "민지"), (2, None)], basis=ORDERS)
    message = drawn([STARTED, DONE, rows, Said("Here.", (ORDERS,))], "ko")
    assert kinds(message.blocks) == ["section", "table", "context", "context"]
    assert cells(message) == [["ID", "NAME"], ["1", "민지"], ["2", "–"]]
    assert shown(message.blocks[2:3]) == (
        "근거: SHOP.ORDERS 사본, 100,000행, Oracle "
        "<!date^1795309323^{date_num} {time}|2026-11-22 01:02 UTC> 기준"
    )
    assert "근거: SHOP.ORDERS" in message.text


def test_rows_without_words_stand_for_themselves() -> None:
    message = drawn([table(["N"], [(1,)], basis=ORDERS)])
    assert kinds(message.blocks) == ["table", "context"]
    assert message.text.startswith("based on: copy of SHOP.ORDERS")


def test_of_several_tables_the_last_is_drawn() -> None:
    message = drawn([table(["A"], [(1,)]), table(["B"], [(2,)]), Said("Two.")])
    assert cells(message) == [["B"], ["2"]]


def test_a_result_without_rows_draws_no_table() -> None:
    assert kinds(drawn([table(["A"], []), Said("None.")]).blocks) == ["section"]


def test_each_copy_an_answer_rests_on_is_named_once() -> None:
    users = Basis(table="SHOP.USERS", rows=150, as_of="2026-11-22T00:00:00Z")
    words = shown(drawn([table(["A"], [(1,)], basis=ORDERS), Said("x", (ORDERS, users))]).blocks)
    assert (words.count("SHOP.ORDERS"), words.count("SHOP.USERS")) == (1, 1)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ko", "team.duckdb에서 가져옴, Oracle과 대조되지 않음"),
        ("en", "imported from team.duckdb on "),
    ],
)
def test_an_imported_table_is_told_as_such_and_never_as_of_oracle(
    language: Language, words: str
) -> None:
    basis = replace(ORDERS, table="주문 내역", imported="team.duckdb")
    slack = shown(drawn([Said("x", (basis,))], language).blocks)
    terminal = answer_lines(language, Said("x", (basis,)))[1]
    for told in (slack, terminal):
        assert words in told
        assert "as of" not in told
        assert "기준" not in told
    assert language == "ko" or "not proven against Oracle" in slack


@pytest.mark.parametrize(
    ("language", "words"), [("ko", "· 열 9개 중 3개"), ("en", "· 3 of 9 columns")]
)
def test_a_copy_of_some_columns_is_told_as_such(language: Language, words: str) -> None:
    basis = replace(ORDERS, columns=(3, 9))
    assert words in shown(drawn([Said("x", (basis,))], language).blocks)
    assert words in answer_lines(language, Said("x", (basis,)))[1]


def test_rows_that_are_not_all_say_so() -> None:
    cut_below = drawn([table(["N"], [(1,), (2,)], truncated=True), Said("x")])
    assert "2 rows are shown; there are more." in shown(cut_below.blocks)
    cut_here = drawn([table(["N"], [(number,) for number in range(150)]), Said("x")])
    assert len(cells(cut_here)) == 100
    assert "99 rows are shown; there are more." in shown(cut_here.blocks)
    whole = drawn([table(["N"], [(1,), (2,)]), Said("x")])
    assert "rows are shown" not in shown(whole.blocks)


def test_a_phone_s_four_columns_are_drawn_and_the_others_are_told_of() -> None:
    message = drawn([table([f"C{n}" for n in range(25)], [range(25)]), Said("x")], "ko")
    assert cells(message) == [["C0", "C1", "C2", "C3"], ["0", "1", "2", "3"]]
    assert "열 25개 중 4개 표시." in shown(message.blocks)


def test_more_rows_than_a_screen_come_in_pages() -> None:
    few = drawn([table(["N"], [(n,) for n in range(12)]), Said("x")])
    many = drawn([table(["N"], [(n,) for n in range(13)]), Said("x")])
    assert kinds(few.blocks) == ["section", "table"]
    assert kinds(many.blocks) == ["section", "data_table"]
    assert many.blocks[1]["page_size"] == 10


def test_numbers_stand_right_and_are_written_by_their_type() -> None:
    result = table(
        ["city", "sum", "share", "day"],
        [
            ("서울", "1234567890123456789012.50", 0.25, "2026-11-01T00:00:00"),
            ("부산", 7, 1e300, None),
        ],
        types=("VARCHAR", "DECIMAL(38,2)", "DOUBLE", "TIMESTAMP"),
    )
    message = drawn([result, Said("x")])
    assert cells(message)[1:] == [
        ["서울", "1,234,567,890,123,456,789,012.50", "0.25", "2026-11-01"],
        ["부산", "7", "1e+300", "–"],
    ]
    aligns = [column["align"] for column in message.blocks[1]["column_settings"]]
    assert aligns == ["left", "right", "right", "left"]


def test_a_moment_with_a_zone_is_told_in_the_readers_zone() -> None:
    result = table(["at"], [("2026-11-22T01:02:03+00:00:00",)], types=("TIMESTAMP WITH TIME ZONE",))
    message = answer_message("en", [result, Said("x")], Reader(timezone="Asia/Seoul"))
    assert message is not None
    assert cells(message)[1] == ["2026-11-22 10:02:03 KST"]


def test_an_answer_offers_its_sql_and_to_refresh_what_is_old() -> None:
    users = Basis(table="SHOP.USERS", rows=150, as_of="2026-11-25T00:00:00Z")
    result = table(["N"], [(1,)], basis=ORDERS, call_id="call_7")
    reader = Reader(is_stale=lambda basis: basis == ORDERS)
    message = answer_message("ko", [result, Said("x", (ORDERS, users))], reader)
    assert message is not None
    refuse_over_limit(message.text, message.blocks)
    buttons = next(block for block in message.blocks if block["type"] == "actions")["elements"]
    assert [(one["text"]["text"], one["action_id"], one["value"]) for one in buttons] == [
        ("SQL 보기", "answer_sql", '{"call": "call_7"}'),
        ("지금 새로고침", "answer_refresh", '{"call": "call_7", "tables": ["SHOP.ORDERS"]}'),
    ]
    assert read_carried(buttons[1]["value"]) == Carried("call_7", ("SHOP.ORDERS",))


def test_a_slack_that_takes_no_tables_gets_them_as_aligned_text() -> None:
    message = drawn([table(["이름", "N"], [("가나", 1), ("x```y", 22)]), Said("x")])
    text = plainer(message.blocks)[1]["text"]["text"]
    assert text.splitlines() == ["```이름   N", "가나   1", "x'''y  22```"]


@pytest.mark.parametrize("columns", [1, 2, 5, 20, 40])
@pytest.mark.parametrize("cell", ["x", "&" * 5_000, "<!channel>" * 100, "가" * 200, ""])
def test_slack_takes_a_big_table_beside_the_longest_of_everything(columns: int, cell: str) -> None:
    bases = tuple(Basis("&" * 257 + str(n), 10**12, ORDERS.as_of) for n in range(30))
    events: list[Event] = [Thought("&" * 5_000), STARTED, DONE] * 20
    rows = table([cell or "C"] * columns, [[cell] * columns] * 100, truncated=True, basis=ORDERS)
    message = drawn([*events, rows, Said("&<> " * 10_000, bases)])
    assert len(cells(message)) >= 2  # at least one row has room
    assert message.text.strip()


@pytest.mark.parametrize("length", [2_999, 3_000, 3_001, 6_002, 12_000, 100_000])
@pytest.mark.parametrize("piece", ["x", "가", "<", "line\n", "**b** "])
def test_slack_takes_words_of_any_length(length: int, piece: str) -> None:
    said = piece * (length // len(piece))
    parts, is_cut = parted("en", drawn([Said(said)]))
    told = from_model(said)
    assert is_cut == (len(told) > 45_000)
    if not is_cut:
        words = "".join(shown(part.blocks) for part in parts)
        assert "".join(words.split()) == "".join(told.split())


def test_cells_show_values_and_never_the_lack_of_one() -> None:
    values = (None, "", "  ", 0, 1.5, False, "12345678901234567890.12", "a\x00b\u202ec")
    found = [cells(drawn([table([""], [[value]])])) for value in values]
    assert [head for head, _ in found] == [["–"]] * len(values)
    assert [row[0] for _, row in found] == [
        *("–", "–", "–", "0", "1.5", "False", "12345678901234567890.12", "abc"),
    ]


@pytest.mark.parametrize("text", [*HOSTILE_NAMES, "[x](https://evil.example)"], ids=ascii)
def test_hostile_text_is_shown_and_does_nothing(text: str) -> None:
    events: list[Event] = [
        Thought(text),
        ToolStarted("c1", text, {text: text, "list": [text]}),
        table([text], [[text]], basis=Basis(text, 1, ORDERS.as_of)),
        Failed(TableNotSynced(table=text).failure),
        Said(text),
    ]
    assert_harmless(drawn(events))


def test_a_model_cannot_draw_a_button() -> None:
    fake = '{"type": "actions", "elements": [{"type": "button", "action_id": "sync.approve"}]}'
    assert kinds(drawn([Said(fake)]).blocks) == ["section"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ko", ":warning: SHOP.X은(는) 아직 복사되지 않았습니다. 먼저 동기화를 요청하세요."),
        ("en", ":warning: SHOP.X has not been copied yet. Ask for a sync first."),
    ],
)
def test_a_failure_is_worded_in_the_language(language: Language, words: str) -> None:
    failed = Failed(TableNotSynced(table="SHOP.X").failure)
    assert drawn([failed], language).text == words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "ko",
            "SHOP.X에는 되돌아갈 이전 사본이 없습니다. 새로 동기화해야만 바꿀 수 있습니다.",
        ),
        ("en", "There is no older copy of SHOP.X to go back to. Only a new sync can change it."),
    ],
)
def test_why_nothing_can_be_proposed_is_told_whatever_the_model_says(
    language: Language, words: str
) -> None:
    failure = NothingToUndo(table="SHOP.X").failure
    refused = ToolFinished("c1", "undo_sync", ok=False, result={}, failure=failure)
    message = drawn([refused, Said("Sorry.")], language)
    assert message.text == f"Sorry.\n:warning: {words}"
    assert answer_lines(language, refused) == [words]


def test_a_failure_nobody_worded_has_its_reference() -> None:
    failed = Failed(Failure(code="of_tomorrow", params={"reference": "ab12"}))
    assert "(참조 ab12)" in drawn([failed], "ko").text


def test_a_turn_that_reached_a_limit_says_which_and_shows_what_it_found() -> None:
    stopped = GaveUp("step_limit", most=8)
    assert "8단계 안에 끝내지 못해" in drawn([stopped], "ko").text
    assert "not finished within 8 steps" in drawn([stopped], "en").text
    assert "Your $2.50 of today" in drawn([GaveUp("user_cost_limit", most=2.5)], "en").text
    assert "토큰 2,000,000개" in drawn([GaveUp("day_token_limit", most=2_000_000)], "ko").text
    assert "was found until then" not in drawn([stopped], "en").text
    found = drawn([table(["N"], [["1"]], truncated=False), stopped], "en")
    assert "was found until then" in found.text


@pytest.mark.parametrize("limit", get_args(Limit))
def test_each_limit_has_words_in_both_languages(limit: Limit) -> None:
    assert word_limit("ko", limit, 5) != word_limit("en", limit, 5)


def test_slack_takes_300_random_messages_and_finds_nothing_live_in_them() -> None:
    chance = random.Random(20261122)  # noqa: S311 -- the same messages each time
    for _ in range(300):
        message = answer_message(chance.choice(("ko", "en")), _turn(chance))
        if message is not None:
            for part in assert_taken(message):
                assert_harmless(part)


def assert_harmless(message: Message) -> None:
    for words in [message.text, *live_parts(message.blocks, "mrkdwn")]:
        assert not ANY_CONTROL.search(words)
        assert "\u202e" not in words
    assert set(kinds(message.blocks)) <= {"section", "context", "table", "data_table"}


_PIECES = (
    *HOSTILE_NAMES,
    *("<!here>", "<!date^1^{date}|x>", "&lt;!channel&gt;", "**", "*", "`", "```", "\n", " ", "|"),
    *(
        "가나다",
        "text",
        "<",
        ">",
        "&",
        "\u2066",
        "😀",
        "e\u0301",
        "[a](https://b)",
        "_",
        "{x}",
        "%s",
    ),
)


def _turn(chance: random.Random) -> list[Event]:
    def text() -> str:
        return "".join(chance.choices(_PIECES, k=chance.choice((0, 1, 3, 30, 300))))

    def one() -> Event:
        width = chance.choice((1, 3, 20, 30))
        return chance.choice(
            (
                Thought(text()),
                ToolStarted(str(chance.randrange(5)), text(), {text(): text()}),
                ToolFinished(str(chance.randrange(5)), text(), ok=False, result={}),
                Said(text(), tuple(Basis(text(), 1, ORDERS.as_of) for _ in range(width))),
                table(
                    [text() for _ in range(width)],
                    [[text()] * width for _ in range(chance.choice((0, 1, 120)))],
                    truncated=chance.random() < 0.5,
                ),
                GaveUp(chance.choice(get_args(Limit)), chance.randrange(30)),
                Failed(Failure(code="bad_query", params={"reason": text()})),
            )
        )

    return [one() for _ in range(chance.randrange(8))]


@pytest.mark.parametrize(
    ("language", "words"),
    [("ko", "주문 내역은(는) DuckDB 파일에서 가져온 테이블"), ("en", "can neither be synced nor")],
)
def test_a_sync_of_an_imported_table_is_refused_in_our_words_too(
    language: Language, words: str
) -> None:
    failure = NotFromOracle(table="주문 내역").failure
    refused = ToolFinished("c1", "start_sync", ok=False, result={}, failure=failure)
    assert words in shown(drawn([STARTED, refused, Said("x")], language).blocks)
    assert any(words in line for line in answer_lines(language, refused))


UNMET = remark("empty.unmet", condition="STATUS = <!channel> 취소")
ASSUMED = remark("assumed.where", conditions="STATUS = 취소")


def test_why_nothing_was_found_and_what_was_assumed_stand_in_small_print() -> None:
    empty = table(["N"], [], remarks=(ASSUMED, UNMET))
    message = drawn([Said("없습니다."), empty], "ko")
    small_print = message.blocks[-1]["elements"][0]["text"]
    assert small_print == (
        "조건: STATUS = 취소\nSTATUS = &lt;!channel&gt; 취소: 이 조건에 맞는 행이 하나도 없습니다."
    )
    assert answer_lines("en", empty)[-1] == "(STATUS = <!channel> 취소: not one row meets this.)"


def test_what_a_step_on_the_way_assumed_is_not_told_of_the_answer() -> None:
    step = table(["N"], [], remarks=(UNMET,))
    last = table(["N"], [[1]], remarks=(ASSUMED,))
    assert "not one row" not in drawn([step, last, Said("1")]).text
    assert "filter: STATUS = 취소" in drawn([step, last, Said("1")]).text


def test_a_count_in_a_remark_has_separators_and_a_long_value_is_cut() -> None:
    told = remark("empty.without", condition="A" * 5000, rows=12345)
    message = drawn([table(["N"], [], remarks=(told,) * 3), Said("none")])
    assert message.text.endswith("…: without this there are 12,345 rows.")
