"""Make the plan of a table, from what is declared, configured, wished and there already.

Pure: the same facts, settings, wish and copy always make the same plan, so that making it again
before a run shows whether anything has changed since people said yes.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Literal

from sync.bounds import bind_of, check_filter, value_kind
from sync.catalog import OracleColumn, TableFacts, describe_select, describe_table
from sync.columns import (
    ALL_COLUMNS,
    ColumnChoices,
    chosen_columns,
    frozen_columns,
    plan_columns,
    require_column,
)
from sync.discovery import FoundColumn, likely_cursors
from sync.names import one_source
from sync.oracle import Session
from sync.plan import (
    Column,
    Declared,
    Deletes,
    Estimate,
    Filter,
    FullBecause,
    Mode,
    Plan,
    Proof,
    TablePlan,
    TableRef,
    TypedFilter,
    Wish,
)
from sync.planning_errors import BackfillImpossible, BadCursor, BadFilter
from sync.warehouse.manifest import Manifest, ManifestEntry

TRIAL_SUFFIX = "__TRIAL"
"""Ends the name of a trial's copy, which so is never the table's own."""

Drift = Literal["ask", "evolve", "freeze"]
"""When a table's columns change: a person must agree, the copy follows, or it keeps its own."""

DEFAULT_LAG_SECONDS = 600
"""Of a moment: how late a row may be committed after the time it carries, where nothing says."""


@dataclass(frozen=True)
class TableSettings:
    """What is configured of a table."""

    max_rows: int
    key: tuple[str, ...] = ()
    """In place of Oracle's own."""
    mode: Mode | None = None
    """None: incremental where there is a cursor and a key, else full."""
    cursor: str | None = None
    lag: int | None = None
    """None: `DEFAULT_LAG_SECONDS` of a moment, nothing of a number."""
    where: tuple[Filter, ...] = ()
    include: tuple[str, ...] = ()
    """The only columns that are copied; empty: all."""
    choices: ColumnChoices = ALL_COLUMNS
    select: str = ""
    proof: Proof = "sums"
    deletes: Deletes = "keep"
    delete_limit_percent: int = 10
    drift: Drift = "ask"


PlanTable = Callable[[TableFacts, Wish, ManifestEntry | None], TablePlan]
"""Makes the plan of a table by what is configured; see `make_table_plan`."""


OpenSession = Callable[[str], AbstractContextManager[Session]]
"""Opens a session on the source of that name."""


def plan_tables(
    open_session: OpenSession,
    wishes: Sequence[Wish],
    manifest: Manifest,
    plan_table: PlanTable,
    select_of: Callable[[TableRef], str] = lambda _: "",
) -> Plan:
    """What doing *wishes*, all of one source, would do.

    From the dictionary alone: no row is read or counted. *select_of* gives the statement that is
    read in place of a table, where there is one. Raises `SourcesMixed`, `TableNotFound`,
    and what *plan_table* and opening a session raise.
    """
    tables: list[TablePlan] = []
    estimates: list[Estimate] = []
    with open_session(one_source([wish.ref for wish in wishes])) as session:
        for wish in wishes:
            facts = describe(session, wish.ref, select_of(wish.ref))
            planned = plan_table(facts, wish, manifest.find(wish.ref))
            tables.append(planned)
            estimates.append(make_estimate(facts, planned, manifest))
    return Plan(tables=tuple(tables), estimates=tuple(estimates))


def describe(session: Session, ref: TableRef, select: str) -> TableFacts:
    """What Oracle says of a table, or of the *select* that is read in its place."""
    return describe_select(session, ref, select) if select else describe_table(session, ref)


