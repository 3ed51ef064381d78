"""Four commands that are understood without a model, and what their turns consist of.

A turn of one is a call and its answer like any other, so the thread stays one story, whoever reads
it later: the same tools, cards and access rules. Its closing words come from the result.
"""

import json
import secrets
import unicodedata
from collections.abc import Sequence

from agent.conversation import Message, ToolCall, newest_turn
from agent.deps import AnalystDeps
from agent.events import Command
from agent.tools.copies import copies
from sync.errors import TableAmbiguous, TableNotOffered
from sync.names import resolve_table

_WORDS: dict[str, Command] = {
    "list": "list",
    "목록": "list",
    "stats": "stats",
    "통계": "stats",
    "sync": "sync",
    "동기화": "sync",
    "status": "status",
    "상태": "status",
}
_OF_A_TABLE: frozenset[Command] = frozenset({"stats", "sync"})
_TOOLS: dict[Command, str] = {
    "list": "list_tables",
    "stats": "get_table_stats",
    "sync": "start_sync",
    "status": "get_sync_status",
}
_CALL_ID = "command-"
_CLOSING = "[The program answered this command itself, from the result above.]"


def command_in(text: str) -> tuple[Command, str] | None:
    """Read what is exactly a command, and the table it names; None for any other words."""
    words = unicodedata.normalize("NFC", text).strip().strip("`").split()
    command = _WORDS.get(words[0].casefold()) if words else None
    if command is None or len(words) != 1 + (command in _OF_A_TABLE):
        return None
    return command, words[1] if command in _OF_A_TABLE else ""


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
        if has_model and (_asked_back(before) or not _is_known(deps, found[1])):
            return None
        return Message(role="assistant", tool_calls=(_call(*found),))
    if turn[-1].role == "tool" and (turn[-1].tool_call_id or "").startswith(_CALL_ID):
        return Message(role="assistant", content=_CLOSING, command=found[0])
    return None


def _is_known(deps: AnalystDeps, table: str) -> bool:
    try:
        return not table or bool(resolve_table(table, [*deps.offered, *copies(deps)]))
    except TableNotOffered:
        return False
    except TableAmbiguous:
        return True


def _call(command: Command, table: str) -> ToolCall:
    arguments: dict[Command, dict[str, object]] = {
        "stats": {"table": table},
        "sync": {"tables": [table]},
    }
    return ToolCall(
        id=_CALL_ID + secrets.token_hex(8),
        name=_TOOLS[command],
        arguments=json.dumps(arguments.get(command, {}), ensure_ascii=False),
    )


def _asked_back(before: Sequence[Message]) -> bool:
    """Whether the turn before ended with a question: "status" may be one of its choices."""
    turn = newest_turn(before)
    said = [number for number, message in enumerate(turn) if message.role == "assistant"]
    return any(message.ask for message in turn[said[-1] :]) if said else False
