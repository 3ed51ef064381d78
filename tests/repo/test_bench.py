"""The measurements can be trusted to count: their arithmetic, and the stand-in's kept rows."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from bench.ack_watch import acks_of, envelopes_of
from bench.chunked_sync import bound as bound_of_chunks
from bench.figures import Figure, interleaved, percentile
from bench.peers.job import Job, read_job
from bench.rows import create_table, opener, plan_of, source_of
from bench.sync_speed import Cost, bound
from sandbox.oracle.process import start_oracle
from sync.oracle import begin_read_only
from sync.reading import read_batches
from sync.statements import rows_of


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 2.0), (75, 3.0), (76, 4.0), (99, 4.0), (0, 1.0)]
)
def test_a_percentile_is_one_of_the_values(percent: float, expected: float) -> None:
    assert percentile([4.0, 2.0, 1.0, 3.0], percent) == expected


def test_a_bound_is_divided_by_the_value_and_a_value_by_its_peer() -> None:
    assert Figure("sync", 4.0, "s", "bound", 3.0).ratio == 0.75
    assert Figure("question", 4.0, "ms", "peer", 2.0).ratio == 2.0


def test_a_line_is_one_json_object_with_what_the_value_is_held_against() -> None:
    line = Figure("sync", 2.00049, "s", "bound", 1.0, {"rounds": [0.33333, 0.5]}).line()
    assert "\n" not in line
    assert json.loads(line) == {
        "bench": "sync",
        "value": 2.0,
        "unit": "s",
        "ratio": 0.5,
        "bound": 1.0,
        "rounds": [0.333, 0.5],
    }


def test_every_round_measures_everything_and_begins_with_another() -> None:
    order: list[str] = []

    def measure(name: str) -> Callable[[], float]:
        def now() -> float:
            order.append(name)
            return float(len(order))

        return now

    found = interleaved({"a": measure("a"), "b": measure("b")}, 2)
    assert order == ["a", "b", "b", "a"]
    assert found == {"a": [1.0, 4.0], "b": [2.0, 3.0]}


def test_a_copy_is_handed_to_another_process_as_it_is() -> None:
    job = Job("127.0.0.1:1521/FREEPDB1", "SHOP", "한 'secret'", "BENCH", 5, Path("/tmp/a b"))  # noqa: S108
    assert read_job(job.text()) == job


def test_envelopes_and_their_acks_are_found_in_bytes_however_they_are_cut() -> None:
    one, two = "3f2b8c1e-0000-4000-8000-00000000000a", "3f2b8c1e-0000-4000-8000-00000000000b"
    sent = "".join(f'..{{"envelope_id": "{name}", "type": "events_api"}}' for name in (one, two))
    acked = masked(b"\x89", b"ping") + masked(b"\x81", json.dumps({"envelope_id": one}).encode())
    acked += masked(b"\x81", json.dumps({"envelope_id": two, "payload": "x" * 200}).encode())
    for reads, data in ((envelopes_of, sent.encode()), (acks_of, acked)):
        for size in (1, 7, 50, 1000):
            found: list[str] = []
            kept = b""
            for start in range(0, len(data), size):
                names, kept = reads(kept + data[start : start + size])
                found += names
            assert found == [one, two]


def masked(head: bytes, body: bytes) -> bytes:
    """A frame of a client's: RFC 6455, 5.2 and 5.3."""
    length = (
        bytes([0x80 | len(body)])
        if len(body) < 126
        else bytes([0x80 | 126]) + len(body).to_bytes(2)
    )
    mask = b"\x01\x02\x03\xff"
    return head + length + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(body))


def test_the_bound_is_the_slower_half_or_the_work_of_both_on_all_cores() -> None:
    assert bound(Cost(3.0, 0.1, 0), Cost(2.0, 0.1, 0)) == 3.0
    assert bound(Cost(2.0, 0.1, 0), Cost(3.0, 0.1, 0)) == 3.0
    assert bound(Cost(1.0, 1e6, 0), Cost(1.0, 1e6, 0)) > 1.0


def test_the_bound_of_several_readers_counts_the_work_of_the_stand_in() -> None:
    assert bound_of_chunks(Cost(3.0, 0.1, 0), Cost(2.0, 0.1, 0), 1) == 3.0
    assert bound_of_chunks(Cost(3.0, 0.1, 0), Cost(2.0, 0.1, 0), 2) == 2.0
    assert bound_of_chunks(Cost(1.0, 0, 1e6), Cost(1.0, 0, 0), 2) > 1.0


def test_rows_the_stand_in_keeps_encoded_are_the_rows_and_follow_a_change() -> None:
    with start_oracle("not-a-secret", date(2026, 11, 22)) as oracle:
        ref = create_table(oracle, "KEPT", 30_000)
        source = source_of(oracle)
        plan = plan_of(source, ref, 30_000)

        def read() -> list[dict[str, object]]:
            with opener(source)("main") as session:
                begin_read_only(session)
                batches = list(read_batches(session, plan.tables[0], rows_of(plan.tables[0], None)))
            return sorted(
                (row for batch in batches for row in batch.to_pylist()),
                key=lambda row: str(row["ID"]),
            )

        first = read()
        assert len(first) == 30_000
        assert [row["ID"] for row in first[:2]] == [100_000_000_000, 100_000_000_001]
        assert [row["NOTE"] is None for row in first[:4]] == [True, False, False, True]
        assert read() == first
        oracle.control.execute("DELETE FROM SHOP.KEPT WHERE ID >= 100000000002")
        assert read() == first[:2]
