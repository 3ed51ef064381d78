"""What Prometheus is told: the counts of this process, and beside them what all share.

A label has few values that stand in our code; only tables are named as Oracle names them. Nothing
people wrote and no cell is ever a label.
"""

import re
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import redis
from prometheus_client import CollectorRegistry, Counter, Histogram, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from agent.events import Event, ToolFinished
from agent.ledger import PRICES, Prices, spent_on
from agent.llm import LLMResponse, Model
from agent.llm_errors import LLMError
from agent.runtime.result_contract import Action, result_of
from agent.runtime.stream_parsing import OnText
from app.listeners.actions import ClickOutcome
from app.shared_metrics import SharedCollector
from app.slack_client import CallOutcome
from app.slack_pace import Held
from sync.inbox import Entry, Kind

TURN_BUCKETS = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
"""Seconds. A turn is a few calls of the model; ten minutes is how long Slack may be away."""
MODEL_BUCKETS = (0.25, 0.5, 1, 2, 4, 8, 15, 30, 60)
"""Seconds; the model's own timeout is the last."""

_CODE = re.compile(r"[a-z_]{1,60}")
"""An error of Slack's, such as ``not_in_channel``."""
_METHOD = re.compile(r"[a-z]+(\.[A-Za-z]+){1,3}")
"""A method of Slack's, such as ``chat.postMessage``."""


@dataclass(frozen=True)
class Metrics:
    """The counts of one process; safe to use from many threads."""

    registry: CollectorRegistry
    turn_seconds: Histogram
    model_seconds: Histogram
    model_tokens: Counter
    model_cost: Counter
    tool_calls: Counter
    slack_calls: Counter
    slack_refusals: Counter
    slack_held: Counter
    slack_waited: Counter
    clicks: Counter
    entries_given_up: Counter

    def turn_told(self, entry: Entry, events: Sequence[Event]) -> None:
        """Count a turn whose message has been posted, and the tools it called.

        Its time began when its entry came into the inbox, whose id is that moment by Redis's clock:
        what a person waited, whatever happened on the way.
        """
        arrived_seconds = int(entry.id.partition("-")[0]) / 1000
        seconds = max(time.time() - arrived_seconds, 0.0)
        self.turn_seconds.labels(result_of(events).action).observe(seconds)
        for event in events:
            if isinstance(event, ToolFinished):
                self.tool_calls.labels(*_tool_labels(event)).inc()

    def entry_given_up(self, entry: Entry) -> None:
        """Count an entry that failed for good."""
        self.entries_given_up.labels(entry.kind).inc()

    def given_up_so_far(self) -> int:
        """Give how many entries failed for good here."""
        samples = (one for family in self.entries_given_up.collect() for one in family.samples)
        return round(sum(one.value for one in samples if one.name.endswith("_total")))

    def slack_called(self, method: str, outcome: CallOutcome, error: str = "") -> None:
        """Count one request to Slack's Web API; a call that was tried three times is three."""
        if outcome == "refused":
            self.slack_refusals.labels(error if _CODE.fullmatch(error) else "other").inc()
        self.slack_calls.labels(method if _METHOD.fullmatch(method) else "other", outcome).inc()

    def slack_was_held(self, method: str, held: Held, seconds: float) -> None:
        """Count a call that Slack's limits left no room for when it was wanted."""
        self.slack_held.labels(method if _METHOD.fullmatch(method) else "other", held).inc()
        self.slack_waited.inc(seconds)

    def clicked(self, outcome: ClickOutcome) -> None:
        """Count a click by what it led to."""
        self.clicks.labels(outcome).inc()


