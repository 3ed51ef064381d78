"""What Oracle's dictionary offers somebody who sets a bot up: schemas, tables, keys, cursors.

A schema may have 10,000 tables, so facts are read for a schema at once and never table by table.
Statements keep to what Oracle 11.2 has (Oracle Database Reference 11.2, "Static Data Dictionary
Views").
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from sync.dictionary_types import dictionary_type
from sync.oracle import Session, quote_table, rows
from sync.oracle_errors import OracleFailure, TableNotFound
from sync.plan import TableRef
from sync.types import copy_rule

MAX_SCHEMAS = 5_000
MAX_COLUMNS = 300_000
"""Read of one schema; tables behind them in the alphabet must be asked for by name."""
NAMES_AT_ONCE = 500
"""Of an IN list; Oracle takes 1,000 (ORA-01795)."""


@dataclass(frozen=True)
class SchemaSize:
    """A schema with tables or views that our user may see."""

    name: str
    tables: int


@dataclass(frozen=True)
class FoundColumn:
    """A column; *comment* is read for dates and times only, *is_indexed* says it leads an index."""

    name: str
    oracle_type: str
    nullable: bool
    comment: str = ""
    is_indexed: bool = False


@dataclass(frozen=True)
class FoundTable:
    """A table or view as the dictionary shows it."""

    schema_name: str
    name: str
    kind: Literal["table", "view"]
    columns: tuple[FoundColumn, ...]
    key: tuple[str, ...]
    """The declared, enabled primary key."""
    unique: tuple[tuple[str, ...], ...]
    """Columns of its unique indexes, all of them NOT NULL; fewest columns first."""
    rows: int | None
    """Of Oracle's statistics."""

    def __str__(self) -> str:
        return f"{self.schema_name}.{self.name}"

    @property
    def likely_key(self) -> tuple[str, ...]:
        """The columns that name a row where no primary key is declared; empty if none are known."""
        return self.unique[0] if self.unique and not self.key else ()

    @property
    def uncopied(self) -> tuple[FoundColumn, ...]:
        """The columns that no rule copies exactly; with one of them the table is refused."""
        return tuple(column for column in self.columns if copy_rule(column.oracle_type) is None)

    @property
    def cursors(self) -> tuple[FoundColumn, ...]:
        """The columns that seem to say when a row changed last, the likeliest first."""
        return likely_cursors(self.columns)


@dataclass(frozen=True)
class FoundSchema:
    """The tables of a schema by name; *read_to* is the last one where not all could be read."""

    name: str
    tables: tuple[FoundTable, ...]
    read_to: str | None = None


def readable_schemas(session: Session) -> tuple[SchemaSize, ...]:
    """The schemas in which our user sees tables or views, without Oracle's own; two statements."""
    own = _oracles_own(session)
    found = rows(session, _SCHEMAS, most=MAX_SCHEMAS)
    return tuple(
        SchemaSize(str(name), int(count))
        for name, count in found
        if str(name) not in own and not _OWN_PREFIX.match(str(name))
    )


def read_schema(
    session: Session, schema: str, names: Sequence[str] = (), *, most_columns: int = MAX_COLUMNS
) -> FoundSchema:
    """The tables and views of *schema* that our user sees; with *names*, just those of these.

    Three statements, or three for each `NAMES_AT_ONCE` names.
    """
    if not names:
        return _read(session, schema, (), most_columns)
    chunks = [names[at : at + NAMES_AT_ONCE] for at in range(0, len(names), NAMES_AT_ONCE)]
    found = [_read(session, schema, chunk, most_columns).tables for chunk in chunks]
    tables = sorted((table for chunk in found for table in chunk), key=lambda table: table.name)
    return FoundSchema(schema, tuple(tables))


def may_read(session: Session, ref: TableRef) -> bool:
    """Whether a SELECT is let through; the dictionary also lists what one may only write to."""
    try:
        rows(session, f"SELECT 1 FROM {quote_table(ref)} WHERE 1 = 0", ref=ref)
    except TableNotFound:
        return False
    except OracleFailure as failure:
        if failure.params["oracle_code"] == _NO_PRIVILEGE:
            return False
        raise
    return True


