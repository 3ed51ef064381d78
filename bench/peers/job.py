"""One copy of one table, as it is handed to a process that makes it with one tool or another."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Job:
    """What to copy, and where to. The user and password are the stand-in's invented ones."""

    dsn: str
    user: str
    password: str
    table: str
    """Of the schema SHOP, with the columns of `bench.rows`."""
    rows: int
    folder: Path
    """Empty, and removed afterwards."""

    def text(self) -> str:
        """One line of JSON, as `read_job` takes it."""
        return json.dumps(asdict(self), default=str)


def read_job(text: str) -> Job:
    """What `Job.text` wrote."""
    told: dict[str, Any] = json.loads(text)
    told["folder"] = Path(told["folder"])
    return Job(**told)