def make_table_plan(
    facts: TableFacts,
    settings: TableSettings,
    wish: Wish | None = None,
    current: ManifestEntry | None = None,
) -> TablePlan:
    """The plan of one table; *current* is the copy of it that readers see.

    Raises `UnsupportedColumn`, `ColumnNotFound`, `BadCursor`, `BadFilter`,
    `BackfillImpossible` and `SchemaFrozen`.
    """
    wished = wish or Wish(ref=facts.ref)
    key = settings.key or facts.key
    include = wished.columns or settings.include
    always = (*key, *([settings.cursor] if settings.cursor else []))
    is_frozen = settings.drift == "freeze" and not settings.include
    frozen = frozen_columns(current) if current and is_frozen else {}
    usual = _usual(facts, settings, always, frozen)
    chosen = chosen_columns(facts, include and (*include, *always), frozen)
    columns, left_out = plan_columns(facts.ref, chosen, _choices(settings, chosen, facts))
    names = [column.name for column in columns]
    for name in key:
        require_column(facts.ref, name, names)
    if settings.include:
        for name in (*wished.columns, *(condition.column for condition in wished.where)):
            require_column(facts.ref, name, list(settings.include))
    where = tuple(dict.fromkeys((*settings.where, *wished.where)))
    encodings = settings.choices.encodings
    where = tuple(_checked(facts, condition, encodings) for condition in where)
    cursor = _cursor(facts, settings, columns)
    planned = TablePlan(
        ref=facts.ref,
        mode="full",
        columns=columns,
        key=key,
        max_rows=settings.max_rows,
        wish=None if wished == Wish(ref=facts.ref) else wished,
        left_out=left_out,
        all_columns=usual if wished.columns and not usual.keys() <= set(names) else {},
        select=settings.select,
        where=where,
        cursor=cursor,
        lag=_lag(settings, columns, cursor),
        deletes=settings.deletes if key else "keep",  # what is gone is told by keys
        delete_limit_percent=settings.delete_limit_percent,
        proof=settings.proof,
    )
    if wished.trial_rows is not None:
        return planned.model_copy(
            # Which rows come first is Oracle's to choose, each time it is asked: only their number
            # can be compared.
            update={
                "ref": trial_ref(facts.ref),
                "cursor": None,
                "lag": 0,
                "deletes": "keep",
                "proof": "count",
            }
        )
    mode = wanted_mode(settings, wished, planned)
    planned = planned.model_copy(update={"wanted": mode})
    if wished.since is not None or wished.until is not None:
        return _backfill(planned, mode, current)
    if mode == "full" or why_full(planned, mode, current) is not None:
        return planned
    return planned.model_copy(update={"mode": mode, "watermark": _watermark(current)})


def wanted_mode(settings: TableSettings, wish: Wish, planned: TablePlan) -> Mode:
    """How a table is to be copied where the copy there is allows it."""
    if wish.mode or settings.mode:
        return wish.mode or settings.mode or "full"
    return "incremental" if settings.cursor and planned.key else "full"


def why_full(planned: TablePlan, wanted: Mode, current: ManifestEntry | None) -> FullBecause | None:
    """Why a run cannot go on from *current*; None where it can."""
    if current is None:
        return "first"
    receipt = current.receipt
    if planned.cursor is None or receipt.cursor != planned.cursor:
        return "cursor"
    if receipt.watermark is None:
        return "no_watermark"
    if wanted == "incremental" and (not planned.key or current.key != planned.key):
        return "key"
    if receipt.where != planned.where:
        return "filter"
    if planned.where and planned.deletes == "keep":
        return "leaves"
    return None if _same_shape(planned, current) else "columns"


def _same_shape(planned: TablePlan, current: ManifestEntry) -> bool:
    """Whether the copy has the columns of the plan, as Oracle and bot.toml say them.

    The type a column became may follow from its rows, so it is not compared.
    """
    wanted = [(column.name, column.declared) for column in planned.columns]
    if planned.deletes != "mark" and any(not column.oracle_type for column in current.columns):
        return False  # rows that are marked as gone would look as if they were there
    return wanted == [(c.name, c.declared) for c in current.columns if c.oracle_type]


