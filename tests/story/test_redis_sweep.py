"""Redis stopped, killed, full or emptied between any two steps of a sync that is under way."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sandbox.redis import RedisStandIn, start_redis
from sandbox.slack.payloads import buttons_of
from sync.runs import RunState
from tests.story.ends import cards_of, ends_well, press_if_open, users_copy
from tests.story.stages import STAGES, has_ended, until_stage
from tests.story.world import JUNHO, World, shown, until, world

STOPPED_SECONDS = 30.0
FULL_SECONDS = 5.0
ENDS_SECONDS = 240.0
"""Slack delivers again what was not taken after a minute."""

Trouble = Callable[[World], None]


@contextmanager
def troubles() -> Generator[dict[str, Trouble]]:
    """What can happen to a Redis, and the servers that take the place of a killed one."""
    with ExitStack() as servers:
        revived: list[RedisStandIn] = []

        def now(bot: World) -> RedisStandIn:
            return revived[-1] if revived else bot.sandbox.redis

        def stopped(bot: World) -> None:
            os.kill(now(bot).pid, signal.SIGSTOP)
            time.sleep(STOPPED_SECONDS)  # how long it hangs is what the test is about
            os.kill(now(bot).pid, signal.SIGCONT)

        def killed(bot: World) -> None:
            server = now(bot)
            port = urlsplit(server.url).port
            assert port is not None
            server.kill()
            revived.append(start_redis(server.directory, port))
            servers.callback(revived[-1].stop)

        def full(bot: World) -> None:
            bot.redis.config_set("maxmemory", 1)
            time.sleep(FULL_SECONDS)  # as above
            bot.redis.config_set("maxmemory", 0)

        def flushed(bot: World) -> None:
            bot.redis.flushall()

        yield {"stopped": stopped, "killed": killed, "full": full, "flushed": flushed}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("trouble", "stages"),
    [
        ("full", ("decided",)),
        *(
            pytest.param(name, STAGES, marks=pytest.mark.sweep, id=name)
            for name in ("stopped", "killed", "full")
        ),
    ],
)
def test_a_redis_in_trouble_loses_nothing_and_nothing_runs_twice(
    trouble: str, stages: tuple[str, ...], tmp_path: Path, tell_sweep: Callable[..., None]
) -> None:
    at, states = Counter[str](), Counter[str]()
    with world(tmp_path) as bot, troubles() as inflict:
        for wanted in stages:
            asked = bot.ask("USERS 테이블 동기화 해줘")
            stage, _ = until_stage(
                bot, asked, wanted, lambda asked=asked: press_if_open(bot, asked)
            )
            inflict[trouble](bot)
            at[stage] += 1
            states[ends_well(bot, asked, ENDS_SECONDS).run.state] += 1
    tell_sweep(sweep=f"redis_{trouble}", seed=0, cases=len(stages), at=at, states=states)


@pytest.mark.sweep
@pytest.mark.timeout(3600)
def test_a_redis_that_forgot_everything_leaves_orphans_that_say_so_and_runs_nothing_twice(
    tmp_path: Path, tell_sweep: Callable[..., None]
) -> None:
    at, orphans = Counter[str](), 0
    with world(tmp_path) as bot, troubles() as inflict:
        for wanted in STAGES:
            before = users_copy(bot)
            asked = bot.ask("USERS 테이블 동기화 해줘")
            stage, known = until_stage(
                bot, asked, wanted, lambda asked=asked: press_if_open(bot, asked)
            )
            inflict["flushed"](bot)
            at[stage] += 1
            bot.synced("USERS")  # the product goes on, with a whole sync behind whatever was left
            for card in cards_of(bot, asked):
                orphans += _says_so(bot, card.ts)
            assert known is None or all(run.id != known for run in bot.runs())
            after = users_copy(bot)
            assert after is not None
            assert after.fence - (before.fence if before else 0) <= 2
            assert {run.state for run in bot.runs()} == {RunState.PUBLISHED}
    tell_sweep(sweep="redis_flushed", seed=0, cases=len(STAGES), at=at, orphans=orphans)


def _says_so(bot: World, ts: str) -> int:
    """A card that was left behind: pressed, it says that nothing is known of it any more."""
    card = next(one for one in bot.sandbox.slack.messages() if one.ts == ts)
    buttons = buttons_of(card)
    if not buttons:
        return 0
    bot.press(card, str(buttons[0]["action_id"]))
    bot.whispered(JUNHO, "다시 요청")

    def mended() -> bool:
        now = next(one for one in bot.sandbox.slack.messages() if one.ts == ts)
        return not buttons_of(now) and not has_ended(now)

    until(mended, lambda: shown(card))
    return 1
