"""Statements that mean harm, run as the product runs them: what comes of each, and no more."""

import json
import os
import random
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from sync.errors import DuckferryError
from sync.names import resolve_table
from sync.query_errors import RowTooLarge
from sync.warehouse.exposure import WHOLE
from sync.warehouse.guard import (
    MAX_SQL_CHARACTERS,
    MOST_TREE_CHARACTERS,
    named_tables,
    split_explain,
)
from sync.warehouse.query_process import Queries, QueryLimits, QueryResult, open_queries
from tests.sync.corpus import (
    KNOWN,
    SECRETS,
    Statement,
    contents,
    exposure_of,
    filled,
    publish_corpus,
    read_corpus,
    tried,
)
from tests.sync.processes import has_threads, queries_of, until

HOSTILE = read_corpus("hostile_sql.txt")
BOMBS = [one for one in HOSTILE if one.kind == "bombs"]
KINDS = sorted({one.kind for one in HOSTILE} - {"bombs"})
STOPPED = {"timeout", "limit", "failed"}
CONTAINED = STOPPED | {"ok", "invalid", "hidden"}
BOMB_SECONDS = 2.0
ENDLESS = "WITH RECURSIVE x AS (SELECT 1 i UNION ALL SELECT i FROM x) SELECT count(*) FROM x"
MOST_BYTES = 512 * 1024**2
"""Of this process's own memory, while queries take theirs."""


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A published warehouse, and what the statements call its parts."""
    root = tmp_path_factory.mktemp("hostile") / "warehouse"
    return publish_corpus(root) | {"PID": str(os.getpid())}


@pytest.fixture(scope="module")
def queries(names: dict[str, str]) -> Iterator[Queries]:
    with open_queries(Path(names["ROOT"]), QueryLimits(seconds=20)) as queries_:
        yield queries_


def told(found: QueryResult | DuckferryError) -> str:
    """All that a person or a model would be told."""
    return str(found) if isinstance(found, DuckferryError) else f"{found.columns} {found.rows}"


def leaks(sql: str, found: QueryResult | DuckferryError) -> list[str]:
    """What is told and must not be: values, and names that the statement does not hold itself."""
    said = told(found)
    hidden_names = ("SALARY", "VAULT", "CODE")
    new_names = [one for one in hidden_names if one not in sql.upper()]
    return [one for one in (*SECRETS, *new_names) if one in said and one not in sql]


def test_the_corpus_is_large_and_no_statement_is_there_twice() -> None:
    assert len(HOSTILE) >= 300
    assert len({one.sql for one in HOSTILE}) == len(HOSTILE)


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_of_hostile_statements(
    queries: Queries, names: dict[str, str], kind: str
) -> None:
    whole = contents(Path(names["ROOT"]).parent)
    statements = [one for one in HOSTILE if one.kind == kind]

    def ask(one: Statement) -> tuple[str, QueryResult | DuckferryError]:
        return tried(queries, filled(one.sql, names))

    with ThreadPoolExecutor(2) as askers:
        found = list(askers.map(ask, statements))
    wrong = {
        str(one): (one.expected, outcome, told(said)[:300])
        for one, (outcome, said) in zip(statements, found, strict=True)
        if outcome != one.expected or leaks(filled(one.sql, names), said)
    }
    assert wrong == {}
    assert contents(Path(names["ROOT"]).parent) == whole


def explode(names: dict[str, str], bombs: list[Statement]) -> None:
    """Run each; afterwards the files are whole, and an ordinary question is answered."""
    root = Path(names["ROOT"])
    whole = contents(root.parent)
    with open_queries(root, QueryLimits(seconds=BOMB_SECONDS)) as queries_:
        for one in bombs:
            outcome, found = tried(queries_, one.sql)
            assert outcome in CONTAINED, (str(one), told(found)[:300])
            assert one.expected in {outcome, "contained"}, (str(one), outcome)
            assert leaks(one.sql, found) == []
    with open_queries(root, QueryLimits(seconds=20)) as queries_:
        assert tried(queries_, "SELECT count(*) FROM ORDERS")[0] == "ok"
    assert contents(root.parent) == whole
    assert peak_bytes() < MOST_BYTES


def peak_bytes() -> int:
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x)
    return int(line.split()[1]) * 1024


def test_a_few_bombs_are_contained(names: dict[str, str]) -> None:
    explode(names, random.Random(6).sample(BOMBS, 3))  # noqa: S311 - any three, each time the same


@pytest.mark.sweep
@pytest.mark.parametrize("bomb", BOMBS, ids=str)
def test_each_bomb_is_contained(names: dict[str, str], bomb: Statement) -> None:
    explode(names, [bomb])


# the guard alone


@pytest.mark.parametrize("kind", KINDS)
def test_the_guard_alone_refuses_what_it_must(names: dict[str, str], kind: str) -> None:
    refused = [one for one in HOSTILE if (one.kind, one.expected) == (kind, "refused")]
    with duckdb.connect(":memory:") as db:
        passed = [str(one) for one in refused if guard_lets_pass(db, filled(one.sql, names))]
    assert [one for one in passed if not one.startswith("EXPLAIN")] == []


def guard_lets_pass(db: duckdb.DuckDBPyConnection, sql: str) -> bool:
    """Whether a statement would be run if nothing but the guard stood, and nobody were exposed."""
    try:
        text, _ = split_explain(sql)
        row = db.execute("SELECT json_serialize_sql(CAST(? AS VARCHAR))", [text]).fetchone()
        assert row
        if len(row[0]) > MOST_TREE_CHARACTERS:
            return False
        for path in named_tables(json.loads(row[0])):
            exposure_of(resolve_table(".".join(path), KNOWN))
    except (DuckferryError, duckdb.Error, RecursionError):
        return False
    return True


# what others notice of it


def test_while_bombs_run_another_question_is_answered(names: dict[str, str]) -> None:
    root = Path(names["ROOT"])
    with (
        open_queries(root, QueryLimits(seconds=60)) as queries_,
        ThreadPoolExecutor(2) as bombs,
    ):
        running = [bombs.submit(tried, queries_, ENDLESS) for _ in range(2)]
        until(lambda: len(list(filter(has_threads, queries_of(os.getpid())))) == 2 or None)
        assert tried(queries_, "SELECT count(*) FROM ORDERS")[0] == "ok"
        assert [one.done() for one in running] == [False, False]
        for pid in filter(has_threads, queries_of(os.getpid())):
            os.kill(pid, signal.SIGKILL)
        assert [one.result(60)[0] for one in running] == ["failed", "failed"]


def test_one_cell_of_a_hundred_megabytes_is_told_as_too_large(
    names: dict[str, str],
) -> None:
    root = Path(names["ROOT"])
    with open_queries(root, QueryLimits(seconds=60, memory_mb=2000)) as queries_:
        with pytest.raises(RowTooLarge):
            queries_.run_sql(
                "SELECT string_agg(repeat('x', 100000), '') FROM range(1000)", KNOWN, exposure_of
            )
        assert tried(queries_, "SELECT 1")[0] == "ok"
    assert peak_bytes() < MOST_BYTES


def test_a_result_of_a_million_rows_is_cut_and_says_so(queries: Queries) -> None:
    found = queries.run_sql("SELECT * FROM range(1000000)", KNOWN, exposure_of)
    assert (len(found.rows), found.truncated) == (100, True)


def test_the_longest_text_is_read_and_one_more_character_is_not(queries: Queries) -> None:
    longest = "SELECT 1 --".ljust(MAX_SQL_CHARACTERS, "x")
    assert tried(queries, longest)[0] == "ok"
    assert tried(queries, longest + "x")[0] == "refused"


# rows that are not shown

PROBES = (
    "SELECT count(*) FROM PEOPLE WHERE substr(NICK, 5)::INT > 0",
    "SELECT sum(substr(NICK, 5)::INT) FROM PEOPLE WHERE substr(NICK, 5)::INT > 0",
    "SELECT count(*) FROM PEOPLE p JOIN range(200) r ON substr(p.NICK, 5)::INT = r.range",
    "SELECT count(*) FROM PEOPLE a JOIN PEOPLE b ON substr(a.NICK, 5)::INT = b.ID",
    "SELECT count(*) FROM (SELECT DISTINCT substr(NICK, 5)::INT FROM PEOPLE WHERE PAY > 0)",
    "SELECT min(substr(NICK, 5)::INT) FILTER (WHERE REGION = 'SEOUL') FROM PEOPLE",
    "SELECT count(*) FROM PEOPLE WHERE substr(NICK, 5)::INT IN (SELECT ID FROM PEOPLE)",
    "SELECT ID FROM PEOPLE ORDER BY substr(NICK, 5)::INT LIMIT 1",
    "SELECT count(*) FROM PEOPLE GROUP BY substr(NICK, 5)::INT % 2",
    "SELECT 1 FROM ORDERS o, LATERAL (SELECT 1 FROM PEOPLE WHERE substr(NICK, 5)::INT = o.ID)",
    "SELECT max(substr(NICK, 5)::INT) OVER () FROM PEOPLE LIMIT 1",
    "SELECT count(*) FROM PEOPLE WHERE 1 // (PAY - 999000002) = 0 OR substr(NICK, 5)::INT > 0",
)
"""Each fails with a conversion on any row that is not shown, so that it tells when it meets one."""


@pytest.mark.parametrize("sql", PROBES)
def test_no_filter_and_no_join_meets_a_row_that_is_not_shown(queries: Queries, sql: str) -> None:
    assert tried(queries, sql)[0] == "ok"
    with pytest.raises(DuckferryError):  # so it would tell
        queries.run_sql(sql.replace("= 'SEOUL'", "<> ''"), KNOWN, lambda _: WHOLE)
