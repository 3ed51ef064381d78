"""Logs: an event a line, whatever it holds, and never a secret, however it is logged."""

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from pydantic import BaseModel, SecretStr

from app.logs import MAX_CHARACTERS, LogFormat, blotter, log_handler, secrets_of
from app.settings import SECRETS, SettingsError, load_settings

ROOT = Path(__file__).parents[2]
BOTH: tuple[LogFormat, ...] = ("text", "json")
PASSWORD = "MARKER/5 tiger'@호랑이"
REDIS_PASSWORD = "MARKER%2F6%21"
ENVIRON = {
    "SLACK_BOT_TOKEN": "xoxb-MARKER-1",
    "SLACK_APP_TOKEN": "xapp-MARKER-2",
    "SLACK_SIGNING_SECRET": "MARKER-3",
    "OPENAI_API_KEY": "MARKER-4-of-a-server-of-ours",
    "ORACLE_DSN": "db.example.com:1521/ORCL",
    "ORACLE_USER": "duckferry",
    "ORACLE_PASSWORD": PASSWORD,
    "MASK_KEY": "MARKER-0123456789abcdef0123456789abcdef",
    "REDIS_URL": f"redis://bot:{REDIS_PASSWORD}@redis.example.com:6379/0",
}
PLAIN = [*(ENVIRON[name] for name in sorted(SECRETS)), REDIS_PASSWORD, "MARKER/6!"]


class Log:
    """A logger of its own whose lines can be read."""

    def __init__(self, form: LogFormat, name: str = "library.part") -> None:
        self.stream = io.StringIO()
        self.logger = logging.Logger(name)  # noqa: LOG001 -- it must not outlive the test
        secrets = secrets_of(load_settings(ENVIRON))
        self.logger.addHandler(log_handler(self.stream, form, secrets))

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def object(self) -> dict[str, Any]:
        (line,) = self.text.splitlines()
        return json.loads(line)


def raise_deep(secret: str) -> None:
    try:
        raise ConnectionError(f"refused for {secret}")  # noqa: TRY301 -- two errors in one trace
    except ConnectionError as error:
        error.add_note(f"tried with {secret}")
        raise RuntimeError(secret) from error


def log_error(log: logging.Logger, secret: str) -> None:
    try:
        raise_deep(secret)
    except RuntimeError:
        log.exception("failed with %s", secret)


WAYS: dict[str, Callable[[logging.Logger, str], None]] = {
    "in the message": lambda log, secret: log.warning(secret),
    "as an argument": lambda log, secret: log.warning("got %s", secret),
    "by repr": lambda log, secret: log.warning("got %r", {"password": secret}),
    "as bytes": lambda log, secret: log.warning("got %r", secret.encode()),
    "in JSON": lambda log, secret: log.warning("sent %s", json.dumps({"a": [secret]})),
    "inside a word": lambda log, secret: log.warning("key=%sX", secret),
    "in a broken call": lambda log, secret: log.warning("got %d", secret),
    "in a call of too many": lambda log, secret: log.warning("got", secret),  # noqa: PLE1205 -- as it happens
    "as an id": lambda log, secret: log.warning("ended", extra={"run_id": secret}),
    "in a traceback": log_error,
}

ENCODINGS: dict[str, Callable[[str], str]] = {
    "in a path": quote,
    "in a query": quote_plus,
    "in a part of a URL": lambda secret: quote(secret, safe=""),
    "shown": repr,
    "shown with quotes": lambda secret: repr(secret + ' "'),
    "in ASCII": ascii,
    "in ASCII with quotes": lambda secret: ascii(secret + ' "'),
    "in bytes": lambda secret: repr(secret.encode()),
    "in bytes with quotes": lambda secret: repr(secret.encode() + b' "'),
    "in JSON": json.dumps,
    "in JSON as it is": lambda secret: json.dumps(secret, ensure_ascii=False),
}


