"""The terminal shows what Slack shows, as plain text that cannot command it."""

import pytest

from agent.events import (
    ApprovalRequested,
    Basis,
    Event,
    Failed,
    GaveUp,
    Said,
    TableShown,
    Thought,
    ToolFinished,
    ToolStarted,
)
from agent.steps import Instructed, ModelAsked, Sent, Summarised, ToolRan
from agent.usage import Spent, Usage
from app.terminal import (
    answer_lines,
    plan_lines,
    receipt_lines,
    step_line,
    table_lines,
    trace_line,
)
from sync.errors import TableNotSynced
from tests.app.parts import approval, plan, receipt, request

ORDERS = Basis(table="SHOP.ORDERS", rows=100_000, as_of="2026-11-22T01:02:03Z")
ANSWERS: tuple[Event, ...] = (
    Said("150."),
    TableShown(("N",), ((1,),), truncated=False, basis=None),
    GaveUp("step_limit", most=8),
    Failed(TableNotSynced(table="SHOP.X").failure),
)
STEPS: tuple[Event, ...] = (
    Thought("Hm."),
    ToolStarted("c1", "query_table", {"table": "ORDERS", "limit": 5}),
    ToolFinished("c1", "query_table", ok=False, result={}),
)


def test_what_a_step_took_is_a_line_and_a_prompt_only_its_head() -> None:
    sent = Sent(messages=12, units=5_400, tools=18, left_out=3)
    asked = ModelAsked("gpt-4o-mini", sent, 0.414, Usage(1_234, 56))
    busy = ModelAsked("gpt-4o-mini", sent, 0.1, Usage(), "model_busy", 2.0)
    told = "12 messages and 18 tools sent (5,400 units), 3 messages left out for lack of room"
    assert step_line(asked) == f"  model gpt-4o-mini: 0.41 s, {told}, 1,234 + 56 tokens"
    assert step_line(busy).endswith("lack of room, model_busy, asked again in 2 s")
    assert step_line(ToolRan("c1", "query_table", 0.0421)) == "  query_table took 0.042 s"
    summary = Summarised((Spent("small", Usage(9_000, 300)),), 1.5)
    assert step_line(summary) == "  summary of older turns: 1.50 s, small 9,000 + 300 tokens"
    long = step_line(Instructed("You help.\x1b[31m\n" + "x" * 9_000))
    assert long.startswith("  prompt: 9,015 characters: You help.[31m x")
    assert len(long) < 300


def test_a_step_is_a_line_of_the_trace() -> None:
    assert [trace_line("en", event) for event in STEPS] == [
        "  thought: Hm.",
        "  tool: query_table table=ORDERS, limit=5",
        "  tool failed: query_table ",
    ]


def test_a_tool_that_worked_and_a_card_are_no_lines_of_their_own() -> None:
    for event in (
        ToolFinished("c1", "query_table", ok=True, result={}),
        ApprovalRequested(approval(request(plan("ORDERS")))),
    ):
        assert trace_line("en", event) is None
        assert answer_lines("en", event) == []


def test_what_is_said_is_no_step_and_a_step_is_not_said() -> None:
    assert [trace_line("en", event) for event in ANSWERS] == [None] * 4
    assert [answer_lines("en", event) for event in STEPS] == [[]] * 3


def test_an_answer_names_what_it_rests_on() -> None:
    assert answer_lines("ko", Said("150건.", (ORDERS,))) == [
        "150건.",
        "(근거: SHOP.ORDERS 사본, 100,000행, Oracle 2026-11-22 01:02 UTC 기준)",
    ]


def test_a_failure_and_a_limit_are_told() -> None:
    assert answer_lines("en", ANSWERS[2]) == [
        "This was not finished within 8 steps, so it was stopped. Please ask in smaller parts."
    ]
    assert answer_lines("ko", ANSWERS[2])[0].startswith("8단계 안에 끝내지 못해 멈췄습니다.")
    assert answer_lines("en", ANSWERS[3]) == [
        "SHOP.X has not been copied yet. Ask for a sync first."
    ]


def test_rows_are_separated_as_sheets_take_them() -> None:
    rows = [(1, "a\tb"), (None, "two\nlines"), (1.5, "\r\n")]
    assert table_lines(["ID", "NA\tME"], rows) == ["ID\tNA ME", "1\ta b", "\ttwo lines", "1.5\t"]


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\u202etxt", "\x00"])
def test_no_text_commands_the_terminal(hostile: str) -> None:
    events: list[Event] = [
        Said(hostile),
        TableShown((hostile,), ((hostile,),), truncated=False, basis=None),
        Failed(TableNotSynced(table=hostile).failure),
        Thought(hostile),
        ToolStarted("c1", hostile, {hostile: hostile}),
    ]
    shown = "".join(
        "".join(answer_lines("en", event)) + (trace_line("en", event) or "") for event in events
    )
    assert not set(shown) & set("\x1b\x07\x9b\u202e\x00")


def test_a_plan_is_shown_with_what_it_would_do() -> None:
    assert plan_lines("en", plan("ORDERS", current_rows=150)) == [
        "Sync needs approval",
        (
            "  SHOP.ORDERS: Oracle main → DuckDB · full copy, replaces the current 150 rows · "
            "about 99,800 rows (by Oracle's statistics of 2026-11-20) · about 4.1 kB · 1 columns · "
            "stops above 1,000,000 rows · "
            "proof: sums of each column (Oracle reads the rows once more)"
        ),
        f"  content {plan('ORDERS').digest[:8]}",
    ]


def test_a_receipt_is_shown_table_by_table() -> None:
    assert receipt_lines("ko", receipt(plan("USERS", "ORDERS"), rows=150)) == [
        "  SHOP.USERS: 150행 복사, Oracle 150행과 일치",
        "    행 수 일치",
        "  SHOP.ORDERS: 150행 복사, Oracle 150행과 일치",
        "    행 수 일치",
        "[System] 동기화 완료: 300건 처리됨.",
    ]
