"""Start the Oracle stand-in as a child process, and stop it for sure."""

import json
import select
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sandbox.oracle.control import OracleControl

REPOSITORY = Path(__file__).parents[2]
STOP_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True)
class OracleStandIn:
    """A running stand-in. It ends with `stop()`, at the end of a `with`, or with this process."""

    dsn: str
    user: str
    password: str = field(repr=False)
    control: OracleControl
    process: "subprocess.Popen[bytes]" = field(repr=False)

    def stop(self) -> None:
        """End the process and wait for it; calling this twice is fine."""
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            self.process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_oracle(password: str, today: date, ready_timeout_seconds: float = 30.0) -> OracleStandIn:
    """A stand-in on a free port with the sample data of `today`.

    Raises RuntimeError when it is not ready in time; its own words are then on stderr.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.oracle", "--today", today.isoformat()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        env={"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1", "TZ": "UTC"},
    )
    try:
        ready = _ready_line(process, password, ready_timeout_seconds)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return OracleStandIn(
        dsn=f"127.0.0.1:{ready['port']}/{ready['service']}",
        user="DUCKFERRY",
        password=password,
        control=OracleControl("127.0.0.1", int(ready["control_port"])),
        process=process,
    )


def _ready_line(
    process: "subprocess.Popen[bytes]", password: str, timeout_seconds: float
) -> dict[str, Any]:
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        raise RuntimeError("the Oracle stand-in was started without pipes")
    stdin.write(password.encode() + b"\n")
    stdin.flush()
    readable, _, _ = select.select([stdout], [], [], timeout_seconds)
    line = stdout.readline() if readable else b""
    if not line:
        raise RuntimeError(f"the Oracle stand-in was not ready within {timeout_seconds} s")
    ready: dict[str, Any] = json.loads(line)
    return ready
