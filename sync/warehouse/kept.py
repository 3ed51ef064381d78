"""Which of the kept copies of a table is meant, and what the manifest said of it."""

import re
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sync.errors import WarehouseDamaged
from sync.past_errors import GenerationNotKept, MomentNotKept, NothingToCompare
from sync.plan import TableRef
from sync.warehouse.manifest import ManifestEntry, read_manifest
from sync.warehouse.publishing import kept_entry


def kept_generations(current: ManifestEntry) -> tuple[str, ...]:
    """Names of a table's kept generations, newest first."""
    return (current.generation, *current.previous)


def named_generation(current: ManifestEntry, spelled: str) -> str:
    """The generation of that name, or ``-1``, ``-2``: so many before the current one.

    Raises `GenerationNotKept`.
    """
    kept = kept_generations(current)
    if spelled in kept:
        return spelled
    if re.fullmatch(r"-\d{1,3}", spelled) and -int(spelled) < len(kept):
        return kept[-int(spelled)]
    raise not_kept(current, spelled)


def not_kept(current: ManifestEntry, generation: str) -> GenerationNotKept:
    """Say that a generation is not kept, and which are."""
    kept = ", ".join(kept_generations(current))
    return GenerationNotKept(table=str(current.ref), generation=generation, kept=kept)


def entry_of(root: Path, current: ManifestEntry, generation: str) -> ManifestEntry:
    """What the manifest said of a kept generation. Raises `WarehouseDamaged`."""
    if generation == current.generation:
        return current
    return kept_entry(root, current.ref, generation)


def copy_before(
    root: Path, current: ManifestEntry, generation: str, since: datetime | None = None
) -> ManifestEntry:
    """What the manifest said of the kept copy before *generation*, or of that as of *since*.

    Of the latter the newest that is not younger than *since*, which *generation* must be. Raises
    `NothingToCompare`, `MomentNotKept`, `GenerationNotKept` and `WarehouseDamaged`.
    """
    kept = kept_generations(current)
    newer, *older = (
        entry_of(root, current, one)
        for one in kept[kept.index(named_generation(current, generation)) :]
    )
    table = str(current.ref)
    if since is None:
        if not older:
            raise NothingToCompare(table=table, as_of=newer.as_of)
        return older[0]
    fitting = [one for one in older if datetime.fromisoformat(one.as_of) <= since]
    if not fitting or datetime.fromisoformat(newer.as_of) <= since:
        moments = ", ".join(one.as_of for one in (newer, *older))
        raise MomentNotKept(table=table, since=since.isoformat(), kept=moments)
    return fitting[0]


def look_up(root: Path, current: ManifestEntry, spelled: str) -> ManifestEntry:
    """What the manifest said of a kept copy, named as for `named_generation`.

    Raises `GenerationNotKept` and `WarehouseDamaged`.
    """
    generation = named_generation(current, spelled)
    with while_kept(root, [(current.ref, generation)]):
        return entry_of(root, current, generation)


@contextmanager
def while_kept(root: Path, copies: Iterable[tuple[TableRef, str]]) -> Generator[None]:
    """Read these generations of tables; one that a publish has pruned since is not called damaged.

    Raises `GenerationNotKept` for it.
    """
    try:
        yield
    except WarehouseDamaged as error:
        for ref, generation in copies:
            now = read_manifest(root).entry(ref)
            if generation not in kept_generations(now):
                raise not_kept(now, generation) from error
        raise
