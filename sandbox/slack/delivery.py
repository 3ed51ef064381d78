"""One event or click on its way to the app, whatever carries it, and Slack's patience."""

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

from sandbox.slack.values import JsonObject

ACK_SECONDS = 3.0
"""A delivery without an ack after this long counts as not received."""
RETRY_AFTER_SECONDS = (0.0, 60.0, 300.0)
"""Slack sends an event that was not acked again at once, after a minute, after five more."""
MAX_DELIVERIES = 50_000

Kind = Literal["events_api", "interactive", "slash_commands"]


@dataclass(frozen=True, kw_only=True)
class Ack:
    """The app's answer to one delivery, and how long it took."""

    envelope_id: str
    latency_seconds: float
    payload: Any = None


class NotAcknowledged(TimeoutError):
    """The app did not ack in time; in Slack the person sees a warning triangle."""


@dataclass(kw_only=True)
class Delivery:
    """One envelope on its way. `ack` is done when the app answered, or failed to."""

    envelope_id: str
    kind: Kind
    payload: JsonObject
    retry_attempt: int = 0
    retry_reason: str = ""
    """Why the delivery before this one failed, in Slack's words for HTTP."""
    sent_at: float = 0.0
    ack: Future[Ack] = field(default_factory=Future[Ack])


def new_delivery(
    deliveries: list[Delivery],
    kind: Kind,
    payload: JsonObject,
    retry_attempt: int = 0,
    retry_reason: str = "",
) -> Delivery:
    """Make a delivery and remember it in *deliveries*, which has a limit."""
    if len(deliveries) >= MAX_DELIVERIES:
        raise RuntimeError(f"the sandbox sent {MAX_DELIVERIES} envelopes; restart it")
    delivery = Delivery(
        envelope_id=str(uuid4()),
        kind=kind,
        payload=payload,
        retry_attempt=retry_attempt,
        retry_reason=retry_reason,
    )
    deliveries.append(delivery)
    return delivery


def fail(delivery: Delivery, reason: str) -> None:
    """Settle that *delivery* was not acked."""
    if not delivery.ack.done():
        delivery.ack.set_exception(NotAcknowledged(reason))
