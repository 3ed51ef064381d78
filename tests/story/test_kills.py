"""Kill the product with -9 between any two steps of a sync, from the question to the receipt."""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sandbox.bot_process import running, running_bot
from sandbox.start import Sandbox, start_sandbox
from sync.runs import RunState
from sync.state import connect_state
from tests.story.ends import ends_well, press_if_open
from tests.story.stages import STAGES, stage_of, until_stage
from tests.story.world import World, children

SECONDS = 90.0
LONGEST_PAUSE_SECONDS = 0.05
"""A kill comes at the beginning of a stage, or at most this long after it."""
ACTORS = {"running": "horse", "verifying": "horse", "publishing": "horse", "enqueued": "worker"}
"""Who takes the next step; where nobody stands here it is the bot."""


@dataclass
class Tally:
    """What came of the kills."""

    kills: int = 0
    published: int = 0
    failed: int = 0
    second_cards: int = 0
    """Posted because a bot died between posting a card and noting where; mended when pressed."""
    victims: Counter[str] = field(default_factory=Counter[str])
    at: Counter[str] = field(default_factory=Counter[str])


@pytest.mark.parametrize(
    ("seed", "kills"),
    [(1, 1), *(pytest.param(seed, 25, marks=pytest.mark.sweep) for seed in range(2, 10))],
)
@pytest.mark.timeout(3600)
def test_no_kill_loses_a_run_or_runs_one_twice_and_every_card_ends_true(
    seed: int, kills: int, tmp_path: Path, tell_sweep: Callable[..., None]
) -> None:
    rng, tally = random.Random(seed), Tally()  # noqa: S311 -- no secret
    sandbox = start_sandbox()
    redis = connect_state(sandbox.redis.url)
    log = tmp_path / "bot.log"
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        with ExitStack() as running_:
            for number in range(kills):
                _start_what_is_missing(running_, processes, sandbox, log)
                world = World(sandbox, log, redis, processes["bot"].pid)
                asked = world.ask("USERS 테이블 동기화 해줘")
                _kill(world, asked, processes, STAGES[number % len(STAGES)], rng, tally)
                _start_what_is_missing(running_, processes, sandbox, log)
                ended = ends_well(World(sandbox, log, redis, processes["bot"].pid), asked)
                tally.second_cards += ended.second_cards
                tally.published += ended.run.state is RunState.PUBLISHED
                tally.failed += ended.run.state is not RunState.PUBLISHED
    finally:
        redis.close()
        sandbox.stop()
        at = {stage: tally.at[stage] for stage in STAGES}
        tell_sweep(sweep="kills", seed=seed, **{**vars(tally), "at": at})
    assert tally.kills == kills


def _start_what_is_missing(
    stack: ExitStack,
    processes: dict[str, subprocess.Popen[bytes]],
    sandbox: Sandbox,
    log: Path,
) -> None:
    """Have bot and worker run, and a second clock and reconciler in a process of its own."""
    if "bot" not in processes or processes["bot"].poll() is not None:
        processes["bot"] = stack.enter_context(running_bot(sandbox, log))
    if "clock" not in processes or processes["clock"].poll() is not None:
        processes["clock"] = stack.enter_context(running(sandbox, log, "clock"))


def _kill(
    world: World,
    asked: str,
    processes: dict[str, subprocess.Popen[bytes]],
    wanted: str,
    rng: random.Random,
    tally: Tally,
) -> None:
    """Kill somebody when the sync is at a stage: mostly who takes the next step."""
    victim = rng.choice([ACTORS.get(wanted, "bot")] * 4 + ["bot", "worker", "horse", "clock"])
    pause = rng.choice([0.0, rng.uniform(0, LONGEST_PAUSE_SECONDS)])
    workers = children(world.bot_pid, "app.cli.main worker")
    stage, known = until_stage(world, asked, wanted, lambda: press_if_open(world, asked))
    if pause:
        time.sleep(pause)  # the moment of the kill is the case
        stage, _ = stage_of(world, asked, known)
    horses = [horse for worker in workers for horse in children(worker, "")]
    pids = horses or workers if victim == "horse" else workers
    if victim in ("horse", "worker") and pids:
        with suppress(ProcessLookupError):
            os.kill(pids[0], signal.SIGKILL)
    else:  # also where the worker is just being started again
        victim = victim if victim in processes else "bot"
        processes[victim].kill()
        processes[victim].wait()
    tally.kills += 1
    tally.victims[victim] += 1
    tally.at[stage] += 1