def make_estimate(facts: TableFacts, planned: TablePlan, manifest: Manifest) -> Estimate:
    """What the dictionary believes, beside what the present copy holds."""
    current = manifest.find(planned.ref)
    because = None
    if planned.mode == "full" and planned.wanted != "full":
        because = why_full(planned, planned.wanted, current)
    return Estimate(
        rows=facts.rows,
        bytes=facts.bytes,
        analyzed_at=facts.analyzed_at,
        current_rows=current.rows if current else None,
        full_because=because,
        columns_changed=current is not None and not _same_shape(planned, current),
    )


def trial_ref(ref: TableRef) -> TableRef:
    """What the copy of a trial is called."""
    return ref.model_copy(update={"table": ref.table + TRIAL_SUFFIX})


def _checked(facts: TableFacts, condition: Filter, encodings: Collection[str]) -> TypedFilter:
    """A condition with its column's type; also of a column that is not copied."""
    columns = [
        Column(name=c.name, oracle_type=c.oracle_type, duckdb_type="", nullable=c.nullable)
        for c in facts.columns
    ]
    check_filter(facts.ref, condition, columns)
    if condition.values and condition.column in encodings:
        raise BadFilter(
            table=str(facts.ref),
            column=condition.column,
            reason="its bytes are decoded here, so Oracle cannot compare it with a text",
        )
    kind = next(column.oracle_type for column in columns if column.name == condition.column)
    return TypedFilter(
        column=condition.column, op=condition.op, values=condition.values, oracle_type=kind
    )


def _usual(
    facts: TableFacts, settings: TableSettings, always: Sequence[str], frozen: Declared
) -> Declared:
    """The columns that are copied where no wish says otherwise."""
    if frozen:
        return frozen
    skipped = {name for name, policy in settings.choices.policies.items() if policy == "skip"}
    return {
        column.name: column.oracle_type
        for column in facts.columns
        if column.name not in skipped
        and (not settings.include or column.name in (*settings.include, *always))
    }


def _choices(
    settings: TableSettings, chosen: Sequence[OracleColumn], facts: TableFacts
) -> ColumnChoices:
    """What bot.toml says of these columns; of one that Oracle does not have it is told."""
    missing = {column.name for column in facts.columns} - {column.name for column in chosen}
    policies = {
        name: policy for name, policy in settings.choices.policies.items() if name not in missing
    }
    return replace(settings.choices, policies=policies)


def _cursor(facts: TableFacts, settings: TableSettings, columns: Sequence[Column]) -> str | None:
    name = settings.cursor
    if name is None:
        # Noted by a full copy too, so that the next one need not be.
        found = likely_cursors([_found(column) for column in facts.columns])
        copied = [column.name for column in columns]
        return next((column.name for column in found if column.name in copied), None)
    require_column(facts.ref, name, [column.name for column in columns])
    kind = next(column.oracle_type for column in columns if column.name == name)
    if value_kind(kind) not in ("number", "moment", "instant"):
        raise BadCursor(table=str(facts.ref), column=name, oracle_type=kind)
    return name


def _found(column: OracleColumn) -> FoundColumn:
    return FoundColumn(
        column.name,
        column.oracle_type,
        nullable=column.nullable,
        comment=column.comment or "",
    )


def _lag(settings: TableSettings, columns: Sequence[Column], cursor: str | None) -> int:
    if cursor is None:
        return 0
    kind = next(column.oracle_type for column in columns if column.name == cursor)
    usual = DEFAULT_LAG_SECONDS if value_kind(kind) != "number" else 0
    return usual if settings.lag is None else settings.lag


def _backfill(planned: TablePlan, mode: Mode, current: ManifestEntry | None) -> TablePlan:
    wish = planned.wished
    if planned.cursor is not None:
        for text in filter(None, (wish.since, wish.until)):
            bind_of(planned.ref, planned.column(planned.cursor), text)
    way: Mode = mode if mode != "full" else "incremental" if planned.key else "append"
    because = why_full(planned, way, current)
    if because is not None:
        raise BackfillImpossible(table=str(planned.ref), because=because)
    return planned.model_copy(update={"mode": way, "watermark": _watermark(current), "lag": 0})


def _watermark(current: ManifestEntry | None) -> str | None:
    return current.receipt.watermark if current else None
