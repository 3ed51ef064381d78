"""The agent's loop: model, tools, model, until there is an answer or a person must decide."""

import json
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import groupby
from typing import Any, cast

from agent.asking import Asking, Stopped, ask_until_answered
from agent.budget import Budget, Reached, calls_made, note_call, reached, spent_today
from agent.commands import next_of_command
from agent.compaction import recall_within
from agent.conversation import (
    ConversationHistory,
    Message,
    OnlyFor,
    ToolCall,
    concealed,
    newest_turn,
    unanswered,
)
from agent.deps import AnalystDeps
from agent.events import (
    ApprovalRequested,
    Asked,
    Basis,
    ChartShown,
    Command,
    Commanded,
    Event,
    Failed,
    FileMade,
    GaveUp,
    Said,
    TableShown,
    Thought,
    ToolFinished,
    ToolStarted,
)
from agent.llm import LLMResponse, Model
from agent.llm_errors import LLMError, ModelMissing
from agent.no_model import NoModel
from agent.recall import estimate_units, read
from agent.runtime.honesty import claims_a_sync
from agent.runtime.output_parsing import parse_arguments, with_new_ids
from agent.runtime.recovery import limit_text
from agent.runtime.slots import fill_slots
from agent.steps import Instructed, Sent, Summarised, ToolRan
from agent.tokens import learn_tokens, tokens_per_unit, units_of, units_of_tools
from agent.tools.base import ToolResult
from agent.tools.registry import ToolRegistry
from agent.usage import Spent
from sync.approvals import load_approval

SIDE_BY_SIDE = 4
"""So many calls that only read run at once."""


