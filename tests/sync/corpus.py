"""Statements that are tried on queries, as files that can be read, and the warehouse they meet.

Of `hostile_sql.txt`, a line is ``what comes of it | statement``, under headings that are its kind.
``\\u{200B}`` stands for a character, ``⟦(×500⟧`` for five hundred times "(", and names such as
``$FILE`` for what a test knows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from sync.access_errors import ColumnHidden
from sync.errors import (
    DuckferryError,
    QueryFailed,
    QueryTimeout,
    RefusedByRule,
    TableAmbiguous,
    TableNotOffered,
    TableNotSynced,
)
from sync.filters import Filter
from sync.plan import TableRef
from sync.query_errors import (
    QueryTooCostly,
    QueryTooLarge,
    RowTooLarge,
    SqlInvalid,
    SqlRefused,
)
from sync.warehouse.exposure import WHOLE, Exposure
from sync.warehouse.layout import data_file
from sync.warehouse.manifest import publish, read_manifest
from sync.warehouse.query_process import Queries, QueryResult
from tests.sync.tables import place_rows, table_plan

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Statement:
    """One line of a corpus."""

    kind: str
    expected: str
    sql: str

    def __str__(self) -> str:
        return self.sql[:100]


def read_corpus(name: str) -> list[Statement]:
    """All statements of a file."""
    found: list[Statement] = []
    kind = ""
    for line in (HERE / name).read_text(encoding="utf-8").split("\n"):
        if line.startswith("## "):
            kind = line[3:]
        elif line and not line.startswith("# "):
            expected, _, sql = line.partition(" | ")
            found.append(Statement(kind, expected, _unfolded(sql)))
    return found


def _unfolded(sql: str) -> str:
    sql = re.sub(r"\\u\{([0-9A-F]+)\}", lambda found: chr(int(found[1], 16)), sql)
    return re.sub(r"⟦(.*?)×(\d+)⟧", lambda found: found[1] * int(found[2]), sql)


def filled(sql: str, names: Mapping[str, str]) -> str:
    """Put what a test knows in place of names such as ``$FILE``."""
    for name, value in names.items():
        sql = sql.replace(f"${name}", value)
    return sql


def shop(table: str) -> TableRef:
    return TableRef(source="main", schema_name="SHOP", table=table)


KNOWN = tuple(map(shop, ("ORDERS", "PEOPLE", "LEDGER", "고객 명단")))
"""VAULT is published, too, but nobody is offered it."""
PARTLY = Exposure(
    hidden={"SALARY": "no pay"},
    masks={"PHONE": "last4", "NOTE": "hash"},
    where=(Filter(column="REGION", op="=", values=("SEOUL",)),),
    key="KEYOFHASHES",
)
SECRETS = ("SALARYOF", "PHONEOF", "NOTEOF", "UNSEEN", "99900", "VAULTED", "LEDGERED", "KEYOFHASHES")
"""Parts of values that nobody may see here, in a result or in the words about a failure."""


def exposure_of(ref: TableRef) -> Exposure:
    """PEOPLE is shown in part, LEDGER not at all."""
    if ref.table == "LEDGER":
        raise RefusedByRule(rule="no ledger", why="")
    return PARTLY if ref.table == "PEOPLE" else WHOLE


def publish_corpus(root: Path) -> dict[str, str]:
    """Publish the tables that the statements name; give what stands for ``$FILE`` and the like."""
    orders = [
        (1, "PAID", Decimal("10.50"), datetime.fromisoformat("2026-01-05T09:30:00")),
        (2, "CANCELLED", Decimal("20.00"), datetime.fromisoformat("2026-01-20T18:00:00")),
        (3, "PAID", Decimal("0.25"), datetime.fromisoformat("2026-02-02T00:00:00")),
        (4, "SHIPPED", None, datetime.fromisoformat("2026-02-28T23:59:59")),
    ]
    people = [
        (
            number,
            "SEOUL" if number % 2 else "BUSAN",
            f"{'Seen' if number % 2 else 'UNSEEN'}{number}",
            f"SALARYOF{number}",
            f"PHONEOF{number}-{1000 + number}",
            f"NOTEOF{number}",
            7_000_000 + number if number % 2 else 999_000_000 + number,
        )
        for number in range(1, 101)
    ]
    tables = {
        "ORDERS": (
            "ID NUMBER(10), STATUS VARCHAR2(20), AMOUNT NUMBER(12:2), ORDERED_AT DATE",
            orders,
        ),
        "PEOPLE": (
            (
                "ID NUMBER(10), REGION VARCHAR2(20), NICK VARCHAR2(20), SALARY VARCHAR2(20), "
                "PHONE VARCHAR2(20), NOTE VARCHAR2(20), PAY NUMBER(10)"
            ),
            people,
        ),
        "고객 명단": (
            "ID NUMBER(10), 이름 VARCHAR2(20), 등급 VARCHAR2(20)",
            [(1, "김하나", "금"), (2, "이둘", "은"), (3, "박셋", "금")],
        ),
        "VAULT": ("ID NUMBER(10), CODE VARCHAR2(20)", [(1, "VAULTED1")]),
        "LEDGER": ("ID NUMBER(10), SUM_TOTAL VARCHAR2(20)", [(1, "LEDGERED1")]),
    }
    for table, (columns, rows) in tables.items():
        kinds = [tuple(one.replace(":", ",").split(" ")) for one in columns.split(", ")]
        plan = table_plan([(name, kind) for name, kind in kinds], table=table)
        publish(root, [place_rows(root, plan, rows, 1)])
    manifest = read_manifest(root)
    files = {
        name: str(data_file(root, shop(table), manifest.entry(shop(table)).generation))
        for name, table in (("FILE", "ORDERS"), ("HIDDEN", "VAULT"))
    }
    return {**files, "ROOT": str(root), "NEW": str(root.parent / "made-by-a-query")}


def contents(root: Path) -> dict[str, bytes]:
    """Every file below a folder, byte by byte."""
    return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


OUTCOMES: dict[type[DuckferryError], str] = {
    SqlRefused: "refused",
    TableNotOffered: "refused",
    TableAmbiguous: "refused",
    TableNotSynced: "refused",
    RefusedByRule: "refused",
    SqlInvalid: "invalid",
    ColumnHidden: "hidden",
    QueryFailed: "failed",
    QueryTimeout: "timeout",
    QueryTooCostly: "limit",
    QueryTooLarge: "limit",
    RowTooLarge: "limit",
}


def tried(queries: Queries, sql: str) -> tuple[str, QueryResult | DuckferryError]:
    """Run a statement as the product would; give what came of it in one word and in full."""
    try:
        return "ok", queries.run_sql(sql, KNOWN, exposure_of)
    except DuckferryError as error:
        return OUTCOMES.get(type(error), type(error).__name__), error
