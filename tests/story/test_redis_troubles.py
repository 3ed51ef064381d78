"""Redis away for a while, restarted empty, or set up to forget: nothing is lost or done twice."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sandbox.oracle.faults import Fault
from sandbox.redis import start_redis
from sync.runs import RunState
from sync.warehouse.manifest import read_manifest
from tests.story.world import APPROVE, JUNHO, World, again, no_leaks, shown, world

AWAY_SECONDS = 3.0

Restart = Callable[[World, float], None]


@pytest.fixture
def restart() -> Iterator[Callable[[World, float], None]]:
    """Have Redis down for so many seconds, and then again with all it had."""
    with ExitStack() as servers:

        def restart_(bot: World, seconds: float) -> None:
            server = bot.sandbox.redis
            port = urlsplit(server.url).port
            assert port is not None
            server.kill()
            time.sleep(seconds)  # how long it is down is what the test is about
            servers.callback(start_redis(server.directory, port).stop)

        yield restart_


def test_a_running_sync_outlives_an_absence_of_redis(tmp_path: Path, restart: Restart) -> None:
    with world(tmp_path) as bot:
        asked = stalled(bot, AWAY_SECONDS + 1)
        restart(bot, AWAY_SECONDS)
        bot.card(asked, "동기화 완료", seconds=60)
        assert [run.state for run in bot.runs()] == [RunState.PUBLISHED]
        assert no_leaks(bot.answer(asked, "100,000건"))
        assert bot.answer(bot.ask("현재 상태 알려줘"))


@pytest.mark.sweep
def test_thirty_seconds_without_redis_end_a_run_one_way_or_the_other(
    tmp_path: Path, restart: Restart
) -> None:
    """Longer than a heartbeat lasts: the run may be called lost, and then publishes nothing."""
    with world(tmp_path) as bot:
        asked = stalled(bot, 40)
        restart(bot, 30)
        bot.sandbox.oracle.control.clear_faults()
        until_ended(bot)
        run = bot.runs()[0]
        copies = read_manifest(bot.sandbox.directory / "warehouse").entries
        assert (run.state, len(copies)) in ((RunState.FAILED, 0), (RunState.PUBLISHED, 1))
        title = "동기화 완료" if copies else "동기화 실패"
        assert no_leaks(shown(bot.card(asked, title, seconds=60)))
        bot.synced("USERS")


def stalled(bot: World, seconds: float) -> str:
    """Begin a sync of ORDERS that stalls in the middle for so long; gives its thread."""
    bot.sandbox.oracle.control.fault(
        Fault("stall", at_fetch=2, sql_contains='"ORDERS"', seconds=seconds)
    )
    asked = bot.ask("ORDERS 테이블 동기화 해줘")
    bot.press(bot.open_card(asked), APPROVE)
    bot.card(asked, "40,000 / 약 99,800행 (40%)")
    return asked


def until_ended(bot: World) -> None:
    deadline = time.monotonic() + 60
    while bot.runs()[0].finished_ms is None:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_card_from_before_redis_lost_everything_runs_nothing_and_says_so(tmp_path: Path) -> None:
    with world(tmp_path) as bot:
        asked = bot.ask("USERS 테이블 동기화 해줘")
        card = bot.open_card(asked)
        bot.redis.flushall()
        bot.press(card, APPROVE)
        assert "다시 요청" in bot.whispered(JUNHO, "다시 요청")
        assert bot.runs() == []
        bot.synced("USERS")  # and the product goes on


def test_a_redis_that_may_forget_is_named_when_the_bot_starts(tmp_path: Path) -> None:
    with world(tmp_path) as bot:
        bot.redis.config_set("maxmemory-policy", "allkeys-lru")
        bot.kill()
        with again(bot, tmp_path):
            log = (tmp_path / "bot-again.log").read_text()
        assert "maxmemory-policy is allkeys-lru" in log
        assert "set noeviction" in log


def test_a_redis_that_does_not_answer_lets_a_question_wait_and_not_be_lost(tmp_path: Path) -> None:
    with world(tmp_path) as bot:
        server = bot.sandbox.redis
        os.kill(server.pid, signal.SIGSTOP)
        try:
            asked = bot.ask("어떤 테이블이 있어?")
            time.sleep(1.0)  # so long it hangs
        finally:
            os.kill(server.pid, signal.SIGCONT)
        assert bot.answer(asked, "테이블은 5개", seconds=60)
        assert len(bot.said(asked)) == 1
