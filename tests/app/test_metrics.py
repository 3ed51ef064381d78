"""What all processes share, as Prometheus meets it: over HTTP, from real parts."""

import re
import socket
import time
from pathlib import Path
from typing import Any, get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from rq import Queue, Worker

from agent.llm import LLMResponse
from app.listeners.clicks import ClickOutcome
from app.metrics import CountedModel, Metrics, make_metrics
from sync.approvals import show_card
from sync.counts import is_reachable
from sync.inbox import put, take
from sync.oracle_errors import OracleUnreachable
from sync.runs import RunState, claim, finish, report_verifying
from sync.schedules import tick
from sync.state import CARDS, INBOX, connect_state, raw_client
from sync.streams import GROUP, open_group, read_new
from sync.warehouse.manifest import publish
from tests.app.metrics_parts import Script, page, scrape, value
from tests.app.parts import receipt
from tests.sync.state_parts import ask, press, queue_run
from tests.sync.tables import place_rows, table_plan

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
AWAY = "redis://127.0.0.1:1/0"


@pytest.fixture
def metrics(redis: Redis, tmp_path: Path) -> Metrics:
    return make_metrics(redis, tmp_path / "warehouse")


def test_nothing_at_all_is_told_as_zero(metrics: Metrics) -> None:
    samples = scrape(metrics)
    told = {
        name: number
        for (name, labels), number in samples.items()
        if not labels and name.startswith("duckferry_") and "disk" not in name
    }
    assert told == {
        "duckferry_redis_up": 1,
        "duckferry_runs_queued_oldest_age_seconds": 0,
        "duckferry_approvals_pending": 0,
        "duckferry_inbox_entries": 0,
        "duckferry_inbox_oldest_age_seconds": 0,
        "duckferry_cards_backlog": 0,
        "duckferry_clock_up": 0,
        "duckferry_sources_stopped": 0,
        "duckferry_workers": 0,
        "duckferry_warehouse_up": 1,
        "duckferry_tables": 0,
        "duckferry_model_cost_usd_total": 0,
        "duckferry_slack_waited_seconds_total": 0,
    }
    states = ("published", "failed", "cancelled", "superseded")
    assert [value(samples, "runs_ended_total", state=state) for state in states] == [0, 0, 0, 0]


def test_runs_are_told_by_state_and_the_oldest_queued_one_by_its_age(
    redis: Redis, metrics: Metrics
) -> None:
    oldest, _, running, verifying = (queue_run(redis) for _ in range(4))
    redis.hincrby(f"duckferry:1:T1:run:{oldest.id}", "queued_ms", -60_000)
    claim(redis, running)
    claim(redis, verifying)
    report_verifying(redis, verifying)
    samples = scrape(metrics)
    assert value(samples, "runs", state="queued") == 2
    assert value(samples, "runs", state="running") == 1
    assert value(samples, "runs", state="verifying") == 1
    age = value(samples, "runs_queued_oldest_age_seconds")
    assert age is not None
    assert 60 <= age < 80


def test_each_end_of_a_run_is_counted_once_and_by_any_process(
    redis: Redis, metrics: Metrics, tmp_path: Path
) -> None:
    failure = OracleUnreachable(source="main", detail="DPY-6005").failure
    for state in (RunState.FAILED, RunState.FAILED, RunState.SUPERSEDED):
        run = queue_run(redis)
        assert finish(redis, run, state, failure)
        assert not finish(redis, run, state, failure)
    corrected = queue_run(redis)
    assert finish(redis, corrected, RunState.FAILED, failure)
    assert finish(redis, corrected, RunState.PUBLISHED, receipt(corrected.approval.request.plan))
    for told in (metrics, make_metrics(redis, tmp_path / "warehouse")):
        samples = scrape(told)
        assert value(samples, "runs_ended_total", state="failed") == 3
        assert value(samples, "runs_ended_total", state="superseded") == 1
        assert value(samples, "runs_ended_total", state="published") == 1
        assert value(samples, "runs", state="queued") == 0


def test_what_waits_for_a_click_is_counted_until_it_is_decided_or_too_late(
    redis: Redis, metrics: Metrics
) -> None:
    redis.set("duckferry:1:team", "T1")
    decided, late = ask(redis), ask(redis)
    ask(redis)
    press(redis, decided, "reject")
    redis.zadd("duckferry:1:T1:approvals:pending", {late.id: 1}, xx=True)
    assert value(scrape(metrics), "approvals_pending") == 1


def test_the_inbox_is_told_until_its_entries_are_done(redis: Redis, metrics: Metrics) -> None:
    old: dict[Any, Any] = {"kind": "message", "thread": "T1:C1:1", "body": "{}"}
    redis.xadd(INBOX, old, id=f"{int(time.time() * 1000) - 30_000}-0")
    put(redis, "message", "T1:C1:1", {"text": "hello"})
    open_group(redis, INBOX)
    take(redis, "bot", count=1, wait_seconds=0.01)
    samples = scrape(metrics)
    assert value(samples, "inbox_entries") == 2
    age = value(samples, "inbox_oldest_age_seconds")
    assert age is not None
    assert 30 <= age < 50


