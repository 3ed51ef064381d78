"""botctl schedule: what is shown, asked and saved, on the local stand-ins."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from sandbox.start import Sandbox, start_sandbox
from sync.audit import read_audit
from sync.schedules import list_schedules, load_schedule
from sync.skips import note_skip
from sync.state import connect_state
from tests.botctl import call_botctl

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    running = start_sandbox()
    yield running
    running.stop()


def call(environ: Mapping[str, str], *arguments: str, typed: str = "") -> "CompletedProcess[str]":
    return call_botctl(environ, "schedule", *arguments, typed=typed)


def test_a_schedule_is_shown_with_its_next_times_saved_listed_paused_and_deleted(
    sandbox: Sandbox,
) -> None:
    redis = connect_state(sandbox.redis.url)
    made = call(
        sandbox.environ, "create", "users", "--cron", "0 6 * * *", "--only-if-changed", "--yes"
    )
    assert made.returncode == 0, made.stderr
    assert "every day at 06:00 (Asia/Seoul)" in made.stdout
    assert len(re.findall(r"\d{4}-\d\d-\d\d \(\w{3}\) 06:00", made.stdout)) == 5
    assert "only if changed: nothing is copied" in made.stdout
    assert "SHOP.USERS at most 10,000,000 rows, without an end" in made.stdout
    assert made.stdout.endswith("Done.\n")
    [saved] = list_schedules(redis, "local")
    assert (saved.name, saved.owner, saved.cron) == ("users", "operator", "0 6 * * *")
    listed = call(sandbox.environ, "list").stdout
    assert "users: SHOP.USERS\n  every day at 06:00 (Asia/Seoul)\n  next: " in listed
    assert "(bot.toml; asks by a card each time)" in listed
    note_skip(redis, "local", "users", "unchanged", datetime(2026, 11, 22, 21, tzinfo=UTC))
    relisted = call(sandbox.environ, "list").stdout
    assert "last skipped: 2026-11-23 (Mon) 06:00, the source had not changed" in relisted
    assert call(sandbox.environ, "pause", "users", "--yes").returncode == 0
    paused = load_schedule(redis, "local", "users")
    assert paused is not None
    assert paused.paused
    assert "users (paused): SHOP.USERS" in call(sandbox.environ, "list").stdout
    assert call(sandbox.environ, "resume", "users", "--yes").returncode == 0
    assert call(sandbox.environ, "delete", "users", "--yes").returncode == 0
    assert list_schedules(redis, "local") == []
    noted = [entry.what for entry in read_audit(redis, "local")]
    assert noted == ["requested", "approved", "schedule_changed"] * 4


def test_a_condition_is_typed_shown_and_saved(sandbox: Sandbox) -> None:
    made = call(
        sandbox.environ,
        *("create", "PRODUCTS", "--cron", "0 6 * * *", "--yes", "--tell-channel", "C0SALES"),
        *("--tell-where", "UNIT_PRICE < 5000", "--tell-if", "count >= 2"),
    )
    assert made.returncode == 0, made.stderr
    assert (
        "tells <#C0SALES> if the number of rows of SHOP.PRODUCTS where UNIT_PRICE < 5000 is "
        "at least 2"
    ) in made.stdout
    [saved] = list_schedules(connect_state(sandbox.redis.url), "local")
    assert saved.tell_if is not None
    assert (saved.tell_if.op, saved.tell_if.value) == (">=", "2")
    assert call(sandbox.environ, "delete", "products", "--yes").returncode == 0


def test_a_no_saves_nothing(sandbox: Sandbox) -> None:
    done = call(sandbox.environ, "create", "ORDERS", "--cron", "0 6 * * 1-5", typed="n\n")
    assert done.returncode == 1
    assert "every weekday at 06:00" in done.stdout
    assert "Nothing was changed." in done.stdout
    assert list_schedules(connect_state(sandbox.redis.url), "local") == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create", "ORDERS", "--cron", "*/5 * * * *"), "at least 15 min"),
        (("create", "ORDERS", "--cron", "0 0 31 2 *"), "never comes true"),
        (("create", "ORDERS"), "needs a cron line"),
        (("create", "ORDERS", "--cron", "0 6 * * *", "--until", "2020-01-01"), "still to come"),
        (
            ("create", "USERS", "--cron", "0 6 * * *", "--tell-if", "count > 0"),
            "--tell-channel is needed",
        ),
        (
            ("create", "USERS", "--cron", "0 6 * * *", "--tell-channel", "C1", "--tell-if", "x"),
            "--tell-if is written",
        ),
        (("create", "NOTHING", "--cron", "0 6 * * *"), "NOTHING is not among the tables"),
        (("pause", "nothing"), "There is no schedule nothing"),
        (("pause", "customers-daily"), "stands in bot.toml"),
    ],
)
def test_what_cannot_be_done_is_one_plain_line(
    sandbox: Sandbox, arguments: tuple[str, ...], words: str
) -> None:
    done = call(sandbox.environ, *arguments)
    assert done.returncode in (1, 2)
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_in_the_terminal_a_schedule_is_agreed_on_by_number_and_told(sandbox: Sandbox) -> None:
    done = call_botctl(sandbox.environ, "chat", typed="매일 아침 6시에 PRODUCTS 동기화 해줘\n1\n")
    assert "예약 products 만들기\n전체 복사: SHOP.PRODUCTS\n매일 06:00 (Asia/Seoul)" in done.stdout
    assert "예약 products을 저장했습니다: 매일 06:00 (Asia/Seoul)." in done.stdout
    assert load_schedule(connect_state(sandbox.redis.url), "local", "products") is not None
    assert call(sandbox.environ, "delete", "products", "--yes").returncode == 0


def test_a_simulated_turn_shows_the_schedule_that_would_be_agreed_on(sandbox: Sandbox) -> None:
    text = (
        "매일 6시에 PRODUCTS 바뀌었을 때만 동기화하고, 단가가 5000 미만인 게 있으면 #ops에 알려줘"
    )
    done = call_botctl(sandbox.environ, "simulate", "--text", text)
    assert "예약 products 만들기" in done.stdout
    assert "바뀌었을 때만" in done.stdout
    assert "SHOP.PRODUCTS의 행 수 (UNIT_PRICE < 5000인 행)이(가) 0보다 크면 ops에" in done.stdout


def test_in_a_workspace_a_channel_is_needed_and_the_schedule_lives_there() -> None:
    running = start_sandbox()
    try:
        redis = connect_state(running.redis.url)
        redis.set("duckferry:1:team", "T0SANDBOX")
        wish = ("create", "USERS", "--cron", "0 6 * * *", "--yes")
        assert "--channel is needed" in call(running.environ, *wish).stderr
        assert call(running.environ, *wish, "--channel", "C0DATA").returncode == 0
        [saved] = list_schedules(redis, "T0SANDBOX")
        assert saved.thread == "T0SANDBOX:C0DATA:"
    finally:
        running.stop()
