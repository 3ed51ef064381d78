import pytest

from agent.failures import sentence_of
from agent.llm import ModelBusy
from sync.errors import DuckferryError, Failure, TableBusy, Unexpected


@pytest.mark.parametrize(
    "error", [TableBusy(table="SHOP.USERS"), Unexpected(reference="ab12"), ModelBusy()]
)
def test_a_failure_has_the_sentence_of_the_error_it_came_from(error: DuckferryError) -> None:
    assert sentence_of(error.failure) == str(error)


def test_a_failure_of_another_version_still_has_a_sentence() -> None:
    assert sentence_of(Failure(code="table_busy")) == "It ended with table_busy."
    assert sentence_of(Failure(code="of_the_future")) == "It ended with of_the_future."
