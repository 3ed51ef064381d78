"""Scraping as Prometheus does, and a model that follows a script."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from agent.llm import LLMResponse
from agent.runtime.stream_parsing import OnText
from app.metrics import Metrics
from app.metrics_http import serve_metrics

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Answer(NamedTuple):
    status: int
    text: str


def get(port: int, path: str, method: str = "GET") -> Answer:
    connection = HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return Answer(response.status, response.read().decode())
    finally:
        connection.close()


@contextmanager
def served(
    metrics: Metrics,
    ready: Callable[[], tuple[bool, str]] = lambda: (True, "ready"),
    live: Callable[[], bool] = lambda: True,
) -> Generator[int]:
    with serve_metrics(("127.0.0.1", 0), metrics, ready, live) as port:
        assert port is not None
        yield port


def page(metrics: Metrics) -> str:
    """What one scrape gives."""
    with served(metrics) as port:
        answer = get(port, "/metrics")
    assert answer.status == 200
    return answer.text


def scrape(metrics: Metrics) -> Samples:
    families = text_string_to_metric_families(page(metrics))
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((f"duckferry_{name}", frozenset(labels.items())))


class Script:
    """A model that says these replies, one after the other, or raises what is no reply."""

    name = "gpt-4o-mini"

    def __init__(self, *replies: LLMResponse | Exception) -> None:
        self.replies = list(replies)

    def complete(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        on_text: OnText | None = None,
    ) -> LLMResponse:
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply
