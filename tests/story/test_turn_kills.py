"""Kill the bot with -9 between any two steps of its turns, and start it again."""

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.conversation import ConversationHistory, unanswered
from sandbox.bot_process import running_bot
from sandbox.start import start_sandbox
from sync.approvals import pending_approvals
from sync.state import INBOX, connect_state
from tests.story.stages import is_card
from tests.story.world import DATA, TEAM, World, no_leaks, shown, until

SECONDS = 90.0
QUESTION, WISH = "주문을 상태별로 세어 줘", "USERS 테이블 동기화 해줘"
STAGES = ("asked", "said", "called", "answered", "ended", "delivered")
"""In order: the message is in the inbox; it is in the thread; the model's call is; the tool's
answer is; the turn's last words are; Slack has them."""
LONGEST_PAUSE_SECONDS = 0.03
"""A kill comes at the beginning of a stage of one of the turns, or at most this long after it."""


@dataclass
class Tally:
    """What came of the kills."""

    turns: int = 0
    kills: int = 0
    told_twice: int = 0
    """The bot died between posting an answer and noting where."""
    left_begun: int = 0
    """The same of a message that words are streamed into: the answer then stands below it."""
    at: Counter[str] = field(default_factory=Counter[str])
    """Where each turn stood when its bot was killed."""


@pytest.mark.sweep
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(1, 3))
def test_no_kill_between_two_steps_of_a_turn_loses_its_answer_or_does_anything_twice(
    seed: int, tmp_path: Path, tell_sweep: Callable[..., None]
) -> None:
    rng, tally = random.Random(seed), Tally()  # noqa: S311 -- no secret
    sandbox = start_sandbox()
    redis = connect_state(sandbox.redis.url)
    log = tmp_path / "bot.log"
    try:
        with running_bot(sandbox, log) as bot:
            World(sandbox, log, redis, bot.pid).synced("ORDERS")
        for number in range(12):
            with ExitStack() as stack:
                bot = stack.enter_context(running_bot(sandbox, log))
                world = World(sandbox, log, redis, bot.pid)
                asked = _ask(world, rng)
                _at_stage(world, rng.choice(list(asked)), STAGES[number % len(STAGES)])
                time.sleep(rng.choice([0.0, rng.uniform(0, LONGEST_PAUSE_SECONDS)]))
                world.kill()
                tally.kills += 1
                tally.at.update(_stage(world, one) for one in asked)
            with running_bot(sandbox, log) as bot:
                world = World(sandbox, log, redis, bot.pid)
                for one, text in asked.items():
                    _ends_once(world, one, text, tally)
    finally:
        redis.close()
        sandbox.stop()
        tell_sweep(sweep="turn_kills", seed=seed, **{**vars(tally), "at": dict(tally.at)})
    assert tally.kills == 12


def _ask(world: World, rng: random.Random) -> dict[str, str]:
    """Ask in eight threads, one a little after the other."""
    asked: dict[str, str] = {}
    for text in rng.sample([QUESTION, WISH] * 4, 8):
        asked[world.ask(text)] = text
        time.sleep(rng.uniform(0, 0.02))
    return asked


def _thread(world: World, asked: str) -> ConversationHistory:
    return ConversationHistory(world.redis, f"{TEAM}:{DATA}:{asked}")


def _stage(world: World, asked: str) -> str:
    if world.said(asked):
        return "delivered"
    messages = _thread(world, asked).messages()
    return STAGES[min(len(messages), len(STAGES) - 2)]


def _at_stage(world: World, asked: str, wanted: str) -> None:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if STAGES.index(_stage(world, asked)) >= STAGES.index(wanted):
            return


def _ends_once(world: World, asked: str, text: str, tally: Tally) -> None:
    """The question has one answer, or the wish one approval with a card."""
    if text == QUESTION:
        world.answer(asked, "근거", seconds=SECONDS)
    else:
        world.open_card(asked)
    until(lambda: not world.redis.xlen(INBOX), lambda: world.said(asked), SECONDS)
    history = _thread(world, asked).messages()
    roles = [message.role for message in history]
    said = [message for message in world.said(asked) if not is_card(message)]
    assert unanswered(history) == ()
    assert all(no_leaks(shown(message)) for message in world.said(asked))
    if text == QUESTION:
        assert roles == ["user", "assistant", "tool", "assistant"]
        whole = [shown(message) for message in said if "근거" in shown(message)]
        assert len(set(whole)) == 1
        tally.told_twice += len(whole) - 1
        tally.left_begun += len(said) - len(whole)
    else:
        assert roles == ["user", "assistant", "tool"]
        waiting = pending_approvals(world.redis, TEAM, 500)
        assert [one.request.thread for one in waiting].count(f"{TEAM}:{DATA}:{asked}") == 1
    tally.turns += 1
