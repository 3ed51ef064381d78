"""The model: OpenAI's Chat Completions API, or a server that speaks it. The home of ``openai``."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, cast

from agent.conversation import ToolCall
from agent.llm_errors import (
    LLMError,
    ModelBadReply,
    ModelBusy,
    ModelLoginRefused,
    ModelQuotaSpent,
    ModelRequestRefused,
    ModelServerError,
    ModelTimeout,
    ModelUnreachable,
)
from agent.runtime.output_parsing import mapping, parse_reply, sequence
from agent.runtime.stream_parsing import OnText, ReplyTooLong, gather
from agent.usage import Usage

if TYPE_CHECKING:
    import openai


MAX_TOKENS = 100_000_000
"""More than this no server can mean by a count of tokens."""


@dataclass(frozen=True)
class LLMConfig:
    """Which model, and how to ask it."""

    api_key: str = field(repr=False)
    model: str = "gpt-4o-mini"
    base_url: str | None = None
    """None is OpenAI's own; of Azure OpenAI, the endpoint of the resource."""
    azure_api_version: str | None = None
    """Set, the server is Azure OpenAI, and `model` names a deployment there."""
    temperature: float | None = 0.0
    """None leaves it to the server: some reasoning models refuse any other value."""
    max_tokens: int = 2_000
    """The longest reply."""
    timeout_seconds: float = 60.0


@dataclass(frozen=True)
class LLMResponse:
    """One reply of the model, in one shape."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str = "stop"
    usage: Usage = field(default_factory=Usage)


class Model(Protocol):
    """What the loop needs of a model."""

    @property
    def name(self) -> str:
        """What it is called where its tokens are counted and priced."""
        ...

    def complete(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        on_text: OnText | None = None,
    ) -> LLMResponse:
        """Answer *messages* (OpenAI's format) with text, calls of *tools*, or both.

        *on_text* is told the words as they come, and may end the reply by raising. Raises LLMError.
        """
        ...


class LLMClient:
    """A connection to the model, made at the first question; may be shared by threads."""

    def __init__(self, config: LLMConfig) -> None:
        self.config = config
        self._client: openai.OpenAI | None = None
        self._lock = threading.Lock()
        self._streams = True
        """Until a server that was asked for a stream has sent none."""

    def __repr__(self) -> str:
        return f"LLMClient({self.config!r})"

    @property
    def name(self) -> str:
        """The model's name, as it was set."""
        return self.config.model

    def complete(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        on_text: OnText | None = None,
    ) -> LLMResponse:
        """Ask once, as `Model.complete`; whether to ask again stands in `agent.runtime.recovery`.

        A server that knows no streams is asked a second time without one, and then no more.
        """
        import openai

        on_text = on_text if self._streams else None
        timeout = self.config.timeout_seconds
        try:
            completion = self._create(_body(self.config, messages, tools, on_text), on_text)
            whole = isinstance(completion, openai.BaseModel)
            dumped = _dumped(completion) if whole else completion
        except openai.OpenAIError as error:
            # The vendor's text may quote a part of the key, so it stays out of the chain.
            raise _named(error, timeout) from None
        except TimeoutError:
            raise ModelTimeout(seconds=round(timeout)) from None
        except (ValueError, RecursionError):
            raise ModelBadReply(reason="it is no JSON", worth_repeating=True) from None
        except ReplyTooLong:
            raise ModelBadReply(reason="it was cut off because it grew too long") from None
        if dumped is None and on_text is not None:
            reply = self.complete(messages, tools)
            self._streams = False  # it can speak, so it is not merely out of order
            return reply
        # A server that only resembles OpenAI's may answer with any JSON, or a page of HTML.
        if not isinstance(dumped, dict):
            raise ModelBadReply(reason="it is no chat completion")
        read = cast("dict[str, Any]", dumped)
        return parse_completion(read) if whole else _parse_streamed(read)

    def _create(self, body: Mapping[str, Any], on_text: OnText | None) -> object:
        """Ask within the timeout as a whole; raises TimeoutError besides the vendor's errors.

        With *on_text* the answer is a dict, put together from pieces, or None where none came.

        The vendor's own timeout only bounds the wait for the next bytes, and some servers send a
        blank every few seconds while they think.
        """
        import openai

        client = self._connected()
        create = cast("Callable[..., object]", client.chat.completions.create)
        asking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")
        given_up = threading.Event()

        def heard(text: str) -> None:
            if on_text is not None and not given_up.is_set():
                on_text(text)

        def ask() -> object:
            answer = create(**body)
            if not isinstance(answer, openai.Stream):
                return answer
            with cast("openai.Stream[openai.BaseModel]", answer) as chunks:
                return gather(map(_dumped, chunks), heard)

        try:
            return asking.submit(ask).result(self.config.timeout_seconds + 1)
        except TimeoutError:
            given_up.set()
            with self._lock:
                self._client = None
            # Ends the abandoned wait; who shares the client asks again with a new one.
            client.close()
            raise
        finally:
            asking.shutdown(wait=False)

    def _connected(self) -> "openai.OpenAI":
        with self._lock:
            if self._client is None:
                self._client = _make_client(self.config)
            return self._client


def _dumped(chunk: object) -> Mapping[str, Any]:
    """Read a chunk; a server that only resembles OpenAI's may send any JSON in its place."""
    import openai

    return chunk.model_dump(warnings=False) if isinstance(chunk, openai.BaseModel) else {}


def _make_client(config: LLMConfig) -> "openai.OpenAI":
    import openai

    retries = 0  # one policy of retries, in agent.runtime.recovery
    if config.azure_api_version:
        return openai.AzureOpenAI(
            api_key=config.api_key,
            azure_endpoint=config.base_url or "",
            api_version=config.azure_api_version,
            timeout=config.timeout_seconds,
            max_retries=retries,
        )
    return openai.OpenAI(
        api_key=config.api_key,
        base_url=config.base_url or "https://api.openai.com/v1",
        timeout=config.timeout_seconds,
        max_retries=retries,
    )


def probe(config: LLMConfig) -> str:
    """Name the model that answers our key, by the cheapest call. Raises LLMError.

    Its description costs nothing; a server that describes no models is asked for one token, and so
    is Azure, which describes models and not deployments.
    """
    if not config.azure_api_version and (described := _described(config)):
        return described
    with suppress(ModelBadReply):  # cut off after its one token, as we asked
        LLMClient(replace(config, max_tokens=1)).complete([{"role": "user", "content": "."}], ())
    return config.model


def _described(config: LLMConfig) -> str | None:
    import openai

    with _make_client(config) as client:
        try:
            return str(client.models.retrieve(config.model).id)
        except (openai.NotFoundError, openai.BadRequestError, ValueError, AttributeError):
            return None  # a model that does not exist is told by the next call as well
        except openai.OpenAIError as error:
            raise _named(error, config.timeout_seconds) from None


def _body(
    config: LLMConfig,
    messages: Sequence[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]],
    on_text: OnText | None,
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": config.model,
        "messages": list(messages),
        "max_completion_tokens": config.max_tokens,
    }
    if tools:
        body["tools"] = list(tools)
    if config.temperature is not None:
        body["temperature"] = config.temperature
    if on_text is not None:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return body


