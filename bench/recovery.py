"""From the death of a worker (kill -9) until its run goes on in another, with the real settings."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from redis import Redis

from bench.figures import Figure, median
from bench.processes import children
from sandbox.bot_process import running_bot
from sandbox.oracle.faults import Fault
from sandbox.slack.payloads import buttons_of
from sandbox.slack.values import Message
from sandbox.start import Sandbox, start_sandbox
from sync.runs import ALIVE_SECONDS, BACKOFF_SECONDS, Run, RunState, recent_runs
from sync.state import connect_state

AIM_SECONDS = 90.0
SHORTEST_BACKOFF = 0.8
"""A pause before another attempt is shorter than usual by a fifth at most."""


def measure_recovery(scratch: Path, deaths: int) -> Figure:
    """Kill the worker in the middle of a copy, *deaths* times, each in a new sandbox."""
    found = [_recovery(scratch / f"recovery-{number}.log") for number in range(deaths)]
    again, ended = [one[0] for one in found], [one[1] for one in found]
    return Figure(
        bench="worker_death_to_recovery",
        value=median(again),
        unit="s",
        against="bound",
        # Nothing is lost before its heartbeat is, and nothing is tried again without a pause.
        other=ALIVE_SECONDS + SHORTEST_BACKOFF * BACKOFF_SECONDS[0],
        detail={
            "deaths": deaths,
            "slowest": max(again),
            "published_after": median(ended),
            "aim": AIM_SECONDS,
        },
    )


def _recovery(log: Path) -> tuple[float, float]:
    sandbox = start_sandbox()
    client = connect_state(sandbox.redis.url)
    try:
        with running_bot(sandbox, log) as bot:
            stall = Fault("stall", at_fetch=2, sql_contains='"ORDERS"', seconds=60)
            sandbox.oracle.control.fault(stall)
            _approve(sandbox)
            _until(client, lambda run: run.progress is not None)
            sandbox.oracle.control.clear_faults()
            [worker] = [pid for pid in children(bot.pid) if _is_worker(pid)]
            os.kill(worker, signal.SIGKILL)
            died = time.monotonic()
            _until(client, lambda run: run.attempts == 1 and run.state is not RunState.QUEUED)
            again = time.monotonic() - died
            _until(client, lambda run: run.state is RunState.PUBLISHED)
            return again, time.monotonic() - died
    finally:
        client.close()
        sandbox.stop()


def _approve(sandbox: Sandbox) -> None:
    def is_open(message: Message) -> bool:
        return bool(buttons_of(message))

    sandbox.slack.post("U0MINJI", "C0DATA", "@Duckferry ORDERS 테이블 동기화 해줘")
    card = sandbox.slack.wait_for(is_open, AIM_SECONDS)
    sandbox.slack.press("U0JUNHO", card.channel, card.ts, "sync.approve")


def _until(client: Redis, happens: Callable[[Run], bool]) -> None:
    deadline = time.monotonic() + 2 * AIM_SECONDS
    while True:
        runs = recent_runs(client, "T0SANDBOX", 1)
        if runs and happens(runs[0]):
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"the run did not get there: {runs}")
        time.sleep(0.05)


def _is_worker(pid: int) -> bool:
    return b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
