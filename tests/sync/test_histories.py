"""Random histories of a table against a model of the truth: whatever happened, a copy is Oracle's.

Rows are inserted, changed and deleted, transactions commit late, runs are cut off anywhere, and
their processes killed. After each run that was published the copy holds exactly what Oracle shows;
after one that was not, what it held before; after a killed one either, and what Oracle shows once
it was tried again.
"""

import itertools
import logging
import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from sandbox.oracle.process import OracleStandIn
from sync.engine import Steps
from sync.oracle import Source
from sync.plan import Mode, TableRef
from sync.planning import TableSettings
from sync.warehouse.manifest import read_manifest
from tests.sync.copying import OpenSession, copied_rows, plan_copy, run_copy
from tests.sync.crashing import Crash, crash

Rows = dict[int, tuple[str | None, datetime]]
Step = tuple[str, object, object]
Late = tuple[int, str | None, datetime]

BEGAN = datetime(2026, 1, 1)  # noqa: DTZ001 -- as naive as the column
LONG_OPEN = timedelta(hours=1)
"""A late transaction has been open for longer than all steps of a history take."""
SETTINGS = TableSettings(
    10_000, key=("ID",), cursor="CHANGED", lag=0, deletes="remove", delete_limit_percent=100
)
CUTS = ("reading", "verifying", "publishing")

ids = st.integers(0, 12)
names = st.one_of(st.none(), st.text("ab가😀", max_size=3))
steps = st.one_of(
    st.tuples(st.just("put"), ids, names),
    st.tuples(st.just("put"), ids, names),
    st.tuples(st.just("delete"), ids, st.none()),
    st.tuples(st.just("open"), ids, names),
    st.tuples(st.just("commit"), st.none(), st.none()),
    st.tuples(st.just("sync"), st.none(), st.none()),
    st.tuples(st.just("full"), st.none(), st.none()),
    st.tuples(st.just("cut"), st.sampled_from(CUTS), st.none()),
)
crashes = st.builds(Crash, st.sampled_from(CUTS), st.sampled_from((0.0, 0.005, 0.01, 0.02, 0.04)))
histories = st.tuples(
    st.lists(steps, min_size=4, max_size=14),
    st.lists(st.tuples(st.integers(1, 14), crashes), min_size=1, max_size=3),
)
"""What happens, and before which of its steps a run is killed."""
numbers = itertools.count(1)
killed = Counter[tuple[Mode, str, bool]]()
log = logging.getLogger(__name__)


class CutOff(Exception):
    """The run is stopped here."""


