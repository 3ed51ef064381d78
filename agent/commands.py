"""The commands that are understood without a model, and what their turns consist of.

A turn of one is a call and its answer like any other, so the thread stays one story, whoever reads
it later: the same tools, cards and access rules. Its closing words come from the result.
"""

import json
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agent.conversation import Message, ToolCall, newest_turn
from agent.deps import AnalystDeps
from agent.events import Command, Commanded
from agent.tools.copies import copies
from agent.tools.registry import ToolRegistry
from sync.errors import TableAmbiguous, TableNotOffered
from sync.names import resolve_table
from sync.plan import Mode

_WORDS: dict[str, Command] = {
    "list": "list",
    "목록": "list",
    "stats": "stats",
    "통계": "stats",
    "sync": "sync",
    "동기화": "sync",
    "status": "status",
    "상태": "status",
    "pending": "pending",
    "대기": "pending",
    "runs": "runs",
    "실행": "runs",
    "schedules": "schedules",
    "예약": "schedules",
    "tables": "list",
    "테이블": "list",
}
_MODES: dict[str, Mode] = {
    "full": "full",
    "전체": "full",
    "incremental": "incremental",
    "증분": "incremental",
}
_OF_A_TABLE: frozenset[Command] = frozenset({"stats", "sync"})
_TOOLS: dict[Command, str] = {
    "list": "list_tables",
    "stats": "get_table_stats",
    "sync": "start_sync",
    "status": "get_sync_status",
    "pending": "get_sync_status",
    "runs": "get_sync_status",
    "schedules": "list_schedules",
}
_UNSAID = 2
"""Words of a sync that does not say how."""
_CALL_ID = "command-"
_CLOSING = "[The program answered this command itself, from the result above.]"


class Typed(NamedTuple):
    """A command as a person has typed it."""

    command: Command
    table: str = ""
    mode: Mode | None = None


def command_in(text: str) -> Typed | None:
    """Read what is exactly a command, and the table it names; None for any other words.

    A sync may say how: ``sync ORDERS full``.
    """
    words = unicodedata.normalize("NFC", text).strip().strip("`").split()
    command = _WORDS.get(words[0].casefold()) if words else None
    if command is None:
        return None
    mode = _MODES.get(words[-1].casefold()) if command == "sync" and len(words) > _UNSAID else None
    named = words[1:-1] if mode else words[1:]
    if len(named) != (command in _OF_A_TABLE):
        return None
    return Typed(command, *named, mode=mode)


def run_command(registry: ToolRegistry, deps: AnalystDeps, typed: Typed) -> Commanded:
    """Answer a command outside of a thread; what it looks at is for its caller alone."""
    call = _call(typed)
    result = registry.call(deps, call.name, call.arguments, call.id)
    told: Mapping[str, object] = json.loads(result.content)
    basis = result.basis if typed.command == "stats" else ()
    return Commanded(typed.command, result.ok, told, result.failure, basis)


def next_of_command(
    messages: Sequence[Message], deps: AnalystDeps, *, has_model: bool
) -> Message | None:
    """Write the next message of a turn that is a command: its call, then its end.

    None where the newest turn is none. Where there is a model, so is the answer to a question back,
    and "sync everything" and "sync 해줘": words that name no table.
    """
    turn = newest_turn(messages)
    found = command_in(turn[0].content) if turn and turn[0].role == "user" else None
    if found is None:
        return None
    if len(turn) == 1:
        before = messages[: len(messages) - len(turn)]
        if has_model and (_asked_back(before) or not _is_known(deps, found.table)):
            return None
        return Message(role="assistant", tool_calls=(_call(found),))
    if turn[-1].role == "tool" and (turn[-1].tool_call_id or "").startswith(_CALL_ID):
        return Message(role="assistant", content=_CLOSING, command=found.command)
    return None


def _is_known(deps: AnalystDeps, table: str) -> bool:
    try:
        return not table or bool(resolve_table(table, [*deps.offered, *copies(deps)]))
    except TableNotOffered:
        return False
    except TableAmbiguous:
        return True


def _call(typed: Typed) -> ToolCall:
    arguments: dict[Command, dict[str, object]] = {
        "stats": {"table": typed.table},
        "sync": {"tables": [typed.table], **({"mode": typed.mode} if typed.mode else {})},
    }
    return ToolCall(
        id=_CALL_ID + secrets.token_hex(8),
        name=_TOOLS[typed.command],
        arguments=json.dumps(arguments.get(typed.command, {}), ensure_ascii=False),
    )


def _asked_back(before: Sequence[Message]) -> bool:
    """Whether the turn before ended with a question: "status" may be one of its choices."""
    turn = newest_turn(before)
    said = [number for number, message in enumerate(turn) if message.role == "assistant"]
    return any(message.ask for message in turn[said[-1] :]) if said else False
