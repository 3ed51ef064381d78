from typing import get_args

import pytest

from app.fidelity_texts import FIDELITY, losses, word_fidelity
from app.terminal import receipt_lines
from app.views.approval_card import approval_card
from app.views.card_life import receipt_line
from app.views.card_parts import CardFacts
from sync.fidelity import ColumnFidelity, Why
from sync.plan import Column
from sync.receipt import Receipt
from tests.app.parts import approval, plan, receipt, request, shown


def column(why: Why, *, lossless: bool = True, **params: int) -> ColumnFidelity:
    return ColumnFidelity(
        name="RATE",
        oracle_type="NUMBER",
        duckdb_type="VARCHAR",
        lossless=lossless,
        why=why,
        params=params,
    )


def test_every_reason_is_worded_in_both_languages() -> None:
    assert set(FIDELITY) == set(get_args(Why))
    for korean, english in FIDELITY.values():
        assert korean != english


@pytest.mark.parametrize("why", get_args(Why))
def test_a_sentence_needs_no_figure_that_the_report_does_not_have(why: Why) -> None:
    figures = {
        "number_as_text": {"whole": 1, "fraction": 40, "count": 2},
        "moment_as_text": {"count": 1},
        "interval_as_text": {"count": 1},
        "cut": {"limit": 3, "count": 1},
    }
    told = column(why)
    for language in ("ko", "en"):
        assert "{" not in word_fidelity(
            language, told.model_copy(update={"params": figures.get(why, {})})
        )


def test_a_column_is_told_with_both_types_and_why() -> None:
    told = word_fidelity("en", column("number_as_text", whole=1, fraction=40, count=2))
    assert told.startswith("RATE: NUMBER → VARCHAR. Values have up to 1 digits before and 40 after")
    left_out = column("left_out", lossless=False).model_copy(update={"duckdb_type": ""})
    assert word_fidelity("ko", left_out) == "RATE: NUMBER. 복사하지 않았습니다(bot.toml의 skip)."


def test_people_are_told_what_is_lost_or_became_text() -> None:
    same, text = column("same"), column("number_as_text", whole=1, fraction=40, count=2)
    offset, uncut = column("instant", lossless=False), column("cut", limit=3, count=0)
    assert losses([same, text, offset, uncut]) == [text, offset]


def test_a_card_and_the_terminal_name_the_columns_that_are_not_the_same() -> None:
    what = plan("ORDERS")
    lost = column("cut", lossless=False, limit=3, count=1)
    table = receipt(what).tables[0].model_copy(update={"columns": (column("same"), lost)})
    assert "columns that are not the same: RATE" in receipt_line("en", table)
    lines = receipt_lines("ko", Receipt(tables=(table,), seconds=1))
    assert lines[2].startswith("    RATE: NUMBER → VARCHAR. 3보다 긴 값 1개를")


def test_a_card_names_the_columns_that_are_left_out() -> None:
    what = plan("ORDERS")
    photo = Column(name="PHOTO", oracle_type="BLOB", duckdb_type="", nullable=True, policy="skip")
    table = what.tables[0].model_copy(update={"left_out": (photo,)})
    asked = approval(request(what.model_copy(update={"tables": (table,)}), language="en"))
    words = shown(approval_card(asked, None, CardFacts()).blocks)
    assert "columns not copied: PHOTO" in words
