"""A result that an answer shows in part: when its whole is a file, and when none is made."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from redis import Redis

from agent.deps import AnalystDeps, Caller, Ruling, SchedulerStatus
from agent.events import Basis, Event, FileMade, Said, TableShown, ToolStarted
from agent.outputs import File
from app.handing_over import Lost
from app.whole_results import call_to_write, whole_results
from sync.access_errors import TableHidden
from sync.plan import Plan, TableRef
from sync.warehouse.exposure import WHOLE, Exposure
from sync.warehouse.manifest import publish
from sync.warehouse.query_process import QueryLimits
from tests.asking import AskedAt
from tests.sync.tables import place_rows, table_plan

COLUMNS = ("A", "B", "C", "D", "E")
STOCK = table_plan([(name, "NUMBER(6)") for name in COLUMNS], table="STOCK")
QUERY = ToolStarted("c1", "query_table", {"table": "SHOP.STOCK"})


@pytest.fixture
def deps(redis: Redis, tmp_path: Path, asked_at: AskedAt) -> AnalystDeps:
    rows = [tuple(range(at, at + 5)) for at in range(120)]
    publish(tmp_path, [place_rows(tmp_path, STOCK, rows, 1)])
    queries = asked_at(tmp_path, QueryLimits())
    return AnalystDeps(
        redis=redis,
        warehouse=tmp_path,
        queries=queries,
        offered=(STOCK.ref,),
        model_sees=lambda _: "rows",
        caller=Caller("T1", "UMINA", "C1"),
        thread="T1:C1:1700.0001",
        language="en",
        today=date(2026, 11, 22),
        timezone="UTC",
        plan_sync=lambda _: Plan(tables=()),
        rule_on=lambda _: Ruling("ask", 1),
        schedule_status=lambda: SchedulerStatus(clock_running=True, schedules=()),
        export_rows=100,
    )


def shown(columns: int = 2, rows: int = 3, *, truncated: bool = False) -> TableShown:
    row = tuple(range(columns))
    return TableShown(COLUMNS[:columns], (row,) * rows, truncated, None, call_id="c1")


def made() -> FileMade:
    return FileMade(File(path="x", name="x.csv", format="csv", rows=1, bytes=1), None)


@pytest.mark.parametrize(
    ("events", "has_file"),
    [
        ([QUERY, shown()], False),
        ([QUERY, shown(columns=5)], True),
        ([QUERY, shown(rows=100)], True),
        ([QUERY, shown(truncated=True)], True),
        ([replace(QUERY, arguments={"table": "T", "limit": 3}), shown(truncated=True)], False),
        ([QUERY, shown(columns=5), made()], False),
        ([QUERY, shown(columns=5, rows=0)], False),
    ],
)
def test_a_file_is_made_of_what_does_not_fit_once(events: list[Event], has_file: bool) -> None:  # noqa: FBT001 -- a case
    assert (call_to_write(events, "UTC") is not None) is has_file


def test_it_holds_all_rows_and_columns_up_to_the_limit_of_files_and_says_so(
    deps: AnalystDeps,
) -> None:
    (file,) = whole_results("en", [QUERY, shown(columns=5)], deps)
    content = file.content()
    lines = content.data.decode("utf-8-sig").splitlines()
    assert (lines[0], len(lines)) == ("A,B,C,D,E", 101)
    assert file.name == "STOCK_20261122.csv"
    assert content.words.startswith(":page_facing_up: STOCK_20261122.csv: 100 rows")
    assert "cut here at the limit of files" in content.words
    assert list((deps.warehouse / ".files").iterdir()) == []


def test_none_is_made_of_another_copy_or_for_fewer_people_than_were_answered(
    deps: AnalystDeps,
) -> None:
    def hidden(ref: TableRef) -> Exposure:
        raise TableHidden(table=str(ref), rule="stock", why="")

    said = Said("x", (Basis("SHOP.STOCK", 120, "2026-01-01T00:00:00Z"),))

    def alone(_: TableRef) -> Exposure:
        return replace(WHOLE, rule="stock", private=True)

    reasons = (
        ([QUERY, shown(columns=5), said], deps, "changed meanwhile"),
        ([QUERY, shown(columns=5)], replace(deps, exposure=alone), "changed meanwhile"),
        ([QUERY, shown(columns=5)], replace(deps, exposure=hidden), "rule stock"),
    )
    for events, deps_, reason in reasons:
        (file,) = whole_results("en", events, deps_)
        with pytest.raises(Lost, match=reason):
            file.content()
    assert list((deps.warehouse / ".files").iterdir()) == []
