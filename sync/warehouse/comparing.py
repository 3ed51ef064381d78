"""Compare two kept generations of a table, by key or as whole rows, inside DuckDB.

Both files are opened read-only, and nothing is written beside them: what does not fit into memory
spills into a folder of its own, which is gone at the end. Only counts and examples come to Python.
"""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from sync.comparison import ComparedCopy, Comparison, Retyped
from sync.errors import WarehouseDamaged
from sync.past_errors import ComparisonTooLarge, NothingToCompare
from sync.plan import TableRef
from sync.receipt import part_of
from sync.warehouse.comparing_rows import (
    Side,
    comparing_sql,
    count_rows,
    differences,
    key_of,
    oracle_columns,
    pairs_of,
)
from sync.warehouse.kept import entry_of, kept_generations, named_generation, while_kept
from sync.warehouse.layout import DATA_FILE, data_file
from sync.warehouse.manifest import ManifestEntry, read_manifest
from sync.warehouse.merge import DELETED_AT, Database
from sync.warehouse.sql import table_name, text

MEMORY_MIB = 512
"""Of the comparing DuckDB; rows beyond it are spilled."""

THREADS = 2


def compare_kept(
    root: Path,
    ref: TableRef,
    *,
    before: str | None = None,
    after: str | None = None,
    examples: int = 20,
) -> Comparison:
    """What differs between two kept copies of a table, with so many *examples* of each kind.

    *before* and *after* are names of generations, or ``-1``, ``-2`` for how far back from the
    current one; without them, the current one and that before *after*. Values compare exactly,
    NULL and NaN are equal to themselves; a column with another type compares as `Pair` tells.

    Raises `TableNotSynced`, `NothingToCompare`, `GenerationNotKept`, `ComparisonTooLarge` and
    `WarehouseDamaged`.
    """
    current = read_manifest(root).entry(ref)
    chosen = _chosen(root, current, before, after)
    with while_kept(root, [(ref, generation) for generation in chosen]):
        old, new = (entry_of(root, current, generation) for generation in chosen)
        with _opened(root, ref, chosen) as db:
            return _compare(db, old, new, examples)


def _compare(db: Database, old: ManifestEntry, new: ManifestEntry, examples: int) -> Comparison:
    sides = _side(db, "older", old), _side(db, "newer", new)
    pairs, key = pairs_of(old, new), key_of(old, new)
    row = db.execute(comparing_sql(sides, pairs, key, examples)).fetchone() or ()
    names = {pair.before.name for pair in pairs}
    return Comparison(
        ref=new.ref,
        before=_told(db, sides[0], old),
        after=_told(db, sides[1], new),
        columns_added=tuple(one for one in oracle_columns(new) if one.name not in names),
        columns_dropped=tuple(one for one in oracle_columns(old) if one.name not in names),
        columns_retyped=tuple(
            Retyped(before=pair.before, after=pair.after) for pair in pairs if pair.is_retyped
        ),
        **dict(differences(pairs, key, row)),
    )


def _chosen(
    root: Path, current: ManifestEntry, before: str | None, after: str | None
) -> tuple[str, str]:
    """The names of the two generations that are meant."""
    kept = kept_generations(current)
    newer = named_generation(current, after or current.generation)
    if before is not None:
        return named_generation(current, before), newer
    older = kept[kept.index(newer) + 1 :]
    if not older:
        oldest = entry_of(root, current, newer)
        raise NothingToCompare(table=str(current.ref), as_of=oldest.as_of)
    return older[0], newer


def _side(db: Database, catalog: str, entry: ManifestEntry) -> Side:
    """Where a copy's rows are; whether some are marked is asked of the file.

    The manifest names the column of marks only while bot.toml wants them.
    """
    if DELETED_AT in {column.name for column in oracle_columns(entry)}:
        return Side(f"{catalog}.{table_name(entry.ref)}", has_marks=False)
    found = db.execute(
        "SELECT count(*) FROM duckdb_columns() WHERE database_name = $1 AND schema_name = $2 "
        "AND table_name = $3 AND column_name = $4",
        [catalog, entry.ref.schema_name, entry.ref.table, DELETED_AT],
    ).fetchone()
    return Side(f"{catalog}.{table_name(entry.ref)}", has_marks=bool(found and found[0]))


def _told(db: Database, side: Side, entry: ManifestEntry) -> ComparedCopy:
    return ComparedCopy(
        generation=entry.generation,
        as_of=entry.as_of,
        imported=entry.receipt.imported,
        rows=count_rows(db, side),
        key=entry.key,
        part=part_of(entry.receipt),
    )


@contextmanager
def _opened(root: Path, ref: TableRef, generations: tuple[str, str]) -> Generator[Database]:
    """A DuckDB in memory with the two files as ``older`` and ``newer``.

    Raises `WarehouseDamaged` and `ComparisonTooLarge`, also for what happens in the block.
    """
    with (
        tempfile.TemporaryDirectory(prefix="duckferry-diff-") as folder,
        duckdb.connect(config=_config(folder)) as db,
    ):
        for catalog, generation in zip(("older", "newer"), generations, strict=True):
            file = text(str(data_file(root, ref, generation)))
            try:
                db.execute(f"ATTACH {file} AS {catalog} (READ_ONLY)")
            except duckdb.Error as error:
                raise WarehouseDamaged(file=f"{generation}/{DATA_FILE}") from error
        db.execute("SET enable_external_access = false")
        db.execute("SET TimeZone = 'UTC'")
        db.execute("SET enable_progress_bar = false")  # it would go to stdout
        try:
            yield db
        except duckdb.Error as error:
            if isinstance(error, duckdb.OutOfMemoryException) or "No space left" in str(error):
                raise ComparisonTooLarge(table=str(ref)) from error
            if isinstance(error, duckdb.IOException) or "Corrupt" in str(error):
                # DuckDB does not say in which of the two.
                raise WarehouseDamaged(file=f"{' or '.join(generations)}/{DATA_FILE}") from error
            raise


def _config(folder: str) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "memory_limit": f"{MEMORY_MIB}MiB",
        "threads": THREADS,
        "temp_directory": folder,
        "preserve_insertion_order": False,
        "autoload_known_extensions": False,
        "autoinstall_known_extensions": False,
    }
