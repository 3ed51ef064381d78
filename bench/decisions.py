"""What a decision costs: the script alone, and a whole click until its card shows the outcome."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

from redis import Redis
from slack_sdk import WebClient

from bench.figures import Figure, interleaved, percentile
from sandbox.bot_process import running
from sandbox.redis import start_redis
from sandbox.slack.payloads import buttons_of
from sandbox.slack.values import Message
from sandbox.start import Sandbox, start_sandbox
from sync.approvals import (
    Approval,
    Click,
    Request,
    decide,
    load_approval,
    request_approval,
    show_card,
)
from sync.plan import Column, Plan, TablePlan, TableRef
from sync.state import connect_state, new_id

TEAM, CHANNEL, ASKER, APPROVER = "T0SANDBOX", "C0DATA", "U0MINJI", "U0JUNHO"
WAIT_SECONDS = 30.0
CLICK_SECONDS = 2.0
"""Between two clicks: so many changes of messages Slack's tiers leave room for, and some more."""


def measure_decisions(decisions: int) -> Figure:
    """The one script that decides, beside a bare SET on the same connection."""
    server = start_redis()
    client = connect_state(server.url)
    try:
        waiting = [request(client, f"{TEAM}:{CHANNEL}:1700.{n}") for n in range(decisions)]
        found = interleaved(
            {
                "decide": lambda: decided(client, waiting.pop()),
                "set": lambda: _took(lambda: client.set("bench", "1")),
            },
            decisions,
        )
    finally:
        client.close()
        server.stop()
    return Figure(
        bench="decision",
        value=percentile(found["decide"], 50),
        unit="ms",
        against="peer",
        other=percentile(found["set"], 50),
        detail={
            "decisions": decisions,
            "p99": percentile(found["decide"], 99),
            "peer_p99": percentile(found["set"], 99),
        },
    )


def measure_clicks(scratch: Path, clicks: int) -> list[Figure]:
    """Clicks on cards of a running bot: to Slack's ack, and to the card that shows the outcome."""
    sandbox = start_sandbox()
    client = connect_state(sandbox.redis.url)
    web = WebClient(token=sandbox.slack.bot_token, base_url=sandbox.slack.api_url)
    acks: list[float] = []
    visible: list[float] = []
    bare: list[float] = []
    try:
        # No worker: what is decided stays queued, so that nothing else changes a card.
        with running(sandbox, scratch / "clicks.log", "bot"):
            while not sandbox.slack.is_reachable():
                time.sleep(0.05)
            for _ in range(clicks):
                time.sleep(CLICK_SECONDS)
                ack, seen, updated = _click(sandbox, client, web)
                acks.append(ack)
                visible.append(seen)
                bare.append(updated)
    finally:
        client.close()
        sandbox.stop()
    return [
        Figure(
            bench=name,
            value=percentile(values, 50),
            unit="ms",
            against="peer",
            other=percentile(bare, 50),
            detail={
                "clicks": clicks,
                "p99": percentile(values, 99),
                "slowest": max(values),
                "peer_p99": percentile(bare, 99),
            },
        )
        for name, values in (("click_to_ack", acks), ("click_to_visible", visible))
    ]


def _click(sandbox: Sandbox, client: Redis, web: WebClient) -> tuple[float, float, float]:
    """Milliseconds to the ack, to the changed card, and of one bare change of a message."""
    slack = sandbox.slack
    thread = slack.post(ASKER, CHANNEL, "a question")
    approval = request(client, f"{TEAM}:{CHANNEL}:{thread}")
    show_card(client, approval.id)

    def is_card(message: Message) -> bool:
        return message.thread_ts == thread and bool(message.blocks)

    card = slack.wait_for(is_card, WAIT_SECONDS)
    while (known := load_approval(client, approval.id)) is None or known.card is None:
        time.sleep(0.01)
    began = time.perf_counter()
    delivery = slack.begin_press(APPROVER, CHANNEL, card.ts, "sync.approve")
    slack.wait_for(lambda one: one.ts == card.ts and _is_queued(one), WAIT_SECONDS)
    seen = (time.perf_counter() - began) * 1000
    ack = delivery.ack.result(WAIT_SECONDS).latency_seconds * 1000
    ours = cast("str", web.chat_postMessage(channel=CHANNEL, text="bench")["ts"])
    updated = _took(lambda: web.chat_update(channel=CHANNEL, ts=ours, text="changed"))
    return ack, seen, updated


def _is_queued(card: Message) -> bool:
    """Whether a card shows that the run waits: it can be stopped now."""
    return any(button.get("action_id") == "sync.cancel" for button in buttons_of(card))


def request(client: Redis, thread: str, plan: Plan | None = None) -> Approval:
    """Ask for a run of *plan*, or of some plan."""
    return request_approval(
        client,
        Request(
            id=new_id(TEAM),
            plan=plan or _some_plan(),
            requested_by=ASKER,
            thread=thread,
            language="en",
        ),
        expires_seconds=3600,
    )


def _some_plan() -> Plan:
    ref = TableRef(source="main", schema_name="SHOP", table="USERS")
    column = Column(name="BENCH", oracle_type="NUMBER(10)", duckdb_type="BIGINT", nullable=False)
    table = TablePlan(ref=ref, mode="full", columns=(column,), key=("BENCH",), max_rows=1_000)
    return Plan(tables=(table,))


def decided(client: Redis, approval: Approval) -> float:
    """Say yes; milliseconds it took."""
    click = Click(user=APPROVER, verdict="approve", digest=approval.request.digest)
    began = time.perf_counter()
    outcome = decide(client, approval, click, may_decide=True)
    took = (time.perf_counter() - began) * 1000
    assert outcome == "approved"
    return took


def _took(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000
