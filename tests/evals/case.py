"""A case as data: what people say, what an ideal model would reply, and what must come of it."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

CASES = Path(__file__).with_name("cases")

Kind = Literal["answers", "asks", "refuses", "proposes"]
Decision = Literal["approve", "reject", "expire", "fail"]
"""``fail``: approved, and then Oracle refuses to be read."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RecordedCall(_Part):
    """One call of a tool, as recorded."""

    tool: str
    args: Mapping[str, Any] = {}


class RecordedReply(_Part):
    """One reply of the model, as recorded."""

    text: str = ""
    calls: tuple[RecordedCall, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Read ``{ tool = …, args = … }`` as a reply of that one call."""
        if "tool" not in given:
            return given
        rest = {key: value for key, value in given.items() if key not in ("tool", "args")}
        call = {"tool": given["tool"], "args": given.get("args", {})}
        return {**rest, "calls": [call]}


class Proposal(_Part):
    """What a person is asked to decide; what is left out is not looked at."""

    kind: Literal["sync", "undo", "schedule", "question"] = "sync"
    tables: frozenset[str] | None = None
    mode: str | None = None
    columns: frozenset[str] | None = None
    where: int | None = None
    """How many conditions a copy of a part has."""
    change: str | None = None
    """Of a schedule: create, pause, resume, delete."""
    cron: tuple[str, ...] = ()
    """Any of these."""
    after: frozenset[str] | None = None
    tells: bool | None = None
    """Whether the schedule has a condition of which a channel is told."""


class Picture(_Part):
    """A chart that is drawn."""

    kind: tuple[str, ...] = ()
    """Any of these."""
    points: int | None = None


class Handed(_Part):
    """A file that is handed over."""

    format: str | None = None
    rows: int | None = None


class Expect(_Part):
    """What must come of a turn, compared with what ran and never with the recording."""

    kind: Kind
    also: frozenset[Kind] = frozenset()
    """As good. Then only `never`, `silent` and the language are looked at besides."""
    tools: frozenset[str] = frozenset()
    """At least one of them ran and succeeded."""
    never: frozenset[str] = frozenset()
    """None of them was called."""
    reads: frozenset[str] = frozenset()
    """Copies that were read, besides others perhaps."""
    numbers: tuple[str, ...] = ()
    """Each is shown to the person: in words, in a table, by a chart or as the rows of a file."""
    said: tuple[str, ...] = ()
    """Each stands in the words."""
    values: tuple[str, ...] = ()
    """Each is shown to the person as a cell or in the words."""
    finds: frozenset[str] = frozenset()
    """Names that a result of a tool holds: a table that was found, a column that was described."""
    says: tuple[str, ...] = ()
    """Regular expressions that match the words."""
    offers: frozenset[str] = frozenset()
    """Each stands among the answers to choose from, or in the words of a question."""
    silent: tuple[str, ...] = ()
    """Regular expressions that match nothing the person sees."""
    proposal: Proposal | None = None
    chart: Picture | None = None
    file: Handed | None = None
    language: Literal["ko", "en"] | None = None
    """None: that of the person's last words."""


class Turn(_Part):
    """Something happens, and the agent takes a turn."""

    says: str = ""
    decide: Decision | None = None
    """What becomes of the newest card, in place of words."""
    by: str = ""
    """Who says it, where it is not who began."""
    replies: tuple[RecordedReply, ...]
    expect: Expect

    @model_validator(mode="after")
    def _one_thing(self) -> "Turn":
        if bool(self.says) == (self.decide is not None):
            raise ValueError("a turn has either says or decide")
        return self


class Case(_Part):
    """A conversation of one turn or several."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    category: str
    about: str = ""
    by: str = "U0MINJI"
    channel: str = "C0DATA"
    turn: tuple[Turn, ...] = Field(min_length=1)


def load_cases(folder: Path = CASES) -> tuple[Case, ...]:
    """Read all files of *folder*; a file is a category. Raises ValueError, naming the file."""
    cases: list[Case] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
            cases += [Case(category=path.stem, **one) for one in found["case"]]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path.name}: {error}") from error
    names = [case.name for case in cases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"These names are used twice: {', '.join(twice)}")
    return tuple(cases)
