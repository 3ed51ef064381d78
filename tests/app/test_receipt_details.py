"""A receipt in full: as lines that leave nothing out, and as a window that Slack takes."""

import re
from typing import Any

import pytest

from agent.deps import Language
from app.terminal import details_lines
from app.views.receipt_details import Standing, table_details
from app.views.receipt_modal import receipt_modal
from sandbox.slack.limits_views import MAX_VIEW_BLOCKS, ready_view
from sync.fidelity import ColumnFidelity
from sync.filters import TypedFilter
from sync.plan import Undo
from sync.receipt import Changes, Check, Note, TableReceipt
from tests.app.parts import BOTH, HOSTILE_NAMES, live_parts, plan, receipt, ref, shown

SAME = ColumnFidelity(
    name="AMOUNT",
    oracle_type="NUMBER(12,2)",
    duckdb_type="DECIMAL(12,2)",
    lossless=True,
    why="decimal",
)
CUT = ColumnFidelity(
    name="MEMO",
    oracle_type="CLOB",
    duckdb_type="VARCHAR",
    lossless=False,
    why="cut",
    params={"limit": 4000, "count": 2},
)
FULL = TableReceipt(
    ref=ref("ORDERS"),
    generation="0000000007-0a0b0c0d",
    fence=7,
    rows=99_800,
    oracle_rows=99_800,
    scn=5_000_003,
    consistency="flashback",
    as_of="2026-11-22T01:02:03Z",
    seconds=5.42,
    bytes=2_100_000,
    columns=(SAME, CUT),
    cursor="UPDATED_AT",
    watermark="2026-11-22T01:00:00",
    proof="sums",
    checks=(
        Check(what="rows", oracle="99800", copy_value="99800"),
        Check(what="sum(AMOUNT)", oracle="12.5", copy_value="12.5"),
        Check(what="max(AMOUNT)", oracle="", copy_value=""),
    ),
    chunks=4,
    notes=(Note(code="restarted", params={"count": 1}),),
)
INCREMENTAL = FULL.model_copy(
    update={
        "oracle_rows": 99_801,
        "scn": None,
        "consistency": "read_only_transaction",
        "columns": (),
        "mode": "incremental",
        "where": tuple(
            TypedFilter(column=f"C{number}", op="=", values=("A<b",), oracle_type="VARCHAR2(9)")
            for number in range(8)
        ),
        "trial_of": ref("SALES"),
        "changes": Changes(fetched=12, inserted=2, updated=10, deleted=1),
        "checks": (
            Check(what="rows", oracle="12", copy_value="12"),
            Check(what="sum(AMOUNT)", oracle="1", copy_value="2"),
        ),
        "chunks": 1,
        "notes": (),
        "undone": Undo(
            to="a",
            to_as_of="2026-11-20T00:00:00Z",
            leaves="b",
            leaves_as_of="2026-11-21T00:00:00Z",
        ),
    }
)
STANDINGS: tuple[tuple[Standing, str], ...] = (
    ("current", "of main, copy 0000000007-0a0b0c0d, the current one"),
    ("kept", "of main, copy 0000000007-0a0b0c0d, kept; another one is current"),
    ("gone", "of main, copy 0000000007-0a0b0c0d, not kept any more; this is what was noted"),
    ("unknown", "of main, copy 0000000007-0a0b0c0d; whether it is still kept cannot be told"),
)


def lines(language: Language, table: TableReceipt, standing: Standing = "current") -> list[str]:
    return details_lines(table_details(language, table, standing))


def modal(language: Language, *tables: TableReceipt, standing: Standing = "current") -> Any:
    """The window; Slack takes it."""
    return ready_view(
        receipt_modal(language, [table_details(language, one, standing) for one in tables]), "modal"
    )


def wide(columns: int, name: str = "COLUMN_WITH_A_LONG_NAME") -> TableReceipt:
    names = [f"{name}_{number}" for number in range(columns)]
    return FULL.model_copy(
        update={
            "columns": tuple(SAME.model_copy(update={"name": name}) for name in names),
            "checks": tuple(
                Check(what=f"{what}({name})", oracle="1", copy_value="1")
                for name in names
                for what in ("count", "sum", "min", "max")
            ),
        }
    )


def test_a_receipt_is_written_line_by_line() -> None:
    assert lines("en", FULL) == [
        "SHOP.ORDERS",
        "  of main, copy 0000000007-0a0b0c0d, the current one",
        (
            "  read again at a new moment, since Oracle could not show the first one any longer "
            "(1 times)"
        ),
        "  rows: Oracle 99,800, copy 99,800, agree",
        "  as of 2026-11-22 01:02 UTC · SCN 5000003 · all rows read at this SCN (AS OF SCN)",
        "  full copy · by UPDATED_AT · the next one goes on from 2026-11-22 01:00:00",
        "  proof (sums): 3 of 3 figures agree",
        "  read in 4 pieces · 5.4 s, 2.1 MB",
        "To look at first (1):",
        (
            "  MEMO: CLOB → VARCHAR. 2 values longer than 4000 were cut to their beginning "
            "(truncate in bot.toml)."
        ),
        "Figures that agree (3):",
        "  rows: Oracle 99800, copy 99800, agree",
        "  sum(AMOUNT): Oracle 12.5, copy 12.5, agree",
        "  max(AMOUNT): Oracle NULL, copy NULL, agree",
        "Columns copied without loss (1):",
        "  AMOUNT: NUMBER(12,2) → DECIMAL(12,2). Every digit before and after the point.",
    ]


