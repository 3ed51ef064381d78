import pytest

from agent.failures import sentence_for_model, sentence_of
from agent.llm_errors import ModelBusy
from sync.errors import DuckferryError, Failure, TableBusy, Unexpected
from sync.proof_errors import FigureDiffers


@pytest.mark.parametrize(
    "error", [TableBusy(table="SHOP.USERS"), Unexpected(reference="ab12"), ModelBusy()]
)
def test_a_failure_has_the_sentence_of_the_error_it_came_from(error: DuckferryError) -> None:
    assert sentence_of(error.failure) == str(error)


def test_a_failure_of_another_version_still_has_a_sentence() -> None:
    assert sentence_of(Failure(code="table_busy")) == "It ended with table_busy."
    assert sentence_of(Failure(code="of_the_future")) == "It ended with of_the_future."


def test_a_model_is_told_no_figure_of_a_table_by_an_error() -> None:
    error = FigureDiffers(table="SHOP.USERS", what="sum(PAY)", copied="41", oracle="42")
    told = sentence_for_model(error.failure)
    assert told.startswith("In the copy of SHOP.USERS, (not shown) is (not shown)")
    assert not {"PAY", "41", "42"} & set(told.replace(".", " ").split())
    assert sentence_for_model(TableBusy(table="T").failure) == str(TableBusy(table="T"))
