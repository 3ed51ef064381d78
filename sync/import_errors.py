"""The branch of `sync.errors` for tables of DuckDB files that are not ours.

WarehouseError
└── ImportFailed
    ├── ImportFileMissing
    ├── ImportFileEmpty
    ├── ImportFileForeign
    ├── ImportFileInUse
    ├── ImportFileNewer
    ├── ImportFileEncrypted
    ├── ImportFileDamaged
    ├── ImportFileClosed
    ├── ImportFileChanged
    ├── ImportRunning           transient
    ├── NothingToImport
    ├── NotFromOracle
    └── NotImported
"""

from sync.errors import WarehouseError


class ImportFailed(WarehouseError):
    """A DuckDB file does not give what is asked of it."""


class ImportFileMissing(ImportFailed):
    """There is no such file."""

    code = "import_file_missing"
    message = "There is no file {file}. Name the DuckDB file with its path."


class ImportFileEmpty(ImportFailed):
    """The file has no bytes."""

    code = "import_file_empty"
    message = "{file} is empty: it has not a single byte, so there is nothing to import."


class ImportFileForeign(ImportFailed):
    """The file is of another program."""

    code = "import_file_foreign"
    message = (
        "{file} is not a DuckDB file. Of a CSV, Parquet or SQLite file make one with DuckDB first: "
        "CREATE TABLE … AS FROM 'that file'."
    )


class ImportFileInUse(ImportFailed):
    """Another process may be writing the file."""

    code = "import_file_in_use"
    message = (
        "{file} is in use: another process has it open to write. Close it there, or copy the file "
        "once it is closed and import the copy."
    )


class ImportFileNewer(ImportFailed):
    """Our DuckDB cannot read the file's format."""

    code = "import_file_newer"
    message = (
        "{file} has a format that DuckDB {version}, which Duckferry uses, cannot read: another "
        "release of DuckDB wrote it. There, ATTACH a new file with (STORAGE_VERSION 'v1.0.0'), "
        "COPY FROM DATABASE into it, and import that one."
    )


class ImportFileEncrypted(ImportFailed):
    """The file needs a key."""

    code = "import_file_encrypted"
    message = (
        "{file} is encrypted. Write it without encryption with DuckDB (COPY FROM DATABASE) and "
        "import that file."
    )


class ImportFileDamaged(ImportFailed):
    """DuckDB cannot make sense of the file."""

    code = "import_file_damaged"
    message = "{file} cannot be read, it may be damaged. DuckDB says: {reason}"


class ImportFileClosed(ImportFailed):
    """Our user may not read the file."""

    code = "import_file_closed"
    message = "{file} may not be read by this user. Change its mode, or run this as its owner."


class ImportFileChanged(ImportFailed):
    """What would be imported is not what was shown."""

    code = "import_file_changed"
    message = (
        "{file} has changed since its tables were shown, so nothing was imported. Run this again."
    )


class ImportRunning(ImportFailed):
    """One import at a time builds in a warehouse."""

    code = "import_running"
    message = "Another import into this warehouse is at work. Wait for it to end."
    transient = True


class NothingToImport(ImportFailed):
    """No table of the file can be imported."""

    code = "nothing_to_import"
    message = "{file} has no table or view that can be imported."


class NotFromOracle(ImportFailed):
    """An imported table is to be compared with Oracle, or copied from it."""

    code = "not_from_oracle"
    message = (
        "{table} was imported from a DuckDB file and is not in Oracle: it can neither be synced "
        "nor proven. `botctl warehouse import` of a newer file replaces it."
    )


class NotImported(ImportFailed):
    """A copy of Oracle is to be dropped as imported tables are."""

    code = "not_imported"
    message = (
        "{table} was copied from Oracle, not imported, so it is not dropped. Take it out of "
        "bot.toml, and it is offered to nobody."
    )
