"""Metrics and probes over HTTP: three paths, few threads, an end."""

import socket
import threading
from pathlib import Path

import pytest
from redis import Redis

from app.metrics import Metrics, make_metrics
from app.metrics_http import Pulse, ready_when, serve_metrics
from app.settings import SettingsError
from sync.counts import is_reachable
from sync.state import connect_state
from tests.app.metrics_parts import get, served

AWAY = "redis://127.0.0.1:1/0"


@pytest.fixture
def metrics(redis: Redis, tmp_path: Path) -> Metrics:
    return make_metrics(redis, tmp_path / "warehouse")


def test_probes_say_in_a_line_what_is_missing(metrics: Metrics) -> None:
    connected = threading.Event()
    ready = ready_when({"Redis": lambda: True, "the connection to Slack": connected.is_set})
    pulse = Pulse(fresh_seconds=60)
    with served(metrics, ready, pulse.is_fresh) as port:
        assert get(port, "/readyz") == (503, "missing: the connection to Slack\n")
        assert get(port, "/healthz") == (503, "the main loop does not go round\n")
        connected.set()
        pulse.beat()
        assert get(port, "/readyz") == (200, "ready\n")
        assert get(port, "/healthz") == (200, "alive\n")


def test_without_an_address_nothing_is_served(metrics: Metrics) -> None:
    before = set(threading.enumerate())
    with serve_metrics(None, metrics, lambda: (True, ""), lambda: True) as port:
        assert port is None
        assert set(threading.enumerate()) == before


def test_a_beat_is_passed_on() -> None:
    beats: list[str] = []
    Pulse(lambda: beats.append("file")).beat()
    assert beats == ["file"]


def test_a_loop_that_has_not_gone_round_for_long_is_not_alive() -> None:
    pulse = Pulse(fresh_seconds=0)
    pulse.beat()
    assert not pulse.is_fresh()


def test_a_redis_is_reachable_or_not(redis: Redis) -> None:
    assert is_reachable(redis)
    assert not is_reachable(connect_state(AWAY))


@pytest.mark.parametrize("path", ["/", "/metrics/", "/metrics/../readyz", "/favicon.ico", "/admin"])
def test_there_is_nothing_else(metrics: Metrics, path: str) -> None:
    with served(metrics) as port:
        assert get(port, path).status == 404


def test_nothing_can_be_sent(metrics: Metrics) -> None:
    with served(metrics) as port:
        for path in ("/metrics", "/healthz", "/readyz"):
            assert get(port, path, "POST").status == 405
        with socket.create_connection(("127.0.0.1", port), 10) as wire:
            wire.sendall(b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n")
            assert wire.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_part_of_the_metrics_cannot_be_asked_for(metrics: Metrics) -> None:
    with served(metrics) as port:
        assert "duckferry_redis_up 1.0" in get(port, "/metrics?name[]=no_such_thing").text


def test_many_requests_at_once_are_answered_and_the_end_leaves_no_thread(metrics: Metrics) -> None:
    before = set(threading.enumerate())
    with served(metrics) as port:
        answers: list[int] = []
        threads = [
            threading.Thread(target=lambda: answers.append(get(port, "/metrics").status))
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(15)
        assert answers == [200] * 20
        ours = {thread.name for thread in set(threading.enumerate()) - before}
        assert len([name for name in ours if name.startswith("waitress")]) == 4
    assert set(threading.enumerate()) <= before
    with pytest.raises(ConnectionRefusedError):
        get(port, "/metrics")


def test_an_address_that_cannot_be_had_is_named_with_its_remedy(metrics: Metrics) -> None:
    def problem(host: str, port: int) -> str:
        with (
            pytest.raises(SettingsError) as raised,
            serve_metrics((host, port), metrics, lambda: (True, ""), lambda: True),
        ):
            pass
        return raised.value.problems[0]

    with served(metrics) as port:
        assert problem("127.0.0.1", port) == (
            f"METRICS_ADDRESS 127.0.0.1:{port} cannot be opened: Address already in use. "
            "Free it, or set another."
        )
    assert problem("256.1.1.1", 0).startswith("METRICS_ADDRESS 256.1.1.1:0 cannot be opened: ")


def test_it_listens_on_an_address_of_ipv6_too(metrics: Metrics) -> None:
    with (
        serve_metrics(("::1", 0), metrics, lambda: (True, "ready"), lambda: True) as port,
        socket.create_connection(("::1", port), 10) as wire,
    ):
        wire.sendall(b"GET /readyz HTTP/1.0\r\n\r\n")
        answer = b"".join(iter(lambda: wire.recv(1000), b""))  # head and body may come apart
        assert answer.endswith(b"\r\n\r\nready\n")
