"""What stands in a model's place where none is set: then only commands are understood."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from agent.llm_errors import ModelMissing
from agent.runtime.stream_parsing import OnText


class NoModel:
    """A `agent.llm.Model` that answers nothing."""

    name = "none"

    def complete(
        self,
        messages: Sequence[Mapping[str, Any]],  # noqa: ARG002 -- as the protocol has it
        tools: Sequence[Mapping[str, Any]],  # noqa: ARG002 -- the same
        on_text: OnText | None = None,  # noqa: ARG002 -- the same
    ) -> NoReturn:
        """Raise ModelMissing."""
        raise ModelMissing
