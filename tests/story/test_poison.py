"""A run that kills whoever works on it."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox.oracle.faults import Fault
from sync.runs import MAX_LOST_RETRIES, RunState
from tests.story.world import APPROVE, children, no_leaks, shown, until, world


@pytest.mark.sweep
@pytest.mark.timeout(600)
def test_a_run_whose_worker_dies_each_time_is_parked_and_its_people_are_told(
    tmp_path: Path,
) -> None:
    with world(tmp_path) as bot:
        asked = bot.ask("ORDERS 테이블 동기화 해줘")
        card = bot.open_card(asked)
        for attempt in range(MAX_LOST_RETRIES + 1):
            bot.sandbox.oracle.control.fault(
                Fault("stall", at_fetch=2, sql_contains='"ORDERS"', seconds=60)
            )
            if attempt == 0:
                bot.press(card, APPROVE)
            until(
                lambda attempt=attempt: (
                    (run := bot.runs()[0]).attempts == attempt and run.progress is not None
                ),
                bot.runs,
            )
            [worker] = children(bot.bot_pid, "app.cli.main worker")
            for horse in children(worker, ""):
                with suppress(ProcessLookupError):
                    os.kill(horse, signal.SIGKILL)
        until(lambda: bot.runs()[0].finished_ms is not None, bot.runs)
        [run] = bot.runs()
        assert (run.state, run.parked, run.attempts) == (RunState.FAILED, True, MAX_LOST_RETRIES)
        assert no_leaks(shown(bot.card(asked, "도중에 멈췄습니다")))
        assert bot.answer(asked)
        bot.sandbox.oracle.control.clear_faults()
        bot.synced("USERS")