def test_what_is_only_in_some_receipts_is_written_too() -> None:
    conditions = " AND ".join(f"C{number} = A<b" for number in range(8))
    assert lines("en", INCREMENTAL)[2:] == [
        (
            "  :leftwards_arrow_with_hook: gone back to this copy, from the one as of "
            "2026-11-21 00:00 UTC"
        ),
        "  :warning: rows: Oracle 99,801, copy 99,800, differ",
        "  as of 2026-11-22 01:02 UTC · SCN not known · read in one read-only transaction",
        (
            "  incremental copy · by UPDATED_AT · read 12, added 2, changed 10, deleted 1 · "
            "the next one goes on from 2026-11-22 01:00:00"
        ),
        f"  a trial of SHOP.SALES · only rows where {conditions}",
        "  proof (sums): 1 of 2 figures agree, of the rows that were read",
        "  read in one piece · 5.4 s, 2.1 MB",
        "  nothing is noted of its columns (a receipt of an older release)",
        "To look at first (1):",
        "  :warning: sum(AMOUNT): Oracle 1, copy 2, differ",
        "Figures that agree (1):",
        "  rows: Oracle 12, copy 12, agree",
    ]


def test_a_receipt_is_written_in_korean() -> None:
    told = lines("ko", FULL)
    assert told[1] == "  main에서 복사, 사본 0000000007-0a0b0c0d, 현재 사본"
    assert told[3] == "  행 수: Oracle 99,800, 사본 99,800, 일치"
    assert told[-4] == "  sum(AMOUNT): Oracle 12.5, 사본 12.5, 일치"


@pytest.mark.parametrize(("standing", "told"), STANDINGS)
def test_a_receipt_says_whether_its_copy_is_still_there(standing: Standing, told: str) -> None:
    assert told in lines("en", FULL, standing)[1]


def test_a_proof_by_count_claims_no_more() -> None:
    counted = receipt(plan("USERS")).tables[0]
    assert "  proof: only the rows were counted" in lines("en", counted)
    assert not any("figures" in line for line in lines("en", counted))


@pytest.mark.parametrize("language", BOTH)
def test_the_window_shows_each_line_once_and_nothing_is_left_out(language: Language) -> None:
    words = shown(modal(language, FULL)["blocks"])
    details = table_details(language, FULL, "current")
    for line in (*details.facts, *(line for group in details.groups for line in group.lines)):
        assert words.count(line) == 1
    assert "botctl" not in words


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("name", ["N" * 120, "가" * 40, "&" * 120, "AMT"], ids=ascii)
def test_four_hundred_columns_fit_and_what_is_left_out_is_counted(
    language: Language, name: str
) -> None:
    table = wide(400, name)
    view = modal(language, table)
    words = shown(view["blocks"])
    figures = len(table.columns) + len(table.checks)
    told = len(re.findall(r"_\d", words))  # one in each figure's name
    if told < figures:
        command = "`botctl receipt SHOP.ORDERS --source main --generation 0000000007-0a0b0c0d`"
        last = shown(view["blocks"][-1:])
        assert command in last
        assert f"{figures - told:,}" in last
    # The beginning always has room.
    assert "99,800" in words
    assert told > 250


def test_what_was_pruned_is_not_promised_elsewhere() -> None:
    words = shown(modal("en", wide(400, "N" * 120), standing="gone")["blocks"][-1:])
    assert "so `botctl receipt` cannot show them either" in words


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("tables", [2, 20, 30, 45])
def test_many_tables_each_have_their_part_and_noted_ones_come_first(
    language: Language, tables: int
) -> None:
    quiet = wide(100).model_copy(update={"notes": ()})
    every = [
        quiet.model_copy(update={"ref": ref(f"QUIET_{number}")}) for number in range(tables - 1)
    ]
    view = modal(language, *every, FULL)
    titles = [text.partition("\n")[0] for text in live_parts(view["blocks"], "mrkdwn")]
    assert titles[0] == "*SHOP.ORDERS*"
    for number in range(min(tables, 30) - 1):
        assert f"*SHOP.QUIET_{number}*" in titles
    words = shown(view["blocks"])
    assert len(view["blocks"]) <= MAX_VIEW_BLOCKS
    assert ("SHOP.QUIET_43" in words) == (tables == 45)


@pytest.mark.parametrize("hostile", HOSTILE_NAMES, ids=ascii)
def test_names_and_figures_from_oracle_stay_text(hostile: str) -> None:
    table = FULL.model_copy(
        update={
            "ref": ref(hostile),
            "generation": hostile,
            "cursor": hostile,
            "watermark": hostile,
            "columns": (SAME.model_copy(update={"name": hostile}),),
            "checks": (Check(what=f"max({hostile})", oracle=hostile, copy_value=hostile),),
            "where": (
                TypedFilter(column=hostile, op="=", values=(hostile,), oracle_type="CHAR(9)"),
            ),
        }
    )
    for text in live_parts(modal("ko", table)["blocks"], "mrkdwn"):
        assert "<" not in text.replace("<!date^", "").replace("|2026-11-22 01:02 UTC>", "")
        assert "\u202e" not in text
    assert len([line for line in lines("en", table) if "max(" in line]) == 1
