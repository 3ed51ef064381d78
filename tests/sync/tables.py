"""Generations made of literal rows, by the product's own steps."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sync.oracle import Session, quote_table, rows
from sync.plan import Column, TablePlan, TableRef
from sync.planning import PlanTable, TableSettings
from sync.receipt import TableReceipt
from sync.types import arrow, arrow_schema, require_rule
from sync.warehouse.generation import (
    building,
    describe,
    new_generation,
    proving,
    seal,
    settle_rows,
    stage_rows,
)
from sync.warehouse.manifest import ManifestEntry
from sync.warehouse.publishing import place
from tests.sync.copying import planner

AS_OF = "2026-11-22T00:00:00+00:00"


def table_plan(
    columns: Sequence[tuple[str, str]],
    *,
    table: str = "T",
    key: Sequence[str] = (),
    max_rows: int = 1_000_000,
) -> TablePlan:
    ref = TableRef(source="main", schema_name="SHOP", table=table)
    return TablePlan(
        ref=ref,
        mode="full",
        columns=tuple(
            Column(
                name=name,
                oracle_type=kind,
                duckdb_type=require_rule(ref, name, kind).duckdb_type,
                nullable=True,
            )
            for name, kind in columns
        ),
        key=tuple(key),
        max_rows=max_rows,
    )


def count_rows(session: Session, ref: TableRef) -> int:
    """Rows Oracle counts, by a statement of no particular run."""
    return int(rows(session, f"SELECT COUNT(*) FROM {quote_table(ref)}", ref=ref)[0][0])


def plain(max_rows: int) -> PlanTable:
    """Plan tables with nothing configured but a ceiling."""
    return planner(TableSettings(max_rows))


def record_batch(plan: TablePlan, values: Sequence[tuple[Any, ...]]) -> Any:
    schema = arrow_schema(plan.ref, plan.columns)
    columns = list(zip(*values, strict=True)) or [() for _ in plan.columns]
    return arrow.record_batch(
        [
            arrow.array(list(values), kind)
            for values, kind in zip(columns, schema.types, strict=True)
        ],
        schema=schema,
    )


def place_rows(
    root: Path, plan: TablePlan, values: Sequence[tuple[Any, ...]], fence: int
) -> ManifestEntry:
    """Build, seal and place a generation; the entry is not published yet."""
    with building(root, plan.ref, f"run-{fence}") as folder:
        stage_rows(folder, plan, iter([record_batch(plan, values)]), lambda _: None)
        settled = settle_rows(folder, plan)
        with proving(folder, plan, settled.columns) as db:
            describe(db, plan, {"scn": "7"})
        count, size = seal(folder, plan)
        receipt = TableReceipt(
            ref=plan.ref,
            generation=new_generation(fence),
            fence=fence,
            rows=count,
            oracle_rows=count,
            scn=7,
            consistency="read_only_transaction",
            as_of=AS_OF,
            seconds=0.1,
            bytes=size,
        )
        entry = ManifestEntry(
            ref=plan.ref,
            generation=receipt.generation,
            fence=fence,
            rows=count,
            as_of=AS_OF,
            published_at=AS_OF,
            columns=settled.columns,
            key=plan.key,
            comment=None,
            column_comments={},
            bytes=size,
            receipt=receipt,
        )
        place(root, folder, entry)
    return entry
