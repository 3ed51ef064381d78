"""What belongs to all processes together, read from Redis and the manifest at each scrape.

So any process tells the same, and the forked processes of runs need not tell anything.
"""

import shutil
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import redis
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from sync.counts import StateCounts, count_state, impatient
from sync.errors import WarehouseDamaged
from sync.warehouse.manifest import ManifestEntry, read_manifest

MAX_TABLES = 1_000
"""Tables told one by one, the first of the manifest."""


@dataclass(frozen=True)
class SharedCollector:
    """Tells Prometheus of one Redis and one warehouse. A part that cannot be read is left out."""

    client: "redis.Redis"
    warehouse: Path

    def collect(self) -> Generator[Metric]:
        """Read everything anew."""
        yield from _state(self.client)
        yield from _tables(self.warehouse)
        yield from _disk(self.warehouse)


def _state(client: "redis.Redis") -> Generator[Metric]:
    try:
        with impatient(client) as quick:
            counts = count_state(quick)
    except redis.RedisError:
        counts = None
    yield _gauge(
        "redis_up",
        "1 if Redis answers. At 0 all that stands in Redis is left out.",
        counts is not None,
    )
    if counts is not None:
        yield from _counts(counts)


def _counts(counts: StateCounts) -> Generator[Metric]:
    runs = GaugeMetricFamily(
        "duckferry_runs", "Runs that have not ended, by state.", labels=["state"]
    )
    for state, number in counts.open_runs.items():
        runs.add_metric([state.value], number)
    yield runs
    yield _gauge(
        "runs_queued_oldest_age_seconds",
        "How long the oldest queued run has waited for a worker; 0 if none waits.",
        counts.oldest_queued_seconds,
    )
    ended = CounterMetricFamily(
        "duckferry_runs_ended",
        "Runs ended, by their final state, since this Redis was new. A run that was called lost "
        "and proved to be published is counted in both.",
        labels=["state"],
    )
    for state, number in counts.runs_ended.items():
        ended.add_metric([state.value], number)
    yield ended
    yield _gauge(
        "approvals_pending", "Requests that wait for a person's click.", counts.approvals_pending
    )
    yield _gauge("inbox_entries", "Inbox entries that wait or are worked on.", counts.inbox_entries)
    yield _gauge(
        "inbox_oldest_age_seconds",
        "Age of the oldest inbox entry that is not done; 0 if there is none.",
        counts.oldest_entry_seconds,
    )
    yield _gauge(
        "cards_backlog", "Card changes that no bot has drawn in Slack yet.", counts.cards_waiting
    )
    yield _gauge("clock_up", "1 if a clock has ticked in the last 30 s.", counts.clock_ticks)
    yield _gauge(
        "sources_stopped",
        "Sources that `botctl source stop` keeps us out of.",
        len(counts.stopped_sources),
    )
    yield _gauge("workers", "RQ workers that were alive in the last 90 s.", counts.workers)


def _tables(warehouse: Path) -> Generator[Metric]:
    try:
        entries = read_manifest(warehouse).entries
    except WarehouseDamaged:
        entries = None
    yield _gauge(
        "warehouse_up",
        "1 if the manifest can be read. At 0 all tables are left out.",
        entries is not None,
    )
    if entries is None:
        return
    yield _gauge("tables", "Tables that have a published copy.", len(entries))
    shown, now = entries[:MAX_TABLES], datetime.now(UTC)
    yield _by_table(
        "table_rows", "Rows of a table's copy.", ((entry, entry.rows) for entry in shown)
    )
    yield _by_table(
        "table_age_seconds",
        "Time since the moment of Oracle that a table's copy shows; none of an imported one.",
        ((one, _seconds(one.as_of, now)) for one in shown if not one.ref.is_imported),
    )
    yield _by_table(
        "table_publish_age_seconds",
        "Time since a table's copy was published.",
        ((entry, _seconds(entry.published_at, now)) for entry in shown),
    )
    yield _by_table(
        "table_bytes",
        "Size of a table's copy, without its older generations.",
        ((entry, entry.bytes) for entry in shown),
    )


def _disk(warehouse: Path) -> Generator[Metric]:
    absolute = warehouse.absolute()
    # Before the first publish there is no folder yet, but there is a disk.
    usage = shutil.disk_usage(next(p for p in (absolute, *absolute.parents) if p.exists()))
    yield _gauge(
        "warehouse_disk_free_bytes",
        "Room for us on the file system of the warehouse.",
        usage.free,
    )
    yield _gauge(
        "warehouse_disk_size_bytes", "Size of the file system of the warehouse.", usage.total
    )


def _by_table(
    name: str, documentation: str, values: Iterable[tuple[ManifestEntry, float]]
) -> Metric:
    family = GaugeMetricFamily(f"duckferry_{name}", documentation, labels=["source", "table"])
    for entry, value in values:
        family.add_metric([entry.ref.source, str(entry.ref)], value)
    return family


def _gauge(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(f"duckferry_{name}", documentation, value=value)


def _seconds(since: str, now: datetime) -> float:
    """Seconds since an ISO 8601 moment, in UTC where it does not say."""
    moment = datetime.fromisoformat(since)
    return (now - (moment if moment.tzinfo else moment.replace(tzinfo=UTC))).total_seconds()
