"""The measured table: ten columns of the usual Oracle types, in the Oracle stand-in."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from sandbox.oracle.process import OracleStandIn
from sync.catalog import TableFacts
from sync.chunks import Reading
from sync.engine import Steps, run_plan
from sync.oracle import Session, Source, connect
from sync.plan import Plan, TablePlan, TableRef, Wish, plainly
from sync.planning import PlanTable, TableSettings, make_table_plan, plan_tables
from sync.receipt import Receipt
from sync.warehouse.manifest import Manifest, ManifestEntry, read_manifest

COLUMNS = (
    ("ID", "NUMBER(12)"),
    ("CUSTOMER_ID", "NUMBER(6)"),
    ("AMOUNT", "NUMBER(14,2)"),
    ("SCORE", "BINARY_DOUBLE"),
    ("NAME", "VARCHAR2(40)"),
    ("STATUS", "VARCHAR2(10)"),
    ("ORDERED_AT", "DATE"),
    ("UPDATED_AT", "TIMESTAMP(6)"),
    ("ACTIVE", "CHAR(1)"),
    ("NOTE", "VARCHAR2(100)"),
)
#: Keys differ in every row. A third of the notes is NULL, the others repeat every 5,000 rows.
ROWS = """
    SELECT 100000000000 + i, i * 7919 % 1000000,
           CAST(i * 104729 % 100000000000 AS DECIMAL(14,2)) / 100,
           (i * 37 % 100003) / 7.0, 'customer ' || left(md5(CAST(i AS VARCHAR)), 16),
           ['PAID', 'SHIPPED', 'PENDING', 'CANCELLED'][1 + i * 13 % 4],
           TIMESTAMP_S '2026-11-22 00:00:00' - to_seconds(i * 61 % 63072000),
           TIMESTAMP '2026-11-22 00:00:00' - to_microseconds(i * 104729),
           CASE WHEN i % 10 = 0 THEN 'N' ELSE 'Y' END,
           CASE WHEN i % 3 <> 0 THEN 'note ' || md5(CAST(i % 5000 AS VARCHAR)) END
    FROM range({rows}) t(i)
"""


def create_table(oracle: OracleStandIn, name: str, rows: int) -> TableRef:
    """Fill SHOP.*name*, whose rows the stand-in encodes at the first reading only."""
    oracle.control.create_table(name, COLUMNS, key=("ID",))
    oracle.control.execute(f'INSERT INTO SHOP."{name}" {ROWS.format(rows=rows)}')
    oracle.control.gather_statistics(name)
    oracle.control.keep_encoded(name)
    return TableRef(source="main", schema_name="SHOP", table=name)


def source_of(oracle: OracleStandIn) -> Source:
    """How the product connects to the stand-in."""
    return Source(name="main", dsn=oracle.dsn, user=oracle.user, password=oracle.password)


def opener(source: Source) -> Callable[[str], AbstractContextManager[Session]]:
    """What the engine opens sessions with."""
    return lambda _: connect(source, action="bench", client_identifier="bench")


def plan_of(source: Source, ref: TableRef, rows: int) -> Plan:
    """The plan people would approve."""
    return plan_tables(opener(source), plainly([ref]), Manifest(), planner(TableSettings(rows)))


def planner(settings: TableSettings) -> PlanTable:
    """Plans every table by the same settings."""

    def plan(facts: TableFacts, wish: Wish, current: ManifestEntry | None) -> TablePlan:
        return make_table_plan(facts, settings, wish, current)

    return plan


def sync(
    source: Source,
    plan: Plan,
    warehouse: Path,
    plan_table: PlanTable | None = None,
    reading: Reading | None = None,
) -> Receipt:
    """The real engine, from the first connect to the published manifest; in chunks by *reading*."""

    def fence(ref: TableRef) -> int:
        published = read_manifest(warehouse).find(ref)
        return published.fence + 1 if published else 1

    return run_plan(
        plan,
        open_session=opener(source),
        warehouse=warehouse,
        run_id="bench",
        fence=fence,
        steps=Steps(on_progress=lambda _: None),
        plan_table=plan_table,
        reading=reading,
    )