class SyncAgent:
    """A model with tools. All state is in the thread: after a crash, call `run` again."""

    def __init__(
        self,
        llm: Model,
        registry: ToolRegistry,
        *,
        budget: Budget | None = None,
        summariser: Model | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.llm = llm
        self.registry = registry
        self.budget = budget or Budget()
        self.summariser = summariser or llm
        """Keeps the memory of long threads."""
        self._wait = wait

    @property
    def has_model(self) -> bool:
        """Tell whether anything but commands is understood."""
        return self.llm.name != NoModel.name

    def run(
        self, history: ConversationHistory, deps: AnalystDeps, system_prompt: str
    ) -> Generator[Event]:
        """Advance the thread until the newest turn has ended, and tell all of that turn.

        Every step is in the thread before its event is told. What an earlier, cut-off call had done
        already is told again and not done again, so a listener always sees the whole turn.
        """
        began, untold = time.monotonic(), [Instructed(system_prompt)]
        messages = history.messages()
        yield from tell(newest_turn(messages), deps)
        while True:
            if unanswered(messages):
                yield from self._answer_calls(history, deps, messages)
                messages = history.messages()
            turn = newest_turn(messages)
            end = _end(turn, deps)
            if end is not None:
                yield from end
                return
            ours = self._unasked(messages, began, deps)
            if ours is not None:
                history.append(ours)
            else:
                if untold:
                    deps.on_step(untold.pop())
                try:
                    reply, spent = self._ask(history, deps, system_prompt)
                except LLMError as error:
                    yield from _failed(error, turn)
                    return
                except Stopped:
                    continue  # it is told as the limit that it is
                taken = {call.id for message in messages for call in message.tool_calls}
                heard = reply.tool_calls[: self.budget.calls - calls_made(turn)]
                calls = with_new_ids(heard, taken, len(messages))
                false = not calls and claims_a_sync(reply.text, messages, _names(deps))
                said = Message(
                    role="assistant",
                    content=reply.text,
                    tool_calls=calls,
                    spent=spent,
                    untrue="sync" if false else None,
                )
                history.append(said)
                if calls and reply.text:
                    yield Thought(reply.text)
            messages = history.messages()

    def _unasked(
        self, messages: Sequence[Message], began: float, deps: AnalystDeps
    ) -> Message | None:
        """Give the next message where no model is asked: a stop, a step of a command, a limit."""
        stop = _stopped(deps)
        command = None if stop else next_of_command(messages, deps, has_model=self.has_model)
        if command is not None:
            return command
        stop = stop or reached(
            self.budget, newest_turn(messages), time.monotonic() - began, spent_today(deps)
        )
        if stop is None:
            return None
        text = limit_text(stop.limit, stop.most)
        return Message(role="assistant", content=text, limit=stop.limit, most=stop.most)

    def _answer_calls(
        self, history: ConversationHistory, deps: AnalystDeps, messages: Sequence[Message]
    ) -> Iterator[Event]:
        asked_now = {call.id for message in newest_turn(messages) for call in message.tool_calls}
        for together in self._groups(unanswered(messages)):
            results = self._results(deps, together)  # all of them begin with the first
            for call in together:
                yield ToolStarted(call.id, call.name, parse_arguments(call.arguments) or {})
                result, seconds = next(results)
                answer = _keep(history, deps, call, result)
                deps.on_step(ToolRan(call.id, call.name, seconds))
                yield from _tell_answer(call, answer)
                if call.id not in asked_now:  # a crash left it, and a person has written since
                    yield from _waiting([answer], deps)

    def _groups(self, calls: Sequence[ToolCall]) -> Iterator[list[ToolCall]]:
        """Put calls that only read, and stand beside each other, together; each other one alone."""
        for only_read, group in groupby(calls, lambda call: self.registry.only_reads(call.name)):
            found = list(group)
            size = SIDE_BY_SIDE if only_read else 1
            yield from (found[at : at + size] for at in range(0, len(found), size))

    def _results(
        self, deps: AnalystDeps, together: Sequence[ToolCall]
    ) -> Iterator[tuple[ToolResult, float]]:
        def call(one: ToolCall) -> tuple[ToolResult, float]:
            began = time.monotonic()
            result = self.registry.call(deps, one.name, one.arguments, one.id)
            return result, time.monotonic() - began

        if len(together) == 1:
            yield call(together[0])
            return
        with ThreadPoolExecutor(len(together), thread_name_prefix="tool") as beside:
            yield from beside.map(call, together)

    def _ask(
        self, history: ConversationHistory, deps: AnalystDeps, system_prompt: str
    ) -> tuple[LLMResponse, tuple[Spent, ...]]:
        tools, name = self.registry.schemas(), self.llm.name
        most_units = int(self.budget.context_tokens / tokens_per_unit(deps.redis, name))
        beside = units_of_tools(tools)
        fixed = beside + units_of(system_prompt)
        began = time.monotonic()
        recalled, summed_up = recall_within(
            history, deps, self.budget, self.summariser, fixed, most_units
        )
        if summed_up:
            deps.on_step(Summarised(summed_up, time.monotonic() - began))
        prompt = read(recalled, system_prompt, most_units - beside)
        units = estimate_units(prompt) + beside
        left_out = max(0, len(recalled.head) + 1 + len(recalled.recent) - len(prompt))
        sent = Sent(len(prompt), units, len(tools), left_out)
        reply = ask_until_answered(
            self.llm,
            [message.to_openai() for message in prompt],
            tools,
            Asking(deps, sent, self.budget, self._wait),
        )
        learn_tokens(deps.redis, name, units, reply.usage.prompt_tokens)
        return reply, (*summed_up, note_call(deps, self.budget, name, reply.usage))


def _stopped(deps: AnalystDeps) -> Reached | None:
    return Reached("stopped", 0) if deps.is_stopped() else None


def tell(turn: Sequence[Message], deps: AnalystDeps) -> Iterator[Event]:
    """Tell the caller the events of what *turn* holds already, except its end."""
    turn = concealed(turn, deps.caller.user)  # a call may have been answered for who came after
    answers = {message.tool_call_id: message for message in turn if message.role == "tool"}
    for message in turn:
        if message.tool_calls and message.content:
            yield Thought(message.content)
        for call in message.tool_calls:
            if call.id in answers:
                yield ToolStarted(call.id, call.name, parse_arguments(call.arguments) or {})
                yield from _tell_answer(call, answers[call.id])


def tell_ended(turn: Sequence[Message], deps: AnalystDeps) -> Iterator[Event]:
    """Tell all of a turn that is over."""
    yield from tell(turn, deps)
    yield from _end(concealed(turn, deps.caller.user), deps) or ()


def _keep(
    history: ConversationHistory, deps: AnalystDeps, call: ToolCall, result: ToolResult
) -> Message:
    if result.table is not None:  # named, so that a sentence can speak of its values
        number = 1 + sum(one.table is not None for one in newest_turn(history.messages()))
        result = replace(result, data={"name": f"q{number}", **result.data})
    message = Message(
        role="tool",
        content=result.content,
        tool_call_id=call.id,
        basis=result.basis,
        table=result.table,
        chart=result.chart,
        file=result.file,
        ask=result.ask,
        approval_id=result.approval.id if result.approval else None,
        failure=result.failure,
        private=OnlyFor(user=deps.caller.user, rules=result.private) if result.private else None,
    )
    history.append(message)
    return message


def _tell_answer(call: ToolCall, answer: Message) -> Iterator[Event]:
    result = cast("dict[str, Any]", json.loads(answer.content))
    ok = bool(result.get("ok"))
    private = answer.private.rules if answer.private else ""
    yield ToolFinished(
        call.id, call.name, ok=ok, result=result, failure=answer.failure, private=private
    )
    basis = answer.basis[0] if answer.basis else None
    if answer.chart is not None:
        yield ChartShown(answer.chart, basis, call.id)
    if answer.file is not None:
        yield FileMade(answer.file, basis, call.id)
    if answer.table is not None:
        table = answer.table
        yield TableShown(
            table.columns,
            table.rows,
            table.truncated,
            basis,
            table.types,
            call_id=call.id,
            remarks=table.remarks,
        )


def _end(turn: Sequence[Message], deps: AnalystDeps) -> list[Event] | None:
    """Tell how *turn* ended, in words or waiting for a decision; None if it has not."""
    if not turn:
        return []
    last = turn[-1]
    if last.role == "assistant" and not last.tool_calls:
        if last.limit:
            return [GaveUp(last.limit, last.most)]
        if last.command:
            return [_commanded(last.command, turn[-2])]
        results = [message.table for message in turn if message.table is not None]
        return [Said(fill_slots(last.content, results), _basis(turn), last.untrue)]
    if last.role != "tool":
        return None
    asked = [number for number, message in enumerate(turn) if message.role == "assistant"]
    replies = turn[asked[-1] :]
    waits = any(reply.approval_id or reply.ask for reply in replies)
    return _waiting(replies, deps) if waits else None


def _failed(error: LLMError, turn: Sequence[Message]) -> Iterator[Event]:
    # Without a model nothing is said of what happened outside: its card has told that.
    if not isinstance(error, ModelMissing) or turn[0].role == "user":
        yield Failed(error.failure)


def _commanded(command: Command, answer: Message) -> Commanded:
    result = cast("dict[str, Any]", json.loads(answer.content))
    basis = answer.basis if command == "stats" else ()
    return Commanded(command, bool(result.get("ok")), result, answer.failure, basis)


def _waiting(replies: Sequence[Message], deps: AnalystDeps) -> list[Event]:
    """Tell what *replies* wait for; an approval Redis has forgotten is told no more."""
    ids = [reply.approval_id for reply in replies if reply.approval_id]
    approvals = (load_approval(deps.redis, approval_id) for approval_id in ids)
    asked = [Asked(reply.ask, reply.tool_call_id or "") for reply in replies if reply.ask]
    return [*(ApprovalRequested(approval) for approval in approvals if approval), *asked]


def _names(deps: AnalystDeps) -> frozenset[str]:
    return frozenset(ref.table.upper() for ref in deps.offered)


def _basis(turn: Sequence[Message]) -> tuple[Basis, ...]:
    """Name each copy the turn looked at, once."""
    return tuple(dict.fromkeys(basis for message in turn for basis in message.basis))
