"""From starting botctl to being of use, and what it costs to wait for people."""

import subprocess
import sys
import time
from pathlib import Path

from bench.figures import Figure, interleaved, median
from bench.processes import children, memory_mb
from sandbox.bot_process import running_bot
from sandbox.start import Sandbox, start_sandbox

IDLE_SECONDS = 2.0
"""This long without a change of memory counts as idle."""
LONGEST_WAIT_SECONDS = 20.0
LIBRARIES = (
    "apscheduler.schedulers.background, click, croniter, dotenv, duckdb, oracledb, pyarrow, "
    "pydantic, redis, rq, slack_bolt.adapter.socket_mode"
)
"""What `botctl run` imports of others before it connects; the model's client comes later."""
TELL_MEMORY = "print(next(l for l in open('/proc/self/status') if l.startswith('VmRSS')))"


def measure_ready(scratch: Path, starts: int) -> list[Figure]:
    """Start the whole bot *starts* times in a sandbox, then look at the last one idle."""
    memory: list[dict[str, float]] = []
    bare_memory: list[float] = []
    sandbox = start_sandbox()
    try:
        found = interleaved(
            {
                "ready": lambda: _start(sandbox, scratch / "bot.log", memory),
                "imports": lambda: _bare_imports(bare_memory),
            },
            starts,
        )
    finally:
        sandbox.stop()
    return [
        Figure(
            bench="ready",
            value=median(found["ready"]),
            unit="s",
            against="peer",
            other=median(found["imports"]),
            detail={"starts": starts, "slowest": max(found["ready"])},
        ),
        *(
            Figure(
                bench=f"idle_memory_{name}",
                value=median([one[name] for one in memory]),
                unit="MiB",
                against="peer",
                other=median(bare_memory),
            )
            for name in ("bot", "worker")
        ),
    ]


def measure_help(repetitions: int) -> Figure:
    """``botctl --help``, beside an interpreter that imports click."""
    found = interleaved(
        {
            "help": lambda: _seconds("-m", "app.cli.main", "--help"),
            "click": lambda: _seconds("-c", "import click"),
        },
        repetitions,
    )
    return Figure(
        bench="help",
        value=median(found["help"]),
        unit="s",
        against="peer",
        other=median(found["click"]),
        detail={"repetitions": repetitions},
    )


def _start(sandbox: Sandbox, log: Path, memory: list[dict[str, float]]) -> float:
    """Seconds until Slack has the bot's connection, which is looked for every 0.05 s."""
    began = time.perf_counter()
    with running_bot(sandbox, log) as bot:
        ready = time.perf_counter() - began
        memory.append(_idle_memory(bot.pid))
    return ready


def _idle_memory(bot: int) -> dict[str, float]:
    """MiB of the bot and its worker once neither changes any more."""
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    seen: list[float] = []
    since = time.monotonic()
    while time.monotonic() < deadline:
        now = [round(memory_mb(pid, "VmRSS")) for pid in (bot, *children(bot))]
        if now != seen:
            seen, since = [float(one) for one in now], time.monotonic()
        elif len(seen) > 1 and time.monotonic() - since > IDLE_SECONDS:
            return {"bot": seen[0], "worker": max(seen[1:])}
        time.sleep(0.1)
    raise RuntimeError("the bot did not come to rest")


def _bare_imports(memory: list[float]) -> float:
    began = time.perf_counter()
    told = subprocess.run(
        [sys.executable, "-c", f"import {LIBRARIES}; {TELL_MEMORY}"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    memory.append(int(told.split()[1]) / 1024)
    return time.perf_counter() - began


def _seconds(*arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, timeout=60)
    return time.perf_counter() - began
