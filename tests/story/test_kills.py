"""Kill the product with -9 at random moments of a sync, from the question to the receipt."""

import json
import os
import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sandbox.bot_process import running_bot
from sandbox.slack.delivery import NotAcknowledged
from sandbox.slack.payloads import buttons_of
from sandbox.slack.server import NoSuchButton
from sandbox.slack.values import Message
from sandbox.start import Sandbox, start_sandbox
from sync.runs import FINAL, RunState, load_run
from sync.state import connect_state
from sync.warehouse.manifest import read_manifest
from tests.story.world import APPROVE, JUNHO, World, children, no_leaks, shown

LONGEST_WAIT_SECONDS = 3.0
"""A kill comes at most this long after the question, so before, in or after everything."""
SECONDS = 90.0


@dataclass
class Tally:
    """What came of the kills."""

    kills: int = 0
    published: int = 0
    failed: int = 0
    victims: dict[str, int] = field(default_factory=dict[str, int])


@pytest.mark.parametrize(
    ("seed", "kills"),
    [(1, 1), *(pytest.param(seed, 25, marks=pytest.mark.sweep) for seed in range(2, 10))],
)
@pytest.mark.timeout(3600)
def test_no_kill_loses_a_run_or_runs_one_twice_and_every_card_ends_true(
    seed: int, kills: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng, tally = random.Random(seed), Tally()  # noqa: S311 -- no secret
    sandbox = start_sandbox()
    try:
        for number in range(kills):
            _kill_once(sandbox, tmp_path / f"bot-{number}.log", rng, tally)
    finally:
        sandbox.stop()
    with capsys.disabled():
        line = {"sweep": "kills", "seed": seed, **vars(tally)}
        print(json.dumps(line))  # noqa: T201 -- the sweep's result
    assert tally.kills == kills


def _kill_once(sandbox: Sandbox, log: Path, rng: random.Random, tally: Tally) -> None:
    """Ask for a sync, kill somebody in the middle, start again, and look at how all of it ended."""
    redis = connect_state(sandbox.redis.url)
    victim = rng.choice(["bot", "bot", "worker", "horse"])
    with running_bot(sandbox, log) as bot:
        world = World(sandbox, log, redis, bot.pid)
        asked = world.ask("USERS 테이블 동기화 해줘")
        deadline = time.monotonic() + rng.uniform(0, LONGEST_WAIT_SECONDS)
        pressed = False
        while time.monotonic() < deadline:
            pressed = pressed or _press_if_open(world, asked)
            time.sleep(0.01)
        pid = _pid_of(world, victim)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        tally.kills += 1
        tally.victims[victim] = tally.victims.get(victim, 0) + 1
        if victim != "bot":
            _ends_well(world, asked, tally)
            return
        bot.wait()
    with running_bot(sandbox, log) as again:
        _ends_well(World(sandbox, log, redis, again.pid), asked, tally)
    redis.close()


def _pid_of(world: World, victim: str) -> int:
    if victim == "bot":
        return world.bot_pid
    workers = children(world.bot_pid, "app.cli.main worker")
    if victim == "worker" and workers:
        return workers[0]
    horses = [horse for worker in workers for horse in children(worker, "")]
    return horses[0] if horses else (workers or [world.bot_pid])[0]


def _ends_well(world: World, asked: str, tally: Tally) -> None:
    """The card is pressed where it still waits; then everything that is said and done is true."""
    deadline = time.monotonic() + SECONDS
    while True:
        assert time.monotonic() < deadline, f"not ended: {[shown(m) for m in world.said(asked)]}"
        cards = [message for message in world.said(asked) if _is_card(message)]
        if cards and any(_ended(card) for card in cards):
            break
        _press_if_open(world, asked)
        time.sleep(0.05)
    runs = [run for run in world.runs() if run.approval.request.thread.endswith(asked)]
    assert len(runs) == 1, runs
    run = load_run(world.redis, runs[0].id)
    assert run is not None
    assert run.state in FINAL
    entry = next(
        (
            one
            for one in read_manifest(world.sandbox.directory / "warehouse").entries
            if one.ref.table == "USERS"
        ),
        None,
    )
    if run.state is RunState.PUBLISHED:
        tally.published += 1
        assert entry is not None
        assert run.receipt is not None
        assert entry.generation == run.receipt.tables[0].generation
    else:
        tally.failed += 1
        assert entry is None or entry.fence not in run.fences
    ended = [card for card in cards if _ended(card)]
    title = "동기화 완료" if run.state is RunState.PUBLISHED else "동기화 "
    assert any(title in shown(card) for card in ended)
    assert all(no_leaks(shown(message)) for message in world.said(asked))


def _press_if_open(world: World, asked: str) -> bool:
    for message in world.said(asked):
        approve = [one for one in buttons_of(message) if one.get("action_id") == APPROVE]
        if approve:
            with suppress(NoSuchButton, NotAcknowledged):
                world.sandbox.slack.press(JUNHO, message.channel, message.ts, APPROVE)
                return True
    return False


def _is_card(message: Message) -> bool:
    return any(block["type"] == "header" for block in message.blocks)


def _ended(card: Message) -> bool:
    return any(word in shown(card) for word in ("동기화 완료", "동기화 실패", "동기화 취소"))
