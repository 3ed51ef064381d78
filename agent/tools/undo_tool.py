"""The tool that proposes to go back to the copy before the present one."""

from pydantic import Field

from agent.deps import AnalystDeps
from agent.tools.base import BaseTool, Parameters, ToolResult
from agent.tools.copies import imported
from agent.tools.sync_tools import propose
from sync.names import resolve_table
from sync.plan import Wish
from sync.warehouse.manifest import read_manifest


class UndoSyncParameters(Parameters):
    """Which table."""

    table: str = Field(description="SCHEMA.TABLE or TABLE.")
    reason: str = Field(default="", max_length=500, description="Why, in the person's words.")


class UndoSyncTool(BaseTool[UndoSyncParameters]):
    """``undo_sync``: a card; a person decides."""

    name = "undo_sync"
    description = (
        "Propose to take back the last sync of a table, by a card: its copy before that becomes "
        "current again. Use it when someone asks to undo or roll back a sync, or to have the "
        "earlier data again. Oracle is not touched. An undo can be undone."
    )
    parameters = UndoSyncParameters

    def run(self, deps: AnalystDeps, parameters: UndoSyncParameters, call_id: str, /) -> ToolResult:
        """Look up the older copy and ask. Raises `NothingToUndo` and `TableNotSynced`."""

        def wishes() -> tuple[Wish, ...]:
            known = (*deps.offered, *imported(deps, read_manifest(deps.warehouse)))
            return (Wish(ref=resolve_table(parameters.table, known), undo=True),)

        return propose(deps, call_id, wishes, parameters.reason)


UNDO_TOOLS = (UndoSyncTool(),)
