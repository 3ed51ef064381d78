"""The model group: whether the key works, and where it is sent."""

from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

from agent.llm import LLMConfig, probe
from agent.llm_errors import LLMError, ModelBusy
from app.doctor.checks import ANSWER_SECONDS, Check
from app.settings import ModelSettings

_check = partial(Check, "model")

OPENAI_HOST = "api.openai.com"
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def check_model(settings: ModelSettings | None) -> Iterator[Check]:
    """Ask the model's server the cheapest thing it can tell with our key, where one is set."""
    if settings is None:
        told = "none is set, so only list, stats, sync and status are understood"
        yield _check("key", "WARN", told, "Set OPENAI_API_KEY for questions in people's words.")
        return
    yield _address(settings.base_url)
    yield _answers("key", settings, settings.model, "OPENAI_MODEL")
    if settings.compaction_model:
        variable = "OPENAI_COMPACTION_MODEL"
        yield _answers("compaction", settings, settings.compaction_model, variable)


def _answers(name: str, settings: ModelSettings, model: str, variable: str) -> Check:
    config = LLMConfig(
        api_key=settings.api_key.get_secret_value(),
        model=model,
        base_url=settings.base_url,
        azure_api_version=settings.api_version,
        timeout_seconds=ANSWER_SECONDS,
    )
    try:
        found = probe(config)
    except ModelBusy as busy:
        told = f"the key works, but {model} is busy: {busy}"
        return _check(name, "WARN", told, "Run this again in a minute.")
    except LLMError as error:
        remedy = f"Check OPENAI_API_KEY, {variable} and OPENAI_BASE_URL."
        return _check(name, "FAIL", str(error), remedy)
    return _check(name, "OK", f"works for {found}")


def _address(base_url: str | None) -> Check:
    parts = urlsplit(base_url or f"https://{OPENAI_HOST}/v1")
    told = f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        remedy = "Use https:// in OPENAI_BASE_URL, unless that network is yours alone."
        return _check("address", "WARN", f"{told}: key and questions travel unencrypted", remedy)
    return _check("address", "OK", told)
