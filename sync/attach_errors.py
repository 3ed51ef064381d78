"""The branch of `sync.errors` for files that people share in a thread.

WarehouseError
└── AttachFailed
    ├── FileTooLarge
    ├── FileEmpty
    ├── FileIsWorkbook
    ├── FileNotText
    ├── FileUndecodable
    ├── FileRagged
    ├── FileQuoteOpen
    ├── FileQuoteBroken
    ├── FileCellTooLong
    ├── FileTooManyRows
    ├── FileTooManyColumns
    ├── FileReaderEnded
    ├── ThreadFilesFull
    ├── FilesFull
    ├── FileNotGiven
    ├── FileNotFetched
    ├── FileElsewhere
    ├── FilesNotTaken
    └── FileNotInOracle
"""

from sync.errors import WarehouseError


class AttachFailed(WarehouseError):
    """A shared file is not read. Nothing of it is kept, and it can be shared again."""


class FileTooLarge(AttachFailed):
    """It has more bytes than are read."""

    code = "file_too_large"
    message = "{file} is larger than {most} MB, which is the most that is read. Share a part of it."


class FileEmpty(AttachFailed):
    """It has no row."""

    code = "file_empty"
    message = "{file} holds no rows."


class FileIsWorkbook(AttachFailed):
    """It is a workbook of Excel, or packed."""

    code = "file_is_workbook"
    message = "{file} is not a CSV file. Save the sheet as CSV UTF-8 and share that."


class FileNotText(AttachFailed):
    """It holds what no text does."""

    code = "file_not_text"
    message = "{file} is not text: line {line} holds a NUL character. Share it as CSV."


class FileUndecodable(AttachFailed):
    """Its bytes are text in none of the encodings that are tried."""

    code = "file_undecodable"
    message = (
        "Line {line} of {file} is neither UTF-8, UTF-16 nor CP949 (EUC-KR). Save it as UTF-8 and "
        "share it again."
    )


class FileRagged(AttachFailed):
    """A line has more or fewer values than the first."""

    code = "file_ragged"
    message = (
        "Line {line} of {file} has {found} values, but the first line has {expected}. Correct it "
        "and share the file again; nothing was read."
    )


class FileQuoteOpen(AttachFailed):
    """A quote is never closed."""

    code = "file_quote_open"
    message = (
        'A quote (") opened in line {line} of {file} is never closed. Correct it and share the '
        "file again; nothing was read."
    )


class FileQuoteBroken(AttachFailed):
    """Something stands behind a closing quote."""

    code = "file_quote_broken"
    message = (
        'Line {line} of {file} goes on behind a closing quote ("). A quote within a value is '
        'written twice (""). Correct it and share the file again; nothing was read.'
    )


class FileCellTooLong(AttachFailed):
    """A value is longer than is read."""

    code = "file_cell_too_long"
    message = (
        "A value in line {line} of {file} is longer than {most} characters; perhaps a quote is "
        "missing. Nothing was read."
    )


class FileTooManyRows(AttachFailed):
    """It has more rows than are read."""

    code = "file_too_many_rows"
    message = "{file} has more than {most} rows, which is the most that is read. Share a part."


class FileTooManyColumns(AttachFailed):
    """It has more columns than are read."""

    code = "file_too_many_columns"
    message = "{file} has {found} columns; up to {most} are read. Share only those you need."


class FileReaderEnded(AttachFailed):
    """The process that read it came to no end in its bounds of time and memory."""

    code = "file_reader_ended"
    message = "{file} could not be read within {seconds} seconds and the memory for it."


class ThreadFilesFull(AttachFailed):
    """The thread has as many files as it may have."""

    code = "thread_files_full"
    message = (
        "This thread already has {most} files. Begin a new thread, or delete the message of one "
        "that is not needed any more."
    )


class FilesFull(AttachFailed):
    """All threads together have as many bytes of files as they may have."""

    code = "files_full"
    message = (
        "The files of all threads together have reached {most} MB. Threads that are forgotten or "
        "expire make room; an admin can raise limits.files_total_mb in bot.toml."
    )


class FileNotGiven(AttachFailed):
    """Slack does not give it to the bot."""

    code = "file_not_given"
    message = (
        "Slack does not give {file} to the bot: it needs the scope files:read. An admin can add it "
        "(botctl manifest) and install the app again."
    )


class FileNotFetched(AttachFailed):
    """It could not be fetched from Slack."""

    code = "file_not_fetched"
    message = "{file} could not be fetched from Slack ({reason}). Share it again in a moment."


class FileElsewhere(AttachFailed):
    """It lies where the bot's token is not to be sent."""

    code = "file_elsewhere"
    message = "{file} does not lie in Slack itself. Upload the file, not a link to it."


class FilesNotTaken(AttachFailed):
    """bot.toml says that no files are read."""

    code = "files_not_taken"
    message = "{file} was not read: bot.toml takes no files (limits.file_mb = 0)."


class FileNotInOracle(AttachFailed):
    """A sync or proof was asked for of a file."""

    code = "file_not_in_oracle"
    message = (
        "{table} is a file of this thread and not in Oracle: it can be neither synced nor proven."
    )
