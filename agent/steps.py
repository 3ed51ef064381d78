"""The steps of a turn as they go: what a model was sent, how long each took, what was decided.

They are for whoever runs the bot: told as they happen and kept nowhere, so what a cut-off turn did
before is not among them. No word of a conversation is in them but the instructions.
"""

from dataclasses import dataclass

from agent.usage import Spent, Usage


@dataclass(frozen=True)
class Instructed:
    """A turn begins, with these instructions for the model."""

    prompt: str


@dataclass(frozen=True)
class Sent:
    """What one call of the model reads."""

    messages: int
    """With the instructions."""
    units: int
    """How long they and the schemas of the tools are (`agent.tokens`)."""
    tools: int
    left_out: int = 0
    """Messages of the thread for which there was no room."""


@dataclass(frozen=True)
class ModelAsked:
    """One call of the model, answered or not."""

    model: str
    sent: Sent
    seconds: float
    usage: Usage
    error: str = ""
    """Code of what came in place of an answer, or ``stopped``; then `usage` is an estimate."""
    again_in: float | None = None
    """After so many seconds it is asked the same again; None: it is not."""


@dataclass(frozen=True)
class Summarised:
    """Older turns of the thread were given to a model, to be summarised."""

    spent: tuple[Spent, ...]
    seconds: float


@dataclass(frozen=True)
class ToolRan:
    """One call of a tool; those that run side by side may add up to more than the turn took."""

    call_id: str
    name: str
    seconds: float


Step = Instructed | ModelAsked | Summarised | ToolRan


def describe(step: Step) -> str:
    """Tell a step in a line, for logs and terminals."""
    match step:
        case Instructed(prompt=prompt):
            return f"prompt: {len(prompt):,} characters"
        case ModelAsked():
            return f"model {step.model}: {step.seconds:.2f} s, {describe_call(step)}"
        case Summarised(spent=spent, seconds=seconds):
            models = ", ".join(f"{one.model} {describe_usage(one.usage)}" for one in spent)
            return f"summary of older turns: {seconds:.2f} s, {models}"
        case ToolRan(name=name, seconds=seconds):
            return f"{name} took {seconds:.3f} s"


def describe_call(asked: ModelAsked) -> str:
    """Tell what a call of the model was sent, and what came of it."""
    sent = asked.sent
    parts = [f"{sent.messages} messages and {sent.tools} tools sent ({sent.units:,} units)"]
    if sent.left_out:
        parts.append(f"{sent.left_out} messages left out for lack of room")
    parts.append(asked.error or describe_usage(asked.usage))
    if asked.again_in is not None:
        parts.append(f"asked again in {asked.again_in:.0f} s")
    return ", ".join(parts)


def describe_usage(usage: Usage) -> str:
    """Tell how many tokens were read and written."""
    return f"{usage.prompt_tokens:,} + {usage.completion_tokens:,} tokens"
