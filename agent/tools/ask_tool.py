"""The tool that asks the person back, with answers to choose from."""

from typing import Annotated

from pydantic import Field, StringConstraints

from agent.deps import AnalystDeps
from agent.outputs import AskUser
from agent.tools.base import BaseTool, Parameters, ToolResult

Choice = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=75)]
"""As long as a button of Slack may be labelled."""


class AskUserParameters(Parameters):
    """One question, and what may be answered to it."""

    question: str = Field(
        min_length=1, max_length=1_000, description="One short question, in the person's language."
    )
    choices: list[Choice] = Field(
        min_length=2,
        max_length=5,
        description="Likely answers, each as the person would write it: it is sent as their words.",
    )


class AskUserTool(BaseTool[AskUserParameters]):
    """``ask_user``: a question with buttons; the turn ends with it."""

    name = "ask_user"
    description = (
        "Ask the person one question when you cannot tell which table, column, period or value is "
        "meant, and the tools cannot tell you either. The choices become buttons. Your turn ends "
        "with it, so call it alone."
    )
    parameters = AskUserParameters

    def run(
        self, _deps: AnalystDeps, parameters: AskUserParameters, _call_id: str, /
    ) -> ToolResult:
        """Ask. Nothing happens until somebody writes or presses."""
        choices = tuple(dict.fromkeys(parameters.choices))
        ask = AskUser(question=parameters.question, choices=choices)
        return ToolResult(ok=True, data={"status": "waiting_for_answer"}, ask=ask)


ASK_TOOLS = (AskUserTool(),)
