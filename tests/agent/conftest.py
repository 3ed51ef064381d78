"""Real parts for the agent's tests: Redis, the openai client, a model that follows a script."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import pytest
from redis import Redis

from agent.conversation import ConversationHistory
from agent.deps import AnalystDeps, Caller, ModelSees, Ruling, SchedulerStatus
from agent.llm import LLMClient, LLMConfig
from sandbox.model.replies import Reply
from sandbox.model.server import ModelStandIn, start_model
from sandbox.redis import start_redis
from sync.oracle_errors import OracleUnreachable
from sync.plan import Column, Estimate, Plan, TablePlan, TableRef, Wish
from sync.receipt import TableReceipt
from sync.state import connect_state
from sync.types import arrow, arrow_schema, require_rule
from sync.warehouse.generation import building, new_generation, seal, stage_rows
from sync.warehouse.manifest import ManifestEntry, publish, read_manifest
from sync.warehouse.publishing import place
from sync.warehouse.query_process import Queries, QueryLimits
from tests.asking import AskedAt

USERS = TableRef(source="main", schema_name="SHOP", table="USERS")
ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")
CUSTOMERS = TableRef(source="main", schema_name="SHOP", table="CUSTOMERS")


@dataclass
class Planner:
    """Plans without Oracle and remembers what it was asked."""

    asked: list[tuple[TableRef, ...]] = field(default_factory=list[tuple[TableRef, ...]])
    unreachable: bool = False

    def __call__(self, wishes: Sequence[Wish]) -> Plan:
        refs = tuple(wish.ref for wish in wishes)
        self.asked.append(refs)
        if self.unreachable:
            raise OracleUnreachable(source="main", detail="DPY-6005")
        columns = (
            Column(name="ID", oracle_type="NUMBER(10)", duckdb_type="BIGINT", nullable=False),
        )
        tables = tuple(
            TablePlan(ref=ref, mode="full", columns=columns, key=("ID",), max_rows=1_000)
            for ref in refs
        )
        estimate = Estimate(rows=150, bytes=4_096, analyzed_at=None, current_rows=None)
        return Plan(tables=tables, estimates=(estimate,) * len(refs))


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    server = start_redis()
    yield server.url
    server.stop()


@pytest.fixture
def redis(redis_server: str) -> Iterator[Redis]:
    client = connect_state(redis_server)
    client.flushall()
    yield client
    client.close()


def sees_rows(_: TableRef) -> ModelSees:
    return "rows"


def ask_one(_: Plan) -> Ruling:
    return Ruling("ask", 1)


@pytest.fixture
def planner() -> Planner:
    return Planner()


@pytest.fixture
def queries(tmp_path: Path, asked_at: AskedAt) -> Queries:
    return asked_at(tmp_path / "warehouse", QueryLimits())


@pytest.fixture
def make_deps(
    redis: Redis, tmp_path: Path, queries: Queries, planner: Planner
) -> Callable[..., AnalystDeps]:
    def make(**overrides: Any) -> AnalystDeps:
        parts: dict[str, Any] = {
            "redis": redis,
            "warehouse": tmp_path / "warehouse",
            "queries": queries,
            "offered": (USERS, ORDERS, CUSTOMERS),
            "model_sees": sees_rows,
            "caller": Caller(team="T1", user="UMINA", channel="C1"),
            "thread": "T1:C1:1700.0001",
            "language": "en",
            "today": date(2026, 11, 22),
            "timezone": "Asia/Seoul",
            "plan_sync": planner,
            "rule_on": ask_one,
            "schedule_status": lambda: SchedulerStatus(clock_running=True, schedules=()),
        }
        return AnalystDeps(**{**parts, **overrides})

    return make


@pytest.fixture
def deps(make_deps: Callable[..., AnalystDeps]) -> AnalystDeps:
    return make_deps()


@pytest.fixture
def history(deps: AnalystDeps) -> ConversationHistory:
    return ConversationHistory(deps.redis, deps.thread)


@pytest.fixture
def scripted() -> Iterator[Callable[..., ModelStandIn]]:
    """Start models that say what they are told, and end the story without a refused request."""
    started: list[ModelStandIn] = []

    def start(*script: Reply) -> ModelStandIn:
        model = start_model(script)
        started.append(model)
        return model

    yield start
    for model in started:
        model.stop()
        assert model.refusals == ()


@pytest.fixture
def make_client() -> Callable[..., LLMClient]:
    def make(stand_in: ModelStandIn, **overrides: Any) -> LLMClient:
        config: dict[str, Any] = {
            "api_key": stand_in.api_key,
            "base_url": stand_in.base_url,
            "timeout_seconds": 10.0,
        }
        return LLMClient(LLMConfig(**{**config, **overrides}))

    return make


class Publish(Protocol):
    """Publishes one generation of a table, with a real DuckDB file."""

    def __call__(
        self,
        ref: TableRef,
        columns: dict[str, str],
        rows: list[tuple[Any, ...]],
        *,
        as_of: str = "2026-11-22T00:00:00Z",
        comment: str | None = None,
        column_comments: dict[str, str] | None = None,
    ) -> ManifestEntry: ...


@pytest.fixture
def publish_table(deps: AnalystDeps) -> Publish:
    root = deps.warehouse

    def publish_one(
        ref: TableRef,
        columns: dict[str, str],
        rows: list[tuple[Any, ...]],
        *,
        as_of: str = "2026-11-22T00:00:00Z",
        comment: str | None = None,
        column_comments: dict[str, str] | None = None,
    ) -> ManifestEntry:
        typed = tuple(
            Column(
                name=name,
                oracle_type=written,
                duckdb_type=require_rule(ref, name, written).duckdb_type,
                nullable=True,
            )
            for name, written in columns.items()
        )
        key = (typed[0].name,)
        plan = TablePlan(ref=ref, mode="full", columns=typed, key=key, max_rows=1_000_000)
        current = read_manifest(root).find(ref)
        fence = current.fence + 1 if current else 1
        arrays = [
            arrow.array(values, column.type)
            for values, column in zip(
                zip(*rows, strict=True), arrow_schema(ref, typed), strict=True
            )
        ]
        batch = arrow.RecordBatch.from_arrays(arrays, schema=arrow_schema(ref, typed))
        with building(root, ref, "run-1") as folder:
            stage_rows(folder, plan, iter([batch]), lambda _: None)
            count, size = seal(folder, plan)
            receipt = TableReceipt(
                ref=ref,
                generation=new_generation(fence),
                fence=fence,
                rows=count,
                oracle_rows=count,
                scn=None,
                consistency="read_only_transaction",
                as_of=as_of,
                seconds=0.1,
                bytes=size,
            )
            entry = ManifestEntry(
                ref=ref,
                generation=receipt.generation,
                fence=fence,
                rows=count,
                as_of=as_of,
                published_at=as_of,
                columns=typed,
                key=key,
                comment=comment,
                column_comments=column_comments or {},
                bytes=size,
                receipt=receipt,
            )
            place(root, folder, entry)
        publish(root, [entry])
        return entry

    return publish_one