def likely_cursors(columns: Sequence[FoundColumn]) -> tuple[FoundColumn, ...]:
    """Dates and times named, or else commented, like a last change.

    A name counts for more than a comment, then NOT NULL (a row without a value would never be
    seen), then an index (without one each look reads the whole table).
    """

    def rank(column: FoundColumn) -> tuple[bool, bool, bool]:
        return not _CHANGED_NAME.search(column.name.upper()), column.nullable, not column.is_indexed

    fitting = [
        column
        for column in columns
        if column.oracle_type.startswith(("DATE", "TIMESTAMP"))
        and copy_rule(column.oracle_type)
        and (_CHANGED_NAME.search(column.name.upper()) or _CHANGED_COMMENT.search(column.comment))
    ]
    return tuple(sorted(fitting, key=rank))


def _oracles_own(session: Session) -> frozenset[str]:
    try:
        marked = rows(session, _MAINTAINED, most=MAX_SCHEMAS)
    except OracleFailure as failure:
        if failure.params["oracle_code"] != _NO_COLUMN:
            raise
        marked = []  # before 12.1 nothing marks them
    return _OWN | {str(row[0]) for row in marked}


def _read(session: Session, schema: str, names: Sequence[str], most_columns: int) -> FoundSchema:
    def read(sql: str, *aliases: str, most: int) -> list[tuple[Any, ...]]:
        """Run a statement whose blocks, one an alias, are each of the schema and the names."""
        binds: list[str] = []
        filters: dict[str, str] = {}
        for alias, owner in (alias.split() for alias in aliases):
            binds.append(schema)
            where = f"{alias}.{owner} = :{len(binds)}"
            if names:
                marks = ", ".join(f":{len(binds) + place}" for place in range(1, len(names) + 1))
                binds.extend(names)
                where += f" AND {alias}.table_name IN ({marks})"
            filters[alias] = where
        return rows(session, sql.format(**filters), binds, most=most)

    columns = read(_COLUMNS, "c owner", most=most_columns + 1)
    read_to = None
    if len(columns) > most_columns:
        cut = str(columns[-1][0])  # perhaps not all of its columns are here
        columns = [row for row in columns if row[0] != cut]
        read_to = str(columns[-1][0]) if columns else ""
    statistics = {
        str(name): (None if count is None else int(count), str(temporary) == "Y")
        for name, count, temporary in read(_TABLES, "t owner", most=most_columns)
    }
    keys = _Keys.of(read(_KEYS, "c owner", "i table_owner", most=most_columns))
    tables = tuple(
        _table(schema, name, list(found), statistics, keys)
        for name, found in groupby(columns, key=lambda row: str(row[0]))
        if not _BYPRODUCT.match(name) and not statistics.get(name, (None, False))[1]
    )
    return FoundSchema(schema, tables, read_to)


@dataclass(frozen=True)
class _Keys:
    """Primary keys, unique indexes and leading columns of indexes, by table."""

    primary: Mapping[str, tuple[str, ...]]
    unique: Mapping[str, list[tuple[str, ...]]]
    leading: Mapping[str, set[str]]

    @classmethod
    def of(cls, found: Sequence[tuple[Any, ...]]) -> "_Keys":
        primary: dict[str, tuple[str, ...]] = {}
        unique: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        leading: dict[str, set[str]] = defaultdict(set)
        for (table, kind, _), members in groupby(found, key=lambda row: tuple(map(str, row[:3]))):
            columns = tuple(str(row[3]) for row in members)
            if kind == "P":
                primary[table] = columns
                continue
            leading[table].add(columns[0])
            if kind == "U":
                unique[table].append(columns)
        return cls(primary, unique, leading)


def _table(
    schema: str,
    name: str,
    found: Sequence[tuple[Any, ...]],
    statistics: Mapping[str, tuple[int | None, bool]],
    keys: _Keys,
) -> FoundTable:
    columns = tuple(_columns(found, keys.leading.get(name, set())))
    always_set = {column.name for column in columns if not column.nullable}
    # A function-based index names columns that the table does not have.
    unique = [each for each in keys.unique.get(name, ()) if always_set.issuperset(each)]
    return FoundTable(
        schema_name=schema,
        name=name,
        kind="table" if name in statistics else "view",
        columns=columns,
        key=keys.primary.get(name, ()),
        unique=tuple(sorted(unique, key=len)),
        rows=statistics.get(name, (None, False))[0],
    )


def _columns(found: Sequence[tuple[Any, ...]], leading: set[str]) -> Iterator[FoundColumn]:
    for _, name, kind, precision, scale, length, characters, used, nullable, comment in found:
        yield FoundColumn(
            name=str(name),
            oracle_type=dictionary_type(kind, precision, scale, length, characters, used),
            nullable=nullable != "N",
            comment=str(comment or ""),
            is_indexed=str(name) in leading,
        )


