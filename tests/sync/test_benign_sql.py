"""SQL as an analyst's model writes it: it runs, and gives the rows that plain DuckDB gives."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from sync.warehouse.exposure import WHOLE
from sync.warehouse.layout import data_file
from sync.warehouse.manifest import read_manifest
from sync.warehouse.query_process import Cell, Queries, QueryLimits, ResultColumn, open_queries
from tests.sync.corpus import HERE, KNOWN, publish_corpus, shop

BENIGN = [
    line
    for line in (HERE / "benign_sql.txt").read_text(encoding="utf-8").split("\n")
    if line and not line.startswith("#")
]
TABLES = ("ORDERS", "고객 명단")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root_ = tmp_path_factory.mktemp("benign") / "warehouse"
    publish_corpus(root_)
    return root_


@pytest.fixture(scope="module")
def queries(root: Path) -> Iterator[Queries]:
    with open_queries(root, QueryLimits(seconds=20, rows=1000)) as queries_:
        yield queries_


@pytest.fixture(scope="module")
def plain(root: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB without walls that holds the same tables under the same names."""
    manifest = read_manifest(root)
    with duckdb.connect(":memory:") as db:
        db.execute("SET TimeZone = 'UTC'; CREATE SCHEMA SHOP")
        for number, table in enumerate(TABLES):
            file = data_file(root, shop(table), manifest.entry(shop(table)).generation)
            db.execute(f"ATTACH '{file}' AS file{number} (READ_ONLY)")
            db.execute(f'CREATE TABLE SHOP."{table}" AS FROM file{number}.SHOP."{table}"')
            db.execute(f'CREATE TABLE "{table}" AS FROM SHOP."{table}"')
        yield db


def test_there_are_many_and_none_twice() -> None:
    assert len(set(BENIGN)) == len(BENIGN) >= 80


@pytest.mark.parametrize("sql", BENIGN)
def test_an_analysts_sql_gives_the_rows_of_plain_duckdb(
    queries: Queries, plain: duckdb.DuckDBPyConnection, sql: str
) -> None:
    found = queries.run_sql(sql, KNOWN, lambda _: WHOLE)
    bare = sql.replace("main.SHOP.", "SHOP.").rstrip("; ")
    rows = plain.execute(f"SELECT COLUMNS(*)::VARCHAR FROM ({bare}\n)").fetchall()
    assert len(found.rows) == len(rows)
    for ours, theirs in zip(found.rows, rows, strict=True):
        as_text = [written(*one) for one in zip(found.columns, ours, theirs, strict=True)]
        assert as_text == list(theirs)


def written(column: ResultColumn, value: Cell, plain: str | None) -> str | None:
    """A value of ours as DuckDB writes it as text; of floating numbers, as the same number."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and plain is not None:
        return plain if float(plain) == value else str(value)
    if column.type.startswith("TIMESTAMP"):
        return (
            str(value).replace("T", " ").removesuffix(":00")
            if "ZONE" in column.type
            else str(value).replace("T", " ")
        )
    return str(value)
