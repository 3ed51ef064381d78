from agent.events import (
    Basis,
    Failed,
    GaveUp,
    Said,
    TableShown,
    Thought,
    ToolFinished,
    ToolStarted,
)
from agent.runtime.result_contract import AnalystResult, TraceNode, result_of
from sync.errors import Failure
from sync.oracle_errors import OracleTimeout

BASIS = Basis("SHOP.USERS", 2, "2026-11-22T00:00:00Z")


def test_a_reply_carries_text_tables_basis_and_what_ran_in_order() -> None:
    shown = TableShown(("ID",), ((1,), (2,)), truncated=False, basis=BASIS)
    events = [
        Thought("Let me look."),
        ToolStarted("a", "query_table", {}),
        ToolFinished("a", "query_table", ok=True, result={"ok": True}),
        shown,
        ToolStarted("b", "get_table_stats", {}),
        ToolFinished("b", "get_table_stats", ok=False, result={"ok": False, "code": "bad_query"}),
        Said("Two.", (BASIS,)),
    ]
    assert result_of(events) == AnalystResult(
        action="reply",
        response_text="Two.",
        tables=(shown,),
        basis=(BASIS,),
        trace=(
            TraceNode(node="thought", detail="Let me look."),
            TraceNode(node="tool:query_table", detail="ok"),
            TraceNode(node="table", detail="2 rows"),
            TraceNode(node="tool:get_table_stats", detail="bad_query"),
            TraceNode(node="reply"),
        ),
    )


def test_a_tool_that_was_only_begun_is_not_in_the_trace() -> None:
    failure = OracleTimeout(source="main", seconds=30).failure
    result = result_of([ToolStarted("a", "start_sync", {}), Failed(failure)])
    assert result.trace == (TraceNode(node="error", detail="oracle_timeout"),)


def test_a_failure_is_an_error_with_its_sentence() -> None:
    failure = OracleTimeout(source="main", seconds=30).failure
    result = result_of([Failed(failure)])
    assert (result.action, result.failure) == ("error", failure)
    assert result.response_text.startswith("Oracle source main did not answer within 30 s.")


def test_a_failure_nobody_knows_any_more_still_has_a_sentence() -> None:
    result = result_of([Failed(Failure(code="of_the_future"))])
    assert "of_the_future" in result.response_text


def test_a_limit_is_no_reply() -> None:
    result = result_of([GaveUp("step_limit", most=8)])
    assert result.action == "gave_up"
    assert "not finished within 8 steps" in result.response_text
    assert result.trace == (TraceNode(node="gave_up", detail="step_limit"),)


def test_a_turn_without_events_says_nothing() -> None:
    assert result_of([]) == AnalystResult(action="reply")
