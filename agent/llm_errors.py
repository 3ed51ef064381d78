"""What a model may answer in place of an answer, by name.

LLMError
├── ModelMissing          none is set
├── ModelBusy             too many requests; transient, may say when to come back
├── ModelUnreachable      no connection; transient
├── ModelTimeout          no answer in time; transient
├── ModelServerError      the server failed; transient
├── ModelLoginRefused     the key is wrong or may not use the model
├── ModelQuotaSpent       the account has no credit left
├── ModelRequestRefused   the server does not accept what we sent
└── ModelBadReply         an answer that is no answer
"""

from agent.usage import Usage
from sync.errors import DuckferryError


class LLMError(DuckferryError):
    """The model gave no usable answer."""


class ModelMissing(LLMError):
    """Words were written that are no command, and no model is set that could read them."""

    code = "model_missing"
    message = (
        "No model is set up (OPENAI_API_KEY), so only these are understood: list, stats TABLE, "
        "sync TABLE, status."
    )


class ModelBusy(LLMError):
    """HTTP 429 while there is credit."""

    code = "model_busy"
    message = "The model takes no more requests right now. Ask again in a minute."
    transient = True

    def __init__(self, *, retry_after: float | None = None) -> None:
        super().__init__()
        self.retry_after = retry_after
        """Seconds the server asked us to wait."""


class ModelUnreachable(LLMError):
    """No connection, or it broke."""

    code = "model_unreachable"
    message = "The model cannot be reached. Check OPENAI_BASE_URL and the network, then ask again."
    transient = True


class ModelTimeout(LLMError):
    """The server took longer than we wait."""

    code = "model_timeout"
    message = "The model did not answer within {seconds} s. Ask again, or ask for less."
    transient = True


class ModelServerError(LLMError):
    """HTTP 5xx."""

    code = "model_server_error"
    message = "The model's server failed (HTTP {status}). Ask again later."
    transient = True


class ModelLoginRefused(LLMError):
    """HTTP 401 or 403."""

    code = "model_login_refused"
    message = (
        "The model's server refused our key (HTTP {status}). Check OPENAI_API_KEY and its rights."
    )


class ModelQuotaSpent(LLMError):
    """HTTP 429 with the code ``insufficient_quota``; waiting does not help."""

    code = "model_quota_spent"
    message = "The account of the model has no credit left. An admin must top it up."


class ModelRequestRefused(LLMError):
    """Any other HTTP 4xx, such as an unknown model or too long a conversation."""

    code = "model_request_refused"
    message = (
        "The model's server does not accept the request (HTTP {status}, {reason}). Check "
        "OPENAI_MODEL, or begin a new thread if this one is very long."
    )


class ModelBadReply(LLMError):
    """The reply has no text and no calls, was cut off, or was withheld."""

    code = "model_bad_reply"
    message = "The model's answer cannot be used: {reason}. Ask again, perhaps in other words."

    def __init__(
        self, *, reason: str, worth_repeating: bool = False, usage: Usage | None = None
    ) -> None:
        super().__init__(reason=reason)
        self.usage = usage or Usage()
        self.worth_repeating = worth_repeating
        """The same question may well get an answer."""
