"""The branch of `sync.errors` for what was kept: going back, comparing, proving again, rebuilding.

WarehouseError
└── PastError
    ├── NothingToUndo
    ├── CopyMoved               a `PlanDrifted` too
    ├── GenerationNotKept
    ├── NotProvable
    ├── ManifestReadable
    └── NotImportable
"""

from sync.errors import PlanDrifted, WarehouseError


class PastError(WarehouseError):
    """What was kept of the past does not give what is asked of it."""


class NothingToUndo(PastError):
    """There is no older copy to go back to."""

    code = "nothing_to_undo"
    message = "There is no older copy of {table} to go back to. Only a new sync can change it."


class CopyMoved(PastError, PlanDrifted):
    """The table was published again since the undo was asked for."""

    code = "copy_moved"
    message = (
        "{table} has got another copy since this was asked for, so nothing was undone. Ask for the "
        "undo again if it is still wanted."
    )


class GenerationNotKept(PastError):
    """A generation was named that is not on disk."""

    code = "generation_not_kept"
    message = "{table} has no kept generation {generation}. It has: {kept}."


class NotProvable(PastError):
    """A copy cannot be compared with Oracle as of its own moment."""

    code = "not_provable"
    message = "The copy of {table} cannot be compared with Oracle again: {reason}."


class ManifestReadable(PastError):
    """The manifest can be read, so making it anew might only lose what it says."""

    code = "manifest_readable"
    message = (
        "The manifest can be read, so it is left as it is. To make it anew all the same, add "
        "--force."
    )


class NotImportable(PastError):
    """A file of somebody else's cannot be taken over."""

    code = "not_importable"
    message = "{file} cannot be imported: {reason}."
