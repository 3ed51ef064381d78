"""What Oracle's dictionary says of tables: columns, keys, comments, estimates; never a count."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.dictionary_types import dictionary_type, written_type
from sync.oracle import Session, named_errors, rows
from sync.oracle_errors import TableNotFound
from sync.plan import TableRef

MAX_COLUMNS = 4_096
"""Of one table; 1,000 before Oracle 23ai."""


@dataclass(frozen=True)
class OracleColumn:
    """A column as Oracle declares it."""

    name: str
    oracle_type: str
    nullable: bool
    comment: str | None


@dataclass(frozen=True)
class TableFacts:
    """Everything a plan is made of."""

    ref: TableRef
    columns: tuple[OracleColumn, ...]
    key: tuple[str, ...]
    comment: str | None
    rows: int | None
    bytes: int | None
    analyzed_at: str | None


def describe_table(session: Session, ref: TableRef) -> TableFacts:
    """The dictionary's facts of one table or view; raises `TableNotFound`."""
    name = [ref.schema_name, ref.table]
    found = rows(session, _COLUMNS, name, most=MAX_COLUMNS)
    if not found:
        raise TableNotFound(source=ref.source, table=str(ref))
    comments = {str(r[0]): r[1] for r in rows(session, _COLUMN_COMMENTS, name, most=MAX_COLUMNS)}
    columns = tuple(
        OracleColumn(
            name=str(column),
            oracle_type=dictionary_type(
                data_type, precision, scale, length, char_length, char_used
            ),
            nullable=nullable != "N",
            comment=comments.get(str(column)),
        )
        for column, data_type, precision, scale, length, char_length, char_used, nullable in found
    )
    key = tuple(str(r[0]) for r in rows(session, _KEY, name, most=MAX_COLUMNS))
    comment = rows(session, _COMMENT, name)
    statistics = rows(session, _STATISTICS, name)
    count, row_bytes, analyzed = statistics[0] if statistics else (None, None, None)
    return TableFacts(
        ref=ref,
        columns=columns,
        key=key,
        comment=comment[0][0] if comment else None,
        rows=_whole(count),
        bytes=None if count is None or row_bytes is None else int(count) * int(row_bytes),
        analyzed_at=_iso(analyzed),
    )


def describe_select(session: Session, ref: TableRef, select: str) -> TableFacts:
    """What is known of a query that is copied under a table's name: its columns alone.

    It is parsed, and no row of it is read.
    """
    with named_errors(session.source, ref), session.connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({select}) WHERE 1 = 0")
        columns = tuple(
            OracleColumn(
                name=info.name,
                oracle_type=_type_of(info),
                nullable=info.null_ok is not False,
                comment=None,
            )
            for info in cursor.description or []
        )
    return TableFacts(ref, columns, (), comment=None, rows=None, bytes=None, analyzed_at=None)


def _type_of(info: Any) -> str:
    """A column's type from the driver's ``FetchInfo``, as people write it."""
    name = str(info.type_code.name).removeprefix("DB_TYPE_")
    if name.startswith("TIMESTAMP"):
        return f"TIMESTAMP({info.scale}){_ZONES[name.removeprefix('TIMESTAMP')]}"
    size = int(info.internal_size or 0)
    # Of an expression the driver says 0 and -127 where the dictionary says nothing.
    precision = int(info.precision) if info.precision else None
    return _NAMES.get(name) or written_type(
        _DICTIONARY_NAMES.get(name, name),
        precision=precision,
        scale=int(info.scale) if precision else None,
        length=size,
        char_length=int(info.display_size or size),
        char_used=None,
    )


_ZONES = {"": "", "_TZ": " WITH TIME ZONE", "_LTZ": " WITH LOCAL TIME ZONE"}
_DICTIONARY_NAMES = {"VARCHAR": "VARCHAR2", "NVARCHAR": "NVARCHAR2"}
_NAMES = {
    "INTERVAL_DS": "INTERVAL DAY(9) TO SECOND(9)",
    "INTERVAL_YM": "INTERVAL YEAR(9) TO MONTH",
    "LONG_RAW": "LONG RAW",
}
"""Of intervals the widest there are: the driver does not say how wide they are."""


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


_COLUMNS = """
SELECT column_name, data_type, data_precision, data_scale, data_length, char_length, char_used,
       nullable
FROM all_tab_columns
WHERE owner = :1 AND table_name = :2
ORDER BY column_id"""

_COLUMN_COMMENTS = """
SELECT column_name, comments
FROM all_col_comments
WHERE owner = :1 AND table_name = :2 AND comments IS NOT NULL"""

_COMMENT = "SELECT comments FROM all_tab_comments WHERE owner = :1 AND table_name = :2"

_STATISTICS = """
SELECT num_rows, avg_row_len, last_analyzed
FROM all_tables
WHERE owner = :1 AND table_name = :2"""

_KEY = """
SELECT k.column_name
FROM all_constraints c
JOIN all_cons_columns k ON k.owner = c.owner AND k.constraint_name = c.constraint_name
WHERE c.owner = :1 AND c.table_name = :2 AND c.constraint_type = 'P' AND c.status = 'ENABLED'
ORDER BY k.position"""
