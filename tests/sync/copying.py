"""Copies made by the product's engine in this process: planned, run to their end, read back."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import duckdb

from sandbox.oracle.process import OracleStandIn
from sync.chunks import Reading
from sync.engine import Steps, run_plan
from sync.oracle import Session
from sync.plan import Plan, TableRef, Wish
from sync.planning import PlanTable, TableSettings, make_table_plan, plan_tables
from sync.receipt import TableReceipt
from sync.warehouse.layout import data_file
from sync.warehouse.manifest import read_manifest

OpenSession = Callable[[str], AbstractContextManager[Session]]

COLUMNS = [("ID", "NUMBER(6)"), ("NAME", "VARCHAR2(40 CHAR)"), ("CHANGED", "TIMESTAMP(6)")]
BY_CHANGED = TableSettings(1000, key=("ID",), cursor="CHANGED", lag=0)
"""How a table of `COLUMNS` is copied by what changed."""
SILENT = Steps(on_progress=lambda _: None)


def planner(settings: TableSettings) -> PlanTable:
    """Plan every table as *settings* say."""
    return lambda facts, wish, current: make_table_plan(facts, settings, wish, current)


def plan_copy(
    open_session: OpenSession, root: Path, ref: TableRef, settings: TableSettings, **wish: object
) -> Plan:
    """A plan of one table, made against the copy that *root* holds of it; *wish* as a `Wish`."""
    wished = Wish.model_validate({"ref": ref, **wish})
    return plan_tables(
        open_session,
        [wished],
        read_manifest(root),
        planner(settings),
        lambda _: settings.select,
    )


def run_copy(
    open_session: OpenSession,
    root: Path,
    plan: Plan,
    settings: TableSettings,
    *,
    fence: int = 1,
    steps: Steps = SILENT,
    reading: Reading | None = None,
) -> TableReceipt:
    """Run a plan of one table until its copy is published."""
    receipt = run_plan(
        plan,
        open_session=open_session,
        warehouse=root,
        run_id=f"run-{fence}",
        fence=lambda _: fence,
        steps=steps,
        plan_table=planner(settings),
        reading=reading,
    )
    return receipt.tables[0]


def copied_rows(root: Path, ref: TableRef, shown: str = "*") -> list[tuple[Any, ...]]:
    """What readers see of the current copy, by its first column; moments in UTC."""
    entry = read_manifest(root).entry(ref)
    with duckdb.connect(data_file(root, ref, entry.generation), read_only=True) as db:
        db.execute("SET TimeZone = 'UTC'")
        table = f'"{ref.schema_name}"."{ref.table}"'
        return db.execute(f"SELECT {shown} FROM {table} ORDER BY 1").fetchall()


class Copy:
    """A table of the stand-in, and the copy of it."""

    def __init__(
        self,
        oracle: OracleStandIn,
        open_session: OpenSession,
        root: Path,
        table: str,
        settings: TableSettings = BY_CHANGED,
    ) -> None:
        self.oracle, self.open_session, self.root = oracle, open_session, root
        self.ref = TableRef(source="main", schema_name="SHOP", table=table)
        self.settings = settings
        self.runs = 0

    def execute(self, *statements: str) -> None:
        """Change the table, which the statements call ``T!``."""
        for statement in statements:
            self.oracle.control.execute(statement.replace("T!", f'SHOP."{self.ref.table}"'))

    def plan(self, settings: TableSettings | None = None, **wish: object) -> Plan:
        return plan_copy(self.open_session, self.root, self.ref, settings or self.settings, **wish)

    def run(
        self, plan: Plan | None = None, settings: TableSettings | None = None, **wish: object
    ) -> TableReceipt:
        self.runs += 1
        return run_copy(
            self.open_session,
            self.root,
            plan or self.plan(settings, **wish),
            settings or self.settings,
            fence=self.runs,
        )

    def rows(self, ref: TableRef | None = None) -> list[tuple[Any, ...]]:
        return copied_rows(self.root, ref or self.ref)

    def ids(self) -> list[object]:
        return [row[0] for row in self.rows()]
