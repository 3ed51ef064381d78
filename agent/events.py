"""What a turn tells: one closed union, rendered by Slack, a terminal or a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from agent.outputs import AskUser, Chart, File
from agent.remarks import Remark
from sync.approvals import Approval
from sync.errors import Failure


@dataclass(frozen=True)
class Basis:
    """The data an answer rests on: one published copy of one table."""

    table: str
    """``SCHEMA.TABLE``."""
    rows: int | None
    """Rows in the whole copy, not in the answer; None where a rule shows the caller only some."""
    as_of: str
    """ISO 8601 UTC moment of Oracle the copy shows; of an imported table, of the import."""
    part: str = ""
    """Which rows alone the copy holds, in signs; empty for all."""
    columns: tuple[int, int] | None = None
    """How many columns of how many it holds, where a wish left some out."""
    imported: str = ""
    """Name of the file the table was imported from; empty of a copy from Oracle."""
    shared_by: str = ""
    """Who shared that file in this thread; empty of one an admin imported."""
    rule: str = ""
    """The rule of bot.toml by which the caller is shown less than the copy holds."""


def moment_told(basis: Basis) -> dict[str, str]:
    """Tell the model of when a table's data is, and of an imported one that nothing proved it."""
    if not basis.imported:
        return {"as_of": basis.as_of}
    if basis.shared_by:
        return {
            "file": basis.imported,
            "shared_by": basis.shared_by,
            "shared_at": basis.as_of,
            "proof": "none: a file of a person, not compared with Oracle",
        }
    return {
        "imported_from": basis.imported,
        "imported_at": basis.as_of,
        "proof": "none: not compared with Oracle, which may not even have this table",
    }


@dataclass(frozen=True)
class Thought:
    """Text the model wrote beside tool calls."""

    text: str


@dataclass(frozen=True)
class ToolStarted:
    """A tool is about to run."""

    call_id: str
    name: str
    arguments: Mapping[str, Any]
    """Empty where the model sent something that is no JSON object."""


@dataclass(frozen=True)
class ToolFinished:
    """A tool has answered, and the answer is in the thread."""

    call_id: str
    name: str
    ok: bool
    result: Mapping[str, Any]
    """What the model reads, including ``ok``."""
    failure: Failure | None = None
    """The error with a name that stopped it, if one did."""
    private: str = ""
    """The rules by which the turn's answer is for the caller alone; empty: for whoever reads."""


@dataclass(frozen=True)
class ApprovalRequested:
    """A person must decide; the turn ends here and the card is drawn from the approval."""

    approval: Approval


@dataclass(frozen=True)
class Asked:
    """The person is asked back; the turn ends here, and the answer is a message like any other."""

    ask: AskUser
    call_id: str = ""


@dataclass(frozen=True)
class TableShown:
    """Rows of a query, to be drawn by code from the result and never by the model."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool
    basis: Basis | None
    types: tuple[str, ...] = ()
    """DuckDB's type of each column: tells an exact number written as text from text."""
    call_id: str = ""
    """The call that gave them: by it the thread is asked for the SQL."""
    remarks: tuple[Remark, ...] = ()
    """What code says beside them."""


@dataclass(frozen=True)
class ChartShown:
    """Points of a query, to be drawn by code."""

    chart: Chart
    basis: Basis | None
    call_id: str = ""


@dataclass(frozen=True)
class FileMade:
    """A file to be handed to the caller."""

    file: File
    basis: Basis | None
    call_id: str = ""


@dataclass(frozen=True)
class Said:
    """The answer, and the data this turn looked at to give it."""

    text: str
    basis: tuple[Basis, ...] = ()
    untrue: Literal["sync"] | None = None
    """What it claims that no record knows; a surface says so before it."""


Limit = Literal[
    "stopped",
    "step_limit",
    "call_limit",
    "repeat_limit",
    "time_limit",
    "token_limit",
    "cost_limit",
    "user_token_limit",
    "user_cost_limit",
    "day_token_limit",
    "day_cost_limit",
]
"""What may end a turn before its answer: somebody, or a limit: its own, its person's day, all."""


Command = Literal["list", "stats", "sync", "status", "pending", "runs", "schedules"]
"""What is understood without a model (`agent.commands`)."""


@dataclass(frozen=True)
class Commanded:
    """The answer to a command: the result of its tool, which the surface words."""

    command: Command
    ok: bool
    result: Mapping[str, Any]
    """What a model would read."""
    failure: Failure | None = None
    basis: tuple[Basis, ...] = ()
    """Of one table's figures; a list says it of each itself."""


@dataclass(frozen=True)
class GaveUp:
    """A limit ended the turn; the surface words it. What was found before has been told."""

    code: Limit
    most: float
    """How much the limit allows: replies, calls, seconds, tokens or US dollars."""


@dataclass(frozen=True)
class Failed:
    """The turn could not go on; nothing is lost, the thread continues with the next message."""

    failure: Failure


Event = (
    Thought
    | ToolStarted
    | ToolFinished
    | ApprovalRequested
    | Asked
    | TableShown
    | ChartShown
    | FileMade
    | Said
    | Commanded
    | GaveUp
    | Failed
)
