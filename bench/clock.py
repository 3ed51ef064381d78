"""What the clock costs: a minute of ticking over many schedules."""

import time
from datetime import UTC, datetime, timedelta

from redis import Redis

from bench.figures import Figure, percentile
from bench.processes import cpu_seconds
from sandbox.redis import start_redis
from sync.inbox import MAX_ENTRIES
from sync.schedules import TICK_SECONDS, Schedule, tick
from sync.state import INBOX, connect_state

TICKS = 60 // TICK_SECONDS
START = datetime(2026, 11, 22, 5, 59, 30, tzinfo=UTC)


def measure_clock(schedules: int) -> Figure:
    """Twelve ticks around a full hour, at which a twelfth of *schedules* is due.

    Beside it the same commands bare: each schedule's mark read and written once a tick.
    """
    server = start_redis()
    client = connect_state(server.url)
    wanted = [
        Schedule(
            name=f"bench-{number}",
            tables=("SHOP.ORDERS",),
            cron=f"{5 * (number % 12)} * * * *",
            channel="C0DATA",
            timezone="Asia/Seoul",
        )
        for number in range(schedules)
    ]
    try:
        tick(client, wanted, START)
        before_server = cpu_seconds(server.pid)
        ticks: list[float] = []
        began = time.process_time()
        for number in range(1, TICKS + 1):
            started = time.perf_counter()
            tick(client, wanted, START + timedelta(seconds=TICK_SECONDS * number))
            ticks.append((time.perf_counter() - started) * 1000)
        ours = time.process_time() - began
        server_cpu = cpu_seconds(server.pid) - before_server
        due = int(client.xlen(INBOX))
        assert 0 < due < MAX_ENTRIES
        bare = _bare(client, schedules)
    finally:
        client.close()
        server.stop()
    return Figure(
        bench=f"clock_minute_{schedules}_schedules",
        value=ours,
        unit="s",
        against="peer",
        other=bare,
        detail={
            "tick_p50_ms": percentile(ticks, 50),
            "tick_slowest_ms": max(ticks),
            "redis_cpu": server_cpu,
            "noted": due,
        },
    )


def _bare(client: Redis, schedules: int) -> float:
    began = time.process_time()
    for _ in range(TICKS):
        for number in range(schedules):
            client.get(f"bare:{number}")
            client.set(f"bare:{number}", "2026-11-22T06:00:00+00:00", ex=604_800)
    return time.process_time() - began
