"""Look into a DuckDB file that is not ours: what it holds, in a DuckDB that it can lead nowhere.

It is opened read-only, and a view of it may read it, work in memory and spill so much, but open no
other file and reach no network. What a process that writes it left in its WAL is read, too.
"""

import re
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import duckdb

from sync.import_errors import (
    ImportFileClosed,
    ImportFileDamaged,
    ImportFileEmpty,
    ImportFileEncrypted,
    ImportFileForeign,
    ImportFileInUse,
    ImportFileMissing,
    ImportFileNewer,
)
from sync.plan import IMPORTED, Column, TableRef
from sync.warehouse.merge import Database
from sync.warehouse.sql import quote, text
from sync.warehouse.writers import MAX_MEMORY_MIB, STORAGE_VERSION

MOST_SPILL_MIB = 8192
VIEW_SECONDS = 600
"""One that takes longer to count or to copy is left out."""

_CATALOG = "imported_file"
_OURS = "main._meta"
"""What a generation's file needs for itself."""


@dataclass(frozen=True)
class Offer:
    """A table or view of the file that can be imported."""

    ref: TableRef
    is_view: bool
    columns: tuple[Column, ...]
    """As they will be in the copy."""
    key: tuple[str, ...]
    comment: str | None
    column_comments: dict[str, str]
    rows: int
    """When it was looked at."""

    @property
    def as_text(self) -> tuple[Column, ...]:
        """Columns whose type no generation's file can hold, so that they become text."""
        return tuple(one for one in self.columns if one.oracle_type != one.duckdb_type)


@dataclass(frozen=True)
class LeftOut:
    """A table or view that is not imported."""

    ref: TableRef
    why: str


@dataclass(frozen=True)
class Contents:
    """What a file holds, and how to tell that it is still the same."""

    offers: tuple[Offer, ...]
    left_out: tuple[LeftOut, ...]
    stamp: tuple[int, ...]


@dataclass(frozen=True)
class Foreign:
    """A file that is open."""

    db: Database
    catalog: str
    """What DuckDB calls it; views may have been written with that name."""

    def name(self, ref: TableRef) -> str:
        """A table of it, in SQL."""
        return f"{quote(self.catalog)}.{quote(ref.schema_name)}.{quote(ref.table)}"


@contextmanager
def opened(file: Path, writes: Path | None = None) -> Generator[Foreign]:
    """Open a DuckDB file to read; nothing else is there but the folder *writes*.

    Raises any `ImportFailed` that tells why a file cannot be opened.
    """
    _require_readable(file)
    with tempfile.TemporaryDirectory(prefix="duckferry-import-") as spill:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "storage_compatibility_version": STORAGE_VERSION,
            "preserve_insertion_order": False,
            "memory_limit": f"{MAX_MEMORY_MIB}MiB",
            "temp_directory": spill,
            "max_temp_directory_size": f"{MOST_SPILL_MIB}MiB",
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
            "allow_persistent_secrets": False,
            "python_enable_replacements": False,
        }
        with duckdb.connect(":memory:", config=settings) as db:
            catalog = file.name.partition(".")[0]
            if catalog.casefold() in {"", "main", "memory", "system", "temp", "build"}:
                catalog = _CATALOG
            try:
                place = text(str(file.absolute()))
                db.execute(f"ATTACH {place} AS {quote(catalog)} (TYPE duckdb, READ_ONLY)")
            except duckdb.Error as error:
                raise _refused(file, error) from error
            if writes is not None:
                db.execute(f"SET allowed_directories = [{text(str(writes.absolute()))}]")
            db.execute("SET enable_external_access = false")
            db.execute("SET enable_progress_bar = false")
            db.execute("SET TimeZone = 'UTC'")
            yield Foreign(db, catalog)


def look_into(file: Path, most_rows: int) -> Contents:
    """Say what there is to import. Views are counted, so what is wrong with one is known here.

    Raises what `opened` and `require_sound` raise.
    """
    with opened(file) as foreign:
        stamp = stamp_of(file)
        offers: list[Offer] = []
        left_out: list[LeftOut] = []
        for ref, is_view, comment in _listed(foreign):
            why = _taken(ref)
            if not why:
                try:
                    found = _offer(foreign, ref, comment, is_view=is_view, most_rows=most_rows)
                except duckdb.Error as error:
                    require_sound(file, error)
                    why = first_line(error)
                else:
                    why = too_many(most_rows) if found.rows > most_rows else ""
                    offers += [] if why else [found]
            if why:
                left_out.append(LeftOut(ref, why))
    return Contents(tuple(offers), tuple(left_out), stamp)


def stamp_of(file: Path) -> tuple[int, ...]:
    """What changes when somebody writes the file or what is to become part of it."""
    found: list[int] = []
    for path in (file, file.with_name(f"{file.name}.wal")):
        facts = path.stat() if path.exists() else None
        found += [facts.st_ino, facts.st_size, facts.st_mtime_ns] if facts else [0]
    return tuple(found)


