"""Play a case: the product's own turns, with what ran in each written down."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.events import (
    Basis,
    ChartShown,
    Event,
    FileMade,
    Said,
    TableShown,
    ToolFinished,
    ToolStarted,
)
from agent.llm import Model
from agent.service import AnalystResult, run_analyst_approval, run_analyst_turn
from app.texts import Language, language_of
from sandbox.model.values import InvalidRequest
from sync.approvals import Approval, load_approval
from sync.runs import Run, RunState
from tests.evals.case import Case, Turn
from tests.evals.models import Recorded, RecordingEnded, Watched
from tests.evals.world import Place, World, place


@dataclass(frozen=True)
class Called:
    """A call of a tool, as it ran."""

    tool: str
    ok: bool
    arguments: Mapping[str, Any]
    result: Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """What came of a turn, from events and records alone."""

    turn: Turn
    result: AnalystResult
    events: tuple[Event, ...]
    approvals: tuple[Approval, ...]
    """Those that wait now and did not before."""
    read: tuple[str, ...]
    """What the model was sent so far, but its own words."""
    language: Language
    """Of the person's last words."""
    published: bool
    """Whether a run of this conversation has published something so far."""
    approved: bool
    """Whether a person has said yes so far."""

    @property
    def called(self) -> tuple[Called, ...]:
        """The calls, in order."""
        arguments = {
            event.call_id: event.arguments
            for event in self.events
            if isinstance(event, ToolStarted)
        }
        return tuple(
            Called(event.name, event.ok, arguments.get(event.call_id, {}), event.result)
            for event in self.events
            if isinstance(event, ToolFinished)
        )

    @property
    def tables(self) -> tuple[TableShown, ...]:
        """The rows a person sees."""
        return tuple(event for event in self.events if isinstance(event, TableShown))

    @property
    def charts(self) -> tuple[ChartShown, ...]:
        """The charts a person sees."""
        return tuple(event for event in self.events if isinstance(event, ChartShown))

    @property
    def files(self) -> tuple[FileMade, ...]:
        """The files a person is handed."""
        return tuple(event for event in self.events if isinstance(event, FileMade))

    @property
    def bases(self) -> frozenset[str]:
        """Names of the copies that were read."""
        found: list[Basis | None] = []
        for event in self.events:
            if isinstance(event, Said):
                found += event.basis
            elif isinstance(event, TableShown | ChartShown | FileMade):
                found.append(event.basis)
        return frozenset(one.table for one in found if one)


@dataclass
class Played:
    """A case that was played, as far as it went."""

    case: Case
    seen: list[Seen] = field(default_factory=list[Seen])
    broken: str = ""
    """Why it could not be played to its end."""
    seconds: float = 0.0
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


def play(world: World, case: Case, model: Model | None = None) -> Played:
    """Play *case* with *model*, or with its recorded replies.

    Raises what the product raises besides errors with a name: those are its own faults.
    """
    recorded = Recorded()
    watched = Watched(model or recorded)
    played = Played(case)
    began = time.monotonic()
    with place(world, case.name, watched) as here:
        waiting: tuple[Approval, ...] = ()
        published = approved = False
        language: Language = "ko"
        for number, turn in enumerate(case.turn):
            recorded.begin(turn.replies)
            if turn.says:
                language = language_of(turn.says, language)
            elif not waiting:
                played.broken = f"turn {number + 1}: there is no card to decide"
                break
            try:
                told, outcome = _take(here, case, turn, number, language, waiting)
            except RecordingEnded as error:
                played.broken = f"turn {number + 1}: the model is asked once more, after: {error}"
                break
            except InvalidRequest as error:
                played.broken = f"turn {number + 1}: OpenAI would refuse this: {error.message}"
                break
            if model is None and recorded.replies:
                played.broken = f"turn {number + 1}: {len(recorded.replies)} replies were not asked"
            approved = approved or (turn.decide in ("approve", "fail"))
            published = published or (
                isinstance(outcome, Run) and outcome.state is RunState.PUBLISHED
            )
            result, events = told
            waiting = result.approvals
            stored = [load_approval(here.core.redis, one.id) for one in waiting]
            played.seen.append(
                Seen(
                    turn=turn,
                    result=result,
                    events=events,
                    approvals=tuple(one for one in stored if one),
                    read=tuple(watched.read),
                    language=language,
                    published=published,
                    approved=approved,
                )
            )
    played.seconds = time.monotonic() - began
    played.calls = watched.calls
    played.prompt_tokens = watched.prompt_tokens
    played.completion_tokens = watched.completion_tokens
    return played


def _take(
    here: Place,
    case: Case,
    turn: Turn,
    number: int,
    language: Language,
    waiting: tuple[Approval, ...],
) -> tuple[tuple[AnalystResult, tuple[Event, ...]], Run | Approval | None]:
    deps = here.deps(turn.by or case.by, case.channel, language)
    events: list[Event] = []
    analyst = here.core.analyst
    if turn.decide is None:
        result = run_analyst_turn(analyst, deps, turn.says, f"turn:{number}", events.append)
        return (result, tuple(events)), None
    outcome = here.decided(waiting[-1], turn.decide)
    result = run_analyst_approval(analyst, deps, outcome, f"turn:{number}", events.append)
    return (result, tuple(events)), outcome
