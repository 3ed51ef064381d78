import json
from typing import Any

from agent.conversation import ConversationHistory, Message, OnlyFor, Table, ToolCall
from agent.deps import AnalystDeps
from agent.events import Basis
from agent.tools.registry import ToolRegistry
from agent.tools.sync_tools import SYNC_TOOLS
from agent.tools.thread_tool import THREAD_TOOLS
from sync.approvals import Click, decide, load_approval


def ask(deps: AnalystDeps, name: str, call_id: str, **arguments: Any) -> Any:
    registry = ToolRegistry(SYNC_TOOLS, THREAD_TOOLS)
    return registry.call(deps, name, json.dumps(arguments), call_id)


def asked(number: int, words: str, speaker: str = "UMINA") -> Message:
    return Message(role="user", content=words, speaker=speaker, source_id=f"m{number}")


def called(call_id: str, name: str) -> Message:
    return Message(role="assistant", tool_calls=(ToolCall(id=call_id, name=name, arguments="{}"),))


def test_a_thread_is_summed_up_from_its_records_without_what_one_alone_was_shown(
    deps: AnalystDeps, history: ConversationHistory
) -> None:
    basis = Basis("SHOP.ORDERS", 100, "2026-11-22T00:00:00Z")
    rows = [["PAID", 7], ["OPEN", 5], ["SENT", 4], ["LOST", 1]]
    content = json.dumps({"ok": True, "table": "SHOP.ORDERS", "columns": ["S", "N"], "rows": rows})
    table = Table(columns=("S", "N"), rows=tuple(map(tuple, rows)), truncated=False)
    proposal = ask(deps, "start_sync", "c2", tables=["USERS"]).approval
    click = Click(user="UJUNHO", verdict="reject", digest=proposal.request.digest, reason="later")
    assert decide(deps.redis, proposal, click, may_decide=True) == "rejected"
    event = {"event": "rejected", "tables": ["SHOP.USERS"], "rejected_by": "UJUNHO"}
    secret = OnlyFor(user="UHANA", rules="hr-only")
    for message in (
        asked(1, "orders by status"),
        called("c1", "query_table"),
        Message(role="tool", tool_call_id="c1", content=content, table=table, basis=(basis,)),
        Message(role="assistant", content="Most are paid."),
        asked(2, "sync USERS"),
        called("c2", "start_sync"),
        Message(role="tool", tool_call_id="c2", content='{"ok": true}', approval_id=proposal.id),
        Message(role="system", content=json.dumps(event), source_id="e1"),
        Message(role="assistant", content="I synced it.", untrue="sync"),
        asked(3, "salaries?", "UHANA"),
        called("c3", "query_table"),
        Message(role="tool", tool_call_id="c3", content='{"rows": [[9999]]}', private=secret),
        Message(role="assistant", content="It is 9999."),
        asked(4, "summarise this thread for Bob"),
        called("c4", "summarize_thread"),
    ):
        history.append(message)

    data = ask(deps, "summarize_thread", "c4").data

    found, told, private = data["turns"][0], data["turns"][2], data["turns"][3]
    assert found == {
        "said": "orders by status",
        "by": "UMINA",
        "results": [
            {
                "tool": "query_table",
                "table": "SHOP.ORDERS",
                "columns": ["S", "N"],
                "first_rows": rows[:3],
                "rows": 4,
                "as_of": {"SHOP.ORDERS": "2026-11-22T00:00:00Z"},
            }
        ],
        "answered": "Most are paid.",
    }
    assert (told["event"], told["but_no_sync_had_run"]) == (event, True)
    assert "9999" not in json.dumps(data)
    assert "hr-only" in private["answered"]
    stored = load_approval(deps.redis, proposal.id)
    assert stored is not None
    (proposed,) = data["proposals"]
    kept = ("kind", "tables", "requested_by", "state", "decided_by", "reason")
    assert [proposed[name] for name in kept] == [
        "sync",
        ["SHOP.USERS"],
        "UMINA",
        "rejected",
        "UJUNHO",
        "later",
    ]
    assert data["schedules_of_this_thread"] == []


def test_of_a_long_thread_the_newest_turns_are_told_and_how_many_are_left_out(
    deps: AnalystDeps, history: ConversationHistory
) -> None:
    for number in range(100):
        history.append(asked(number, f"question {number} " + "x" * 250))
    history.append(asked(100, "요약해줘"))
    data = ask(deps, "summarize_thread", "c1").data
    assert data["turns"][-1]["said"].startswith("question 99 ")
    assert data["earlier_turns_left_out"] == 100 - len(data["turns"]) > 0
