"""The tool that tells what the clock will do."""

from dataclasses import asdict

from agent.deps import AnalystDeps
from agent.tools.base import BaseTool, Parameters, ToolResult

_MAX_SCHEDULES = 50


class NoParameters(Parameters):
    """Takes nothing."""


class GetSchedulerStatusTool(BaseTool[NoParameters]):
    """``get_scheduler_status``."""

    name = "get_scheduler_status"
    description = (
        "Tell which syncs are scheduled, when each is due next, and whether the clock that "
        "fires them is running."
    )
    parameters = NoParameters

    def run(self, deps: AnalystDeps, _parameters: NoParameters, _call_id: str, /) -> ToolResult:
        """Read the schedules."""
        status = deps.schedule_status()
        lines = [asdict(line) for line in status.schedules[:_MAX_SCHEDULES]]
        return ToolResult(ok=True, data={"clock_running": status.clock_running, "schedules": lines})


SCHEDULER_TOOLS = (GetSchedulerStatusTool(),)
