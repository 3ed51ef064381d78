"""Requests, approvals and runs for the tests of what is kept in Redis."""

from typing import Any

from redis import Redis

from sync.approvals import Approval, Click, Request, decide, request_approval
from sync.plan import Column, Plan, TablePlan, TableRef
from sync.receipt import Receipt, TableReceipt
from sync.runs import Run, load_run
from sync.state import new_id

ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")
USERS = TableRef(source="main", schema_name="SHOP", table="USERS")
THREAD = "T1:C1:1700.0001"


def plan_of(*refs: TableRef, max_rows: int = 1_000) -> Plan:
    columns = (Column(name="ID", oracle_type="NUMBER(10)", duckdb_type="BIGINT", nullable=False),)
    return Plan(
        tables=tuple(
            TablePlan(ref=ref, mode="full", columns=columns, key=("ID",), max_rows=max_rows)
            for ref in refs or (ORDERS,)
        )
    )


def ask(
    client: Redis, plan: Plan | None = None, *, seconds: int = 3600, team: str = "T1"
) -> Approval:
    """Store a request of U1 that waits for a decision."""
    request = Request(
        id=new_id(team),
        plan=plan or plan_of(),
        requested_by="U1",
        thread=THREAD,
        language="ko",
    )
    return request_approval(client, request, expires_seconds=seconds)


def press(client: Redis, approval: Approval, verdict: str = "approve", user: str = "U2") -> str:
    """Decide as somebody who may, having seen the card as it is."""
    click = Click(
        user=user,
        verdict="approve" if verdict == "approve" else "reject",
        digest=approval.request.digest,
    )
    return decide(client, approval, click, may_decide=True)


def queue_run(client: Redis, plan: Plan | None = None) -> Run:
    """Have a request approved; its run waits for a worker."""
    approval = ask(client, plan)
    assert press(client, approval) == "approved"
    return run_of(client, approval.id)


def run_of(client: Redis, run_id: str) -> Run:
    run = load_run(client, run_id)
    assert run is not None
    return run


def expire_now(client: Redis, approval: Approval) -> None:
    """Let the deadline of an approval lie in the past, by Redis's clock."""
    client.hset(f"duckferry:1:T1:approval:{approval.id}", "expires_ms", 1)
    client.zadd("duckferry:1:T1:approvals:pending", {approval.id: 1}, xx=True)


def receipt_of(ref: TableRef = ORDERS, *, fence: int = 1, rows: int = 150) -> Receipt:
    table = TableReceipt(
        ref=ref,
        generation=f"{fence:010d}-00000000",
        fence=fence,
        rows=rows,
        oracle_rows=rows,
        scn=42,
        consistency="read_only_transaction",
        as_of="2026-11-22T00:00:00+00:00",
        seconds=1.5,
        bytes=4096,
    )
    return Receipt(tables=(table,), seconds=1.5)


def inbox_of(client: Redis) -> list[dict[str, str]]:
    """What lies in the inbox, oldest first."""
    return _entries(client, "duckferry:1:inbox")


def cards_of(client: Redis) -> list[str]:
    """The approvals whose card was told to change, oldest first."""
    return [fields["approval"] for fields in _entries(client, "duckferry:1:cards")]


def _entries(client: Redis, stream: str) -> list[dict[str, str]]:
    found: Any = client.xrange(stream)
    return [fields for _, fields in found]
