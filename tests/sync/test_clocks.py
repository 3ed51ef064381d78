"""Two clocks at once, each late, early or silent as it likes: each planned minute is due once."""

import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis

import sync
from sync.schedules import TICK_SECONDS, Schedule, tick
from sync.state import connect_state
from tests.sync.state_parts import inbox_of

pytest_plugins = ["tests.sync.state_fixtures"]

START = datetime(2026, 11, 22, 21, 0, 30, tzinfo=UTC)
OFF_SECONDS = 4.0
"""A clock may be off by this much."""
SILENT = 0.1
"""How often a clock misses a tick."""


def schedule(name: str, cron: str) -> Schedule:
    return Schedule(name=name, tables=("SHOP.ORDERS",), cron=cron, channel="C1", timezone="UTC")


@pytest.mark.parametrize(
    ("seed", "ticks"), [(1, 60), pytest.param(2, 1_000, marks=pytest.mark.sweep)]
)
def test_each_planned_minute_is_due_once_however_two_clocks_tick(
    state: Redis, redis_url: str, seed: int, ticks: int, tell_sweep: Callable[..., None]
) -> None:
    minutely, quarterly = schedule("minutely", "* * * * *"), schedule("quarterly", "*/15 * * * *")
    barrier, clients = threading.Barrier(2), [connect_state(redis_url) for _ in range(2)]
    tick(state, [minutely, quarterly], START)

    def run_clock(number: int) -> None:
        rng = random.Random(f"{seed} {number}")  # noqa: S311 -- cases, no secrets
        for count in range(1, ticks + 1):
            barrier.wait(30)
            planned = START + timedelta(seconds=TICK_SECONDS * count)
            now = planned + timedelta(seconds=rng.uniform(-OFF_SECONDS, OFF_SECONDS))
            if count == ticks:
                now = planned + timedelta(seconds=2 * OFF_SECONDS)
            elif rng.random() < SILENT:
                continue
            tick(clients[number], [minutely, quarterly], now)

    with ThreadPoolExecutor(2) as pool:
        for clock in [pool.submit(run_clock, number) for number in range(2)]:
            clock.result(600)
    for client in clients:
        client.close()
    end = START + timedelta(seconds=TICK_SECONDS * ticks + 2 * OFF_SECONDS)
    due = [json.loads(entry["body"]) for entry in inbox_of(state)]
    fired = Counter((one["schedule"], one["due"]) for one in due)
    missed = sum(int(one.get("missed", 0)) for one in due)
    minutes = int((end - START.replace(second=0)).total_seconds() // 60)
    planned = [START.replace(second=0) + timedelta(minutes=one + 1) for one in range(minutes)]
    quarters = [moment for moment in planned if moment.minute % 15 == 0]
    assert set(fired.values()) == {1}
    # Clocks that are silent for a minute together note it as missed; never twice.
    assert len(fired) + missed == len(planned) + len(quarters)
    tell_sweep(
        sweep="two_clocks", seed=seed, ticks=2 * ticks, fired=len(fired), missed=missed, twice=0
    )


def test_whether_time_is_up_is_asked_of_redis_alone() -> None:
    """A host's clock may be a day off: what decides and what runs must not look at it."""
    folder = Path(sync.__file__).parent
    for name in ("approvals", "approval_scripts", "runs", "run_scripts", "leases", "dispatch"):
        source = (folder / f"{name}.py").read_text(encoding="utf-8")
        assert "time.time(" not in source, name
        assert ".now(" not in source, name
        assert "utcnow" not in source, name
