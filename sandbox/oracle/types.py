"""Declared Oracle column types: their text, their catalog columns, their DuckDB storage.

Facts: Oracle Database Reference, ALL_TAB_COLUMNS; type numbers from python-oracledb 26.1.0.
"""

import re
from dataclasses import dataclass, field, replace

BARE_NUMBER_SCALE = 10
BARE_NUMBER_STORAGE = f"DECIMAL(38,{BARE_NUMBER_SCALE})"
#: What keeps every NUMBER: the number times 10 to the 130, which is the most digits after a point.
EXACT_STORAGE, EXACT_SCALE = "BIGNUM", 130
MOMENT_STORAGE = "STRUCT(TS TIMESTAMP, NS SMALLINT)"
EXACT_STORAGES = {
    "NUMBER": EXACT_STORAGE,
    "FLOAT": EXACT_STORAGE,
    "TIMESTAMP": MOMENT_STORAGE,
    "TIMESTAMP WITH LOCAL TIME ZONE": MOMENT_STORAGE,
    "TIMESTAMP WITH TIME ZONE": 'STRUCT(UTC TIMESTAMP, NS SMALLINT, "MINUTES" SMALLINT)',
    "INTERVAL DAY TO SECOND": 'STRUCT("SECONDS" BIGINT, NANOS INTEGER)',
}
ROWID_STORAGE = 'STRUCT(ROWID BIGINT, "OBJECT" BIGINT)'
#: Stored zoned values travel as this offset: python-oracledb drops it, so a reader that forgets
#: SYS_EXTRACT_UTC gets times that are nine hours wrong, as it would from a real Korean shop.
LOCAL_ZONE_HOURS = 9
FIXED_STORAGE = {
    "DATE": "TIMESTAMP_S",  # keeps DATE apart from TIMESTAMP
    "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP WITH TIME ZONE",
    "TIMESTAMP WITH LOCAL TIME ZONE": "TIMESTAMP WITH TIME ZONE",
    "RAW": "BLOB",
    "LONG RAW": "BLOB",
    "BOOLEAN": "BOOLEAN",
    "BINARY_DOUBLE": "DOUBLE",
    "BINARY_FLOAT": "FLOAT",
}
FIXED_LENGTH_BYTES = {
    "NUMBER": 22,
    "FLOAT": 22,
    "INTEGER": 22,
    "DATE": 7,
    "TIMESTAMP": 11,
    "TIMESTAMP WITH LOCAL TIME ZONE": 11,
    "BOOLEAN": 1,
    "ROWID": 10,
    "UROWID": 4000,
    "LONG": 0,
    "LONG RAW": 0,
    "XMLTYPE": 2000,
    "TIMESTAMP WITH TIME ZONE": 13,
    "BINARY_DOUBLE": 8,
    "BINARY_FLOAT": 4,
    "BFILE": 530,
}
LOB_STORAGE = {"CLOB": "VARCHAR", "NCLOB": "VARCHAR", "BLOB": "BLOB", "JSON": "VARCHAR"}
#: What DATA_LENGTH says of a LOB: the bytes it may keep in its row.
LOB_LENGTH_BYTES = 4000
DAY_TO_SECOND, YEAR_TO_MONTH = "INTERVAL DAY TO SECOND", "INTERVAL YEAR TO MONTH"
TEXT_TYPES = ("VARCHAR2", "NVARCHAR2", "CHAR", "NCHAR")
INTEGER_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19, "HUGEINT": 38}
_DECLARED = re.compile(
    r"(?P<name>LONG RAW|[A-Z_0-9]+)\s*"
    r"(?:\((?P<first>\d+|\*)(?:\s*,\s*(?P<second>-?\d+))?(?:(?P<char>\s+CHAR)|\s+BYTE)?\))?"
    r"(?P<zone> WITH (?:LOCAL )?TIME ZONE)?"
)
_INTERVAL = re.compile(
    r"INTERVAL (?:DAY(?:\s*\((?P<days>\d)\))? TO SECOND(?:\s*\((?P<digits>\d)\))?"
    r"|YEAR(?:\s*\((?P<years>\d)\))? TO MONTH)"
)


