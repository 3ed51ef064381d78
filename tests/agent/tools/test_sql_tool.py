import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from agent.conversation import ConversationHistory, Message
from agent.deps import AnalystDeps
from agent.events import Basis, Event, Said
from agent.service import make_analyst, run_analyst_turn
from agent.tools.base import ToolResult
from agent.tools.registry import ToolRegistry
from agent.tools.sql_tool import SQL_TOOLS
from sandbox.model.replies import Calls, Text
from sandbox.model.replies import call as model_call
from sync.plan import TableRef
from sync.warehouse.exposure import Exposure

USERS = TableRef(source="main", schema_name="SHOP", table="USERS")
ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")
AS_OF = "2026-11-22T00:00:00Z"
JOIN = (
    "SELECT u.NAME, sum(o.AMOUNT) AS total FROM USERS u JOIN SHOP.ORDERS o ON o.USER_ID = u.ID "
    "GROUP BY ALL ORDER BY total DESC"
)


@pytest.fixture
def tables(publish_table: Callable[..., Any]) -> None:
    publish_table(USERS, {"ID": "NUMBER(10)", "NAME": "VARCHAR2(20)"}, [(1, "김하나"), (2, "이둘")])
    publish_table(
        ORDERS,
        {"USER_ID": "NUMBER(10)", "AMOUNT": "NUMBER(12,2)"},
        [(1, Decimal("1200.50")), (2, Decimal("5.00")), (1, Decimal("0.25"))],
    )


def run(deps: AnalystDeps, sql: str) -> ToolResult:
    return ToolRegistry(SQL_TOOLS).call(deps, "run_sql", json.dumps({"sql": sql}), "call_1")


@pytest.mark.usefixtures("tables")
def test_sql_over_two_tables_gives_rows_and_names_both_copies(deps: AnalystDeps) -> None:
    result = run(deps, JOIN)
    assert result.data["rows"] == [["김하나", "1200.75"], ["이둘", "5.00"]]
    assert result.data["tables"] == [
        {"table": "SHOP.USERS", "as_of": AS_OF},
        {"table": "SHOP.ORDERS", "as_of": AS_OF},
    ]
    assert set(result.basis) == {Basis("SHOP.USERS", 2, AS_OF), Basis("SHOP.ORDERS", 3, AS_OF)}
    assert result.table is not None
    assert result.table.rows == (("김하나", "1200.75"), ("이둘", "5.00"))


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize("sees", ["aggregates", "schema"])
def test_where_one_table_is_closed_to_the_model_it_reads_no_value(
    make_deps: Callable[..., AnalystDeps], sees: str
) -> None:
    def sees_of(ref: TableRef) -> str:
        return sees if ref == USERS else "rows"

    deps = make_deps(model_sees=sees_of)
    result = run(deps, JOIN)
    assert "김하나" not in result.content
    assert result.data["row_count"] == 2
    assert result.table is not None
    assert result.table.rows[0][0] == "김하나"


@pytest.mark.usefixtures("tables")
def test_refused_sql_tells_the_model_what_to_do(deps: AnalystDeps) -> None:
    result = run(deps, "DELETE FROM USERS")
    assert (result.ok, result.data["code"]) == (False, "sql_refused")


@pytest.mark.usefixtures("tables")
def test_what_a_caller_may_not_see_of_a_table_is_not_there(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    def nameless(_: TableRef) -> Exposure:
        return Exposure(hidden={"NAME": "no names"})

    deps = make_deps(exposure=nameless)
    assert run(deps, "SELECT * FROM USERS ORDER BY ID").data["rows"] == [[1], [2]]
    assert run(deps, "SELECT NAME FROM USERS").data["code"] == "column_hidden"


@pytest.mark.usefixtures("tables")
def test_values_kept_from_the_model_are_put_into_its_sentence_by_code(
    make_deps: Callable[..., AnalystDeps],
    history: ConversationHistory,
    scripted: Any,
    make_client: Any,
) -> None:
    sql = "SELECT sum(AMOUNT) AS total, NULL AS 없음 FROM ORDERS"
    model = scripted(
        Calls(model_call("run_sql", {"sql": sql})),
        Text("합계 {q1.TOTAL}원, {q1.없음}, {q1.nope}, {q2.total}"),
    )

    def schema(_: TableRef) -> str:
        return "schema"

    deps = make_deps(model_sees=schema)
    told: list[Event] = []
    run_analyst_turn(make_analyst(make_client(model)), deps, "합계는?", "m1", told.append)
    said = [event.text for event in told if isinstance(event, Said)]
    assert said == ["합계 1,205.75원, –, ?, ?"]
    answer = next(message for message in history.messages() if message.role == "tool")
    assert json.loads(answer.content)["name"] == "q1"
    assert "1205.75" not in "".join(_read_by_model(history.messages()))


def _read_by_model(messages: tuple[Message, ...]) -> list[str]:
    return [json.dumps(message.to_openai()) for message in messages]


@pytest.mark.usefixtures("tables")
def test_what_the_model_took_for_granted_is_kept_beside_the_rows(deps: AnalystDeps) -> None:
    arguments = {"sql": "SELECT 1 AS one FROM USERS", "assumptions": ["올해, KST", " "]}
    result = ToolRegistry(SQL_TOOLS).call(deps, "run_sql", json.dumps(arguments), "call_1")
    assert result.table is not None
    assert [(one.code, one.params) for one in result.table.remarks] == [
        ("assumed.model", {"text": "올해, KST"})
    ]
