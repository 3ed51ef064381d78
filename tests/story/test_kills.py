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
from sandbox.slack.payloads import buttons_of
from sandbox.slack.server import NoSuchButton
from sandbox.slack.values import Message
from sandbox.start import Sandbox, start_sandbox
from sync.audit import read_audit
from sync.runs import FINAL, Run, RunState, load_run
from sync.state import connect_state
from sync.warehouse.manifest import read_manifest
from tests.story.stages import STAGES, has_ended, is_card, stage_of, until_stage
from tests.story.world import APPROVE, JUNHO, TEAM, World, children, no_leaks, shown

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
                _ends_well(World(sandbox, log, redis, processes["bot"].pid), asked, tally)
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
    stage, known = until_stage(world, asked, wanted, lambda: _press_if_open(world, asked))
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


def _ends_well(world: World, asked: str, tally: Tally) -> None:
    """The card is pressed where it still waits; then everything that is said and done is true."""
    deadline = time.monotonic() + SECONDS
    while not (cards := _cards(world, asked)) or not all(has_ended(card) for card in cards):
        assert time.monotonic() < deadline, f"not ended: {[shown(m) for m in world.said(asked)]}"
        # A second card that a kill left behind is mended by being pressed, like any old one.
        _press_if_open(world, asked)
        time.sleep(0.05)
    tally.second_cards += len(cards) - 1
    [run] = [run for run in world.runs() if run.approval.request.thread.endswith(asked)]
    _is_true(world, run, tally)
    title = "동기화 완료" if run.state is RunState.PUBLISHED else "동기화 "
    assert all(title in shown(card) for card in cards)
    world.answer(asked, "마쳤습니다" if run.state is RunState.PUBLISHED else "", seconds=SECONDS)
    assert all(no_leaks(shown(message)) for message in world.said(asked))


def _is_true(world: World, run: Run, tally: Tally) -> None:
    """The run has one end, which is what readers see and what the audit has."""
    ended = load_run(world.redis, run.id)
    assert ended is not None
    assert ended.state in FINAL
    noted = Counter(
        (entry.what, entry.detail)
        for entry in read_audit(world.redis, TEAM)
        if entry.subject == run.id and entry.what == "run_ended"
    )
    entries = read_manifest(world.sandbox.directory / "warehouse").entries
    entry = next((one for one in entries if one.ref.table == "USERS"), None)
    if ended.state is RunState.PUBLISHED:
        tally.published += 1
        assert entry is not None
        assert ended.receipt is not None
        assert entry.generation == ended.receipt.tables[0].generation
        assert noted["run_ended", "published"] == 1
    else:
        tally.failed += 1
        assert noted.total() == 1
        assert entry is None or entry.fence not in ended.fences


def _cards(world: World, asked: str) -> list[Message]:
    return [message for message in world.said(asked) if is_card(message)]


def _press_if_open(world: World, asked: str) -> None:
    for message in world.said(asked):
        approve = [one for one in buttons_of(message) if one.get("action_id") == APPROVE]
        if approve:
            with suppress(NoSuchButton):  # it has just been decided
                world.sandbox.slack.begin_press(JUNHO, message.channel, message.ts, APPROVE)
