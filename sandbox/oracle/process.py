"""Start the Oracle stand-in as a child process, and stop it for sure."""

import json
import select
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sandbox.oracle.control import OracleControl, Value
from sandbox.oracle.release import ReleaseName, Verifier

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


@dataclass(frozen=True)
class SmallTable:
    """A table of literal rows to start with: columns as (name, Oracle type), rows as tuples."""

    name: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Value]] = ()
    key: Sequence[str] = ()
    owner: str = "SHOP"


def start_oracle(  # noqa: PLR0913 -- what a test may decide is named, each with its default
    password: str,
    today: date,
    ready_timeout_seconds: float = 30.0,
    *,
    tables: Sequence[SmallTable] | None = None,
    release: ReleaseName = "19c",
    thin_refused: bool = False,
    failed_login_attempts: int | None = 10,
    sessions_limit: int | None = None,
    character_set: str = "AL32UTF8",
    national_character_set: str = "AL16UTF16",
    verifier: Verifier = "12C",
) -> OracleStandIn:
    """A stand-in on a free port with the sample data of `today`, or with just these `tables`.

    `thin_refused` announces a protocol that the thin driver refuses with DPY-3010, as 11g does.
    `failed_login_attempts` in a row lock the account; `sessions_limit` is of one user; None is
    UNLIMITED. `verifier` is what passwords are kept as: "11G" is that of accounts from before 12.1.
    Any number of stand-ins can run beside each other.

    Raises RuntimeError when it is not ready in time; its own words are then on stderr.
    """
    options = [
        f"--today={today.isoformat()}",
        f"--release={release}",
        f"--verifier={verifier}",
        f"--failed-login-attempts={failed_login_attempts or 0}",
        f"--character-set={character_set}",
        f"--national-character-set={national_character_set}",
        *([] if sessions_limit is None else [f"--sessions-limit={sessions_limit}"]),
        *(["--thin-refused"] if thin_refused else []),
        *([] if tables is None else ["--empty"]),
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.oracle", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        env={"PYTHONUTF8": "1", "TZ": "UTC"},
    )
    try:
        ready = _ready_line(process, password, ready_timeout_seconds)
        control = OracleControl("127.0.0.1", int(ready["control_port"]))
        for table in tables or ():
            control.create_table(table.name, table.columns, table.key, table.owner, table.rows)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return OracleStandIn(
        dsn=f"127.0.0.1:{ready['port']}/{ready['service']}",
        user="DUCKFERRY",
        password=password,
        control=control,
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
