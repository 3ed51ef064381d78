"""Which of the kept copies of a table is meant, and what the manifest said of it."""

import re
from pathlib import Path

from sync.errors import WarehouseDamaged
from sync.past_errors import GenerationNotKept
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


def look_up(root: Path, current: ManifestEntry, spelled: str) -> ManifestEntry:
    """What the manifest said of a kept copy, named as for `named_generation`.

    Raises `GenerationNotKept` and `WarehouseDamaged`.
    """
    generation = named_generation(current, spelled)
    try:
        return entry_of(root, current, generation)
    except WarehouseDamaged as error:
        now = read_manifest(root).entry(current.ref)
        if generation not in kept_generations(now):  # pruned by a publish since we looked
            raise not_kept(now, generation) from error
        raise
