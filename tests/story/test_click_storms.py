"""Sixteen people at once on one card, over two bots: one run each, and every click is answered."""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandbox.bot_process import running, tail
from sandbox.slack.values import Message
from sandbox.start import start_sandbox
from sync.approvals import Approval, Request, load_approval, request_approval, show_card
from sync.audit import read_audit
from sync.plan import Column, Plan, TablePlan, TableRef
from sync.runs import open_runs
from sync.state import connect_state, new_id
from tests.story.stages import is_card
from tests.story.world import ALICE, APPROVE, DATA, EVE, JUNHO, MINJI, TEAM, World, until

CLICKS = 16
PLAN = Plan(
    tables=(
        TablePlan(
            ref=TableRef(source="main", schema_name="SHOP", table="USERS"),
            mode="full",
            columns=(
                Column(name="ID", oracle_type="NUMBER(10)", duckdb_type="BIGINT", nullable=False),
            ),
            key=("ID",),
            max_rows=1_000,
        ),
    )
)


@pytest.mark.timeout(3600)  # 3,000 are answered in private, at the pace Slack allows
@pytest.mark.parametrize(
    ("seed", "approvals"), [(1, 3), pytest.param(2, 200, marks=pytest.mark.sweep)]
)
def test_of_sixteen_clicks_at_once_over_two_bots_one_decides_and_all_are_answered(
    seed: int, approvals: int, tmp_path: Path, tell_sweep: Callable[..., None]
) -> None:
    rng = random.Random(seed)  # noqa: S311 -- cases, no secrets
    outcomes = Counter[str]()
    with ExitStack() as stack:
        sandbox = start_sandbox()
        stack.callback(sandbox.stop)
        redis = connect_state(sandbox.redis.url)
        stack.callback(redis.close)
        logs = [tmp_path / f"bot-{number}.log" for number in range(2)]
        pids = [stack.enter_context(running(sandbox, log, "bot")).pid for log in logs]
        until(lambda: sandbox.slack.connections() == len(logs), lambda: [*map(tail, logs)])
        world = World(sandbox, logs[0], redis, pids[0])
        asked: list[Approval] = []
        for _ in range(approvals):
            approval = _ask(world)
            card = _card(world, approval)
            asked.append(approval)
            users = [JUNHO] * 8 + rng.choices([JUNHO, MINJI, ALICE, EVE], k=CLICKS - 8)
            rng.shuffle(users)
            earlier = len(sandbox.slack.ephemerals())
            presses = [sandbox.slack.begin_press(user, DATA, card.ts, APPROVE, 0) for user in users]
            for press in presses:
                press.ack.result(10)

            # Who decided sees it on the card; each other click is answered in private.
            until(
                lambda before=earlier: len(sandbox.slack.ephemerals()) >= before + CLICKS - 1,
                lambda: sandbox.slack.ephemerals()[-CLICKS:],
            )
            told = Counter(str(one.ephemeral_to) for one in sandbox.slack.ephemerals()[earlier:])
            assert Counter(users) - told == Counter({JUNHO: 1})
            assert told.total() == CLICKS - 1
        for approval in asked:
            decided = load_approval(redis, approval.id)
            assert decided is not None
            assert (decided.decided_by, decided.run_id) == (JUNHO, approval.id)
        noted = Counter((one.what, one.subject) for one in read_audit(redis, TEAM))
        for approval in asked:
            assert noted["approved", approval.id] == 1
            assert noted["click_refused", approval.id] == CLICKS - 1
        assert sorted(open_runs(redis)) == sorted(one.id for one in asked)
        outcomes.update(what for what, _ in noted.elements())
    tell_sweep(
        sweep="click_storms",
        seed=seed,
        bots=len(pids),
        approvals=approvals,
        clicks=approvals * CLICKS,
        runs=outcomes["approved"],
        refused=outcomes["click_refused"],
    )


def _ask(world: World) -> Approval:
    thread = world.sandbox.slack.post(MINJI, DATA, "a question")
    request = Request(
        id=new_id(TEAM),
        plan=PLAN,
        requested_by=MINJI,
        thread=f"{TEAM}:{DATA}:{thread}",
        language="en",
    )
    approval = request_approval(world.redis, request, expires_seconds=3600)
    show_card(world.redis, approval.id)
    return approval


def _card(world: World, approval: Approval) -> Message:
    thread = approval.request.thread.rpartition(":")[2]
    return world.sandbox.slack.wait_for(lambda m: m.thread_ts == thread and is_card(m))