def make_metrics(client: "redis.Redis", warehouse: Path) -> Metrics:
    """Make the metrics of a process that works with this Redis and this warehouse.

    Reaches neither before a scrape.
    """
    registry = CollectorRegistry()
    registry.register(SharedCollector(client, warehouse))
    ProcessCollector(registry=registry)
    metrics = Metrics(
        registry=registry,
        turn_seconds=Histogram(
            "duckferry_turn_duration_seconds",
            "From the arrival of a message, decision or ended run to the posted answer, by how "
            "the turn ended.",
            ["outcome"],
            buckets=TURN_BUCKETS,
            registry=registry,
        ),
        model_seconds=Histogram(
            "duckferry_model_call_duration_seconds",
            "Requests to the model, each try of its own: ok, or the error's code.",
            ["outcome"],
            buckets=MODEL_BUCKETS,
            registry=registry,
        ),
        model_tokens=_counter(
            registry,
            "model_tokens",
            "Tokens of the model: read (prompt), of these read before (cached), written.",
            "kind",
        ),
        model_cost=_counter(
            registry,
            "model_cost_usd",
            "What the model cost in US dollars, as far as its price is known.",
        ),
        tool_calls=_counter(
            registry,
            "tool_calls",
            "Tool calls of the turns that were told: refused is the model's mistake, failed an "
            "error of ours or of Oracle.",
            "tool",
            "outcome",
        ),
        slack_calls=_counter(
            registry,
            "slack_calls",
            "Requests to Slack's Web API, each try of its own.",
            "method",
            "outcome",
        ),
        slack_held=_counter(
            registry,
            "slack_held",
            "Calls that Slack's limits left no room for: waited for it, dropped since they showed "
            "only how things go on, or given up and told later.",
            "method",
            "outcome",
        ),
        slack_waited=_counter(
            registry, "slack_waited_seconds", "What calls waited for room within Slack's limits."
        ),
        slack_refusals=_counter(
            registry, "slack_refusals", "What Slack refused, by the error it named.", "error"
        ),
        clicks=_counter(registry, "clicks", "Clicks on a card by what they led to.", "outcome"),
        entries_given_up=_counter(
            registry,
            "entries_given_up",
            "Inbox entries that failed for good; their people were told, if Slack took it.",
            "kind",
        ),
    )
    _begin_at_zero(metrics)
    return metrics


@dataclass(frozen=True)
class CountedModel:
    """A model whose calls are counted."""

    model: Model
    metrics: Metrics
    prices: Prices = field(default_factory=lambda: PRICES)

    @property
    def name(self) -> str:
        """The name of the model that is counted."""
        return self.model.name

    def complete(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        on_text: OnText | None = None,
    ) -> LLMResponse:
        """Ask once, as `Model.complete`."""
        began, outcome = time.monotonic(), "unexpected"
        try:
            reply = self.model.complete(messages, tools, on_text)
            outcome = "ok"
        except LLMError as error:
            outcome = error.code
            raise
        finally:
            self.metrics.model_seconds.labels(outcome).observe(time.monotonic() - began)
        self.metrics.model_tokens.labels("prompt").inc(reply.usage.prompt_tokens)
        self.metrics.model_tokens.labels("cached").inc(reply.usage.cached_tokens)
        self.metrics.model_tokens.labels("completion").inc(reply.usage.completion_tokens)
        spent = spent_on(self.prices, self.name, reply.usage)
        self.metrics.model_cost.inc((spent.nano_usd or 0) / 1e9)
        return reply


@dataclass(frozen=True)
class WithoutCreated(Collector):
    """A registry without the moment each series began, which the text format shows as a series."""

    registry: CollectorRegistry

    def collect(self) -> Generator[Metric]:
        """Give what the registry gives, less."""
        for family in self.registry.collect():
            told = [s for s in family.samples if not s.name.endswith("_created")]
            family.samples = told
            yield family


def _counter(registry: CollectorRegistry, name: str, documentation: str, *labels: str) -> Counter:
    return Counter(f"duckferry_{name}", documentation, labels, registry=registry)


def _begin_at_zero(metrics: Metrics) -> None:
    """Tell what has not happened yet as 0, or the first time would be no increase."""
    for action in get_args(Action):
        metrics.turn_seconds.labels(action)
    for kind in get_args(Kind):
        metrics.entries_given_up.labels(kind)
    for literal in get_args(ClickOutcome):
        for outcome in get_args(literal):
            metrics.clicks.labels(outcome)
    for method in ("chat.postMessage", "chat.update"):  # what people wait for goes by these
        for held in get_args(Held):
            metrics.slack_held.labels(method, held)
    for side in ("prompt", "cached", "completion"):
        metrics.model_tokens.labels(side)


def _tool_labels(event: ToolFinished) -> tuple[str, Literal["ok", "refused", "failed"]]:
    """Name the tool, unless a model made its name up, and how it went."""
    if event.ok:
        return event.name, "ok"
    name = "unknown" if event.result.get("code") == "unknown_tool" else event.name
    return name, "failed" if event.failure else "refused"
