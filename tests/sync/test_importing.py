"""Tables of a DuckDB file that is not ours, taken over as they are."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from sync.engine import Steps
from sync.import_errors import (
    ImportFailed,
    ImportFileChanged,
    ImportFileDamaged,
    ImportFileEmpty,
    ImportFileEncrypted,
    ImportFileForeign,
    ImportFileInUse,
    ImportFileMissing,
    ImportFileNewer,
    ImportRunning,
    NotFromOracle,
    NothingToImport,
)
from sync.names import resolve_syncable, resolve_table, shown_names
from sync.plan import TableRef
from sync.reproving import prove_again
from sync.undo import plan_undo, run_undo
from sync.warehouse.foreign import look_into
from sync.warehouse.generation import IMPORT_LOCK, sweep_builds
from sync.warehouse.importing import Imported, import_tables
from sync.warehouse.layout import data_file, generation_folder, locked
from sync.warehouse.manifest import ManifestEntry, read_manifest
from sync.warehouse.query import Query, compile_query
from sync.warehouse.query_process import QueryLimits
from sync.warehouse.recovery import rebuild_manifest
from tests.asking import AskedAt
from tests.sync.copying import copied_rows
from tests.sync.foreign_files import (
    ORDERS_FILE,
    fingerprint,
    leave_in_wal,
    make_csv,
    make_damaged,
    make_empty,
    make_encrypted,
    make_file,
    make_folder,
    make_newer,
    make_pipe,
    make_sqlite,
    open_elsewhere,
    remove,
)

MOST_ROWS = 1_000


def imported(table: str, schema: str = "main") -> TableRef:
    return TableRef(source="imported", schema_name=schema, table=table)


def take_over(root: Path, file: Path, most_rows: int = MOST_ROWS) -> Imported:
    return import_tables(root, file, look_into(file, most_rows), most_rows=most_rows)


def left_out(found: Imported) -> dict[str, str]:
    return {one.ref.table: one.why for one in found.left_out}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "warehouse"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "team").mkdir()
    return make_file(tmp_path / "team" / "team data.duckdb", *ORDERS_FILE)


def test_tables_and_views_keep_names_rows_types_key_and_comments(root: Path, file: Path) -> None:
    found = take_over(root, file)
    assert found.left_out == ()
    orders = read_manifest(root).entry(imported("주문 내역"))
    assert copied_rows(root, orders.ref, "번호, 상태, CAST(금액 AS VARCHAR)") == [
        (1, "취소", "10.50"),
        (2, "완료", "20.25"),
        (3, "완료", "0.00"),
    ]
    assert [(c.name, c.duckdb_type, c.nullable) for c in orders.columns] == [
        ("번호", "BIGINT", False),
        ("상태", "VARCHAR", False),
        ("금액", "DECIMAL(12,2)", True),
    ]
    assert (orders.key, orders.comment) == (("번호",), "들어온 주문")
    assert orders.column_comments == {"금액": "원"}
    assert [row[0] for row in copied_rows(root, imported("완료 주문"))] == [2, 3]


def test_the_receipt_claims_nothing_of_oracle(root: Path, file: Path) -> None:
    take_over(root, file)
    receipt = read_manifest(root).entry(imported("주문 내역")).receipt
    assert (receipt.imported, receipt.proof, receipt.consistency) == (
        "team data.duckdb",
        "none",
        "imported",
    )
    assert (receipt.oracle_rows, receipt.scn, receipt.checks, receipt.rows) == (None, None, (), 3)


def test_a_generation_is_sealed_like_every_other(root: Path, file: Path) -> None:
    take_over(root, file)
    entry = read_manifest(root).entry(imported("주문 내역"))
    folder = generation_folder(root, entry.ref, entry.generation)
    assert folder.stat().st_mode & 0o777 == 0o555
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
        ("data.duckdb", "receipt.json", "entry.json"), 0o444
    )
    with duckdb.connect(folder / "data.duckdb", read_only=True) as db:
        meta = dict(db.execute("SELECT name, value FROM _meta").fetchall())
    assert (meta["imported"], meta["proof"]) == ("team data.duckdb", "none")
    assert not list((root / "build").glob("*/*/*"))


def test_the_file_stays_as_it_was(root: Path, file: Path) -> None:
    before = fingerprint(file.parent)
    file.chmod(0o444)
    take_over(root, file)
    assert fingerprint(file.parent) == before


def test_what_a_dead_process_left_in_the_log_is_imported_and_stays_there(
    root: Path, file: Path
) -> None:
    leave_in_wal(file, "CREATE TABLE late AS SELECT 7 AS n")
    before = fingerprint(file.parent)
    assert list(before) == ["team data.duckdb", "team data.duckdb.wal"]
    take_over(root, file)
    assert copied_rows(root, imported("late")) == [(7,)]
    assert fingerprint(file.parent) == before


@pytest.mark.parametrize(
    "view",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('/etc/passwd', columns = {'a': 'VARCHAR'}, auto_detect = false)",
        "SELECT * FROM glob('/etc/*')",
        "SELECT error('no row of this can be had')",
    ],
)
def test_a_view_that_cannot_be_read_is_left_out_with_the_reason(
    root: Path, file: Path, view: str
) -> None:
    make_file(file, f'CREATE VIEW "나쁜 뷰" AS {view}')
    found = take_over(root, file)
    assert list(left_out(found)) == ["나쁜 뷰"]
    assert all(left_out(found).values())
    assert read_manifest(root).imported == (imported("완료 주문"), imported("주문 내역"))


def test_a_view_without_an_end_is_left_out(root: Path, file: Path) -> None:
    make_file(file, "CREATE VIEW endless AS SELECT * FROM range(1000000000000)")
    assert left_out(take_over(root, file)) == {
        "endless": "it has more than 1,000 rows; raise limits.max_rows in bot.toml"
    }


def test_a_table_of_too_many_rows_is_left_out(root: Path, file: Path) -> None:
    found = take_over(root, file, most_rows=2)
    assert list(left_out(found)) == ["주문 내역"]
    assert [entry.ref.table for entry in found.entries] == ["완료 주문"]


def test_views_that_name_their_file_or_a_macro_of_it_work(root: Path, tmp_path: Path) -> None:
    make_file(
        tmp_path / "sales.v2.duckdb",
        "CREATE TABLE t AS SELECT 1 AS a",
        "CREATE MACRO next_of(x) AS x + 1",
        "CREATE VIEW v AS SELECT next_of(a) AS b FROM t",
        "CREATE VIEW w AS SELECT * FROM sales.main.t",
    )
    assert take_over(root, tmp_path / "sales.v2.duckdb").left_out == ()
    assert copied_rows(root, imported("v")) == [(2,)]
    assert copied_rows(root, imported("w")) == [(1,)]


@pytest.mark.parametrize("schema", ["data", "DATA", "older", "temp", "매출 부서"])
def test_other_schemas_are_part_of_the_name(root: Path, tmp_path: Path, schema: str) -> None:
    file = make_file(
        tmp_path / "t.duckdb",
        f'CREATE SCHEMA "{schema}"',
        f'CREATE TABLE t."{schema}".t (a INTEGER)',
    )
    [entry] = take_over(root, file).entries
    assert entry.ref == imported("t", schema)
    (root / "manifest.json").unlink()
    assert rebuild_manifest(root).entry(entry.ref) == entry


def test_a_table_under_the_name_of_our_notes_is_left_out(root: Path, file: Path) -> None:
    make_file(file, "CREATE TABLE _META AS SELECT 1 AS a")
    found = take_over(root, file)
    assert left_out(found) == {
        "_META": "Duckferry keeps notes of its own under this name; rename it"
    }


TYPES = {
    "a_list": ("INTEGER[]", "[1, 2]"),
    "a_struct": ("STRUCT(a INTEGER, b VARCHAR)", "{'a': 1, 'b': x}"),
    "a_map": ("MAP(VARCHAR, INTEGER)", "{x=1}"),
    "an_array": ("INTEGER[2]", "[1, 2]"),
    "a_union": ("UNION(n INTEGER, s VARCHAR)", "x"),
    "a_uuid": ("UUID", "6f1b0d4e-2b6d-4c0f-9d57-0a3f4a1f5c11"),
    "a_hugeint": ("HUGEINT", "-170141183460469231731687303715884105728"),
    "a_uhugeint": ("UHUGEINT", "340282366920938463463374607431768211455"),
    "a_small": ("TINYINT", "-128"),
    "a_time": ("TIME", "23:59:59.999999"),
    "an_interval": ("INTERVAL", "1 year 2 days 03:00:00"),
    "a_bit": ("BIT", "10101"),
    "some_json": ("JSON", '{"a": 1}'),
    "a_date": ("DATE", "0001-01-01"),
    "a_second": ("TIMESTAMP_S", "2026-11-28 01:02:03"),
    "a_flag": ("BOOLEAN", "true"),
}


def test_every_type_of_duckdb_is_kept_and_can_be_asked_about(
    root: Path, tmp_path: Path, asked_at: AskedAt
) -> None:
    columns = ", ".join(f"{name} {kind}" for name, (kind, _) in TYPES.items())
    values = ", ".join(f"CAST('{value.replace(chr(39), chr(39) * 2)}' AS {kind})"
                       if not name.startswith("a_union") else "union_value(s := 'x')"
                       for name, (kind, value) in TYPES.items())  # fmt: skip
    file = make_file(
        tmp_path / "types.duckdb", f"CREATE TABLE t ({columns})", f"INSERT INTO t VALUES ({values})"
    )
    [entry] = take_over(root, file).entries
    assert {c.name: c.duckdb_type for c in entry.columns} == {n: k for n, (k, _) in TYPES.items()}
    queries = asked_at(root, QueryLimits())
    [row] = queries.run(compile_query(Query(table="t"), entry), entry).rows
    shown = dict(zip(TYPES, row, strict=True))
    assert {name: str(value).casefold() for name, value in shown.items()} == {
        name: value.replace(" ", "T").casefold() if name == "a_second" else value.casefold()
        for name, (_, value) in TYPES.items()
    }


@pytest.mark.parametrize(
    ("column", "op", "value", "ids"),
    [
        ("mood", "=", "좋음", [1]),
        ("mood", "like", "나%", [2]),
        ("born", "=", "2026-11-28", [1]),
        ("born", "<", "2026-11-28T12:00:00", [1, 2]),
        ("is_open", "=", True, [1]),
        ("small", ">=", 3, [2]),
        ("big", "=", "-9223372036854775808", [1]),
        ("code", "in", ["6F1B0D4E-2B6D-4C0F-9D57-0A3F4A1F5C11"], [1]),
    ],
)
def test_rows_are_found_by_types_that_oracle_does_not_have(
    root: Path,
    tmp_path: Path,
    asked_at: AskedAt,
    column: str,
    op: str,
    value: object,
    ids: list[int],
) -> None:
    file = make_file(
        tmp_path / "f.duckdb",
        "CREATE TABLE t (id INTEGER, mood ENUM('좋음', '나쁨'), born DATE, is_open BOOLEAN, "
        "small TINYINT, big BIGINT, code UUID)",
        "INSERT INTO t VALUES (1, '좋음', '2026-11-28', true, 2, -9223372036854775808, "
        "'6f1b0d4e-2b6d-4c0f-9d57-0a3f4a1f5c11'), (2, '나쁨', '2026-11-27', false, 3, 1, NULL)",
    )
    [entry] = take_over(root, file).entries
    condition = {"column": column, "op": op, "value": value}
    asked = {"table": "t", "columns": ["id"], "where": [condition]}
    query = compile_query(Query.model_validate(asked), entry)
    found = asked_at(root, QueryLimits()).run(query, entry)
    assert [row[0] for row in found.rows] == ids


def test_the_values_of_an_enum_are_no_part_of_its_type(root: Path, tmp_path: Path) -> None:
    file = make_file(
        tmp_path / "e.duckdb",
        "CREATE TABLE t (a ENUM('it''s, secret', 'b'), b STRUCT(c ENUM('x')))",
    )
    [entry] = take_over(root, file).entries
    assert [c.duckdb_type for c in entry.columns] == ["ENUM", "STRUCT(c ENUM)"]


def test_a_variant_becomes_text_and_is_told(root: Path, tmp_path: Path) -> None:
    file = make_file(
        tmp_path / "v.duckdb",
        "CREATE TABLE t (a INTEGER, b VARIANT)",
        "INSERT INTO t VALUES (1, CAST({'n': 2} AS VARIANT))",
    )
    [offer] = look_into(file, MOST_ROWS).offers
    assert [(c.name, c.oracle_type, c.duckdb_type) for c in offer.as_text] == [
        ("b", "VARIANT", "VARCHAR")
    ]
    take_over(root, file)
    assert copied_rows(root, imported("t")) == [(1, "{'n': 2}")]


def test_an_import_again_replaces_and_can_be_undone(root: Path, file: Path) -> None:
    take_over(root, file)
    make_file(file, "DELETE FROM \"주문 내역\" WHERE 상태 = '취소'", 'DROP VIEW "완료 주문"')
    take_over(root, file)
    ref = imported("주문 내역")
    again = read_manifest(root).entry(ref)
    assert (again.fence, again.rows, len(again.previous)) == (2, 2, 1)
    assert read_manifest(root).entry(imported("완료 주문")).fence == 1
    run_undo(
        plan_undo(root, ref),
        warehouse=root,
        build="undo-3",
        fence=lambda _: 3,
        steps=Steps(on_progress=lambda _: None),
    )
    undone = read_manifest(root).entry(ref)
    assert (undone.rows, undone.receipt.imported) == (3, "team data.duckdb")


def test_a_lost_manifest_is_made_again_with_imported_tables(root: Path, file: Path) -> None:
    take_over(root, file)
    before = read_manifest(root)
    (root / "manifest.json").unlink()
    assert rebuild_manifest(root) == before


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (remove, ImportFileMissing),
        (make_folder, ImportFileMissing),
        (make_pipe, ImportFileMissing),
        (make_empty, ImportFileEmpty),
        (make_csv, ImportFileForeign),
        (make_sqlite, ImportFileForeign),
        (make_newer, ImportFileNewer),
        (make_damaged, ImportFileDamaged),
        (make_encrypted, ImportFileEncrypted),
    ],
)
def test_a_file_that_cannot_be_imported_is_told_in_words(
    root: Path, file: Path, make: Callable[[Path], None], error: type[ImportFailed]
) -> None:
    make(file)
    with pytest.raises(error) as told:
        take_over(root, file)
    assert str(file) in str(told.value)
    assert not (root / "manifest.json").exists()


def test_a_file_that_another_process_writes_is_in_use(root: Path, file: Path) -> None:
    with open_elsewhere(file), pytest.raises(ImportFileInUse, match="Close it there"):
        take_over(root, file)


def test_a_file_that_changed_since_it_was_shown_is_not_imported(root: Path, file: Path) -> None:
    shown = look_into(file, MOST_ROWS)
    make_file(file, "INSERT INTO \"주문 내역\" VALUES (4, '취소', 1)")
    with pytest.raises(ImportFileChanged):
        import_tables(root, file, shown, most_rows=MOST_ROWS)


def test_a_file_without_tables_gives_nothing(root: Path, tmp_path: Path) -> None:
    with pytest.raises(NothingToImport):
        take_over(root, make_file(tmp_path / "bare.duckdb"))


def test_one_import_at_a_time_and_workers_spare_its_builds(root: Path, file: Path) -> None:
    build = root / "build" / "imported" / "main.t" / "import-1"
    build.mkdir(parents=True)
    with locked(root / IMPORT_LOCK, wait_seconds=0, what="test"):
        with pytest.raises(ImportRunning):
            take_over(root, file)
        assert (sweep_builds(root, ()), build.exists()) == (0, True)
    assert (sweep_builds(root, ()), build.exists()) == (1, False)


def test_a_bare_name_means_the_imported_table_and_a_sync_of_it_is_refused() -> None:
    oracle = TableRef(source="erp", schema_name="SHOP", table="ORDERS")
    ours, other = imported("주문 내역"), imported("orders")
    assert resolve_table("주문 내역", (oracle, ours)) == ours
    assert list(shown_names((oracle, ours)).values()) == ["SHOP.ORDERS", "주문 내역"]
    assert shown_names((oracle, other))[other] == "main.orders"
    assert resolve_syncable("orders", (oracle,), (other,)) == oracle
    with pytest.raises(NotFromOracle, match="can neither be synced nor proven"):
        resolve_syncable("주문 내역", (oracle,), (ours,))


def test_an_imported_table_is_not_proven_against_oracle(root: Path, file: Path) -> None:
    entry: ManifestEntry = take_over(root, file).entries[0]
    assert data_file(root, entry.ref, entry.generation).is_file()
    with pytest.raises(NotFromOracle):
        prove_again(root, entry, lambda _: pytest.fail("no session is opened"))
