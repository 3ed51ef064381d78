"""How a copy is made, and how it was proven, as people read it on a card."""

import pytest

from agent.deps import Language
from app.views.card_life import receipt_line
from app.views.card_parts import CardFacts, how_line, plan_lines
from sync.plan import TablePlan, TypedFilter, Wish
from sync.receipt import Changes, Check, Note
from tests.app.parts import plan, receipt, ref


def table(**changes: object) -> TablePlan:
    return plan("ORDERS").tables[0].model_copy(update=changes)


INCREMENTAL = {
    "mode": "incremental",
    "cursor": "ID",
    "watermark": "120",
    "lag": 20,
}


@pytest.mark.parametrize(
    ("language", "changes", "line"),
    [
        ("en", {}, "full copy, replaces the current 7 rows"),
        (
            "en",
            INCREMENTAL,
            "incremental: reads the rows of ID from 100 on into the current 7 rows",
        ),
        ("ko", INCREMENTAL, "증분 복사: ID 기준 100 이후 바뀐 행을 읽어 현재 사본 7행에 반영"),
        (
            "en",
            {**INCREMENTAL, "mode": "append"},
            "append: adds the rows of ID from 100 on to the current 7 rows",
        ),
        (
            "en",
            {**INCREMENTAL, "wish": Wish(ref=ref("ORDERS"), since="5", until="9")},
            "reads a range again: ID from 5 to 9, into the current 7 rows",
        ),
        (
            "ko",
            {**INCREMENTAL, "wish": Wish(ref=ref("ORDERS"), since="5")},
            "구간 다시 읽기: ID 5 ~ 끝, 현재 사본 7행에 반영",
        ),
        (
            "en",
            {"ref": ref("ORDERS__TRIAL"), "wish": Wish(ref=ref("ORDERS"), trial_rows=100)},
            "a trial: at most 100 rows, under the name ORDERS__TRIAL; the real copy is not touched",
        ),
    ],
)
def test_a_card_says_how_a_table_is_copied(
    language: Language, changes: dict[str, object], line: str
) -> None:
    assert how_line(language, table(**changes), 7) == line


def test_a_card_says_which_rows_alone_what_is_deleted_and_how_it_is_proven() -> None:
    where = (
        TypedFilter(column="STATUS", op="in", values=("A<b", "B"), oracle_type="VARCHAR2(9)"),
        TypedFilter(column="NOTE", op="is_null", oracle_type="VARCHAR2(9)"),
    )
    changed = table(**INCREMENTAL, where=where, deletes="mark", proof="deep")
    [line] = plan_lines("en", plan("ORDERS").model_copy(update={"tables": (changed,)}), CardFacts())
    assert "only rows where STATUS IN (A&lt;b, B) and NOTE IS NULL" in line
    assert "marks rows that are gone from Oracle in _deleted_at (up to 10% of the copy)" in line
    assert "proof: sums and hashes of text (Oracle reads the rows once more" in line


def test_a_card_says_why_all_of_it_is_read() -> None:
    whole = plan("ORDERS", current_rows=7)
    estimate = whole.estimates[0].model_copy(update={"full_because": "columns"})
    [line] = plan_lines("en", whole.model_copy(update={"estimates": (estimate,)}), CardFacts())
    assert "a full copy, since its columns have changed" in line


def test_a_receipt_tells_what_an_incremental_run_did_and_what_was_unusual() -> None:
    told = (
        receipt(plan("ORDERS"))
        .tables[0]
        .model_copy(
            update={
                "rows": 1_000,
                "oracle_rows": 1_001,
                "mode": "incremental",
                "changes": Changes(fetched=12, inserted=2, updated=10, deleted=1),
                "proof": "sums",
                "checks": (Check(what="rows", oracle="12", copy_value="12"),),
                "notes": (
                    Note(code="rows_differ", params={"oracle": 1_001, "copied": 1_000}),
                    Note(code="lag_only", params={"seconds": 600}),
                ),
            }
        )
    )
    lines = receipt_line("en", told).splitlines()
    assert lines[0].startswith("1,000 rows · as of ")
    assert lines[1] == "read 12, added 2, changed 10, deleted 1 · all 1 sums agree"
    assert lines[2].startswith(":warning: Oracle has 1,001 rows and the copy 1,000")
    assert "steps back 600 s" in lines[3]
