"""What the model used, counted by day, person and model."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, cast

from redis import Redis

from agent.ledger import PRICES, DaySpent, Price, day_spent, note_spent, read_ledger, spent_on
from agent.usage import Spent, Usage

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
MINI = "gpt-4o-mini"


def test_a_call_costs_what_its_tokens_cost_and_less_where_they_were_read_before() -> None:
    usage = Usage(prompt_tokens=1_000_000, completion_tokens=1_000_000, cached_tokens=400_000)
    # 0.6 M at $0.15, 0.4 M at $0.075, 1 M at $0.60
    assert spent_on(PRICES, MINI, usage) == Spent(MINI, usage, 720_000_000)
    assert spent_on({"o": Price(1, 2)}, "o", usage).nano_usd == 3_000_000_000
    assert spent_on(PRICES, "house/model", usage) == Spent("house/model", usage, None)


def test_calls_are_added_up_by_day_person_and_model(redis: Redis) -> None:
    for day, user, model in (
        (MONDAY, "UMINA", MINI),
        (MONDAY, "UMINA", MINI),
        (MONDAY, "UJUNHO", "house model:2"),
        (TUESDAY, "UMINA", MINI),
    ):
        note_spent(redis, "T1", day, user, spent_on(PRICES, model, Usage(100, 10, 60)), 2)
    lines = [
        (str(one.day), one.user, one.model, one.calls, one.prompt_tokens, one.nano_usd)
        for one in read_ledger(redis, "T1", MONDAY, TUESDAY)
    ]
    assert lines == [
        ("2026-11-23", "UJUNHO", "house model:2", 1, 100, 0),
        ("2026-11-23", "UMINA", MINI, 2, 200, 33_000),
        ("2026-11-24", "UMINA", MINI, 1, 100, 16_500),
    ]
    (unpriced, *_) = read_ledger(redis, "T1", MONDAY, MONDAY)
    assert (unpriced.cached_tokens, unpriced.completion_tokens, unpriced.unpriced_calls) == (
        60,
        10,
        1,
    )
    assert day_spent(redis, "T1", MONDAY, "UMINA") == DaySpent(220, 33_000, 330, 33_000)
    assert day_spent(redis, "T1", MONDAY, "UNEW") == DaySpent(0, 0, 330, 33_000)
    assert day_spent(redis, "T2", MONDAY, "UMINA") == DaySpent()
    assert 0 < redis.ttl("duckferry:1:T1:spent:2026-11-23") <= 2 * 86_400


class SentAgain(Redis):
    """A client whose every command reaches the server twice, as after a broken connection."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        super().execute_command(*args, **options)
        return cast("object", super().execute_command(*args, **options))


def test_a_call_is_counted_once_however_it_reaches_redis_and_however_many_count(
    redis: Redis,
) -> None:
    restless = SentAgain(connection_pool=redis.connection_pool)
    spent = spent_on(PRICES, MINI, Usage(100, 10))
    with ThreadPoolExecutor(8) as bots:
        for _ in range(50):
            bots.submit(note_spent, restless, "T1", MONDAY, "UMINA", spent, 1)
    assert day_spent(redis, "T1", MONDAY, "UMINA").tokens == 50 * 110
