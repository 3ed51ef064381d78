"""Log lines: an event a line on standard error, as text or JSON, and never with a secret.

One handler on the root logger formats everything, so what libraries log, warnings and errors nobody
caught pass it as well.
"""

import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, TextIO, cast
from urllib.parse import quote, quote_plus, unquote, urlsplit

from pydantic import BaseModel, SecretStr

from app.settings import Settings

log = logging.getLogger(__name__)

LogFormat = Literal["text", "json"]

IDS = {
    "run_id": "run",
    "thread_id": "thread",
    "turn_id": "turn",
    "entry_id": "entry",
    "approval_id": "approval",
}
"""What a log call may name in its ``extra``, and the field it becomes."""

MAX_CHARACTERS = 32_768
"""Of one field; what is longer loses its middle."""

SHORTEST_SECRET = 4
"""A shorter one stands in ordinary words; blotting it out would only make the log unreadable."""

BLOT = "***"

_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    # Slack: xoxb-, xoxp-, … and xoxe.xoxp-, app-level tokens.
    (re.compile(r"(?<![A-Za-z0-9])(?:xoxe\.)?xox[a-z]-[\w-]+"), BLOT),
    (re.compile(r"(?<![A-Za-z0-9])xapp-[\w-]+"), BLOT),
    # OpenAI: also as its errors quote a key, partly starred.
    (re.compile(r"(?<![A-Za-z0-9])sk-[\w*-]{3,}"), BLOT),
    (re.compile(r"(?i)\b(bearer)\s+[\w.~+/=-]{4,}"), rf"\1 {BLOT}"),
    # The password in scheme://user:password@host, then in Oracle's user/password@dsn.
    (re.compile(r"(://[^\s:/@]{0,128}:)[^\s/]{1,256}@"), rf"\1{BLOT}@"),
    (
        re.compile(r"(?<![\w$#/.])([\w$#]{1,128}\"?/)(?:\"[^\"\n]{1,256}\"|[^\s@\"]{1,256})@"),
        rf"\1{BLOT}@",
    ),
)
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What could forge a line, move a cursor, turn the reading direction, or has no UTF-8 form."""


def start_logging(settings: Settings, level: int = logging.INFO) -> None:
    """Log to standard error; our packages from *level* on, libraries when something is wrong.

    What would end the process or a thread is logged in the same form.
    """
    handler = log_handler(sys.stderr, settings.log_format, secrets_of(settings))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for package in ("app", "agent", "sync"):
        logging.getLogger(package).setLevel(level)
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


def log_handler(
    stream: TextIO, form: LogFormat, secrets: Iterable[str]
) -> "logging.StreamHandler[TextIO]":
    """Make a handler that writes lines of *form* in which no one of *secrets* appears."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Lines(form, blotter(secrets)))
    return handler


def secrets_of(settings: BaseModel) -> frozenset[str]:
    """Collect every secret of a settings model, however deep, and the passwords in its URLs."""
    found = {secret.get_secret_value() for secret in _secret_values(settings)}
    return frozenset(found.union(*map(_passwords, found)))


def blotter(secrets: Iterable[str]) -> Callable[[str], str]:
    """Make a function that blots out *secrets*, as they are or encoded, and what looks like one."""
    forms = {
        form for secret in secrets if len(secret) >= SHORTEST_SECRET for form in _forms(secret)
    }
    # The longest first: a secret may begin with another one.
    known = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))) or r"(?!)")

    def blot(text: str) -> str:
        text = known.sub(BLOT, text)
        for shape, instead in _SHAPES:
            text = shape.sub(instead, text)
        return text

    return blot


class _Lines(logging.Formatter):
    """Puts a record into one line; in text, a traceback follows it on indented ones."""

    def __init__(self, form: LogFormat, blot: Callable[[str], str]) -> None:
        super().__init__()
        self._form = form
        self._blot = blot

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        message = self._clean(_message(record))
        ids = {
            field: self._clean(str(value))
            for name, field in IDS.items()
            if (value := getattr(record, name, None)) is not None
        }
        trace = self._clean(self._trace(record))
        if self._form == "json":
            head = {"time": moment, "level": record.levelname, "logger": record.name}
            fields = {**head, "message": message, **ids} | ({"exception": trace} if trace else {})
            return _CONTROL.sub(_escaped, json.dumps(fields, ensure_ascii=False))
        named = "".join(f" {field}={value}" for field, value in ids.items())
        lines = [f"{moment} {record.levelname} {record.name}: {message}{named}"]
        # Indented, so that no line of an error's text can pass for an event of its own.
        lines += [f"    {line}" for line in trace.split("\n") if line]
        return "\n".join(_CONTROL.sub(_escaped, line) for line in lines)

    def _trace(self, record: logging.LogRecord) -> str:
        parts = [
            self.formatException(record.exc_info)
            if record.exc_info and record.exc_info[0]
            else record.exc_text,
            record.stack_info,
        ]
        return "\n".join(part for part in parts if part)

    def _clean(self, text: str) -> str:
        """Blot first, cut then: a secret cut in two would no longer be known."""
        text = self._blot(text)
        if len(text) <= MAX_CHARACTERS:
            return text
        cut = f" … {len(text) - MAX_CHARACTERS} characters are left out … "
        # The end of a traceback says what happened.
        return text[: MAX_CHARACTERS // 4] + cut + text[-MAX_CHARACTERS * 3 // 4 :]


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # A library's mistake. Left to logging, it would be printed past this formatter.
        return f"{record.msg} {record.args!r}"


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _secret_values(value: Any) -> Iterator[SecretStr]:
    if isinstance(value, SecretStr):
        yield value
        return
    parts: Iterable[Any] = ()
    if isinstance(value, BaseModel):
        parts = [part for _, part in value]
    elif isinstance(value, Mapping):
        parts = cast("Mapping[Any, Any]", value).values()
    elif isinstance(value, list | tuple | frozenset):
        parts = cast("Iterable[Any]", value)
    for part in parts:
        yield from _secret_values(part)


def _passwords(secret: str) -> set[str]:
    """The password inside a URL, as written there and decoded."""
    try:
        password = urlsplit(secret).password
    except ValueError:
        return set()
    return {password, unquote(password)} if password else set()


def _forms(secret: str) -> set[str]:
    """A secret as it may stand in a text: plain, in a URL, in repr() and in JSON."""
    shown = {repr(secret)[1:-1], ascii(secret)[1:-1], repr(secret.encode())[2:-1]}
    shown = {text.replace("\\'", "'") for text in shown}
    # Whether a quote is escaped depends on what stands around the secret.
    shown |= {text.replace("'", "\\'") for text in shown}
    return shown | {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, Exception):
        log.critical("ended by an error nobody caught", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(hook: threading.ExceptHookArgs) -> None:
    name = hook.thread.name if hook.thread else "?"
    if hook.exc_value is not None and not isinstance(hook.exc_value, SystemExit):
        log.critical(
            "thread %s ended by an error nobody caught",
            name,
            exc_info=(hook.exc_type, hook.exc_value, hook.exc_traceback),
        )
