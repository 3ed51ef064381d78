"""``export_result``: everything a query gives, as a file for the person."""

import re
from contextlib import suppress
from typing import Any

from pydantic import Field

from agent.deps import AnalystDeps
from agent.events import moment_told
from agent.outputs import File
from agent.tools.base import BaseTool, ToolResult
from agent.tools.copies import lacks
from agent.tools.costly_sql import by_a_yes
from agent.tools.reading import Source, note_read, read
from sync.errors import DuckferryError
from sync.warehouse.export_file import MOST_XLSX_ROWS, ExportFile, FileFormat

_NAME_CHARACTERS = 60


class ExportResultParameters(Source):
    """What goes into which file."""

    format: FileFormat = "csv"
    name: str = Field(
        default="result", max_length=100, description="The file's name, without its ending."
    )


class ExportResultTool(BaseTool[ExportResultParameters]):
    """``export_result``."""

    name = "export_result"
    description = (
        "Give the person all rows of a query or SQL as a file: csv, xlsx (Excel) or parquet. Use "
        "it for a file, a download, an export, or more rows than fit in a message. You do not see "
        "the rows."
    )
    parameters = ExportResultParameters

    def run(
        self, deps: AnalystDeps, parameters: ExportResultParameters, call_id: str, /
    ) -> ToolResult:
        """Write the file, or ask for a yes where the plan of its SQL is too large.

        Raises `BadQuery`, `DiskFull` and what the query tools raise.
        """
        return by_a_yes(
            deps,
            parameters.query or parameters.sql,
            "file",
            call_id,
            lambda costly: self.written(deps, parameters, costly=costly),
        )

    def written(
        self, deps: AnalystDeps, parameters: ExportResultParameters, *, costly: bool
    ) -> ToolResult:
        """Write the file. Raises what `run` raises, and `QueryTooCostly` unless it is *costly*."""
        most = deps.export_rows
        if parameters.format == "xlsx":
            most = min(most, MOST_XLSX_ROWS)
        file = ExportFile(deps.warehouse, parameters.format, deps.timezone)
        queries = deps.queries.taking(
            rows=most, size=deps.export_bytes, patient=True, any_cost=costly, sink=file
        )
        try:
            found = read(deps, parameters, queries)
            file.close()
        except BaseException:
            with suppress(DuckferryError):  # the first failure is the one to tell
                file.close()
            file.path.unlink(missing_ok=True)
            raise
        note_read(deps, found, parameters.format)
        made = File(
            path=str(file.path.absolute()),
            name=file_name(parameters.name, deps, parameters.format),
            format=parameters.format,
            rows=file.rows,
            bytes=file.path.stat().st_size,
            cut=found.is_cut(file.rows),
            cut_cells=file.cut_cells,
            sql=found.sql,
        )
        data: dict[str, Any] = {
            "tables": [
                {"table": one.table, **moment_told(one), **lacks(one)} for one in found.basis
            ],
            "file": made.name,
            "rows": made.rows,
            "note": "The file is handed to the person below your answer.",
        }
        if made.cut:
            data["cut"] = "There are more rows than a file may have; tell the person."
        return ToolResult(ok=True, data=data, basis=found.basis, file=made)


def file_name(wanted: str, deps: AnalystDeps, file_format: FileFormat) -> str:
    """A name that is one on every system: letters of any script, digits, - and _."""
    stem = wanted.removesuffix(f".{file_format}")
    safe = re.sub(r"[^\w-]+", "_", stem).strip("_")[:_NAME_CHARACTERS] or "result"
    return f"{safe}_{deps.today:%Y%m%d}.{file_format}"


EXPORT_TOOLS = (ExportResultTool(),)
