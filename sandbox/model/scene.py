"""What the demo model sees in the messages: who asked what, and what has happened since."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from sandbox.model.phrases import Language
from sandbox.model.replies import JsonObject

_TODAY = re.compile(r"Today is (\d{4}-\d{2}-\d{2})")
_TABLE = re.compile(r"\b[A-Z][A-Z0-9_$#]*\.[A-Z][A-Z0-9_$#]*")
_IMPORTED = re.compile(r"^Imported from a DuckDB file, not from Oracle: (.*)\.$", re.MULTILINE)
_FILE = re.compile(r"^- (FILE\.\S+): \d+ rows", re.MULTILINE)
_FILES, _GLOSSARY = "\nFiles of this thread", "\nWords of this team"
_VERIFIED = re.compile(r"run exactly this by run_sql: (.+)")
_IN_KOREAN = "nobody has written, in Korean"
_SMALL = re.compile("[a-z]")
HANGUL = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣ]")


@dataclass(frozen=True)
class Outcome:
    """One call of this turn, and what the tool said."""

    name: str
    arguments: JsonObject
    result: JsonObject

    @property
    def ok(self) -> bool:
        """Whether the tool did what was asked."""
        return self.result.get("ok") is True


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The conversation as far as the rules care."""

    language: Language
    introduced: bool
    """The model has said something in this conversation, so its label is there."""
    today: date | None
    offered: tuple[str, ...]
    """`SCHEMA.TABLE` of each table of Oracle that the system message names, or who asks in full."""
    imported: tuple[str, ...]
    """`schema.table` of those that were imported from a file."""
    files: tuple[str, ...]
    """`FILE.name` of those that people shared in this thread, the newest last."""
    asked: str
    """The words of the person this turn is for."""
    verified: str
    """SQL that the system message says to run for exactly this question."""
    event: JsonObject | None
    """What happened outside, if that began this turn."""
    proposed: bool
    """A sync was proposed since the person asked."""
    allowed: tuple[str, JsonObject] | None
    """The call that the event allows, as it was made before."""
    outcomes: tuple[Outcome, ...]
    """Calls of this turn that were answered."""
    earlier: tuple[Outcome, ...]
    """Those of the turns before that did what was asked."""


def _language(asked: str, prompt: str) -> Language:
    """The language of a message; where it has no words of any, the one the system message says."""
    if HANGUL.search(asked):
        return "ko"
    return "ko" if asked and not _SMALL.search(asked) and _IN_KOREAN in prompt else "en"


def read_scene(messages: Sequence[JsonObject]) -> Scene:
    """Read the whole conversation; the last person or event began the turn."""
    events = [_event(message) for message in messages]
    prompt = "\n".join(
        text_of(message)
        for message, event in zip(messages, events, strict=True)
        if message["role"] in ("system", "developer") and event is None
    )
    people = [index for index, message in enumerate(messages) if message["role"] == "user"]
    began = max(people[-1:] + [index for index, event in enumerate(events) if event], default=0)
    asked_at = _asked_at(messages, people, began, events[began] if events else None)
    today = _TODAY.search(prompt)
    said = [message for message in messages if message["role"] == "assistant"]
    asked = "" if asked_at is None else text_of(messages[asked_at])
    since = () if asked_at is None else outcomes_of(messages[asked_at:])
    return Scene(
        language=_language(text_of(messages[people[-1]]) if people else "", prompt),
        introduced=any(text_of(message) for message in said),
        today=date.fromisoformat(today[1]) if today else None,
        offered=tuple(dict.fromkeys([*_TABLE.findall(_named(prompt)), *_TABLE.findall(asked)])),
        imported=tuple(
            name
            for listed in _IMPORTED.findall(prompt)
            for name in str(listed).split(", ")
            if "." in name
        ),
        files=tuple(_FILE.findall(prompt.partition(_FILES)[2])),
        asked=asked,
        verified=found[1] if (found := _VERIFIED.search(prompt)) else "",
        event=events[began] if events else None,
        proposed=any(outcome.name == "start_sync" for outcome in since),
        allowed=_allowed(outcomes_of(messages[:began]), events[began] if events else None),
        outcomes=outcomes_of(messages[began:]),
        earlier=tuple(one for one in outcomes_of(messages[:began]) if one.ok),
    )


def _named(prompt: str) -> str:
    """The part of the system message that names tables of Oracle."""
    return prompt.partition(_GLOSSARY)[0].partition(_FILES)[0]


def outcomes_of(messages: Sequence[JsonObject]) -> tuple[Outcome, ...]:
    """Pair every call with its answer."""
    answers = {
        message["tool_call_id"]: message for message in messages if message["role"] == "tool"
    }
    return tuple(
        Outcome(
            one["function"]["name"],
            _json_object(one["function"]["arguments"]) or {},
            _json_object(text_of(answers[one["id"]])) or {"ok": True},
        )
        for message in messages
        for one in message.get("tool_calls") or ()
        if one["id"] in answers
    )


def text_of(message: JsonObject) -> str:
    """The words of a message, whether they came whole or in parts."""
    content = message.get("content")
    if isinstance(content, list):
        parts = cast("list[JsonObject]", content)
        return "".join(str(part.get("text", "")) for part in parts)
    return str(content or "")


def _allowed(
    outcomes: Sequence[Outcome], event: JsonObject | None
) -> tuple[str, JsonObject] | None:
    if event is None or event["event"] != "question_approved":
        return None
    for one in reversed(outcomes):
        if (one.name, one.arguments.get("sql")) == (event["tool"], event["sql"]):
            return one.name, one.arguments
    return None


def _asked_at(
    messages: Sequence[JsonObject], people: list[int], began: int, event: JsonObject | None
) -> int | None:
    """Find the person's message this turn serves: for an event, the one its sync was asked in."""
    if event is None:
        return people[-1] if people else None
    ended = set(table_names(event))
    answers = [message for message in messages[:began] if message["role"] == "tool"]
    syncs = [
        (index, outcome)
        for index in range(began - 1, -1, -1)
        for outcome in outcomes_of([messages[index], *answers])
        if outcome.name == "start_sync"
    ]
    fitting = [at for at, outcome in syncs if ended & set(outcome.result.get("tables") or ())]
    chosen = next(iter(fitting or [at for at, _ in syncs]), None)
    if chosen is None:
        return None
    return max((index for index in people if index < chosen), default=None)


def table_names(event: JsonObject) -> list[str]:
    """Name the tables of an event, listed as names or as objects with `table`."""
    listed = cast("list[Any]", event.get("tables") or [])
    return [one if isinstance(one, str) else str(one["table"]) for one in listed]


def _event(message: JsonObject) -> JsonObject | None:
    if message["role"] != "system":
        return None
    found = _json_object(text_of(message))
    return found if found and "event" in found else None


def _json_object(text: str) -> JsonObject | None:
    try:
        found: Any = json.loads(text)
    except ValueError:
        return None
    return cast("JsonObject", found) if isinstance(found, dict) else None
