"""Hosts whose clocks are a day off: what decides and what is due goes by Redis's clock alone.

libfaketime shifts the clock of whole processes: bot, clock, worker and each run.
"""

import importlib.util
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.event_log import STARTED, last_events
from sandbox.start import BOT_TOML
from sync.approvals import ApprovalState, load_approval, pending_approvals
from sync.runs import RunState
from sync.state import moment_of
from tests.story.world import APPROVE, DATA, JUNHO, SECONDS, TEAM, World, shown, until, world

DAY, NEAR = timedelta(days=1), timedelta(minutes=10)
LATE, MISSED = "late", "missed"
"""Schedules that are due: some minutes ago, and some hours."""


def off_by(shift: str) -> Mapping[str, str]:
    """The environment of a process whose clock is off; waiting is not, which asks another clock."""
    found = importlib.util.find_spec("libfaketime")
    if found is None or not found.submodule_search_locations:
        pytest.skip("libfaketime is built for x86-64 Linux alone")
    [home] = found.submodule_search_locations
    library = Path(home) / "vendor/libfaketime/src/libfaketime.so.1"
    return {"LD_PRELOAD": str(library), "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def bot_toml(folder: Path, now: datetime) -> tuple[Path, Mapping[str, datetime]]:
    """The sandbox's bot.toml with two schedules more, and when each is due."""
    minute = now.replace(second=0, microsecond=0)
    due = {LATE: minute - timedelta(minutes=9), MISSED: minute - timedelta(hours=5)}
    text = BOT_TOML.read_text(encoding="utf-8")
    for name, moment in due.items():
        text += (
            f'\n[[schedule]]\nname = "{name}"\ntables = ["SHOP.USERS"]\nchannel = "{DATA}"\n'
            f'cron = "{moment.minute} {moment.hour} * * *"\ntimezone = "UTC"\n'
        )
    path = folder / "bot.toml"
    path.write_text(text, encoding="utf-8")
    return path, due


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("shift", "off"), [("+1d", DAY), pytest.param("-1d", -DAY, marks=pytest.mark.sweep)]
)
def test_a_host_a_day_off_changes_no_decision_no_run_and_no_tick(
    tmp_path: Path, shift: str, off: timedelta
) -> None:
    path, due = bot_toml(tmp_path, datetime.now(UTC))
    with world(tmp_path, {**off_by(shift), "BOT_TOML": str(path)}) as bot:
        started = last_events(bot.redis, TEAM)[STARTED]
        assert abs(started - off - moment_of(bot.redis)) < NEAR  # its clock really is off

        # A card that can be decided, and its run, are as on any other day.
        asked = bot.ask("ORDERS 테이블 동기화 해줘")
        bot.press(bot.open_card(asked), APPROVE)
        bot.card(asked, "동기화 완료")
        [run] = bot.runs()
        assert (run.state, run.attempts) == (RunState.PUBLISHED, 0)
        assert run.finished_ms is not None
        ended = datetime.fromtimestamp(run.finished_ms / 1000, UTC)
        assert abs(ended - moment_of(bot.redis)) < NEAR

        # A card whose hour has passed by Redis cannot.
        asked = bot.ask("PRODUCTS 테이블 동기화 해줘")
        card = bot.open_card(asked)
        [waiting] = pending_approvals(bot.redis, TEAM, 10)
        gone = int(moment_of(bot.redis).timestamp() * 1000) - 1
        bot.redis.hset(f"duckferry:1:{TEAM}:approval:{waiting.id}", "expires_ms", gone)
        bot.press(card, APPROVE, JUNHO)
        until(lambda: state_of(bot, waiting.id) is ApprovalState.EXPIRED)
        assert len(bot.runs()) == 1

        # What was due while nobody watched is noted once, or told to be missed.
        for name, moment in due.items():
            watch_since(bot, name, moment - timedelta(minutes=1))
        told = bot.sandbox.slack.wait_for(lambda m: MISSED in m.text and "놓쳤" in m.text, SECONDS)
        assert told.channel == DATA
        bot.sandbox.slack.wait_for(lambda m: m.channel == DATA and f"{LATE}" in shown(m), SECONDS)
        for name, moment in due.items():
            assert noted(bot, name) == {f"{moment:%Y-%m-%dT%H:%MZ}", f"{moment:%Y-%m-%dT%H:%M}"}


def state_of(bot: World, approval_id: str) -> ApprovalState | None:
    approval = load_approval(bot.redis, approval_id)
    return approval.state if approval else None


def watch_since(bot: World, name: str, moment: datetime) -> None:
    """Have the clock believe that nobody has looked at a schedule since then."""
    [watched] = bot.redis.keys(f"duckferry:1:schedule:{name}:*:watched")

    def is_noted() -> bool:
        # A tick that is at it may write over this.
        bot.redis.set(str(watched), moment.isoformat())
        return bool(noted(bot, name))

    bot.until(is_noted)


def noted(bot: World, name: str) -> set[str]:
    """The minutes for which a schedule has been claimed, in UTC and by its own clock."""
    start = f"duckferry:1:seen:schedule:{name}:"
    return {str(key).removeprefix(start) for key in bot.redis.keys(f"{start}*")}
