"""What a call of the model has used, as values."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """Tokens read and written; 0 where the server does not say."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    """Of `prompt_tokens`, those the server had read before, which cost less."""


@dataclass(frozen=True)
class Spent:
    """What one call used, and what that cost."""

    model: str
    usage: Usage
    nano_usd: int | None = None
    """Billionths of a US dollar; None where no price of the model is known."""
