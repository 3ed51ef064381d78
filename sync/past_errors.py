"""The branch of `sync.errors` for what was kept: going back, comparing, rebuilding.

WarehouseError
└── PastError
    ├── NothingToUndo
    ├── CopyMoved               a `PlanDrifted` too
    ├── NothingToCompare
    ├── MomentNotKept
    ├── GenerationNotKept
    ├── ComparisonTooLarge
    ├── ManifestReadable
    ├── CopyUnreadable
    ├── TrialNotProvable
    └── ColumnsMoved
"""

from sync.errors import PlanDrifted, WarehouseError


class PastError(WarehouseError):
    """What was kept of the past does not give what is asked of it."""


class NothingToUndo(PastError):
    """There is no older copy to go back to."""

    code = "nothing_to_undo"
    message = "There is no older copy of {table} to go back to. Only a new sync can change it."


class CopyMoved(PastError, PlanDrifted):
    """The table was published again since an undo or a drop of it was asked for."""

    code = "copy_moved"
    message = (
        "{table} has got another copy since this was asked for, so nothing was changed. Ask again "
        "if it is still wanted."
    )


class NothingToCompare(PastError):
    """There is no older copy to compare with."""

    code = "nothing_to_compare"
    message = (
        "No copy of {table} before the one as of {as_of} is kept, so there is nothing to compare "
        "it with. Each sync keeps the copy before it: sync the table, then ask again."
    )


class MomentNotKept(PastError):
    """No two kept copies stand for before and after the moment that was named."""

    code = "moment_not_kept"
    message = (
        "What changed in {table} since {since} cannot be told: that takes a kept copy from then or "
        "before, and a newer one. Kept are copies as of: {kept}."
    )


class GenerationNotKept(PastError):
    """The copy that was named is not among those kept."""

    code = "generation_not_kept"
    message = (
        "No copy {generation} of {table} is kept. Kept are, newest first: {kept}. Name one of "
        "them, or -1 for the copy before the current one."
    )


class ComparisonTooLarge(PastError):
    """What does not fit into memory does not fit on the disk for temporary files either."""

    code = "comparison_too_large"
    message = (
        "The copies of {table} are too large to compare with the room there is for temporary "
        "files. Set TMPDIR to a folder with more free space and try again."
    )


class ManifestReadable(PastError):
    """The manifest can be read, so making it anew might only lose what it says."""

    code = "manifest_readable"
    message = (
        "The manifest can be read, so it is left as it is. To make it anew all the same, add "
        "--force."
    )


class CopyUnreadable(PastError):
    """The file of a current copy is missing or broken, which no run of ours causes."""

    code = "copy_unreadable"
    message = (
        "The file of the current copy of {table} ({file}) is missing or cannot be read. A full "
        "sync of the table replaces it, and an undo goes back to the copy before."
    )


class TrialNotProvable(PastError):
    """A trial holds whichever rows Oracle gave first."""

    code = "trial_not_provable"
    message = (
        "{table} is a trial: it holds the rows of {trial_of} that Oracle happened to give first, "
        "which cannot be asked for again. It was proven when it was made; sync {trial_of} itself "
        "for a copy whose proof can be repeated."
    )


class ColumnsMoved(PastError):
    """Oracle has no longer the columns that a copy was made of."""

    code = "columns_moved"
    message = (
        "{table} cannot be compared: since the copy was made, these of its columns are gone from "
        "Oracle or have another type there: {columns}. Sync it again."
    )
