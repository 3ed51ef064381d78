"""What a model reads of a thread: its newest turns, and before them what was kept of the others."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.conversation import (
    ConversationHistory,
    Message,
    ToolCall,
    in_order,
    unanswered,
    without_private,
)
from agent.summary import Summary
from agent.tokens import units_of

SEED_CHARACTERS = 2_000
"""Of the words a thread began with, where they are read beside a summary."""
RECALL = "recall_thread"
"""The call whose result a summary is. No tool: the model reads it and cannot ask for it."""


@dataclass(frozen=True)
class Recalled:
    """A thread as its next turn reads it; nothing of it is what an earlier one showed one alone."""

    summary: Summary | None
    """Of the turns before `recent`, where these are not all."""
    seed: Message | None
    """The words the thread began with, where the summary has taken their place."""
    recent: tuple[Message, ...]
    changes: int
    """How often people have changed words of theirs."""

    @property
    def head(self) -> tuple[Message, ...]:
        """Write what stands before `recent`.

        The summary was made from words of people and of data. So it is the result of a call, which
        is data to a model, and neither its instructions nor words of a person.
        """
        if self.summary is None:
            return ()
        call = ToolCall(id="duckferry-recall", name=RECALL, arguments="{}")
        body = {"ok": True, "earlier_in_this_thread": self.summary.model_dump(mode="json")}
        result = json.dumps(body, ensure_ascii=False)
        seed = () if self.seed is None else (_shortened(self.seed),)
        return (
            *seed,
            Message(role="assistant", tool_calls=(call,)),
            Message(role="tool", tool_call_id=call.id, content=result),
        )


def recall(history: ConversationHistory) -> Recalled:
    """Read the thread as its next turn does, whatever its length.

    A summary of words that their person changed since, or took back, is not read any more: the one
    before it is, or the turns themselves.
    """
    lines = history.lines()
    messages = without_private(in_order(line for line in lines if line.role != "summary"))
    place = {message.source_id: number for number, message in enumerate(messages)}
    changes = [line.replaces for line in lines if line.replaces]
    since: list[str] = []
    for line in reversed(lines):
        if line.replaces:
            since.append(line.replaces)
        if line.summary is None:
            continue
        # Where the first message it leaves out is forgotten, so has all that it stands for.
        begin = place.get(line.until, 0)
        if all(place.get(source, begin) >= begin for source in since):
            seed = next((one for one in messages[:begin] if one.role == "user"), None)
            return Recalled(line.summary, seed, messages[begin:], len(changes))
    return Recalled(None, None, messages, len(changes))


def read(recalled: Recalled, system_prompt: str, max_units: int) -> tuple[Message, ...]:
    """Give what a model reads: *system_prompt*, the summary if there is one, the newest exchanges.

    As many as *max_units* (`agent.tokens`) hold with it. The Chat Completions API takes it,
    whatever had to be left out.
    """
    system = Message(role="system", content=system_prompt)
    room = max_units - estimate_units([system, *recalled.head])
    return (system, *recalled.head, *answered(trim(recalled.recent, room)))


def answered(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Give each call that nobody has answered a result that says so: the API wants one."""
    open_ids = {call.id for call in unanswered(messages)}
    whole: list[Message] = []
    for message in messages:
        whole.append(message)
        whole += [
            Message(role="tool", tool_call_id=call.id, content=_UNANSWERED)
            for call in message.tool_calls
            if call.id in open_ids
        ]
    return in_order(whole)


def trim(messages: Sequence[Message], max_units: int) -> tuple[Message, ...]:
    """Forget the oldest exchanges until *messages* fit into about *max_units* (`agent.tokens`).

    An exchange begins with a person's words and goes with all its calls, answers and events, so no
    call loses its answer and no event its question. The newest exchange always stays; if it alone
    is too long, its oldest tool results are emptied.
    """
    starts = [number for number, message in enumerate(messages) if message.role == "user"]
    units = [estimate_units([message]) for message in messages]
    left, begin = sum(units), 0
    for start in starts:
        if left <= max_units:
            break
        left -= sum(units[begin:start])
        begin = start
    return _emptied(messages[begin:], max_units)


def estimate_units(messages: Iterable[Message]) -> int:
    """Estimate how long a model finds *messages* (`agent.tokens`); each costs 8 by itself."""
    return sum(
        8 + units_of(message.content + "".join(c.name + c.arguments for c in message.tool_calls))
        for message in messages
    )


_UNANSWERED = '{"ok": false, "code": "unanswered", "error": "This call was not carried out."}'
_EMPTIED = (
    '{"ok": true, "note": "This result was dropped to save room. Call the tool again if needed."}'
)


def _emptied(messages: Sequence[Message], max_units: int) -> tuple[Message, ...]:
    kept, left = list(messages), estimate_units(messages)
    for number, message in enumerate(kept):
        if left <= max_units:
            break
        if message.role == "tool" and len(message.content) > len(_EMPTIED):
            kept[number] = message.model_copy(update={"content": _EMPTIED})
            left -= estimate_units([message]) - estimate_units([kept[number]])
    return tuple(kept)


def _shortened(seed: Message) -> Message:
    words = seed.content
    cut = words if len(words) <= SEED_CHARACTERS else words[:SEED_CHARACTERS] + " […]"
    return seed.model_copy(update={"content": cut})
