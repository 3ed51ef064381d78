"""All that a call gave, as a file: for a result of which an answer has room for a part."""

import json
from dataclasses import replace

from agent.deps import AnalystDeps
from agent.events import ToolStarted
from agent.tools.base import ToolResult
from agent.tools.costly_sql import asked_before, is_allowed
from agent.tools.export_tool import ExportResultParameters, ExportResultTool, file_name
from agent.tools.registry import ToolRegistry


class _UnaskedExport(ExportResultTool):
    """The same for an answer that stands already, below which nobody looks for a card."""

    def run(
        self, deps: AnalystDeps, parameters: ExportResultParameters, _call_id: str, /
    ) -> ToolResult:
        return self.written(deps, parameters, costly=False)


_EXPORTS = ToolRegistry((_UnaskedExport(),))


def names_its_rows(call: ToolStarted) -> bool:
    """Whether a call asked for so many rows, so that none beyond them is missing."""
    return call.name == "query_table" and "limit" in call.arguments


def has_whole_result(call: ToolStarted) -> bool:
    """Whether what a call asked can be written to a file."""
    return call.name in ("query_table", "run_sql")


def whole_name(deps: AnalystDeps, call: ToolStarted) -> str:
    """What the file of it is called."""
    return file_name(_stem(call), deps, "csv")


def whole_result(deps: AnalystDeps, call: ToolStarted) -> ToolResult:
    """Write a CSV file of what *call* asked, as `export_result` does, with the same rights.

    What a person said yes to for this call is run again under that yes.
    """
    asked: dict[str, object] = {"query": call.arguments}
    if call.name == "run_sql":
        sql = str(call.arguments.get("sql", ""))
        asked = {"sql": sql}
        if is_allowed(asked_before(deps, sql, "rows", call.call_id)):
            deps = replace(deps, queries=deps.queries.taking(any_cost=True))
    wanted = json.dumps({**asked, "name": _stem(call)})
    return _EXPORTS.call(deps, "export_result", wanted, call.call_id)


def _stem(call: ToolStarted) -> str:
    table = str(call.arguments.get("table", "")) if call.name == "query_table" else ""
    return table.rpartition(".")[2][:100] or "result"