@dataclass(frozen=True)
class OracleType:
    """One declared type.

    `length_bytes` is DATA_LENGTH. Where they do not apply, `characters` is 0 and precision and
    scale are None. `is_exact` columns hold values that DuckDB's own type for them cannot hold.
    """

    name: str
    length_bytes: int
    precision: int | None = None
    scale: int | None = None
    characters: int = 0
    counts_characters: bool = False
    is_exact: bool = field(default=False, compare=False)

    @property
    def data_type(self) -> str:
        """The text of ALL_TAB_COLUMNS.DATA_TYPE."""
        if self.name.startswith("TIMESTAMP"):
            return self.name.replace("TIMESTAMP", f"TIMESTAMP({self.scale})", 1)
        if self.name == DAY_TO_SECOND:
            return f"INTERVAL DAY({self.precision}) TO SECOND({self.scale})"
        if self.name == YEAR_TO_MONTH:
            return f"INTERVAL YEAR({self.precision}) TO MONTH"
        return self.name

    @property
    def is_national(self) -> bool:
        """Sent as UTF-16 (character set form 2)."""
        return self.name in ("NVARCHAR2", "NCHAR", "NCLOB")

    @property
    def is_lob(self) -> bool:
        """Sent only after the client has said how it wants to have it."""
        return self.name in LOB_STORAGE

    @property
    def is_number(self) -> bool:
        """Sent as decimal digits."""
        return self.name in ("NUMBER", "FLOAT")

    @property
    def is_bare(self) -> bool:
        """A NUMBER of any size, or a FLOAT: both are described without a scale."""
        return self.is_number and (self.scale is None or self.name == "FLOAT")

    @property
    def is_text(self) -> bool:
        """Characters, in a row or as a LOB."""
        return self.characters > 0 or self.name in ("CLOB", "NCLOB", "LONG")

    @property
    def stored_scale(self) -> int:
        """Digits after the point of the DECIMAL that keeps a NUMBER."""
        return BARE_NUMBER_SCALE if self.is_bare else max(self.scale or 0, 0)

    @property
    def stored_digits(self) -> int:
        """Digits of the DECIMAL that keeps a NUMBER: those that a negative scale cuts off, too."""
        return (38 if self.precision is None else self.precision) - min(self.scale or 0, 0)

    @property
    def storage(self) -> str:
        """The DuckDB type that keeps every value of this one."""
        if self.is_exact:
            return EXACT_STORAGES[self.name]
        if self.is_bare:
            return BARE_NUMBER_STORAGE
        if self.name == "NUMBER":
            return f"DECIMAL({max(self.stored_digits, self.stored_scale, 1)},{self.stored_scale})"
        if self.name.startswith("INTERVAL"):
            return "INTERVAL"
        return FIXED_STORAGE.get(self.name) or LOB_STORAGE.get(self.name, "VARCHAR")


NUMBER = OracleType("NUMBER", 22)
TEXT = OracleType("VARCHAR2", 4000, characters=4000)
DATE = OracleType("DATE", 7)
TIMESTAMP = OracleType("TIMESTAMP", 11, scale=6)
ROWID = OracleType("ROWID", 10)
CLOB = OracleType("CLOB", LOB_LENGTH_BYTES)
TIMESTAMP_TZ = OracleType("TIMESTAMP WITH TIME ZONE", 13, scale=6)


