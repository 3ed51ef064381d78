"""A long thread: what a prompt of it comes to with summaries and without, and what it holds.

The summaries are the stand-in's, which keeps sentences by their words: the figure shows what the
product sends and keeps, not how well a language model sums up.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import cast

from agent.budget import Budget
from agent.compaction import recall_within
from agent.conversation import ConversationHistory, thread_key
from agent.deps import AnalystDeps
from agent.recall import Recalled, estimate_units, read, recall
from bench.figures import Figure, percentile
from bench.long_threads import FACTS, Keeper, turn
from bench.turn import turn_deps
from sandbox.redis import start_redis
from sync.state import connect_state
from sync.warehouse.query_process import QueryLimits, open_queries

FIXED = 8_000
"""Units that instructions and tools take of a prompt, about as many as in the product."""


def measure_thread(turns: int, warehouse: Path) -> Figure:
    """Say *turns* turns in one thread, and after each read it as the next call of a model would."""
    redis = start_redis()
    client = connect_state(redis.url)
    try:
        with open_queries(warehouse, QueryLimits()) as queries:
            deps = turn_deps(client, warehouse, queries, ())
            return _measure(turns, replace(deps, thread="T0BENCH:C0BENCH:1"))
    finally:
        client.close()
        redis.stop()


def _measure(turns: int, deps: AnalystDeps) -> Figure:
    history, budget, keeper = ConversationHistory(deps.redis, deps.thread), Budget(), Keeper()
    room = budget.context_tokens - FIXED
    sent = trimmed = whole = 0
    read_ms: list[float] = []
    for number in range(turns):
        for message in turn(number):
            history.append(message)
        recalled, _ = recall_within(history, deps, budget, keeper, FIXED, budget.context_tokens)
        sent += estimate_units(read(recalled, "", room))
        began = time.perf_counter()
        messages = history.messages()
        read_ms.append((time.perf_counter() - began) * 1000)
        whole += estimate_units(messages)
        trimmed += estimate_units(read(Recalled(None, None, messages, 0), "", room))
    words = "".join(message.content for message in read(recall(history), "", room))
    due = [fact for number, fact in FACTS.items() if number < turns]
    key = thread_key(deps.thread)
    held = sum(
        cast("int", deps.redis.memory_usage(name, samples=0)) for name in (key, f"{key}:seen")
    )
    return Figure(
        bench="long_thread",
        value=sent / turns,
        unit="units a prompt",
        against="peer",
        other=whole / turns,
        detail={
            "turns": turns,
            "saved": 1 - sent / whole,
            "saved_beside_trimming": 1 - sent / trimmed,
            "units_summarised": sum(keeper.units),
            "summaries": len(keeper.units),
            "facts_kept": f"{sum(fact in words for fact in due)} of {len(due)}",
            "redis_kb": held / 1000,
            "read_p50_ms_of_last": percentile(read_ms[-20:], 50),
        },
    )
