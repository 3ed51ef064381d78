"""Links to the current files under names that stay, for other tools that open the copies.

They only point: readers of ours ask the manifest, and a link that cannot be made fails no publish.
"""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from sync.plan import TableRef
from sync.warehouse.layout import CURRENT, data_file, folder_name

log = logging.getLogger(__name__)


def link_current(root: Path, generations: Sequence[tuple[TableRef, str]]) -> None:
    """Point each table's link at its current file; those that do so already are left alone."""
    for ref, generation in generations:
        try:
            _point(current_link(root, ref), data_file(root, ref, generation))
        except OSError as error:
            log.warning(
                "%s/ does not show the current copy of %s: %s", CURRENT, ref, error.strerror
            )


def unlink_current(root: Path, ref: TableRef) -> None:
    """Take a table's link away."""
    try:
        current_link(root, ref).unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s/ still shows %s: %s", CURRENT, ref, error.strerror)


def current_link(root: Path, ref: TableRef) -> Path:
    """Where other tools find the current file of a table."""
    name = folder_name(ref.schema_name, ref.table, "duckdb")
    return root / CURRENT / folder_name(ref.source) / name


def _point(link: Path, file: Path) -> None:
    # Relative, so that the folder may be moved or mounted elsewhere.
    target = os.path.relpath(file, link.parent)
    if link.is_symlink() and str(link.readlink()) == target:
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    new = link.parent / "new"  # no link's name: those hold dots
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)
