"""The branch of `sync.errors` for SQL that somebody wrote.

WarehouseError
└── SqlError
    ├── SqlRefused
    ├── SqlInvalid
    ├── QueryTooCostly
    ├── QueryTooLarge
    └── RowTooLarge
"""

from sync.errors import WarehouseError


class SqlError(WarehouseError):
    """SQL that is not run as it stands."""


class SqlRefused(SqlError):
    """It is, or holds, something that is not on the lists of what may be run."""

    code = "sql_refused"
    message = "This SQL is not run: {reason}"


class SqlInvalid(SqlError):
    """DuckDB cannot parse or bind it."""

    code = "sql_invalid"
    message = "DuckDB does not understand this SQL: {reason}"


class QueryTooCostly(SqlError):
    """Its plan comes to more rows than may be worked through without being asked."""

    code = "query_too_costly"
    message = (
        "Its plan works through about {planned} rows of {tables}, more than the {most} that are "
        "run unasked. Filter or group earlier."
    )


class QueryTooLarge(SqlError):
    """It needs more memory than a query may have."""

    code = "query_too_large"
    message = "The query needs more than {megabytes} MB of memory. Filter or group more."


class RowTooLarge(SqlError):
    """Not even the first row of its answer fits."""

    code = "row_too_large"
    message = (
        "The first row of its answer has more than {bytes} bytes. Ask for fewer columns, or for a "
        "part of them: left(column, 100)."
    )
