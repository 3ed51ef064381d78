# ruff: noqa: DTZ001 (Oracle's DATE and TIMESTAMP have no zone)
"""What every judge is asked to read, and what it has to find."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.oracle.process import SmallTable
from sandbox.oracle.rowids import object_number, text

#: Read row by row; DOCUMENTS only by clients that take LOBs by locator and JSON as OSON.
ITEMS = SmallTable(
    "ITEMS",
    [("ID", "NUMBER(5)"), ("AMOUNT", "NUMBER(12,2)"), ("HUGE", "NUMBER(38)"),
     ("NAME", "VARCHAR2(40)"), ("CITY", "NVARCHAR2(20)"), ("DAY_", "DATE"), ("TS", "TIMESTAMP(6)"),
     ("RATIO", "BINARY_DOUBLE")],
    [(1, "-12.50", "9" * 38, "주문 확인", "서울 🦆", datetime(2026, 2, 28, 13, 5, 9),
      datetime(2026, 2, 28, 13, 5, 9, 250000), 1.5),
     (2, *(None,) * 7)],
)  # fmt: skip
DOCUMENTS = SmallTable(
    "DOCUMENTS",
    [("ID", "NUMBER(5)"), ("BODY", "CLOB"), ("PICTURE", "BLOB"), ("RAW_", "RAW(4)"), ("J", "JSON")],
    [(1, "긴 글 " * 20_000, b"\x00\xff" * 20_000, b"\x01\xfe", '{"수": [1, 2.5, null, true]}'),
     (2, *(None,) * 4)],
)  # fmt: skip
ROWIDS = [text(row, object_number("ITEMS")) for row in (0, 1)]


@dataclass(frozen=True)
class Reading:
    """A statement with `{scn}` in it where it asks for a moment, and the rows, as JSON has them."""

    what: str
    statement: str
    rows: list[list[object]]


@dataclass(frozen=True)
class Verdict:
    """What a judge found at one place; `fault` is "" where all is right."""

    what: str
    fault: str = ""
