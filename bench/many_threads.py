"""Many threads at once, one long one, and how soon a model's first words are heard."""

import itertools
import json
import threading
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import openai

from agent.budget import Budget
from agent.conversation import ConversationHistory, Message, ToolCall, thread_key
from agent.deps import AnalystDeps
from agent.llm import LLMClient, LLMConfig
from agent.service import Analyst, make_analyst, run_analyst_turn
from bench.figures import Figure, interleaved, percentile
from bench.turn import turn_deps
from sandbox.model.replies import Calls, JsonObject, Reply, Text, call
from sandbox.model.server import ModelStandIn, start_model
from sandbox.redis import start_redis
from sync.plan import TableRef
from sync.state import connect_state
from sync.warehouse.manifest import read_manifest
from sync.warehouse.query_process import QueryLimits, open_queries

AT_ONCE = 32
FIRST_KEY = 100_000_000_000
"""Of the table that `bench.rows` makes."""
PLENTY = Budget(user_day_tokens=10**9, user_day_usd=10**6, compact_at=1.0)
"""No summaries, which `bench.threads` measures: what is too old is left out."""
TURNS_OF_LONG = 500


def measure_many(ref: TableRef, warehouse: Path, turns: int) -> Iterator[Figure]:
    """Take *turns* turns for each figure, with a model that answers what it is asked."""
    said_at: list[float] = []
    key = read_manifest(warehouse).entry(ref).key[0]

    def answer(messages: Sequence[JsonObject], _: Sequence[JsonObject]) -> Reply:
        asked = next(one["content"] for one in reversed(messages) if one["role"] == "user")
        said_at.append(time.perf_counter())
        if messages[-1]["role"] != "tool":
            where = [{"column": key, "op": "=", "value": asked}]
            question = {"table": str(ref), "columns": [key], "where": where}
            return Calls(call("query_table", question))
        (row,) = json.loads(messages[-1]["content"])["rows"]
        return Text(f"{row[0]} is there. " + "It is one of many. " * 20)

    redis, model = start_redis(), start_model(answer=answer)
    client = connect_state(redis.url)
    analyst = make_analyst(
        LLMClient(LLMConfig(model.api_key, base_url=model.base_url)), budget=PLENTY
    )
    try:
        with open_queries(warehouse, QueryLimits()) as queries:
            deps = turn_deps(client, warehouse, queries, (ref,))
            yield _measure_at_once(analyst, deps, turns)
            yield _measure_long(analyst, deps, turns)
            yield _measure_first_words(analyst, deps, model, said_at, turns)
        assert model.refusals == ()
    finally:
        client.close()
        model.stop()
        redis.stop()


def _take_turn(analyst: Analyst, deps: AnalystDeps, thread: str, number: int) -> float:
    """Ask in a thread for one row, and look that it is this one that is told."""
    number += FIRST_KEY
    began = time.perf_counter()
    mine = replace(deps, thread=f"{deps.caller.team}:bench:{thread}")
    result = run_analyst_turn(analyst, mine, str(number), f"m{number}", lambda _: None)
    took = (time.perf_counter() - began) * 1000
    assert result.response_text.startswith(f"{number} is there"), result
    assert [table.rows for table in result.tables] == [((number,),)]
    return took


