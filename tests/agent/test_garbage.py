"""Garbage in place of replies: nobody but a person approves, and every thread goes on."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from agent.budget import Budget
from agent.conversation import ConversationHistory, unanswered
from agent.deps import AnalystDeps, Caller
from agent.events import ApprovalRequested, Asked, Event, Failed, GaveUp, Said, ToolFinished
from agent.llm import LLMClient
from agent.loop import SyncAgent
from agent.service import Analyst, make_analyst, run_analyst_approval, run_analyst_turn
from sandbox.model.server import ModelStandIn
from sync.approvals import ApprovalState, Click, Verdict, decide, load_approval, pending_approvals
from sync.audit import read_audit
from sync.plan import TableRef
from sync.runs import open_runs
from tests.agent.garbage import LIES, WORDS, Garbage

USERS = TableRef(source="main", schema_name="SHOP", table="USERS")
ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")
TEAM, THREADS, AHEAD = "T1", 12, 80
"""AHEAD: more replies than one turn can take."""
PLENTY = Budget(
    tokens=10**12, usd=1e12, user_day_tokens=10**12, day_tokens=10**12, user_day_usd=1e9
)
ENDS = (Said, Failed, GaveUp, ApprovalRequested, Asked)


@dataclass
class Tally:
    """What came of the replies."""

    replies: int = 0
    turns: int = 0
    pressed: int = 0
    ends: Counter[str] = field(default_factory=Counter[str])
    results: Counter[str] = field(default_factory=Counter[str])
    approved: set[str] = field(default_factory=set[str])
    """Runs a person said yes to."""


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("seed", "replies"),
    [(0, 60), *(pytest.param(seed, 1_250, marks=pytest.mark.sweep) for seed in range(1, 9))],
)
def test_no_garbage_of_a_model_approves_anything_breaks_a_thread_or_leaves_a_turn_without_end(
    seed: int,
    replies: int,
    make_client: Callable[..., LLMClient],
    scripted: Callable[..., ModelStandIn],
    deps: AnalystDeps,
    publish_table: Callable[..., Any],
    tell_sweep: Callable[..., None],
) -> None:
    """The model's stand-in takes no request that OpenAI would refuse."""
    rows = [(number, text) for number, text in enumerate((*LIES, *WORDS))]
    columns = {"ID": "NUMBER(10)", "NAME": "VARCHAR2(4000)"}
    publish_table(USERS, columns, rows, comment=LIES[0], column_comments={"NAME": LIES[2]})
    publish_table(ORDERS, {"ID": "NUMBER(10)"}, [(1,), (2,)])
    rng, tally, model = random.Random(seed), Tally(), scripted()  # noqa: S311 -- no secret
    tools = make_analyst(make_client(model)).agent.registry
    garbage = Garbage(rng, tools.schemas())
    analyst = Analyst(SyncAgent(make_client(model), tools, budget=PLENTY, wait=lambda _: None))
    try:
        while tally.replies < replies:
            model.push(*[garbage.reply() for _ in range(AHEAD - len(model.unused))])
            _take_turn(analyst, deps, garbage, tally)
            _press_something(analyst, deps, garbage, tally)
            tally.replies += AHEAD - len(model.unused)
            assert set(open_runs(deps.redis)) == tally.approved
        noted = {one.subject for one in read_audit(deps.redis, TEAM) if one.what == "approved"}
        assert tally.approved <= noted
        assert model.refusals == ()
    finally:
        told = {"runs": len(open_runs(deps.redis)), "approved": len(tally.approved)}
        tell_sweep(sweep="garbage", seed=seed, **{**vars(tally), **told})


def ignore(_: str) -> None:
    """Hear the words of a stream."""


def _take_turn(analyst: Analyst, deps: AnalystDeps, garbage: Garbage, tally: Tally) -> None:
    """A person writes, and perhaps lies as well."""
    rng = garbage.rng
    user = rng.choice(["UMINA", "UJUNHO"])
    mine = replace(
        deps,
        caller=Caller(TEAM, user, "C1"),
        thread=f"{TEAM}:C1:{rng.randrange(THREADS)}",
        on_text=rng.choice([None, ignore]),
    )
    told: list[Event] = []
    text = rng.choice(["how many users?", "USERS 동기화 해줘", garbage.words()])
    run_analyst_turn(analyst, mine, text, f"m{tally.turns}", told.append)
    tally.turns += 1
    _ended(mine, told, tally)


def _ended(deps: AnalystDeps, told: list[Event], tally: Tally) -> None:
    """The turn has one kind of end, its thread is whole, and no fault of ours was met."""
    assert isinstance(told[-1], ENDS), told
    assert unanswered(ConversationHistory(deps.redis, deps.thread).messages()) == ()
    tally.ends[type(told[-1]).__name__] += 1
    for event in told:
        if isinstance(event, ToolFinished):
            code = "ok" if event.ok else str(event.result.get("code"))
            tally.results[code] += 1
            assert code != "unexpected", event
    if isinstance(told[-1], Failed):
        assert told[-1].failure.code.startswith("model_"), told[-1]


def _press_something(analyst: Analyst, deps: AnalystDeps, garbage: Garbage, tally: Tally) -> None:
    """Now and then a person decides a card, which alone starts runs, and the agent goes on."""
    rng = garbage.rng
    waiting = pending_approvals(deps.redis, TEAM, 200)
    if not waiting or rng.random() < 0.5:
        return
    approval = rng.choice(waiting)
    garbage.known.append(approval.id)
    verdict: Verdict = rng.choice(["approve", "reject"])
    click = Click(user="UJUNHO", verdict=verdict, digest=approval.request.digest)
    outcome = decide(deps.redis, approval, click, may_decide=True)
    tally.pressed += 1
    decided = load_approval(deps.redis, approval.id)
    assert decided is not None
    is_run = not (approval.request.change or approval.request.question)
    if decided.state is ApprovalState.APPROVED and is_run:
        tally.approved.add(approval.id)
    elif outcome in ("approved", "rejected"):
        mine = replace(deps, thread=approval.request.thread)
        told: list[Event] = []
        run_analyst_approval(analyst, mine, decided, f"e{tally.pressed}", told.append)
        _ended(mine, told, tally)