def parse(declared: str) -> OracleType:
    """The type written as in CREATE TABLE, such as `NUMBER(12,2)` or `VARCHAR2(40 CHAR)`.

    Raises ValueError for a type the stand-in does not have.
    """
    interval = _INTERVAL.fullmatch(declared.strip().upper())
    if interval:
        if "MONTH" in interval[0]:
            return OracleType(YEAR_TO_MONTH, 5, int(interval["years"] or 2), 0)
        leading, digits = int(interval["days"] or 2), int(interval["digits"] or 6)
        return OracleType(DAY_TO_SECOND, 11, leading, digits)
    match = _DECLARED.fullmatch(declared.strip().upper())
    name = match["name"] if match else ""
    if match and name in LOB_STORAGE:
        return OracleType(name, LOB_LENGTH_BYTES)
    if not match or name not in (*FIXED_LENGTH_BYTES, *TEXT_TYPES, "RAW"):
        raise ValueError(f"the stand-in has no type {declared!r}")
    first = int(match["first"]) if match["first"] not in (None, "*") else None
    if name == "TIMESTAMP":
        name += match["zone"] or ""
        scale = 6 if first is None else first
        return OracleType(name, FIXED_LENGTH_BYTES[name], scale=scale)
    if name in ("NUMBER", "FLOAT", "INTEGER"):
        return _number(name, first, match["first"], match["second"])
    if name in TEXT_TYPES:
        size = first or 1
        bytes_each = 2 if name in ("NVARCHAR2", "NCHAR") else 4 if match["char"] else 1
        counts = bytes_each > 1
        return OracleType(name, size * bytes_each, characters=size, counts_characters=counts)
    return OracleType(name, first or FIXED_LENGTH_BYTES.get(name, 2000))


def stored_as(declared: str, storage: str) -> OracleType:
    """The type of a column that is kept as that DuckDB type."""
    found = parse(declared)
    return found if found.storage == storage else replace(found, is_exact=True)


def _number(name: str, digits: int | None, first: str | None, second: str | None) -> OracleType:
    """NUMBER, NUMBER(p), NUMBER(p,s), NUMBER(*,s), INTEGER, FLOAT and FLOAT(binary digits)."""
    if name == "FLOAT":
        return OracleType(name, 22, digits or 126)
    is_bare = first is None and name == "NUMBER"
    found = OracleType("NUMBER", 22, digits, None if is_bare else int(second or 0))
    needed = max(found.stored_digits, found.stored_scale)
    return replace(found, is_exact=True) if needed > 38 else found


def of_stored_column(duckdb_type: str) -> OracleType:
    """The declared type of a column that was added in DuckDB's words."""
    decimal = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", duckdb_type)
    if decimal:
        return OracleType("NUMBER", 22, int(decimal[1]), int(decimal[2]))
    if duckdb_type in INTEGER_DIGITS:
        return OracleType("NUMBER", 22, INTEGER_DIGITS[duckdb_type], 0)
    return of_expression(duckdb_type)


#: What an expression of a kind is described as.
_ANY = {
    "NUMBER": "NUMBER",
    "RAW": "RAW(2000)",
    "TIMESTAMP": "TIMESTAMP(9)",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP(9) WITH TIME ZONE",
    DAY_TO_SECOND: "INTERVAL DAY(9) TO SECOND(9)",
}


def of_expression(duckdb_type: str) -> OracleType:
    """The type a client sees for an expression: Oracle describes a computed NUMBER as bare."""
    for name, storage in FIXED_STORAGE.items():
        if storage == duckdb_type:
            return parse(_ANY.get(name, name))
    if duckdb_type == ROWID_STORAGE:
        return ROWID
    for name, storage in EXACT_STORAGES.items():
        if storage == duckdb_type:
            return replace(parse(_ANY[name]), is_exact=True)
    if duckdb_type == "INTERVAL":  # the difference of two dates: a number of days
        return NUMBER
    if duckdb_type.startswith("DECIMAL") or duckdb_type.removeprefix("U") in INTEGER_DIGITS:
        return NUMBER
    return DATE if duckdb_type == "DATE" else TEXT