def _measure_at_once(analyst: Analyst, deps: AnalystDeps, turns: int) -> Figure:
    """Turns a second in 32 threads at once, each of which must be told its own rows."""
    each = max(turns // AT_ONCE, 2)

    def talk(thread: int) -> list[float]:
        numbers = range(1 + thread * each, 1 + (thread + 1) * each)
        return [_take_turn(analyst, deps, f"once-{thread}", one) for one in numbers]

    def rate(threads: int, first: int) -> tuple[float, list[float]]:
        began = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            took = list(pool.map(talk, range(first, first + AT_ONCE)))
        return AT_ONCE * each / (time.perf_counter() - began), [one for of in took for one in of]

    rate(1, 2 * AT_ONCE)  # warms up
    (alone, _), (together, took) = rate(1, AT_ONCE), rate(AT_ONCE, 0)
    return Figure(
        bench=f"turns_{AT_ONCE}_threads",
        value=together,
        unit="turns/s",
        against="peer",
        other=alone,
        detail={
            "turns": AT_ONCE * each,
            "p50_ms": percentile(took, 50),
            "p99_ms": percentile(took, 99),
            "crossed": 0,
        },
    )


def _measure_long(analyst: Analyst, deps: AnalystDeps, turns: int) -> Figure:
    """The most memory a turn takes in a thread of 500, beside one in a new thread; and its time."""
    numbers = itertools.count(1)
    for number in range(TURNS_OF_LONG):
        _remember(ConversationHistory(deps.redis, f"{deps.caller.team}:bench:long"), number)

    def peak(thread: str) -> float:
        tracemalloc.start()
        _take_turn(analyst, deps, thread, next(numbers))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most / 2**20

    found = interleaved(
        {"long": lambda: peak("long"), "new": lambda: peak(f"new-{next(numbers)}")}, 3
    )
    took = interleaved(
        {
            "long": lambda: _take_turn(analyst, deps, "long", next(numbers)),
            "new": lambda: _take_turn(analyst, deps, f"new-{next(numbers)}", next(numbers)),
        },
        turns,
    )
    redis_bytes: Any = deps.redis.memory_usage(thread_key(f"{deps.caller.team}:bench:long"))
    return Figure(
        bench=f"memory_turn_of_thread_of_{TURNS_OF_LONG}",
        value=percentile(found["long"], 50),
        unit="MiB",
        against="peer",
        other=percentile(found["new"], 50),
        detail={
            "redis_mib": redis_bytes / 2**20,
            "turn_ms": percentile(took["long"], 50),
            "turn_p99_ms": percentile(took["long"], 99),
            "new_thread_ms": percentile(took["new"], 50),
            "new_thread_p99_ms": percentile(took["new"], 99),
        },
    )


def _remember(history: ConversationHistory, number: int) -> None:
    """Put a turn of usual size into a thread."""
    asked = ToolCall(id=f"c{number}", name="query_table", arguments='{"table": "BENCH"}')
    rows = [[row, "SHIPPED", row * 1.5] for row in range(20)]
    result = json.dumps({"ok": True, "rows": rows})
    source = f"old{number}"
    history.append(Message(role="user", content=f"question {number}", source_id=source))
    history.append(Message(role="assistant", content="I look.", tool_calls=(asked,)))
    history.append(Message(role="tool", content=result, tool_call_id=asked.id))
    history.append(Message(role="assistant", content="SHIPPED orders are ahead. " * 5))


def _measure_first_words(
    analyst: Analyst, deps: AnalystDeps, model: ModelStandIn, said_at: list[float], turns: int
) -> Figure:
    """From where the model begins to speak to where the words leave the agent."""
    numbers = itertools.count(1)

    def ours() -> float:
        heard: list[float] = []
        first = threading.Event()

        def hear(_: str) -> None:
            if not first.is_set():
                first.set()
                heard.append(time.perf_counter())

        number = next(numbers)
        _take_turn(analyst, replace(deps, on_text=hear), f"first-{number}", number)
        return (heard[0] - said_at[-1]) * 1000

    client = openai.OpenAI(api_key=model.api_key, base_url=model.base_url, max_retries=0)

    def bare() -> float:
        ours()
        create: Any = client.chat.completions.create
        heard = [
            time.perf_counter()
            for chunk in create(**model.requests[-1])
            if chunk.choices and chunk.choices[0].delta.content
        ]
        return (heard[0] - said_at[-1]) * 1000

    bare()
    found = interleaved({"ours": ours, "bare": bare}, turns)
    return Figure(
        bench="first_words",
        value=percentile(found["ours"], 50),
        unit="ms",
        against="peer",
        other=percentile(found["bare"], 50),
        detail={
            "aim": "under 150",
            "turns": turns,
            "p99": percentile(found["ours"], 99),
            "peer_p99": percentile(found["bare"], 99),
        },
    )
