"""The tools a model is offered, and the one way to call them."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from agent.deps import AnalystDeps
from agent.runtime.output_parsing import parse_arguments
from agent.tools.base import BaseTool, ToolResult, refused
from agent.tools.rights import noting_private, told_by_rule
from sync.errors import Unexpected
from sync.state import named_error

log = logging.getLogger(__name__)

_MAX_PROBLEMS = 5


class ToolRegistry:
    """Tools by name, in the order they were registered."""

    def __init__(self, *toolsets: Iterable[BaseTool[Any]]) -> None:
        self._tools: dict[str, BaseTool[Any]] = {}
        self._schemas: list[dict[str, Any]] = []
        for toolset in toolsets:
            for tool in toolset:
                self.register(tool)

    def register(self, tool: BaseTool[Any]) -> None:
        """Offer one more tool; raises ValueError if its name is taken."""
        if tool.name in self._tools:
            raise ValueError(f"there is already a tool named {tool.name}")
        self._tools[tool.name] = tool

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all tools."""
        return tuple(self._tools)

    def schemas(self) -> list[dict[str, Any]]:
        """Write the function schemas of all tools: once, for it takes longer than a query."""
        if len(self._schemas) != len(self._tools):
            self._schemas = [tool.schema() for tool in self._tools.values()]
        return self._schemas

    def only_reads(self, name: str) -> bool:
        """Tell whether a call of *name* changes and asks for nothing."""
        tool = self._tools.get(name)
        return tool is not None and tool.only_reads

    def call(
        self, deps: AnalystDeps, name: str, raw_json_arguments: str, call_id: str
    ) -> ToolResult:
        """Run one call of the model. Whatever goes wrong becomes a result the model can act on."""
        if deps.is_stopped():
            return refused("stopped", "Not done: a person has stopped this turn.")
        tool = self._tools.get(name)
        if tool is None:
            return refused(
                "unknown_tool", f"There is no tool {name[:60]}. Use {', '.join(self.names)}."
            )
        arguments = parse_arguments(raw_json_arguments)
        if arguments is None:
            return refused("bad_arguments", f"The arguments of {name} must be one JSON object.")
        try:
            parameters = tool.parameters.model_validate(arguments)
        except ValidationError as error:
            return refused("bad_arguments", _problems(name, error))
        rules: dict[str, None] = {}
        try:
            result = tool.run(noting_private(deps, rules), parameters, call_id)
        except Exception as error:  # part of the turn's edge: every call is answered
            named = told_by_rule(deps, named_error(error))
            if isinstance(named, Unexpected):
                log.exception("tool %s failed: %s", name, named)
            result = refused(named.code, str(named), named.failure)
        return replace(result, private=", ".join(rules))


def _problems(name: str, error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    told = (
        f"{'.'.join(str(part) for part in problem['loc']) or 'arguments'}: {problem['msg']}"[:200]
        for problem in problems[:_MAX_PROBLEMS]
    )
    return f"Bad arguments for {name}. " + "; ".join(told)
