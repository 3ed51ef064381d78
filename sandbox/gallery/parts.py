"""What the gallery is drawn from: plans, approvals, runs, receipts. All moments are fixed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from agent.deps import Language
from agent.events import Basis
from app.views.approval_card import Message
from app.views.budget import parted
from sandbox.gallery.pieces import Content, Piece, message
from sync.approvals import Approval, ApprovalState, Request
from sync.errors import Failure, VerificationFailed
from sync.fidelity import ColumnFidelity
from sync.filters import TypedFilter
from sync.plan import Column, Estimate, Plan, TablePlan, TableRef, Undo, Wish
from sync.progress import Progress
from sync.receipt import Changes, Check, Note, Receipt, TableReceipt
from sync.runs import Run, RunState
from sync.standing import StandingSchedule

NOW = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
AS_OF = "2026-11-22T01:02:03Z"
BEFORE = "2026-11-20T22:10:00Z"
NOW_MS = int(NOW.timestamp() * 1000)
DAY_MS = 86_400_000
ASKER, APPROVER, SECOND, GROUP = "U0MINJI", "U0JUNHO", "U0ALICE", "S0DATA"
CHANNEL, THREAD = "C0DATA", "T0DUCK:C0DATA:1795309323.000100"
REQUEST_ID = "T0DUCK-0123456789abcdef0123456789abcdef"


def ref(content: Content, number: int = 1) -> TableRef:
    """Give one of the tables."""
    name = content.table if number == 1 else f"{content.table}_{number}"
    return TableRef(source="main", schema_name=content.schema, table=name)


def columns(content: Content) -> tuple[Column, ...]:
    """Give the columns of each table: a key, a moment, and those that are named by *content*."""
    named = [content.column, *(f"{content.column}_{n}" for n in range(2, content.columns - 1))]
    return (
        Column(name="ID", oracle_type="NUMBER(10)", duckdb_type="BIGINT", nullable=False),
        Column(name="CHANGED", oracle_type="DATE", duckdb_type="TIMESTAMP", nullable=True),
        *(
            Column(name=name, oracle_type="VARCHAR2(40)", duckdb_type="VARCHAR", nullable=True)
            for name in named
        ),
    )


def table_plan(content: Content, number: int = 1, **more: Any) -> TablePlan:
    """Plan one table; in full where *more* says nothing else."""
    given: dict[str, Any] = {
        "ref": ref(content, number),
        "mode": "full",
        "columns": columns(content),
        "key": ("ID",),
        "max_rows": 1_000_000,
    }
    return TablePlan(**given | more)


def plan(content: Content, *, current_rows: int | None = None, **more: Any) -> Plan:
    """Plan all tables, or the one that *more* makes something of."""
    numbers = range(1, 2 if more else content.tables + 1)
    return Plan(
        tables=tuple(table_plan(content, number, **more) for number in numbers),
        estimates=(estimate(current_rows=current_rows),) * len(numbers),
    )


def estimate(**more: Any) -> Estimate:
    """Give what Oracle's statistics say."""
    given: dict[str, Any] = {
        "rows": 99_800,
        "bytes": 5_600_000,
        "analyzed_at": "2026-11-20T03:00:00",
        "current_rows": None,
    }
    return Estimate(**given | more)


def incremental(content: Content) -> Plan:
    """Plan a copy that goes on from the one there is."""
    wish = Wish(ref=ref(content))
    return plan(
        content,
        current_rows=98_000,
        mode="incremental",
        wanted="incremental",
        cursor="CHANGED",
        watermark="2026-11-20T22:10:00",
        lag=60,
        deletes="remove",
        wish=wish,
        proof="deep",
        where=(condition(content),),
    )


def trial(content: Content) -> Plan:
    """Plan a few rows under a name of their own."""
    name = TableRef(source="main", schema_name=content.schema, table=f"{content.table}_TRIAL")
    return plan(content, ref=name, wish=Wish(ref=ref(content), trial_rows=1000))


def backfill(content: Content) -> Plan:
    """Plan a stretch of time that is read again."""
    wish = Wish(ref=ref(content), since="2026-11-01", until=None)
    return plan(content, current_rows=98_000, mode="incremental", cursor="CHANGED", wish=wish)


def undo(content: Content) -> Plan:
    """Plan the way back to the copy before."""
    return plan(content, current_rows=98_000, undo=went_back(), where=(condition(content),))


def went_back() -> Undo:
    """Give the two copies of it."""
    return Undo(to="g7", to_as_of=BEFORE, leaves="g8", leaves_as_of=AS_OF)


def condition(content: Content) -> TypedFilter:
    """Give a condition on rows."""
    return TypedFilter(
        column=content.column[:128], op="=", values=(content.cell,), oracle_type="VARCHAR2(40)"
    )


