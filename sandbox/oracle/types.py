"""Declared Oracle column types: their text, their catalog columns, their DuckDB storage.

Facts: Oracle Database Reference, ALL_TAB_COLUMNS; type numbers from python-oracledb 26.1.0.
"""

import re
from dataclasses import dataclass

BARE_NUMBER_SCALE = 10
BARE_NUMBER_STORAGE = f"DECIMAL(38,{BARE_NUMBER_SCALE})"
#: What keeps every NUMBER: the number times 10 to the 130, which is the most digits after a point.
EXACT_STORAGE, EXACT_SCALE = "BIGNUM", 130
ROWID_STORAGE = 'STRUCT(ROWID BIGINT, "OBJECT" BIGINT)'
#: Stored zoned values travel as this offset: python-oracledb drops it, so a reader that forgets
#: SYS_EXTRACT_UTC gets times that are nine hours wrong, as it would from a real Korean shop.
LOCAL_ZONE_HOURS = 9
FIXED_STORAGE = {
    "DATE": "TIMESTAMP_S",  # keeps DATE apart from TIMESTAMP
    "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP WITH TIME ZONE",
    "RAW": "BLOB",
    "BINARY_DOUBLE": "DOUBLE",
    "BINARY_FLOAT": "FLOAT",
}
FIXED_LENGTH_BYTES = {
    "NUMBER": 22,
    "DATE": 7,
    "TIMESTAMP": 11,
    "TIMESTAMP WITH TIME ZONE": 13,
    "BINARY_DOUBLE": 8,
    "BINARY_FLOAT": 4,
}
LOB_STORAGE = {"CLOB": "VARCHAR", "NCLOB": "VARCHAR", "BLOB": "BLOB"}
#: What DATA_LENGTH says of a LOB: the bytes it may keep in its row.
LOB_LENGTH_BYTES = 4000
DAY_TO_SECOND, YEAR_TO_MONTH = "INTERVAL DAY TO SECOND", "INTERVAL YEAR TO MONTH"
TEXT_TYPES = ("VARCHAR2", "NVARCHAR2", "CHAR", "NCHAR")
INTEGER_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19, "HUGEINT": 38}
_DECLARED = re.compile(
    r"(?P<name>[A-Z_0-9]+)\s*(?:\((?P<first>\d+)(?:\s*,\s*(?P<second>-?\d+))?(?P<char>\s+CHAR)?\))?"
    r"(?P<zone> WITH TIME ZONE)?"
)
_INTERVAL = re.compile(
    r"INTERVAL (?:DAY(?:\s*\((?P<days>\d)\))? TO SECOND(?:\s*\((?P<digits>\d)\))?"
    r"|YEAR(?:\s*\((?P<years>\d)\))? TO MONTH)"
)


@dataclass(frozen=True)
class OracleType:
    """One declared type.

    `length_bytes` is DATA_LENGTH. Where they do not apply, `characters` is 0 and precision and
    scale are None.
    """

    name: str
    length_bytes: int
    precision: int | None = None
    scale: int | None = None
    characters: int = 0
    counts_characters: bool = False

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
    def is_text(self) -> bool:
        """Characters, in a row or as a LOB."""
        return self.characters > 0 or self.name in ("CLOB", "NCLOB", "LONG")

    @property
    def stored_scale(self) -> int:
        """Digits after the point of the DECIMAL that keeps a NUMBER."""
        return BARE_NUMBER_SCALE if self.precision is None else max(self.scale or 0, 0)

    @property
    def storage(self) -> str:
        """The DuckDB type that keeps every value of this one."""
        if self.name == "NUMBER":
            if self.precision is None:
                return BARE_NUMBER_STORAGE
            scale = self.scale or 0
            if scale < 0:
                return f"DECIMAL({self.precision - scale},0)"
            return f"DECIMAL({max(self.precision, scale)},{scale})"
        if self.name.startswith("INTERVAL"):
            return "INTERVAL"
        return FIXED_STORAGE.get(self.name) or LOB_STORAGE.get(self.name, "VARCHAR")


NUMBER = OracleType("NUMBER", 22)
TEXT = OracleType("VARCHAR2", 4000, characters=4000)
DATE = OracleType("DATE", 7)
TIMESTAMP = OracleType("TIMESTAMP", 11, scale=6)
ROWID = OracleType("ROWID", 10)
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
    first = int(match["first"]) if match["first"] else None
    if name == "NUMBER":
        scale = None if first is None else int(match["second"] or 0)
        return OracleType(name, 22, first, scale)
    if name == "TIMESTAMP":
        zoned = TIMESTAMP_TZ if match["zone"] else TIMESTAMP
        return OracleType(zoned.name, zoned.length_bytes, scale=6 if first is None else first)
    if name in TEXT_TYPES:
        size = first or 1
        bytes_each = 2 if name in ("NVARCHAR2", "NCHAR") else 4 if match["char"] else 1
        counts = bytes_each > 1
        return OracleType(name, size * bytes_each, characters=size, counts_characters=counts)
    return OracleType(name, first or FIXED_LENGTH_BYTES.get(name, 2000))


def of_stored_column(duckdb_type: str) -> OracleType:
    """The declared type of a column that was added in DuckDB's words."""
    decimal = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", duckdb_type)
    if decimal:
        return OracleType("NUMBER", 22, int(decimal[1]), int(decimal[2]))
    if duckdb_type in INTEGER_DIGITS:
        return OracleType("NUMBER", 22, INTEGER_DIGITS[duckdb_type], 0)
    return of_expression(duckdb_type)


def of_expression(duckdb_type: str) -> OracleType:
    """The type a client sees for an expression: Oracle describes a computed NUMBER as bare."""
    for name, storage in FIXED_STORAGE.items():
        if storage == duckdb_type:
            return parse(
                "RAW(2000)" if name == "RAW" else name.replace("TIMESTAMP", "TIMESTAMP(6)")
            )
    if duckdb_type == ROWID_STORAGE:
        return ROWID
    if duckdb_type == EXACT_STORAGE:
        return NUMBER
    if duckdb_type == "INTERVAL":  # the difference of two dates: a number of days
        return NUMBER
    if duckdb_type.startswith("DECIMAL") or duckdb_type.removeprefix("U") in INTEGER_DIGITS:
        return NUMBER
    return DATE if duckdb_type == "DATE" else TEXT
