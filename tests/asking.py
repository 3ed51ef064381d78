"""Query any warehouse, given its folder and limits."""

from collections.abc import Callable
from pathlib import Path

from sync.warehouse.query_process import Queries, QueryLimits

AskedAt = Callable[[Path, QueryLimits], Queries]
