"""What a proof finds: a branch of `sync.errors` beside `VerificationFailed`."""

from sync.errors import RunError


class FigureDiffers(RunError):
    """Oracle and the copy have as many rows, and not the same in them."""

    code = "figure_differs"
    message = (
        "In the copy of {table}, {what} is {copied} but Oracle says {oracle}. Nothing was "
        "published and the old data stays; ask again, and tell an admin if it stays so."
    )


class KeyNotUnique(RunError):
    """Two rows have one key, so rows cannot be replaced by it."""

    code = "key_not_unique"
    message = (
        "The key of {table} ({key}) names {count} keys more than once, so its rows cannot be told "
        "apart. Nothing was published. Set key in bot.toml to columns that name one row."
    )
