import json
import logging
from typing import Any

import pytest
from pydantic import Field, ValidationError

from agent.deps import AnalystDeps
from agent.no_model import NoModel
from agent.service import make_analyst
from agent.tools.base import BaseTool, Parameters, ToolResult
from agent.tools.export_tool import ExportResultParameters
from agent.tools.registry import ToolRegistry
from sync.errors import TableNotSynced


class Filter(Parameters):
    column: str
    title: str | None = None


class CountParameters(Parameters):
    table: str = Field(description="Which table.")
    where: tuple[Filter, ...] = ()


class CountTool(BaseTool[CountParameters]):
    name = "count_rows"
    description = "Count rows."
    parameters = CountParameters

    def run(self, deps: AnalystDeps, parameters: CountParameters, call_id: str, /) -> ToolResult:
        if parameters.table == "GONE":
            raise TableNotSynced(table="SHOP.GONE")
        if parameters.table == "BUG":
            raise ZeroDivisionError("secret detail")
        return ToolResult(ok=True, data={"rows": 3, "thread": deps.thread, "call": call_id})


class OtherTool(CountTool):
    name = "other"


def test_304_base_tool_writes_a_function_schema_from_its_parameters() -> None:
    filters = {
        "type": "object",
        "additionalProperties": False,
        "required": ["column"],
        "properties": {
            "column": {"type": "string"},
            "title": {"type": "string"},
        },
    }
    assert CountTool().schema() == {
        "type": "function",
        "function": {
            "name": "count_rows",
            "description": "Count rows.",
            "parameters": {
                "type": "object",
                "additionalProperties": False,
                "required": ["table"],
                "properties": {
                    "table": {"type": "string", "description": "Which table."},
                    "where": {"type": "array", "items": filters},
                },
            },
        },
    }


def test_305_registry_registers_tools_and_composes_toolsets() -> None:
    registry = ToolRegistry([CountTool()])
    registry.register(OtherTool())
    assert registry.names == ("count_rows", "other")
    assert ToolRegistry([CountTool()], [OtherTool()]).names == ("count_rows", "other")
    with pytest.raises(ValueError, match="already a tool named other"):
        registry.register(OtherTool())


def test_306_registry_collects_the_schemas_of_its_tools_in_order() -> None:
    schemas = ToolRegistry([CountTool(), OtherTool()]).schemas()
    assert [schema["function"]["name"] for schema in schemas] == ["count_rows", "other"]
    assert all(schema["type"] == "function" for schema in schemas)


def call(deps: AnalystDeps, name: str, raw: str) -> dict[str, Any]:
    result = ToolRegistry([CountTool()]).call(deps, name, raw, "call_1")
    content = json.loads(result.content)
    assert content["ok"] == result.ok
    return content


def test_a_call_hands_deps_parameters_and_its_id_to_the_tool(deps: AnalystDeps) -> None:
    assert call(deps, "count_rows", '{"table": "USERS"}') == {
        "ok": True,
        "rows": 3,
        "thread": "T1:C1:1700.0001",
        "call": "call_1",
    }


def test_an_unknown_tool_is_answered_with_the_known_ones(deps: AnalystDeps) -> None:
    assert call(deps, "drop_table", "{}") == {
        "ok": False,
        "code": "unknown_tool",
        "error": "There is no tool drop_table. Use count_rows.",
    }


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ('{"table": ', "The arguments of count_rows must be one JSON object."),
        ("[1]", "The arguments of count_rows must be one JSON object."),
        ("", "Bad arguments for count_rows. table: Field required"),
        ('{"table": 7}', "Bad arguments for count_rows. table: Input should be a valid string"),
        (
            '{"table": "T", "limit": 3}',
            "Bad arguments for count_rows. limit: Extra inputs are not permitted",
        ),
        (
            '{"table": "T", "where": [{}]}',
            "Bad arguments for count_rows. where.0.column: Field required",
        ),
    ],
)
def test_bad_arguments_are_explained(deps: AnalystDeps, raw: str, sentence: str) -> None:
    expected = {"ok": False, "code": "bad_arguments", "error": sentence}
    assert call(deps, "count_rows", raw) == expected


def test_a_named_error_reaches_the_model_as_its_sentence(deps: AnalystDeps) -> None:
    assert call(deps, "count_rows", '{"table": "GONE"}') == {
        "ok": False,
        "code": "table_not_synced",
        "error": "SHOP.GONE has not been copied yet. Propose a sync of it first.",
    }


def test_a_fault_of_ours_is_logged_and_answered_with_its_reference_only(
    deps: AnalystDeps, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = call(deps, "count_rows", '{"table": "BUG"}')
    assert answer["code"] == "unexpected"
    assert "secret detail" not in answer["error"]
    reference = answer["error"].split("reference ")[1].split(")")[0]
    assert reference in caplog.text
    assert "secret detail" in caplog.text


def test_the_schemas_of_all_tools_leave_room_for_the_conversation_and_tell_a_query_once() -> None:
    schemas = make_analyst(NoModel()).agent.registry.schemas()
    assert len(json.dumps(schemas)) < 18_000
    parameters = {one["function"]["name"]: one["function"]["parameters"] for one in schemas}
    assert parameters["query_table"]["properties"]["limit"]["maximum"] == 100
    assert parameters["make_chart"]["properties"]["query"] == {
        "type": "object",
        "properties": {"table": {"type": "string"}},
        "required": ["table"],
        "additionalProperties": True,
        "description": "The arguments as of query_table: {table, where, group_by, aggregates, …}; "
        "without limit all rows.",
    }


def test_a_query_that_is_told_elsewhere_is_checked_in_full_all_the_same() -> None:
    with pytest.raises(ValidationError, match="having"):
        ExportResultParameters.model_validate({"query": {"table": "T", "having": []}})