def test_cards_that_nobody_has_drawn_are_counted_handed_out_or_not(
    redis: Redis, metrics: Metrics
) -> None:
    for _ in range(5):
        show_card(redis, "T1-1")
    assert value(scrape(metrics), "cards_backlog") == 5
    open_group(redis, CARDS)
    taken = read_new(redis, CARDS, "bot", count=3, wait_seconds=0.01)
    assert value(scrape(metrics), "cards_backlog") == 5
    redis.xack(CARDS, GROUP, *[entry_id for entry_id, _ in taken])
    assert value(scrape(metrics), "cards_backlog") == 2


def test_clock_and_living_workers_are_told(redis: Redis, metrics: Metrics) -> None:
    tick(redis, [])
    with raw_client(redis) as raw:
        worker = Worker([Queue("duckferry-runs", connection=raw)], connection=raw)
        worker.register_birth()
        redis.sadd("rq:workers", "rq:worker:killed-long-ago")
        samples = scrape(metrics)
        assert (value(samples, "clock_up"), value(samples, "workers")) == (1, 1)
        worker.register_death()
    assert value(scrape(metrics), "workers") == 0


def test_each_copy_is_told_with_its_rows_size_and_ages(metrics: Metrics, tmp_path: Path) -> None:
    root = tmp_path / "warehouse"
    made = place_rows(root, table_plan([("ID", "NUMBER(10)")], table="주문"), [(1,), (2,)], 1)
    publish(root, [made.model_copy(update={"as_of": "2026-01-01T00:00:00Z"})])
    samples = scrape(metrics)
    labels = {"source": "main", "table": "SHOP.주문"}
    assert value(samples, "tables") == 1
    assert value(samples, "table_rows", **labels) == 2
    assert value(samples, "table_bytes", **labels) == made.bytes
    age, since = (value(samples, f"table_{name}age_seconds", **labels) for name in ("", "publish_"))
    assert age is not None
    assert since is not None
    # from the first of January to the twenty-second of November
    assert age - since == pytest.approx(325 * 86_400, abs=1)
    free, size = (value(samples, f"warehouse_disk_{name}_bytes") for name in ("free", "size"))
    assert free is not None
    assert size is not None
    assert 0 < free < size


def test_without_redis_the_scrape_tells_so_and_the_tables_all_the_same(tmp_path: Path) -> None:
    samples = scrape(make_metrics(connect_state(AWAY), tmp_path))
    assert value(samples, "redis_up") == 0
    assert value(samples, "approvals_pending") is None
    assert value(samples, "runs_ended_total", state="failed") is None
    assert value(samples, "tables") == 0
    clicks = {label for name, labels in samples for label in labels if "clicks" in name}
    names = [name for part in get_args(ClickOutcome) for name in get_args(part)]
    assert clicks == {("outcome", name) for name in names}
    assert ("outcome", "approved") in clicks


def test_a_redis_that_is_silent_does_not_hold_up_scrape_and_probe(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = connect_state(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        assert value(scrape(make_metrics(client, tmp_path)), "redis_up") == 0
        assert not is_reachable(client)
        assert time.monotonic() - began < 9


def test_a_damaged_manifest_leaves_the_tables_out_and_nothing_else(
    metrics: Metrics, tmp_path: Path
) -> None:
    (tmp_path / "warehouse").mkdir()
    (tmp_path / "warehouse" / "manifest.json").write_text("{}", encoding="utf-8")
    samples = scrape(metrics)
    assert (value(samples, "warehouse_up"), value(samples, "redis_up")) == (0, 1)
    assert value(samples, "tables") is None
    assert value(samples, "warehouse_disk_free_bytes") is not None


def test_the_page_lists_exactly_what_is_told_with_its_labels(
    metrics: Metrics, tmp_path: Path
) -> None:
    root = tmp_path / "warehouse"
    publish(root, [place_rows(root, table_plan([("ID", "NUMBER(10)")]), [(1,)], 1)])
    CountedModel(Script(LLMResponse("ok")), metrics).complete([], [])
    metrics.slack_called("auth.test", "refused", "invalid_auth")
    metrics.tool_calls.labels("list_tables", "ok").inc()
    told: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(page(metrics)):
        assert family.documentation
        assert family.samples
        name = family.name + ("_total" if family.type == "counter" else "")
        told[name] = {label for sample in family.samples for label in sample.labels} - {"le"}
    rows = re.findall(r"^\| `([a-z_]+)` \|([^|]*)\|", PAGE, re.MULTILINE)
    assert {name: set(re.findall(r"[a-z]+", labels)) for name, labels in rows} == told
    assert len(rows) == len(told)


def test_alerts_name_only_what_is_told(metrics: Metrics) -> None:
    families = text_string_to_metric_families(page(metrics))
    told = {
        f"{family.name}{ending}"
        for family in families
        for ending in ("", "_total", "_count", "_bucket")
    }
    assert set(re.findall(r"duckferry_\w+", PAGE)) <= told
