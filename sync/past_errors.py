"""The branch of `sync.errors` for what was kept: going back, rebuilding.

WarehouseError
└── PastError
    ├── NothingToUndo
    ├── CopyMoved               a `PlanDrifted` too
    └── ManifestReadable
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


class ManifestReadable(PastError):
    """The manifest can be read, so making it anew might only lose what it says."""

    code = "manifest_readable"
    message = (
        "The manifest can be read, so it is left as it is. To make it anew all the same, add "
        "--force."
    )
