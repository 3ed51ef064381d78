"""A tool: a name, a sentence for the model, typed parameters and one function."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel, ConfigDict

from agent.conversation import Table
from agent.deps import AnalystDeps
from agent.events import Basis
from agent.outputs import AskUser, Chart, File
from sync.approvals import Approval
from sync.errors import Failure


class Parameters(BaseModel):
    """Base of all tools' parameters: what a tool does not know, it does not take."""

    model_config = ConfigDict(frozen=True, extra="forbid")


P = TypeVar("P", bound=BaseModel)

_ERROR_CHARS = 2_000


@dataclass(frozen=True)
class ToolResult:
    """What a call gave: data for the model, and what code draws or waits for."""

    ok: bool
    data: Mapping[str, Any]
    """Plain JSON values, without ``ok``."""
    basis: tuple[Basis, ...] = ()
    """The copies the data was read from."""
    table: Table | None = None
    """Rows to be drawn for people."""
    chart: Chart | None = None
    """What is drawn for people."""
    file: File | None = None
    """What is handed to them."""
    ask: AskUser | None = None
    """What they are asked; the turn ends with it."""
    approval: Approval | None = None
    """What a person must decide before anything happens; the turn ends with it."""
    failure: Failure | None = None
    """The error with a name that stopped it."""
    private: str = ""
    """The rules by which it is for the caller alone; empty: whoever reads the thread may see it."""

    @property
    def content(self) -> str:
        """Write the JSON the model reads."""
        return json.dumps({"ok": self.ok, **self.data}, ensure_ascii=False, default=str)


def within(lines: Iterable[Any], most_chars: int) -> list[Any]:
    """Keep the first of *lines* that together are at most *most_chars* long as JSON."""
    kept: list[Any] = []
    left = most_chars
    for line in lines:
        left -= len(json.dumps(line, ensure_ascii=False, default=str))
        if left < 0:
            break
        kept.append(line)
    return kept


def refused(code: str, sentence: str, failure: Failure | None = None) -> ToolResult:
    """Tell the model what went wrong, in a sentence it can act on."""
    data = {"code": code, "error": sentence[:_ERROR_CHARS]}
    return ToolResult(ok=False, data=data, failure=failure)


class BaseTool(ABC, Generic[P]):
    """One thing the model may call. Holds no state: what it works with comes in `AnalystDeps`."""

    name: str
    description: str
    """What it does and when to use it, written for the model."""
    parameters: type[P]
    only_reads: bool = False
    """It changes and asks for nothing, so several such calls of one reply may run side by side."""

    def schema(self) -> dict[str, Any]:
        """Write the function schema of the Chat Completions API."""
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.description,
                "parameters": plain_schema(self.parameters),
            },
        }

    @abstractmethod
    def run(self, deps: AnalystDeps, parameters: P, call_id: str, /) -> ToolResult:
        """Do it once for *call_id*, however often it is called; raises any DuckferryError."""


_UNSAID = ("title", "$defs", "maxLength", "minLength")
"""Every call of a model carries all schemas: what is longer is refused in words when it comes."""


def plain_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Write a JSON schema as briefly as a small model understands it.

    Definitions stand where they are used, for small models read no references. What may be left
    out is not offered as null, and that nothing is its default goes without saying.
    """
    schema = model.model_json_schema()
    schema.pop("description", None)  # for people; the tool's own says more
    definitions = cast("dict[str, Any]", schema.get("$defs", {}))

    def plain(node: object, *, names: bool = False) -> Any:
        if isinstance(node, list):
            return [plain(item) for item in cast("list[object]", node)]
        if not isinstance(node, dict):
            return node
        fields = cast("dict[str, Any]", node)
        if isinstance(fields.get("$ref"), str):
            target = definitions[fields["$ref"].removeprefix("#/$defs/")]
            return plain({**target, **{key: fields[key] for key in fields if key != "$ref"}})
        if names:  # a key is a parameter's name here, even where it is "title"
            return {key: plain(value) for key, value in fields.items()}
        if "anyOf" in fields:
            kinds = _kinds(fields["anyOf"])
            rest = {key: value for key, value in fields.items() if key != "anyOf"}
            fields = {**kinds[0], **rest} if len(kinds) == 1 else {"anyOf": kinds, **rest}
            if len(kinds) == 1 and "$ref" in fields:
                return plain(fields)
        return {
            key: plain(value, names=key == "properties")
            for key, value in fields.items()
            if key not in _UNSAID and not (key == "default" and value in (None, "", []))
        }

    return plain(schema)


def _kinds(kinds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a value may be: null is leaving it out, and an integer is a number."""
    has_numbers = {"type": "number"} in kinds
    unsaid = ("null", "integer") if has_numbers else ("null",)
    return [kind for kind in kinds if kind.get("type") not in unsaid]
