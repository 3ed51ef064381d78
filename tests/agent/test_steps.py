"""A turn can be looked at step by step: what was sent, how long it took, what was decided."""

import logging
from collections.abc import Callable

import pytest

from agent.deps import AnalystDeps
from agent.llm import LLMClient
from agent.loop import SyncAgent
from agent.no_model import NoModel
from agent.service import Analyst, make_analyst, run_analyst_turn
from agent.tools.query_tools import QUERY_TOOLS
from agent.tools.registry import ToolRegistry
from sandbox.model.replies import Calls, Status, Text, call
from sandbox.model.server import ModelStandIn

Scripted = Callable[..., ModelStandIn]
MakeClient = Callable[..., LLMClient]


def test_a_trace_has_each_step_in_order_and_logs_tell_them_without_a_word_of_the_thread(
    scripted: Scripted,
    make_client: MakeClient,
    deps: AnalystDeps,
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = scripted(Status(500), Calls(call("list_tables"), text="Let me look."), Text("None."))
    agent = SyncAgent(make_client(model), ToolRegistry(QUERY_TOOLS), wait=lambda _: None)
    with caplog.at_level(logging.INFO, "agent"):
        result = run_analyst_turn(Analyst(agent), deps, "WORDS of a person", "1-1", lambda _: None)
    prompt, away, asked, thought, tool, last, reply = result.trace
    assert (prompt.node, thought.node, reply.node) == ("prompt", "thought", "reply")
    assert prompt.detail == model.requests[-1]["messages"][0]["content"]
    assert "2 messages and 3 tools sent" in away.detail
    assert away.detail.endswith("model_server_error, asked again in 1 s")
    assert (asked.node, asked.model) == ("model", "gpt-4o-mini")
    assert asked.usage is not None
    assert asked.usage.prompt_tokens > 0
    assert "4 messages and 3 tools sent" in last.detail
    assert (tool.node, tool.detail) == ("tool:list_tables", "ok")
    assert all(one.seconds is not None and one.seconds > 0 for one in (away, asked, tool, last))
    lines = [record for record in caplog.records if record.name == "agent.service"]
    assert [record.getMessage().split()[0] for record in lines] == [
        *("prompt:", "model", "model", "list_tables", "model", "turn"),
    ]
    ids = {(vars(record)["thread_id"], vars(record)["turn_id"]) for record in lines}
    assert ids == {(deps.thread, "1-1")}
    assert not any(word in caplog.text for word in ("WORDS", "Let me look", "You are Duckferry"))


def test_a_command_is_traced_without_a_prompt_that_nobody_was_sent(deps: AnalystDeps) -> None:
    result = run_analyst_turn(make_analyst(NoModel()), deps, "list", "1-1", lambda _: None)
    assert [node.node for node in result.trace] == ["tool:list_tables", "reply"]
