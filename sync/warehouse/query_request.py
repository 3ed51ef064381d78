"""What the process of a query is asked: which files, the views over them, and the limits."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync.access_errors import ColumnHidden
from sync.plan import TableRef
from sync.query_errors import SqlRefused
from sync.warehouse.exposure import Exposure, view_of
from sync.warehouse.layout import data_file
from sync.warehouse.manifest import ManifestEntry
from sync.warehouse.query_limits import QueryLimits
from sync.warehouse.sql import quote, text


@dataclass(frozen=True)
class Shown:
    """A copy under a name, as far as its reader may see it."""

    entry: ManifestEntry
    exposure: Exposure
    path: tuple[str, ...]


def request(root: Path, sql: str, shown: Sequence[Shown], limits: QueryLimits) -> dict[str, Any]:
    """Ask for all rows there may be of *sql* over the copies it is shown.

    Each file is attached under a name that nobody knows, so it is read through its views alone.
    """
    setup: list[str] = []
    catalogs: dict[str, str] = {}
    for one in shown:
        file = str(data_file(root, one.entry.ref, one.entry.generation).absolute())
        if file not in catalogs:
            catalogs[file] = f"g{secrets.token_hex(16)}"
            setup.append(f"ATTACH {text(file)} AS {quote(catalogs[file])} (READ_ONLY)")
        setup += view_of(one.entry, one.path, one.exposure, catalogs[file])
    return {
        "sql": sql,
        "params": (),
        "tree": None,
        "explain": False,
        "planned_rows": None,
        "files": list(catalogs),
        "setup": setup,
        "seconds": limits.seconds,
        "memory_mb": limits.memory_mb,
        "rows": limits.rows,
        "bytes": limits.bytes,
    }


def hidden_by(answer: dict[str, Any], shown: Sequence[Shown]) -> ColumnHidden | None:
    """Say which rule hides the column that DuckDB did not find, if one does."""
    if answer["error"] != "BinderException":
        return None
    told = str(answer.get("message", "")).partition("\n")[0]
    named = {name.casefold() for name in re.findall(r'"([^"]+)"', told)}
    for one in shown:
        for column, rule in one.exposure.hidden.items():
            if column.casefold() in named:
                return ColumnHidden(table=str(one.entry.ref), column=column, rule=rule)
    return None


def refuse_homonyms(shown: Sequence[Shown]) -> None:
    """Raise `SqlRefused` where DuckDB, which ignores case, would take two tables for one."""
    named: dict[tuple[str, ...], TableRef] = {}
    for one in shown:
        path = tuple(map(str.casefold, one.path))
        ref = named.setdefault(path[1:] if path[0] == "main" else path, one.entry.ref)
        if ref != one.entry.ref:
            raise SqlRefused(
                reason=f"{ref} and {one.entry.ref} are called the same but for capital letters; "
                "they cannot be read together."
            )
