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


def check_model(settings: ModelSettings) -> Iterator[Check]:
    """Ask the model's server the cheapest thing it can tell with our key."""
    yield _address(settings.base_url)
    config = LLMConfig(
        api_key=settings.api_key.get_secret_value(),
        model=settings.model,
        base_url=settings.base_url,
        azure_api_version=settings.api_version,
        timeout_seconds=ANSWER_SECONDS,
    )
    try:
        found = probe(config)
    except ModelBusy as busy:
        told = f"the key works, but {settings.model} is busy: {busy}"
        yield _check("key", "WARN", told, "Run this again in a minute.")
    except LLMError as error:
        remedy = "Check OPENAI_API_KEY, OPENAI_MODEL and OPENAI_BASE_URL."
        yield _check("key", "FAIL", str(error), remedy)
    else:
        yield _check("key", "OK", f"works for {found}")


def _address(base_url: str | None) -> Check:
    parts = urlsplit(base_url or f"https://{OPENAI_HOST}/v1")
    told = f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        remedy = "Use https:// in OPENAI_BASE_URL, unless that network is yours alone."
        return _check("address", "WARN", f"{told}: key and questions travel unencrypted", remedy)
    return _check("address", "OK", told)