def request(content: Content, language: Language, what: Plan | None = None, **more: Any) -> Request:
    """Ask for it."""
    given: dict[str, Any] = {
        "id": REQUEST_ID,
        "plan": what or plan(content),
        "requested_by": ASKER,
        "thread": THREAD,
        "language": language,
        "reason": content.typed,
    }
    return Request(**given | more)


def approval(wish: Request, state: str = "pending", **more: Any) -> Approval:
    """Give a request with what became of it."""
    open_ = state in ("pending", "expired")
    given: dict[str, Any] = {
        "request": wish,
        "state": ApprovalState(state),
        "created_ms": NOW_MS,
        "expires_ms": NOW_MS + DAY_MS,
        "decided_by": None if open_ else APPROVER,
        "decided_ms": None if open_ else NOW_MS + 60_000,
        "run_id": wish.id if state == "approved" else None,
    }
    return Approval(**given | more)


def run(wish: Request, state: RunState, **more: Any) -> Run:
    """Give a run of what was approved."""
    given: dict[str, Any] = {
        "id": wish.id,
        "approval": approval(wish, "approved", yeses=(APPROVER,)),
        "state": state,
        "queued_ms": NOW_MS + 60_000,
    }
    return Run(**given | more)


def progress(content: Content, **more: Any) -> Progress:
    """Give how far it is: a quarter of the second table."""
    given: dict[str, Any] = {
        "table": str(ref(content)),
        "table_number": 2,
        "tables": 2,
        "rows": 25_000,
        "expected_rows": 100_000,
        "seconds": 2.5,
    }
    return Progress(**given | more)


def receipt(content: Content, what: Plan, **more: Any) -> Receipt:
    """Give what was copied and how it was proven."""
    tables = tuple(table_receipt(content, table.ref, **more) for table in what.tables)
    return Receipt(tables=tables, seconds=12.34)


def table_receipt(content: Content, table: TableRef, **more: Any) -> TableReceipt:
    """Give the receipt of one table."""
    given: dict[str, Any] = {
        "ref": table,
        "generation": "g8",
        "fence": 8,
        "rows": 99_812,
        "oracle_rows": 99_812,
        "scn": 4_711_000,
        "consistency": "flashback",
        "as_of": AS_OF,
        "seconds": 12.34,
        "bytes": 5_600_000,
        "columns": fidelity(content),
        "proof": "sums",
        "checks": (Check(what="sum(ID)", oracle="4980617578", copy_value="4980617578"),),
    }
    return TableReceipt(**given | more)


def fidelity(content: Content) -> tuple[ColumnFidelity, ...]:
    """Give how exactly each column was copied: the last one was cut."""
    same = tuple(
        ColumnFidelity(
            name=column.name,
            oracle_type=column.oracle_type,
            duckdb_type=column.duckdb_type,
            lossless=True,
            why="same",
        )
        for column in columns(content)
    )
    cut = ColumnFidelity(
        name=f"{content.column}_NOTE",
        oracle_type="CLOB",
        duckdb_type="VARCHAR",
        lossless=False,
        why="cut",
        params={"count": 3, "limit": 4000},
    )
    return (*same, cut)


def noted(content: Content, what: Plan) -> Receipt:
    """Give the receipt of an incremental copy of which much is to be said."""
    return receipt(
        content,
        what,
        mode="incremental",
        cursor="CHANGED",
        watermark="2026-11-22T01:00:00",
        oracle_rows=99_813,
        where=(condition(content),),
        changes=Changes(fetched=1_200, inserted=1_000, updated=200, deleted=4),
        all_columns={content.column: "VARCHAR2(40)", "SECRET": "VARCHAR2(40)"},
        notes=(
            Note(code="rows_differ", params={"oracle": 99_813, "copied": 99_812}),
            Note(code="no_flashback"),
        ),
    )


def failure(content: Content) -> Failure:
    """Give what ended a run."""
    return VerificationFailed(table=str(ref(content)), copied=1, counted=2).failure


def schedule(content: Content, language: Language, **more: Any) -> StandingSchedule:
    """Give a schedule."""
    tables = tuple(ref(content, number) for number in range(1, content.tables + 1))
    given: dict[str, Any] = {
        "name": content.schedule,
        "tables": tables,
        "cron": "30 6 * * mon-fri",
        "timezone": "Asia/Seoul",
        "thread": THREAD,
        "owner": ASKER,
        "language": language,
        "max_rows": (1_000_000,) * len(tables),
        "until": "2027-06-30",
    }
    return StandingSchedule(**given | more)


def basis(content: Content, number: int = 1, **more: Any) -> Basis:
    """Give the copy an answer rests on."""
    given: dict[str, Any] = {
        "table": str(ref(content, number)),
        "rows": 99_812,
        "as_of": AS_OF,
    }
    return Basis(**given | more)


def answered(name: str, language: Language, drawn: Message) -> Iterator[Piece]:
    """Draw an answer as it goes out: more than one message where it is long."""
    for number, part in enumerate(parted(language, drawn)[0]):
        yield message(f"{name}_{number}" if number else name, language, part)
