"""The agent's public face: take a turn for what a person wrote, or for what a decision led to."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from redis import Redis

from agent.budget import Budget
from agent.conversation import ConversationHistory, Message
from agent.deps import AnalystDeps
from agent.events import Event, Failed
from agent.llm import Model
from agent.loop import SyncAgent, tell_ended
from agent.runtime.approval_flow import event_message
from agent.runtime.config import Policy, system_prompt
from agent.runtime.files_part import files_part
from agent.runtime.glossary_part import glossary_part
from agent.runtime.result_contract import AnalystResult, result_of
from agent.runtime.thread_context import (
    change_message,
    open_thread,
    person_message,
    thread_is_known,
    turn_of,
)
from agent.steps import Step, describe
from agent.threads import forget_title, note_thread
from agent.tools.ask_tool import ASK_TOOLS
from agent.tools.change_tool import CHANGE_TOOLS
from agent.tools.chart_tool import CHART_TOOLS
from agent.tools.copies import copies
from agent.tools.describe_tool import DESCRIBE_TOOLS
from agent.tools.export_tool import EXPORT_TOOLS
from agent.tools.profile_tool import PROFILE_TOOLS
from agent.tools.query_tools import QUERY_TOOLS
from agent.tools.registry import ToolRegistry
from agent.tools.scheduler_tools import SCHEDULER_TOOLS
from agent.tools.search_tool import SEARCH_TOOLS
from agent.tools.sql_tool import SQL_TOOLS
from agent.tools.sync_tools import SYNC_TOOLS
from agent.tools.thread_tool import THREAD_TOOLS
from agent.tools.undo_tool import UNDO_TOOLS
from sync.approvals import Approval
from sync.errors import DuckferryError
from sync.plan import TableRef
from sync.runs import Run

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Analyst:
    """An agent and the limits of its conversations; one serves all threads."""

    agent: SyncAgent
    policy: Policy = field(default_factory=Policy)

    @property
    def has_model(self) -> bool:
        """Tell whether anything but commands is understood."""
        return self.agent.has_model


def make_analyst(
    llm: Model, budget: Budget | None = None, summariser: Model | None = None
) -> Analyst:
    """Give a model its tools; *summariser* keeps the memory of long threads in its place."""
    registry = ToolRegistry(
        ASK_TOOLS,
        SYNC_TOOLS,
        UNDO_TOOLS,
        SEARCH_TOOLS,
        DESCRIBE_TOOLS,
        PROFILE_TOOLS,
        QUERY_TOOLS,
        SQL_TOOLS,
        CHART_TOOLS,
        EXPORT_TOOLS,
        CHANGE_TOOLS,
        SCHEDULER_TOOLS,
        THREAD_TOOLS,
    )
    return Analyst(SyncAgent(llm, registry, budget=budget, summariser=summariser))


def run_analyst_turn(
    analyst: Analyst,
    deps: AnalystDeps,
    text: str,
    source_id: str,
    on_event: Callable[[Event], None],
) -> AnalystResult:
    """Answer what a person wrote. The same *source_id* again goes on where the first call stopped.

    An error with a name of ours becomes a `Failed` event and the action ``error``. What *on_event*
    raises, Redis being away and faults of ours are raised: the turn can then be taken again.
    """
    message = person_message(deps, analyst.policy, text, source_id)
    return _take_turn(analyst, deps, message, on_event)


def run_analyst_approval(
    analyst: Analyst,
    deps: AnalystDeps,
    outcome: Run | Approval,
    source_id: str,
    on_event: Callable[[Event], None],
) -> AnalystResult:
    """Tell the thread of an ended run, or a rejected or expired approval, and let the agent go on.

    Raises ValueError for an outcome that is still open. Otherwise as `run_analyst_turn`.
    """
    return _take_turn(analyst, deps, event_message(outcome, source_id), on_event)


def note_exchange(
    analyst: Analyst, deps: AnalystDeps, said: str, answer: str, source_id: str
) -> None:
    """Have the thread remember what a person did and was answered, without a turn. Once a source.

    The model reads *said* as theirs and *answer* as its own.
    """
    history = open_thread(deps, analyst.policy)
    if history.append(person_message(deps, analyst.policy, said, source_id)):
        history.append(Message(role="assistant", content=answer))


def has_thread_memory(redis: Redis, thread: str) -> bool:
    """Tell whether the agent has taken part in *thread* and remembers it."""
    return thread_is_known(redis, thread)


def has_begun(redis: Redis, thread: str, source_id: str) -> bool:
    """Tell whether the turn for *source_id* was begun; it then goes on with the words it had."""
    return ConversationHistory(redis, thread).has(source_id)


def words_begun(redis: Redis, thread: str, source_id: str) -> str | None:
    """Give the words with which the turn for *source_id* was begun; None where it was not."""
    history = ConversationHistory(redis, thread)
    if not history.has(source_id):
        return None
    return next((one.content for one in history.messages() if one.source_id == source_id), None)


def change_words(
    analyst: Analyst, redis: Redis, thread: str, source_id: str, text: str, change_id: str
) -> bool:
    """Have the model read a person's message as *text* from now on; where empty, not any more.

    No turn is taken for it. Says whether that changed anything; the same *change_id* counts once.
    """
    history = ConversationHistory(redis, thread, analyst.policy.keep_days)
    return change_message(history, analyst.policy, source_id, text, change_id)


def people_of(redis: Redis, thread: str) -> frozenset[str]:
    """Name who has written to the agent in *thread*, as far as it is remembered."""
    messages = ConversationHistory(redis, thread).messages()
    return frozenset(one.speaker for one in messages if one.role == "user" and one.speaker)


def sources_of(redis: Redis, thread: str) -> tuple[str, ...]:
    """Name what brought the messages of *thread*, as far as it is remembered."""
    messages = ConversationHistory(redis, thread).messages()
    return tuple(one.source_id for one in messages if one.source_id)


def forget_thread(redis: Redis, thread: str) -> None:
    """Forget what was said in *thread*. Cards and runs that came of it stay as they are."""
    people = people_of(redis, thread)
    forget_title(redis, thread, people)
    ConversationHistory(redis, thread).forget()


def _take_turn(
    analyst: Analyst, deps: AnalystDeps, message: Message, on_event: Callable[[Event], None]
) -> AnalystResult:
    told: list[Event | Step] = []
    began = time.monotonic()
    ids = {"thread_id": deps.thread, "turn_id": message.source_id}

    def note(step: Step) -> None:
        told.append(step)
        log.info("%s", describe(step), extra=ids)
        deps.on_step(step)

    for event in _named(_events(analyst, replace(deps, on_step=note), message)):
        told.append(event)
        on_event(event)
    result = result_of(told)
    seconds = time.monotonic() - began
    log.info("turn ended with %s after %.2f s", result.action, seconds, extra=ids)
    return result


def _events(analyst: Analyst, deps: AnalystDeps, message: Message) -> Iterator[Event]:
    history = open_thread(deps, analyst.policy)
    if message.speaker:
        days = analyst.policy.keep_days
        note_thread(deps.redis, deps.thread, message.speaker, message.content, days)
    if not history.append(message) and message.source_id:
        past = turn_of(history, message.source_id)
        if past is not None:  # delivered again after the conversation went on
            yield from tell_ended(past, deps)
            return
    words = glossary_part(deps, history.messages())
    prompt = system_prompt(deps, _open_copies(deps)) + files_part(deps.files) + words
    yield from analyst.agent.run(history, deps, prompt)


def _open_copies(deps: AnalystDeps) -> list[TableRef]:
    """Name the copies that all may see who read what is answered here."""
    found = copies(deps).items()
    return [ref for ref, one in found if not deps.exposure(one.receipt.of).private]


def _named(events: Iterable[Event]) -> Iterator[Event]:
    """Let a turn that meets an error we have a name for end with `Failed`."""
    try:
        yield from events
    except DuckferryError as error:
        yield Failed(error.failure)
