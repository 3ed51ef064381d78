"""What the bot adds to the time of a model: whole turns beside the same requests sent bare.

The model is the scripted stand-in, in a thread of this process; Redis, the openai client, the
warehouse and the query process are real.
"""

import itertools
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import openai
from redis import Redis

from agent.deps import AnalystDeps, Caller, Ruling, SchedulerStatus
from agent.llm import LLMClient, LLMConfig
from agent.service import make_analyst, run_analyst_turn
from bench.figures import Figure, interleaved, percentile
from sandbox.model.replies import Calls, JsonObject, Text, ToolCall
from sandbox.model.server import ModelStandIn, start_model
from sandbox.redis import start_redis
from sync.oracle_errors import OracleUnreachable
from sync.plan import Plan, TableRef, Wish
from sync.state import connect_state
from sync.warehouse.query_process import Queries, QueryLimits, open_queries

WARM_UP_TURNS = 3
ANSWER = Text("SHIPPED orders are ahead, and PENDING ones are few.")


@dataclass(frozen=True)
class Talk:
    """A question with one tool call."""

    bench: str
    tool: str
    arguments: JsonObject

    def replies(self) -> tuple[Calls, Text]:
        """What the model says: a call, then words."""
        return Calls(ToolCall(name=self.tool, arguments=json.dumps(self.arguments))), ANSWER


def talks(ref: TableRef) -> tuple[Talk, Talk]:
    """One whose tool reads the manifest, and one whose tool starts a query process."""
    question = {
        "table": str(ref),
        "group_by": ["STATUS"],
        "aggregates": [{"function": "sum", "column": "AMOUNT"}],
        "where": [{"column": "ACTIVE", "op": "=", "value": "N"}],
    }
    return (
        Talk("turn_list_tables", "list_tables", {}),
        Talk("turn_query_table", "query_table", question),
    )


def measure_turns(ref: TableRef, warehouse: Path, turns: int) -> list[Figure]:
    """Take *turns* turns of each talk, each in a thread of its own."""
    redis, model = start_redis(), start_model([])
    client = connect_state(redis.url)
    queries = open_queries(warehouse, QueryLimits())
    deps = turn_deps(client, warehouse, queries, (ref,))
    try:
        return [_measure(talk, deps, model, turns) for talk in talks(ref)]
    finally:
        queries.close()
        client.close()
        model.stop()
        redis.stop()


def turn_deps(
    client: Redis, warehouse: Path, queries: Queries, offered: tuple[TableRef, ...]
) -> AnalystDeps:
    """Say what a turn may touch that is measured; its thread has no name yet."""
    return AnalystDeps(
        redis=client,
        warehouse=warehouse,
        queries=queries,
        offered=offered,
        model_sees=lambda _: "rows",
        caller=Caller(team="T0BENCH", user="U0BENCH", channel="C0BENCH"),
        thread="",
        language="en",
        today=date(2026, 11, 22),
        timezone="Asia/Seoul",
        plan_sync=_no_oracle,
        rule_on=lambda _: Ruling("ask", 1),
        schedule_status=lambda: SchedulerStatus(clock_running=True, schedules=()),
    )


def _measure(talk: Talk, deps: AnalystDeps, model: ModelStandIn, turns: int) -> Figure:
    take_turn = _turns(talk, deps, model)
    for _ in range(WARM_UP_TURNS):
        take_turn()
    bare = _bare(talk, model, model.requests[-2:])
    for _ in range(WARM_UP_TURNS):
        bare()
    found = interleaved({"turn": take_turn, "bare": bare}, turns)
    assert model.refusals == ()
    ours = [turn - bare for turn, bare in zip(found["turn"], found["bare"], strict=True)]
    return Figure(
        bench=talk.bench,
        value=percentile(found["turn"], 50),
        unit="ms",
        against="peer",
        other=percentile(found["bare"], 50),
        detail={
            "aim": "overhead p50 under 50, p99 under 120",
            "turns": turns,
            "p99": percentile(found["turn"], 99),
            "peer_p99": percentile(found["bare"], 99),
            "overhead_p50": percentile(ours, 50),
            "overhead_p99": percentile(ours, 99),
        },
    )


def _turns(talk: Talk, deps: AnalystDeps, model: ModelStandIn) -> Callable[[], float]:
    analyst = make_analyst(LLMClient(LLMConfig(api_key=model.api_key, base_url=model.base_url)))
    numbers = itertools.count()

    def take_turn() -> float:
        model.push(*talk.replies())
        thread = f"{deps.caller.team}:{talk.bench}:{next(numbers)}"
        began = time.perf_counter()
        mine = replace(deps, thread=thread)
        result = run_analyst_turn(analyst, mine, "Which status leads?", "m1", lambda _: None)
        took = (time.perf_counter() - began) * 1000
        assert ANSWER.text in str(result)
        return took

    return take_turn


def _bare(talk: Talk, model: ModelStandIn, requests: tuple[JsonObject, ...]) -> Callable[[], float]:
    client = openai.OpenAI(api_key=model.api_key, base_url=model.base_url, max_retries=0)
    create: Any = client.chat.completions.create

    def ask() -> float:
        model.push(*talk.replies())
        began = time.perf_counter()
        for request in requests:
            create(**request)
        return (time.perf_counter() - began) * 1000

    return ask


def _no_oracle(_: Sequence[Wish]) -> Plan:
    raise OracleUnreachable(source="main", detail="not part of this measurement")
