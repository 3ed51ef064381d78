"""Estimates of tokens: what a model's own counting teaches, and for whom."""

from collections.abc import Callable

import pytest
from redis import Redis

from agent.budget import Budget
from agent.conversation import ConversationHistory, Message
from agent.deps import AnalystDeps
from agent.llm import LLMClient
from agent.loop import SyncAgent
from agent.tokens import BOUNDS, learn_tokens, tokens_per_unit, units_of
from agent.tools.query_tools import QUERY_TOOLS
from agent.tools.registry import ToolRegistry
from sandbox.model.replies import Text
from sandbox.model.server import ModelStandIn
from sync.state import connect_state


def test_a_korean_sign_counts_as_much_as_three_english_ones() -> None:
    assert (units_of("주문 테이블"), units_of("orders"), units_of("")) == (5, 2, 0)


def test_each_model_is_learned_by_itself_and_by_all_processes(
    redis: Redis, redis_server: str
) -> None:
    learn_tokens(redis, "gpt-4o-mini", 1_000, 600)
    learn_tokens(redis, "gpt-4o-mini", 1_000, 1_000)
    other = connect_state(redis_server)
    assert tokens_per_unit(other, "gpt-4o-mini") == pytest.approx(0.7 * 0.6 + 0.3 * 1.0)
    assert tokens_per_unit(other, "another") == 1.0


def test_nonsense_is_bounded_and_silence_teaches_nothing(redis: Redis) -> None:
    learn_tokens(redis, "silent", 1_000, 0)
    learn_tokens(redis, "short", 100, 900)
    learn_tokens(redis, "large", 1_000, 10**9)
    learn_tokens(redis, "small", 10**9, 1)
    found = [tokens_per_unit(redis, name) for name in ("silent", "short", "large", "small")]
    assert found == [1.0, 1.0, BOUNDS[1], BOUNDS[0]]


def test_the_average_settles_on_what_a_model_counts(redis: Redis) -> None:
    for _ in range(20):
        learn_tokens(redis, "gpt-4o-mini", 10_000, 6_200)
    assert tokens_per_unit(redis, "gpt-4o-mini") == pytest.approx(0.62)


def test_a_turn_teaches_how_much_the_next_one_can_read(
    scripted: Callable[..., ModelStandIn],
    make_client: Callable[..., LLMClient],
    history: ConversationHistory,
    deps: AnalystDeps,
) -> None:
    for number in range(40):
        history.append(Message(role="user", content="x" * 300, source_id=f"1-{number}"))
        history.append(Message(role="assistant", content="ok"))
    model = scripted(Text("first"), Text("second"))
    agent = SyncAgent(
        make_client(model),
        ToolRegistry(QUERY_TOOLS),
        budget=Budget(context_tokens=4_000, compact_at=9),
    )
    for source in ("2-1", "2-2"):
        history.append(Message(role="user", content="last", source_id=source))
        list(agent.run(history, deps, "You help."))
    first, second = (len(request["messages"]) for request in model.requests)
    ratio = tokens_per_unit(deps.redis, "gpt-4o-mini")
    assert 0.5 < ratio < 1  # the stand-in counts 4 signs a token
    assert second > first * 1.2
    (spent,) = history.messages()[-1].spent
    assert (spent.model, spent.usage.prompt_tokens > 1_000) == ("gpt-4o-mini", True)
