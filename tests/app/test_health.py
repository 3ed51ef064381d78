"""Health: fresh signs of life are well, and nothing else is; Oracle and the model play no part."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis import Redis

from app.bot_config import load_bot_config
from app.health import FRESH_SECONDS, Kind, check_health, signs_of_life
from app.settings import SettingsError, load_settings
from app.turns import Turns
from app.wiring import build
from sandbox.slack.server import start_slack
from sandbox.start import BOT_TOML
from sync.schedules import start_clock
from sync.state import connect_state

ROOT = Path(__file__).parents[2]


def leave(directory: Path, kind: Kind, age_seconds: float, now: float = 1_000_000.0) -> None:
    sign = directory / f"{kind}.alive"
    sign.touch()
    os.utime(sign, (now - age_seconds, now - age_seconds))


def health(environ: Mapping[str, str], *kinds: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "app.cli.main", "health", *kinds],
        env={"PATH": os.defpath, **environ},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def wait_for(done: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


@pytest.mark.parametrize(
    ("ages", "kinds", "told"),
    [
        ({"bot": 3}, (), (True, "bot: alive 3 s ago")),
        ({"bot": -2}, (), (True, "bot: alive 0 s ago")),
        ({"bot": FRESH_SECONDS - 1}, ("bot",), (True, "bot: alive 89 s ago")),
        (
            {"bot": FRESH_SECONDS},
            ("bot",),
            (False, "bot: no sign of life for 90 s; it hangs, or is not connected to Slack"),
        ),
        ({"worker": 500}, (), (False, "worker: no sign of life for 500 s; it hangs")),
        ({"bot": 1, "clock": 2}, (), (True, "bot: alive 1 s ago; clock: alive 2 s ago")),
        (
            {"bot": 1, "clock": 200},
            (),
            (False, "bot: alive 1 s ago; clock: no sign of life for 200 s; it hangs"),
        ),
        ({"bot": 1, "clock": 200}, ("bot",), (True, "bot: alive 1 s ago")),
        ({"bot": 1}, ("worker",), (False, "worker: no sign of life")),
        ({"bot": 1}, ("bot", "worker"), (False, "bot: alive 1 s ago; worker: no sign of life")),
    ],
)
def test_a_sign_of_life_counts_while_it_is_fresh(
    tmp_path: Path, ages: dict[Kind, float], kinds: tuple[Kind, ...], told: tuple[bool, str]
) -> None:
    for kind, age in ages.items():
        leave(tmp_path, kind, age)
    assert check_health(tmp_path, kinds, now=1_000_000.0) == told


def test_where_nothing_runs_nothing_is_well(tmp_path: Path) -> None:
    well, line = check_health(tmp_path, ())
    assert not well
    assert line.endswith("nothing runs, or not yet.")


def test_a_process_is_well_from_its_first_round_until_its_end(tmp_path: Path) -> None:
    directory = tmp_path / "made" / "here"
    with signs_of_life(directory, "bot") as alive:
        assert check_health(directory, ("bot",)) == (False, "bot: no sign of life")
        alive()
        assert check_health(directory, ("bot",)) == (True, "bot: alive 0 s ago")
    assert check_health(directory, ("bot",)) == (False, "bot: no sign of life")


def test_the_sign_of_a_process_that_was_killed_does_not_speak_for_the_next(tmp_path: Path) -> None:
    leave(tmp_path, "worker", 0, now=time.time())
    with signs_of_life(tmp_path, "worker"):
        assert not check_health(tmp_path, ("worker",))[0]


def test_signs_are_left_seldom_however_fast_the_loop_is(tmp_path: Path) -> None:
    with signs_of_life(tmp_path, "bot") as alive:
        alive()
        leave(tmp_path, "bot", 60)
        for _ in range(1000):
            alive()
        assert (tmp_path / "bot.alive").stat().st_mtime == 1_000_000 - 60


def test_without_a_folder_nothing_is_written_and_the_check_says_what_to_set() -> None:
    with signs_of_life(None, "bot") as alive:
        alive()
    assert check_health(None, ())[1].startswith("RUNTIME_DIR is not set")


def test_a_folder_that_cannot_be_written_stops_the_start_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(SettingsError, match=r"RUNTIME_DIR is .*/file/x, where nothing can be"),
        signs_of_life(tmp_path / "file" / "x", "bot"),
    ):
        pass


def test_a_folder_that_is_gone_later_ends_the_sign_and_not_the_process(tmp_path: Path) -> None:
    directory = tmp_path / "run"
    with signs_of_life(directory, "bot") as alive:
        directory.rmdir()
        alive()
        assert not check_health(directory, ())[0]


@pytest.mark.parametrize("part", ["turns", "clock"])
def test_the_loops_of_bot_and_clock_live_on_while_redis_is_away(part: str) -> None:
    away = connect_state("redis://127.0.0.1:1/0")
    rounds = 0
    stop = threading.Event()

    def alive() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 2:
            stop.set()

    if part == "turns":
        Turns(away, "c", workers=1, handle=print, give_up=print, alive=alive).run(stop)
        assert rounds == 2
    else:
        scheduler = start_clock(away, (), alive)
        wait_for(lambda: rounds == 1)
        scheduler.shutdown()


@pytest.mark.usefixtures("redis")  # empty: what other tests left names other teams
def test_a_bot_that_slack_cannot_reach_gives_no_sign_of_life(redis_url: str) -> None:
    slack = start_slack()
    slack_runs = ExitStack()
    slack_runs.callback(slack.stop)
    signs: list[float] = []
    bot = build(
        load_settings(
            {
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_API_URL": slack.api_url,
                "REDIS_URL": redis_url,
            }
        ),
        load_bot_config(BOT_TOML),
        alive=lambda: signs.append(time.monotonic()),
    )
    stop = threading.Event()
    running = threading.Thread(target=bot.run, args=(stop,))
    running.start()
    try:
        wait_for(lambda: len(signs) > 1)
        slack_runs.close()
        wait_for(lambda: not bot.is_connected())
        signs.clear()
        assert not stop.wait(1.5)  # two rounds of the bot's loop and more
        assert signs == []
    finally:
        stop.set()
        running.join(30)
        slack_runs.close()


def test_botctl_health_ends_with_0_or_1_and_one_line_and_needs_no_setting(tmp_path: Path) -> None:
    environ = {"RUNTIME_DIR": str(tmp_path), "ORACLE_PASSWORD_FILE": "/nowhere"}
    leave(tmp_path, "bot", 1, now=time.time())
    well = health(environ)
    assert (well.returncode, well.stderr) == (0, "")
    assert well.stdout.startswith("bot: alive ")
    ill = health(environ, "bot", "worker")
    assert ill.returncode == 1
    assert "; worker: no sign of life; queries behind the guard, " in ill.stdout
    unset = health({})
    assert unset.returncode == 1
    assert unset.stdout.count("\n") == 1


@pytest.mark.parametrize("kind", ["worker", "clock"])
def test_a_running_process_is_well_though_oracle_is_away_and_gone_after_sigterm(
    kind: Kind, tmp_path: Path, redis: Redis, redis_url: str
) -> None:
    redis.flushall()  # of the folder the other kind had
    environ = {
        "PATH": os.defpath,
        "RUNTIME_DIR": str(tmp_path / "run"),
        "REDIS_URL": redis_url,
        "ORACLE_DSN": "127.0.0.1:1/NOWHERE",
        "ORACLE_USER": "u",
        "ORACLE_PASSWORD": "MARKER",
        "WAREHOUSE_DIR": str(tmp_path / "warehouse"),
        "BOT_TOML": str(BOT_TOML),
    }
    process = subprocess.Popen([sys.executable, "-m", "app.cli.main", kind], env=environ, cwd=ROOT)
    try:
        wait_for(lambda: check_health(tmp_path / "run", (kind,))[0])
    finally:
        process.terminate()
        process.wait(30)
    assert not check_health(tmp_path / "run", (kind,))[0]