@pytest.mark.parametrize("form", BOTH)
@pytest.mark.parametrize("way", WAYS)
def test_no_loaded_secret_is_ever_logged(form: LogFormat, way: str) -> None:
    for secret in PLAIN:
        log = Log(form)
        WAYS[way](log.logger, secret)
        assert "***" in log.text, secret
        assert "MARKER" not in log.text, secret


@pytest.mark.parametrize("form", BOTH)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_loaded_secret_is_logged_in_another_form(form: LogFormat, encoding: str) -> None:
    log = Log(form)
    log.logger.warning(ENCODINGS[encoding](PASSWORD))
    assert "***" in log.text
    assert "MARKER" not in log.text
    assert "tiger" not in log.text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("token xoxb-123-456-abcDEF!", "token ***!"),
        ("xoxp-1-2 xoxa-1 xoxo-1 xoxs-1 xoxr-1 xoxe.xoxp-1-ab xoxe-1", "*** " * 6 + "***"),
        ("url wss://x/?t=xapp-1-A0-9-deadbeef&y", "url wss://x/?t=***&y"),
        ("Incorrect API key provided: sk-proj-A1_b2.", "Incorrect API key provided: ***."),
        ("key: sk-abcd***wxyz", "key: ***"),
        ("{'Authorization': 'Bearer abc.def-123'}", "{'Authorization': 'Bearer ***'}"),
        ("connect scott/tiger@db:1521/ORCL failed", "connect scott/***@db:1521/ORCL failed"),
        ('scott/"ti ger@"@db', "scott/***@db"),
        ("scott/t/g@db", "scott/***@db"),
        ("redis://:pass@h:1/0, postgres://me:pa@ss@h", "redis://:***@h:1/0, postgres://me:***@h"),
    ],
)
def test_what_looks_like_a_secret_is_blotted_out_even_if_nobody_loaded_it(
    text: str, told: str
) -> None:
    assert blotter(())(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "task-force risk-free disk-full ask-me",
        "SHOP.ORDERS 100/200 rows at 10:00",
        "https://slack.com/api/chat.postMessage",
        "mail me@example.com about redis://127.0.0.1:6379/0",
        'File "/srv/app/cli/main.py", line 3, in <module>\n    @dataclass',
        "주문 테이블을 복사했습니다",
        "the bearer of this",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert blotter(["abc", ""])(text + " abc") == text + " abc"  # too short to look for


def test_every_secret_of_the_settings_is_known_and_a_new_one_would_be_too() -> None:
    assert set(PLAIN) <= secrets_of(load_settings(ENVIRON))

    class Inner(BaseModel):
        secret: SecretStr

    class Outer(BaseModel):
        many: tuple[Inner, ...]
        named: dict[str, Inner]
        none: SecretStr | None = None

    outer = Outer(
        many=(Inner(secret=SecretStr("one")),), named={"a": Inner(secret=SecretStr("two"))}
    )
    assert secrets_of(outer) == {"one", "two"}


def test_a_secret_that_begins_with_another_goes_as_a_whole() -> None:
    assert blotter(["tiger", "tiger-and-more"])("x tiger-and-more tiger") == "x *** ***"


def test_a_line_of_text_says_when_how_bad_and_where() -> None:
    log = Log("text")
    log.logger.warning("복사 %s", "done", extra={"run_id": "T1-ab", "approval_id": "T1-cd"})
    moment, rest = log.text.split(" ", 1)
    assert datetime.fromisoformat(moment).utcoffset() is not None
    assert moment.endswith("+00:00")
    assert rest == "WARNING library.part: 복사 done run=T1-ab approval=T1-cd\n"


def test_a_line_of_json_is_one_object_with_the_ids_that_are_known() -> None:
    log = Log("json")
    log.logger.error("복사", extra={"entry_id": "1-0", "thread_id": "T1:C1:17", "color": "red"})
    found = log.object()
    assert datetime.fromisoformat(found.pop("time")).utcoffset() is not None
    assert found == {
        "level": "ERROR",
        "logger": "library.part",
        "message": "복사",
        "entry": "1-0",
        "thread": "T1:C1:17",
    }
    assert "복사" in log.text


def test_a_traceback_is_one_field_of_json_and_indented_lines_of_text() -> None:
    forged = "first\n2026-01-01T00:00:00+00:00 ERROR app: forged"
    as_json = Log("json")
    log_error(as_json.logger, forged)
    trace = as_json.object()["exception"]
    assert trace.startswith("Traceback (most recent call last):\n")
    assert "RuntimeError: first\n2026" in trace
    as_text = Log("text")
    log_error(as_text.logger, forged)
    first, *rest = as_text.text.splitlines()
    assert first.endswith("failed with first\\u000a2026-01-01T00:00:00+00:00 ERROR app: forged")
    assert all(line.startswith("    ") for line in rest)
    assert "    RuntimeError: first" in rest


@pytest.mark.parametrize("form", BOTH)
def test_control_characters_cannot_forge_a_line_or_reach_a_terminal(form: LogFormat) -> None:
    hostile = "a\r\nb\x00\x1b[2J\x7f\x85\x9b\u2028\u2029\u202e\u2066\ud800z"
    log = Log(form)
    log.logger.warning("%s", hostile, extra={"run_id": hostile})
    assert log.text.count("\n") == 1
    assert all(character.isprintable() for character in log.text.rstrip("\n"))
    log.text.encode()
    if form == "json":
        assert log.object()["message"] == hostile


@pytest.mark.parametrize("form", BOTH)
def test_a_huge_message_loses_its_middle_and_no_secret_is_cut_in_two(form: LogFormat) -> None:
    log = Log(form)
    before = "a" * (MAX_CHARACTERS // 4 - 5)
    log.logger.warning("%s%s%s the end", before, PASSWORD, "b" * 10_000_000)
    assert len(log.text) < MAX_CHARACTERS + 500
    assert "characters are left out" in log.text
    assert "the end" in log.text
    assert "MARK" not in log.text


STARTED = """
import logging, sys, threading, warnings
from app.logs import start_logging
from app.settings import load_settings, read_environment
start_logging(load_settings(read_environment()))
from rq.logutils import setup_loghandlers
setup_loghandlers("WARNING", name="rq.worker")
from app.settings import read_environment as read
secret = read()["ORACLE_PASSWORD"]
logging.getLogger("rq.worker").error("rq %s", secret)
logging.getLogger("slack_bolt.App").warning("bolt %s", secret)
logging.getLogger("openai").info("not shown")
logging.getLogger("app.turns").info("shown")
warnings.warn(f"warned of {secret}")
def fail(): raise ValueError(f"in a thread: {secret}")
thread = threading.Thread(target=fail, name="cards"); thread.start(); thread.join()
raise KeyError(secret)
"""


@pytest.mark.parametrize("form", BOTH)
def test_libraries_warnings_and_errors_nobody_caught_come_in_the_same_form(form: LogFormat) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTED],
        env={"PATH": os.defpath, "PYTHONUTF8": "1", **ENVIRON, "LOG_FORMAT": form},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "MARKER" not in done.stderr
    told = [line for line in done.stderr.splitlines() if not line.startswith("    ")]
    if form == "json":
        told = [f"{event['logger']}: {event['message']}" for event in map(json.loads, told)]
    for line, expected in zip(
        told,
        [
            "rq.worker: rq ***",
            "slack_bolt.App: bolt ***",
            "app.turns: shown",
            "py.warnings: ",
            "app.logs: thread cards ended by an error nobody caught",
            "app.logs: ended by an error nobody caught",
        ],
        strict=True,
    ):
        assert expected in line


def test_an_unknown_form_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="LOG_FORMAT is 'xml'; it must be text or json"):
        load_settings({**ENVIRON, "LOG_FORMAT": "xml"})
    assert load_settings({**ENVIRON, "LOG_FORMAT": "json"}).log_format == "json"
    assert load_settings(ENVIRON).log_format == "text"