_SCHEMAS = """
SELECT owner, COUNT(*)
FROM all_tab_comments
WHERE table_type IN ('TABLE', 'VIEW')
GROUP BY owner
ORDER BY owner"""

_MAINTAINED = "SELECT username FROM all_users WHERE oracle_maintained = 'Y'"

_COLUMNS = """
SELECT c.table_name, c.column_name, c.data_type, c.data_precision, c.data_scale, c.data_length,
       c.char_length, c.char_used, c.nullable, SUBSTR(m.comments, 1, 200)
FROM all_tab_columns c
LEFT JOIN all_col_comments m
    ON m.owner = c.owner AND m.table_name = c.table_name AND m.column_name = c.column_name
    AND (c.data_type = 'DATE' OR c.data_type LIKE 'TIMESTAMP%')
WHERE {c}
ORDER BY c.table_name, c.column_id"""

_TABLES = "SELECT t.table_name, t.num_rows, t.temporary FROM all_tables t WHERE {t}"

_KEYS = """
SELECT c.table_name, 'P', c.constraint_name, k.column_name, k.position
FROM all_constraints c
JOIN all_cons_columns k ON k.owner = c.owner AND k.constraint_name = c.constraint_name
WHERE {c} AND c.constraint_type = 'P' AND c.status = 'ENABLED'
UNION ALL
SELECT i.table_name, CASE i.uniqueness WHEN 'UNIQUE' THEN 'U' ELSE 'N' END, i.index_name,
       k.column_name, k.column_position
FROM all_indexes i
JOIN all_ind_columns k ON k.index_owner = i.owner AND k.index_name = i.index_name
WHERE {i}
ORDER BY 1, 2, 3, 5"""

_NO_PRIVILEGE = "ORA-01031"
_NO_COLUMN = "ORA-00904"

_OWN = frozenset(
    {
        *("ANONYMOUS", "APPQOSSYS", "AUDSYS", "CTXSYS", "DBSFWUSER", "DBSNMP", "DGPDB_INT", "DIP"),
        *("DMSYS", "DVF", "DVSYS", "EXFSYS", "GGSYS", "GSMADMIN_INTERNAL", "GSMCATUSER", "GSMUSER"),
        *("LBACSYS", "MDDATA", "MDSYS", "MGMT_VIEW", "OJVMSYS", "OLAPSYS", "ORACLE_OCM", "ORDDATA"),
        *("ORDPLUGINS", "ORDS_METADATA", "ORDSYS", "OUTLN", "OWBSYS", "OWBSYS_AUDIT", "PUBLIC"),
        *("REMOTE_SCHEDULER_AGENT", "SI_INFORMTN_SCHEMA", "SPATIAL_CSW_ADMIN_USR"),
        *("SPATIAL_WFS_ADMIN_USR", "SYS", "SYS$UMF", "SYSBACKUP", "SYSDG", "SYSKM", "SYSMAN"),
        *("SYSRAC", "SYSTEM", "TSMSYS", "WKPROXY", "WKSYS", "WK_TEST", "WMSYS", "XDB", "XS$NULL"),
    }
)
"""Oracle Database Security Guide, "Predefined User Accounts Provided by Oracle Database"."""
_OWN_PREFIX = re.compile(r"APEX_\d|FLOWS_(\d|FILES)|C##CLOUD\$")

_BYPRODUCT = re.compile(
    r"BIN\$|SYS_IOT_OVER_|DR\$|MLOG\$_|RUPD\$_|MDRT_|AQ\$|SYS_EXPORT_|SYS_IMPORT_"
)
"""Tables that Oracle made: the recycle bin, overflow of others, text indexes, logs, queues."""

_CHANGED_NAME = re.compile(
    r"(^|_)(UPD(ATED?|T)?|MOD(I?FY|IFIED|I)?|MDFY|CHA?NG(ED?)?|CHG|AMEND(ED)?)"
    r"_?(AT|ON|DT|DTM|DTTM|DATE|DATETIME|TIME|TS|TM|DAY|YMD|TIMESTAMP)?(_?(TIME|UTC|TZ|GMT))?$"
    r"|수정|변경|갱신"
)
_CHANGED_COMMENT = re.compile(
    r"수정|변경|갱신|last (change|update|modif)|\b(updated|modified|changed)\b|\bupdate (date|time)"
    r"|modification (date|time)",
    re.IGNORECASE,
)
