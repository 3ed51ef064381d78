"""`only_if_changed`: a tick copies nothing where the copies show the source as it is."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from app.due import handle_due
from app.due_conditions import remember_published
from app.due_desk import DueDesk
from sandbox.slack.server import SlackStandIn
from sync.audit import read_audit
from sync.changes import Look
from sync.leases import next_fence
from sync.oracle_errors import OracleUnreachable
from sync.plan import Plan
from sync.runs import RunState, claim, finish, load_run, open_runs, recent_runs
from sync.skips import last_skip
from sync.standing import StandingSchedule
from sync.warehouse.manifest import Manifest, ManifestEntry
from tests.app.due_parts import MINJI, TEAM, Agree, Planner, due, end_newest, told
from tests.app.parts import plan, receipt, ref

pytest_plugins = ["tests.app.due_fixtures"]

CUSTOMERS = ref("CUSTOMERS")
FIRST = Look(ref=CUSTOMERS, rows=400, scn=7_000, definition="1 73001 2026-11-01")


@dataclass
class Source:
    """What looks at Oracle see, and what is published of it; both can be changed."""

    look: Look = FIRST
    error: OracleUnreachable | None = None
    entries: list[ManifestEntry] = field(default_factory=list[ManifestEntry])

    def __call__(self, _: Plan, asker: str) -> tuple[Look, ...]:
        assert asker == "schedule:customers"
        if self.error:
            raise self.error
        return (self.look,)

    def publish(self, desk: DueDesk) -> None:
        """End the newest run as a worker and a bot do it."""
        run = recent_runs(desk.redis, TEAM, 1)[0]
        assert claim(desk.redis, run)
        fence = next_fence(desk.redis, run, CUSTOMERS, published=0)
        self.entries = [entry(fence=fence, rows=self.look.rows)]
        assert finish(desk.redis, run, RunState.PUBLISHED, receipt(run.approval.request.plan))
        ended = load_run(desk.redis, run.id)
        assert ended is not None
        remember_published(desk.redis, ended)


def entry(*, fence: int, rows: int) -> ManifestEntry:
    [table] = plan("CUSTOMERS").tables
    [copied] = receipt(plan("CUSTOMERS"), rows=rows).tables
    return ManifestEntry(
        ref=CUSTOMERS,
        generation="g1",
        fence=fence,
        rows=rows,
        as_of=copied.as_of,
        published_at=copied.as_of,
        columns=table.columns,
        key=table.key,
        comment=None,
        column_comments={},
        bytes=1,
        receipt=copied,
    )


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def looking(desk: DueDesk, source: Source) -> DueDesk:
    return replace(desk, look=source, manifest=lambda: Manifest(entries=tuple(source.entries)))


@pytest.fixture
def copied(looking: DueDesk, agree: Agree, source: Source) -> StandingSchedule:
    """A schedule whose first tick has copied."""
    schedule = agree(only_if_changed=True)
    handle_due(looking, due(schedule))
    source.publish(looking)
    return schedule


def runs(desk: DueDesk) -> int:
    return len(recent_runs(desk.redis, TEAM, 10))


def test_an_unchanged_source_is_not_copied_which_is_noted_and_not_posted(
    looking: DueDesk, copied: StandingSchedule, slack: SlackStandIn
) -> None:
    for day in (23, 24, 25):
        handle_due(looking, due(copied, day=day))
    assert runs(looking) == 1
    assert told(slack) == []
    skip = last_skip(looking.redis, TEAM, "customers")
    assert skip is not None
    assert skip.why == "unchanged"
    noted = [one for one in read_audit(looking.redis, TEAM) if one.what == "schedule_skipped"]
    assert [(one.who, one.detail) for one in noted] == [
        ("schedule:customers", f"2026-11-{day}T21:00Z: no change in SHOP.CUSTOMERS")
        for day in (23, 24, 25)
    ]


def changed_rows(source: Source) -> None:
    source.look = source.look.model_copy(update={"scn": 7_001})


def fewer_rows(source: Source) -> None:
    source.look = source.look.model_copy(update={"rows": 399})


def altered(source: Source) -> None:
    source.look = source.look.model_copy(update={"definition": "1 73001 2026-11-23"})


def older_copy(source: Source) -> None:
    source.entries = [source.entries[0].model_copy(update={"fence": 0})]


def other_count_in_the_copy(source: Source) -> None:
    source.entries = [entry(fence=source.entries[0].fence, rows=401)]


def other_columns_in_the_copy(source: Source) -> None:
    source.entries = [source.entries[0].model_copy(update={"columns": ()})]


def no_copy(source: Source) -> None:
    source.entries = []


@pytest.mark.parametrize(
    "happens",
    [
        changed_rows,
        fewer_rows,
        altered,
        older_copy,
        other_count_in_the_copy,
        other_columns_in_the_copy,
        no_copy,
    ],
)
def test_whatever_differs_is_copied(
    looking: DueDesk,
    copied: StandingSchedule,
    source: Source,
    happens: Callable[[Source], None],
) -> None:
    happens(source)
    handle_due(looking, due(copied, day=23))
    assert runs(looking) == 2


def test_a_later_copy_by_anybody_is_one_too(
    looking: DueDesk, copied: StandingSchedule, source: Source
) -> None:
    source.entries = [entry(fence=99, rows=source.look.rows)]
    handle_due(looking, due(copied, day=23))
    assert runs(looking) == 1


def test_a_run_that_was_not_published_leaves_nothing_to_rely_on(
    looking: DueDesk, agree: Agree, source: Source
) -> None:
    schedule = agree(only_if_changed=True)
    source.entries = [entry(fence=99, rows=source.look.rows)]
    handle_due(looking, due(schedule))
    run = recent_runs(looking.redis, TEAM, 1)[0]
    assert claim(looking.redis, run)
    finish(looking.redis, run, RunState.FAILED, OracleUnreachable(source="m", detail="x").failure)
    ended = load_run(looking.redis, run.id)
    assert ended is not None
    remember_published(looking.redis, ended)
    handle_due(looking, due(schedule, day=23))
    assert runs(looking) == 2


def test_where_nothing_can_be_told_it_is_copied_each_time_and_said_once(
    looking: DueDesk, agree: Agree, source: Source, slack: SlackStandIn
) -> None:
    schedule = agree(only_if_changed=True, language="en")
    source.look = Look(ref=CUSTOMERS, trouble="ORA-00904")
    for day in (22, 23):
        handle_due(looking, due(schedule, day=day))
        source.publish(looking)
    assert runs(looking) == 2
    [said] = told(slack)
    assert "whether SHOP.CUSTOMERS has changed cannot be told (asked for ORA_ROWSCN" in said
    assert said.endswith("Oracle answers ORA-00904), so it is copied every time.")


def test_a_source_that_cannot_be_looked_at_is_an_outage_like_any_other(
    looking: DueDesk, copied: StandingSchedule, source: Source, slack: SlackStandIn
) -> None:
    source.error = OracleUnreachable(source="main", detail="DPY-6005")
    handle_due(looking, due(copied, day=23))
    assert runs(looking) == 1
    assert "연결할 수 없습니다" in told(slack)[0]


def test_a_schedule_without_the_condition_looks_at_nothing(
    looking: DueDesk, agree: Agree, source: Source, planner: Planner
) -> None:
    source.error = OracleUnreachable(source="main", detail="DPY-6005")
    schedule = agree()
    handle_due(looking, due(schedule))
    assert len(open_runs(looking.redis)) == 1
    end_newest(looking.redis)
    handle_due(looking, due(schedule, day=23))
    assert runs(looking) == 2


def test_a_tick_beside_a_run_that_goes_on_is_remembered_as_skipped(
    looking: DueDesk, agree: Agree
) -> None:
    schedule = agree(owner=MINJI)
    for day in (22, 23):
        handle_due(looking, due(schedule, day=day))
    skip = last_skip(looking.redis, TEAM, "customers")
    assert skip is not None
    assert skip.why == "running"
