"""diff: what differs between two kept copies of a table, from WAREHOUSE_DIR alone."""

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

import click

from app.cli.naming import current_copy
from app.cli.session import Session
from app.logs import start_logging
from app.views.text import CONTROL, number
from sync.comparison import ComparedCopy, Comparison, Key, Shown
from sync.plan import Column
from sync.warehouse.comparing import compare_kept


@dataclass(frozen=True)
class DiffOptions:
    """What the operator typed."""

    table: str
    source: str | None
    before: str | None
    after: str | None
    limit: int
    as_json: bool


def tell_differences(session: Session, options: DiffOptions) -> None:
    """Compare the two copies that are meant and print what differs."""
    settings = session.settings()
    start_logging(settings, logging.WARNING)
    root = settings.warehouse_dir
    current = current_copy(root, session.config(), options.table, options.source)
    found = compare_kept(
        root,
        current.ref,
        before=options.before,
        after=options.after,
        examples=options.limit,
    )
    if options.as_json:
        click.echo(found.model_dump_json())
        return
    for line in difference_lines(found):
        click.echo(CONTROL.sub("", line))


def difference_lines(found: Comparison) -> list[str]:
    """Write a comparison: which two, how much differs, and examples."""
    lines = [
        f"{found.ref.source}.{found.ref}",
        f"  from {_copy(found.before)}",
        f"  to   {_copy(found.after)}",
        *_caveats(found),
        *_counts(found),
        *_columns(found),
    ]
    key = found.after.key
    for what, count, keys in (
        ("Added", found.added, found.examples_added),
        ("Removed", found.removed, found.examples_removed),
    ):
        lines += _heading(what, len(keys), count)
        lines += [f"  {_row(key, values)}" for values in keys]
    lines += _heading("Changed", len(found.examples_changed), found.changed)
    for row in found.examples_changed:
        changes = (f"{c.column}: {_value(c.before)} → {_value(c.after)}" for c in row.changes)
        lines.append(f"  {_row(key, row.key)}  {'; '.join(changes)}")
    return lines


def _copy(copy: ComparedCopy) -> str:
    part = f"  only rows where {copy.part}" if copy.part else ""
    moment = f"imported from {copy.imported} at" if copy.imported else "as of"
    return f"{copy.generation}  {moment} {copy.as_of}  {number(copy.rows)} rows{part}"


def _caveats(found: Comparison) -> list[str]:
    lines: list[str] = []
    was, now = (", ".join(copy.key) or "none" for copy in (found.before, found.after))
    if found.by == "rows":
        why = "The table has no key" if was == now else f"The key was {was} and is {now}"
        lines.append(
            f"{why}, so whole rows are compared: a changed row is one removed and one added."
        )
        if found.columns_added or found.columns_dropped:
            lines.append("They are compared by the columns that both copies have.")
    if found.before.part != found.after.part:
        lines.append("The copies hold different parts of the table, which alone adds and removes.")
    return lines


def _counts(found: Comparison) -> list[str]:
    counts = f"{number(found.added)} rows added, {number(found.removed)} removed"
    if found.by == "rows":
        return [counts]
    changed = [f"  {one.column}: {number(one.rows)}" for one in found.changed_columns]
    return [f"{counts}, {number(found.changed)} changed{' in' * bool(changed)}", *changed]


def _columns(found: Comparison) -> list[str]:
    lines = [f"Column added: {_column(one)}" for one in found.columns_added]
    lines += [f"Column dropped: {_column(one)}" for one in found.columns_dropped]
    for one in found.columns_retyped:
        was, now = _type(one.before), _type(one.after)
        lines.append(f"Column with another type: {one.after.name} {was} → {now}")
    return lines


def _column(column: Column) -> str:
    return f"{column.name} {_type(column)}"


def _type(column: Column) -> str:
    return f"{column.oracle_type} ({column.duckdb_type})"


def _heading(what: str, shown: int, count: int) -> list[str]:
    if not shown:
        return []
    return [f"{what}:" if shown == count else f"{what}, the first {number(shown)}:"]


def _row(key: Sequence[str], values: Key) -> str:
    return ", ".join(f"{n} {_value(v)}" for n, v in zip(key, values, strict=True))


def _value(value: Shown) -> str:
    """Write a value so that NULL is not its name, and blanks at its end are seen."""
    if value is None:
        return "NULL"
    is_plain = re.fullmatch(r"[^\s\"]+( [^\s\"]+)*", value) and value != "NULL"
    return value if is_plain else json.dumps(value, ensure_ascii=False)
