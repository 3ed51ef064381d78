"""Plans, approvals and runs to draw and to decide about."""

from collections.abc import Sequence
from typing import Any, Literal

from agent.deps import Language
from sync.approvals import Approval, ApprovalState, Request
from sync.errors import Failure
from sync.plan import Column, Estimate, Plan, TablePlan, TableRef
from sync.progress import Progress
from sync.receipt import Receipt, TableReceipt
from sync.runs import Run, RunState
from tests.blocks import objects

BOTH: tuple[Language, ...] = ("ko", "en")
APPROVAL_ID = "T1-0123456789abcdef0123456789abcdef"
CREATED_MS = 1_795_300_000_000
DAY_MS = 86_400_000

HOSTILE_NAMES = (
    "<!channel>",
    "<@U0MINJI>",
    "<https://evil.example|click>",
    "*bold* _it_ ~gone~ `code`",
    "```fence```",
    "주문_내역",
    "가" * 42,  # 126 bytes, Oracle's most is 128
    "A" * 128,
    "&" * 128,
    "<" * 128,
    'quo"te',
    "new\nline",
    "\u202egnp.exe",
    "nul\x00bell\x07",
    ":x: :siren:",
)


def ref(table: str, schema: str = "SHOP") -> TableRef:
    return TableRef(source="main", schema_name=schema, table=table)


def plan(
    *names: str,
    rows: int | None = 99_800,
    current_rows: int | None = None,
    analyzed_at: str | None = "2026-11-20T03:00:00",
    schema: str = "SHOP",
) -> Plan:
    columns = (Column(name="ID", oracle_type="NUMBER(10)", duckdb_type="BIGINT", nullable=False),)
    tables = tuple(
        TablePlan(
            ref=ref(name, schema), mode="full", columns=columns, key=("ID",), max_rows=1_000_000
        )
        for name in names
    )
    one = Estimate(rows=rows, bytes=4_096, analyzed_at=analyzed_at, current_rows=current_rows)
    return Plan(tables=tables, estimates=(one,) * len(tables))


def request(
    what: Plan,
    *,
    language: Language = "ko",
    by: str = "U0MINJI",
    approval_id: str = APPROVAL_ID,
    thread: str = "T1:C0DATA:1700.0001",
    schedule: str | None = None,
) -> Request:
    return Request(
        id=approval_id,
        plan=what,
        requested_by=by,
        thread=thread,
        language=language,
        schedule=schedule,
    )


def approval(
    wish: Request,
    state: ApprovalState = ApprovalState.PENDING,
    *,
    decided_by: str = "U0JUNHO",
) -> Approval:
    decided = state in (ApprovalState.APPROVED, ApprovalState.REJECTED)
    return Approval(
        request=wish,
        state=state,
        created_ms=CREATED_MS,
        expires_ms=CREATED_MS + DAY_MS,
        decided_by=decided_by if decided else None,
        decided_ms=CREATED_MS + 60_000 if decided else None,
        run_id=wish.id if state is ApprovalState.APPROVED else None,
    )


def run(
    wish: Request,
    state: RunState,
    *,
    progress: Progress | None = None,
    receipt: Receipt | None = None,
    failure: Failure | None = None,
) -> Run:
    return Run(
        id=wish.id,
        approval=approval(wish, ApprovalState.APPROVED),
        state=state,
        queued_ms=CREATED_MS + 60_000,
        progress=progress,
        receipt=receipt,
        failure=failure,
    )


def progress(table: str, rows: int, expected_rows: int | None) -> Progress:
    return Progress(
        table=table,
        table_number=1,
        tables=1,
        rows=rows,
        expected_rows=expected_rows,
        seconds=1.5,
    )


def receipt(what: Plan, rows: int = 100_000, scn: int | None = 4_711) -> Receipt:
    tables = tuple(
        TableReceipt(
            ref=table.ref,
            generation="g1",
            fence=1,
            rows=rows,
            oracle_rows=rows,
            scn=scn,
            consistency="read_only_transaction",
            as_of="2026-11-22T01:02:03Z",
            seconds=12.34,
            bytes=5_600_000,
        )
        for table in what.tables
    )
    return Receipt(tables=tables, seconds=12.34)


def shown(blocks: Sequence[Any]) -> str:
    """All words of a message's blocks, a piece a line."""
    return "\n".join(_texts(blocks))


def kinds(blocks: Sequence[dict[str, Any]]) -> list[str]:
    return [block["type"] for block in blocks]


def live_parts(blocks: Sequence[Any], kind: Literal["mrkdwn", "plain_text"]) -> list[str]:
    """The texts of one kind, wherever they stand."""
    return [node["text"] for node in objects(blocks) if node.get("type") == kind]


def _texts(node: object) -> list[str]:
    return [found["text"] for found in objects(node) if isinstance(found.get("text"), str)]