@dataclass
class History:
    """One table, what Oracle shows of it, and its copy."""

    oracle: OracleStandIn
    source: Source
    open_session: OpenSession
    root: Path
    ref: TableRef
    rows: Rows = field(default_factory=Rows)
    late: list[tuple[int, str | None, datetime]] = field(
        default_factory=list[tuple[int, str | None, datetime]]
    )
    ticks: int = 0
    runs: int = 0

    def now(self) -> datetime:
        self.ticks += 1
        return BEGAN + timedelta(seconds=self.ticks)

    def put(self, number: int, name: str | None) -> None:
        moment = self.now()
        self.oracle.control.execute("; ".join(self._put_sql(number, name, moment)))
        self.rows[number] = (name or None, moment)  # an empty text is NULL in Oracle

    def delete(self, number: int) -> None:
        self.oracle.control.execute(f"DELETE FROM {self.name} WHERE ID = {number}")
        self.rows.pop(number, None)

    def begin_late(self, number: int, name: str | None) -> None:
        """Change a row now in a transaction that commits later."""
        if any(number == other for other, _, _ in self.late):
            return
        moment = self.now()
        sql = "; ".join(self._put_sql(number, name, moment))
        self.oracle.control.open_transaction(datetime.now(UTC) - LONG_OPEN, duckdb_sql=sql)
        self.late.append((number, name, moment))

    def commit(self) -> None:
        self.oracle.control.commit_transactions()
        for number, name, moment in self.late:
            self.rows[number] = (name or None, moment)
        self.late.clear()

    def run(self, mode: Mode | None = None, cut: str = "") -> None:
        def stop(where: str) -> None:
            if where == cut:
                raise CutOff

        self.runs += 1
        plan = plan_copy(self.open_session, self.root, self.ref, SETTINGS, mode=mode)
        steps = Steps(
            on_progress=lambda _: stop("reading"),
            on_verifying=lambda: stop("verifying"),
            on_publishing=lambda: stop("publishing"),
        )
        run_copy(self.open_session, self.root, plan, SETTINGS, fence=self.runs, steps=steps)

    def crash(self, where: Crash) -> None:
        """Have a run killed that goes on from the copy there is, and try it again."""
        before = self.copy()
        self.runs += 1
        plan = plan_copy(self.open_session, self.root, self.ref, SETTINGS)
        was_killed = crash(self.source, self.root, plan, SETTINGS, self.runs, where)
        killed[plan.tables[0].mode, where.at, was_killed] += 1
        assert self.copy() in ((before, self.rows) if was_killed else (self.rows,))
        self.run()
        assert self.copy() == self.rows

    def copy(self) -> Rows | None:
        if read_manifest(self.root).find(self.ref) is None:
            return None
        found = copied_rows(self.root, self.ref, "ID, NAME, CHANGED")
        assert len(found) == len({row[0] for row in found})
        return {row[0]: (row[1], row[2]) for row in found}

    @property
    def name(self) -> str:
        return f'SHOP."{self.ref.table}"'

    def _put_sql(self, number: int, name: str | None, moment: datetime) -> list[str]:
        text = f"'{name}'" if name else "NULL"
        return [
            f"DELETE FROM {self.name} WHERE ID = {number}",
            f"INSERT INTO {self.name} VALUES ({number}, {text}, TIMESTAMP '{moment}')",
        ]


def live(history: History, what: list[Step], crashes: Sequence[tuple[int, Crash]]) -> None:
    for number, (step, first, second) in enumerate(what):
        for before_step, where in crashes:
            if before_step == number:
                history.crash(where)
        before = history.copy()
        match step, first, second:
            case "put", int(number), name:
                history.put(number, name if isinstance(name, str) else None)
            case "delete", int(number), _:
                history.delete(number)
            case "open", int(number), name:
                history.begin_late(number, name if isinstance(name, str) else None)
            case "commit", _, _:
                history.commit()
            case "cut", str(where), _:
                with suppress(CutOff):
                    history.run(cut=where)
                assert history.copy() in (before, history.rows)
            case _:
                history.run(mode="full" if step == "full" else None)
                assert history.copy() == history.rows
    history.commit()
    history.run()
    assert history.copy() == history.rows


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "examples", [2, pytest.param(100, marks=pytest.mark.sweep)], ids=["sample", "sweep"]
)
def test_a_copy_is_oracles_whatever_happened(
    oracle: OracleStandIn, source: Source, open_session: OpenSession, examples: int
) -> None:
    oracle.control.grant("SELECT", "GV_$TRANSACTION", owner="SYS")

    @seed(7)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=(HealthCheck.too_slow,),
    )
    @given(histories)
    def check(case: tuple[list[Step], list[tuple[int, Crash]]]) -> None:
        table = f"HISTORY_{os.getpid()}_{next(numbers)}"
        oracle.control.create_table(
            table,
            [("ID", "NUMBER(6)"), ("NAME", "VARCHAR2(40 CHAR)"), ("CHANGED", "TIMESTAMP(6)")],
            key=["ID"],
        )
        ref = TableRef(source="main", schema_name="SHOP", table=table)
        with tempfile.TemporaryDirectory() as folder:
            try:
                live(History(oracle, source, open_session, Path(folder), ref), *case)
            finally:
                oracle.control.end_transactions()
                for kept in Path(folder).rglob("*"):
                    kept.chmod(0o755 if kept.is_dir() else 0o644)

    try:
        check()
        log.info("killed by mode, place and success: %s", killed)
    finally:
        oracle.control.revoke("SELECT", "GV_$TRANSACTION", owner="SYS")