@contextmanager
def bounded_view(db: Database, *, is_view: bool) -> Generator[None]:
    """Bound what a view does in the block; a table has its own end."""
    if not is_view:
        yield
        return
    db.execute(f"SET max_execution_time = {VIEW_SECONDS * 1000}")
    try:
        yield
    finally:
        db.execute("RESET max_execution_time")


def require_sound(file: Path, error: duckdb.Error) -> None:
    """Raise `ImportFileDamaged` where *error* says that the file is not what was written.

    Then what could be read of it is not to be trusted either.
    """
    if isinstance(error, duckdb.IOException) or str(error).startswith("Corrupt database"):
        raise ImportFileDamaged(file=str(file), reason=first_line(error)) from error


def first_line(error: Exception) -> str:
    """What DuckDB said, without its drawing of the place."""
    if isinstance(error, duckdb.InterruptException):
        return f"it did not end within {VIEW_SECONDS} s"
    return str(error).partition("\n")[0]


def too_many(most_rows: int) -> str:
    """Why a table is left out that has more rows than are copied."""
    return f"it has more than {most_rows:,} rows; raise limits.max_rows in bot.toml"


def column_of(name: str, kind: str, *, nullable: bool) -> Column:
    """A column under the name its type has with us.

    An ENUM goes without its values, which are data that people and models would read as a type.
    """
    named = _ENUM.sub("ENUM", kind).replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")
    held = "VARCHAR" if "VARIANT" in named else named
    return Column(name=name, oracle_type=named, duckdb_type=held, nullable=nullable)


_ENUM = re.compile(r"ENUM\((?:'(?:[^']|'')*'(?:, )?)*\)")


def _require_readable(file: Path) -> None:
    try:
        if not file.is_file():
            raise ImportFileMissing(file=str(file))
        if not file.stat().st_size:
            raise ImportFileEmpty(file=str(file))
        with file.open("rb"):
            pass
    except PermissionError:
        raise ImportFileClosed(file=str(file)) from None


def _refused(file: Path, error: duckdb.Error) -> Exception:
    said, name = str(error), str(file)
    if "not a valid DuckDB database file" in said:
        return ImportFileForeign(file=name)
    if "set lock on file" in said:
        return ImportFileInUse(file=name)
    if "storage version number" in said:
        return ImportFileNewer(file=name, version=duckdb.__version__)
    if "encrypted database" in said:
        return ImportFileEncrypted(file=name)
    return ImportFileDamaged(file=name, reason=first_line(error))


def _listed(foreign: Foreign) -> Sequence[tuple[TableRef, bool, str | None]]:
    """Its tables and views in the order of their names, with their comments."""
    found = foreign.db.execute(
        """
        SELECT schema_name, table_name, false, comment FROM duckdb_tables()
        WHERE database_name = $1 AND NOT internal AND NOT temporary
        UNION ALL
        SELECT schema_name, view_name, true, comment FROM duckdb_views()
        WHERE database_name = $1 AND NOT internal AND NOT temporary
        ORDER BY 1, 2
        """,
        [foreign.catalog],
    ).fetchall()
    return [
        (TableRef(source=IMPORTED, schema_name=schema, table=name), is_view, comment)
        for schema, name, is_view, comment in found
    ]


def _taken(ref: TableRef) -> str:
    ours = f"{ref.schema_name}.{ref.table}".casefold() == _OURS
    return "Duckferry keeps notes of its own under this name; rename it" if ours else ""


def _offer(
    foreign: Foreign, ref: TableRef, comment: str | None, *, is_view: bool, most_rows: int
) -> Offer:
    db, name = foreign.db, foreign.name(ref)
    told = _columns_told(foreign, ref)
    described = db.execute(f"DESCRIBE SELECT * FROM {name}").fetchall()
    with bounded_view(db, is_view=is_view):
        rows = f"(SELECT * FROM {name} LIMIT {most_rows + 1})" if is_view else name
        counted = db.execute(f"SELECT count(*) FROM {rows}").fetchone()
    key = db.execute(
        "SELECT constraint_column_names FROM duckdb_constraints() WHERE database_name = $1 "
        "AND schema_name = $2 AND table_name = $3 AND constraint_type = 'PRIMARY KEY'",
        [foreign.catalog, ref.schema_name, ref.table],
    ).fetchone()
    return Offer(
        ref=ref,
        is_view=is_view,
        columns=tuple(
            column_of(one[0], one[1], nullable=told.get(one[0], (True, None))[0])
            for one in described
        ),
        key=tuple(cast("list[str]", key[0])) if key else (),
        comment=comment,
        column_comments={name: said for name, (_, said) in told.items() if said},
        rows=counted[0] if counted else 0,
    )


def _columns_told(foreign: Foreign, ref: TableRef) -> dict[str, tuple[bool, str | None]]:
    """Of each column whether it may be NULL, and its comment."""
    found = foreign.db.execute(
        "SELECT column_name, is_nullable, comment FROM duckdb_columns() "
        "WHERE database_name = $1 AND schema_name = $2 AND table_name = $3",
        [foreign.catalog, ref.schema_name, ref.table],
    ).fetchall()
    return {name: (bool(nullable), comment) for name, nullable, comment in found}