def _parse_streamed(completion: Mapping[str, Any]) -> LLMResponse:
    choice = mapping(next(iter(sequence(completion.get("choices"))), None))
    if not choice.get("finish_reason"):
        raise ModelBadReply(reason="it broke off in the middle", worth_repeating=True)
    return parse_completion(completion)


def parse_completion(completion: Mapping[str, Any]) -> LLMResponse:
    """Read a chat completion; raises ModelBadReply where it holds nothing to act on."""
    usage = _usage(completion.get("usage"))
    choice = mapping(next(iter(sequence(completion.get("choices"))), None))
    message = mapping(choice.get("message"))
    finish_reason = str(choice.get("finish_reason") or "stop")
    if finish_reason == "content_filter":
        raise ModelBadReply(reason="a content filter withheld it", usage=usage)
    if finish_reason == "length":
        raise ModelBadReply(reason="it was cut off because it grew too long", usage=usage)
    if message.get("refusal"):
        raise ModelBadReply(reason="the model declined to answer", usage=usage)
    reply = parse_reply(message)
    if reply.is_too_long:
        raise ModelBadReply(reason="it was cut off because it grew too long", usage=usage)
    if not reply.text and not reply.tool_calls:
        raise ModelBadReply(reason="it is empty", worth_repeating=True, usage=usage)
    return LLMResponse(reply.text, reply.tool_calls, finish_reason, usage)


def _usage(raw: object) -> Usage:
    told = mapping(raw)
    cached = mapping(told.get("prompt_tokens_details")).get("cached_tokens")
    counts = (told.get("prompt_tokens"), told.get("completion_tokens"), cached)
    prompt, completion, of_cache = (
        min(max(count, 0), MAX_TOKENS) if isinstance(count, int) else 0 for count in counts
    )
    return Usage(prompt, completion, min(of_cache, prompt))


def _named(error: "openai.OpenAIError", timeout_seconds: float) -> LLMError:
    import openai

    if isinstance(error, openai.APITimeoutError):
        return ModelTimeout(seconds=round(timeout_seconds))
    if isinstance(error, openai.APIConnectionError):
        return ModelUnreachable()
    if not isinstance(error, openai.APIStatusError):
        return ModelBadReply(reason="it is no chat completion", worth_repeating=True)
    status = error.status_code
    if isinstance(error, openai.RateLimitError):
        if error.code == "insufficient_quota":
            return ModelQuotaSpent()
        return ModelBusy(retry_after=_seconds(error.response.headers.get("retry-after")))
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        return ModelLoginRefused(status=status)
    if error.code == "content_filter":  # Azure's, of what was sent
        return ModelBadReply(reason="a content filter withheld it")
    if status >= 500:  # noqa: PLR2004 -- the server's own faults begin here
        return ModelServerError(status=status)
    return ModelRequestRefused(status=status, reason=str(error.code or "no reason given")[:80])


def _seconds(header: str | None) -> float | None:
    """Read ``Retry-After`` in seconds; a date there is rare and counts as no word."""
    try:
        return max(0.0, float(header)) if header is not None else None
    except ValueError:
        return None
