"""A turn whose process is killed with -9 goes on in the next one; no tool has its effect twice."""

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from agent.conversation import ConversationHistory
from agent.deps import AnalystDeps
from sandbox.model.replies import Calls, Stall, call
from sandbox.model.server import ModelStandIn
from sync.plan import TableRef
from tests.agent.turn_process import THREAD

USERS = TableRef(source="main", schema_name="SHOP", table="USERS")
SILENCE = Stall(60)


def test_a_turn_killed_at_one_step_after_another_is_ended_by_the_next_process(
    scripted: Callable[..., ModelStandIn],
    deps: AnalystDeps,
    redis_server: str,
    publish_table: Callable[..., Any],
) -> None:
    publish_table(USERS, {"ID": "NUMBER(10)"}, [(1,), (2,)])
    export = call("export_result", {"query": {"table": "USERS"}})
    asks = Calls(call("list_tables"), export)
    model = scripted(SILENCE, asks, SILENCE, Calls(call("start_sync", {"tables": ["USERS"]})))
    history = ConversationHistory(deps.redis, THREAD)
    moments: tuple[Callable[[], bool], ...] = (
        lambda: len(model.requests) == 1,  # asked for the first time
        lambda: len(history.messages()) >= 2,  # called, perhaps answered
        lambda: len(model.requests) == 3,  # asked with the answers
    )

    def start() -> "subprocess.Popen[bytes]":
        told = (redis_server, model.base_url, model.api_key, str(deps.warehouse))
        command = [sys.executable, "-m", "tests.agent.turn_process", *told]
        return subprocess.Popen(command, stdout=subprocess.PIPE)

    for moment in moments:
        with start() as process:
            deadline = time.monotonic() + 30
            while not moment() and time.monotonic() < deadline:
                time.sleep(0.001)
            process.kill()
        assert moment()
    with start() as process:
        assert process.communicate(timeout=30)[0] == b"approval\n"

    roles = [message.role for message in history.messages()]
    assert roles == ["user", "assistant", "tool", "tool", "assistant", "tool"]
    assert len(list((deps.warehouse / ".files").iterdir())) == 1
    assert len(deps.redis.keys("*:approval:*")) == 1
    assert len(model.requests) == 4
