"""Slack's side of signed HTTP: a POST a delivery, signed, with three seconds for the answer.

Events are JSON, interactivity is a form with one field, a slash command one with a field each; all
go to one address.
https://docs.slack.dev/apis/events-api/ (retries and their headers) and
https://docs.slack.dev/authentication/verifying-requests-from-slack/ (signature v0). Everything
here runs in the server's event loop, except `SignedHttp.send`, which any thread may call.
"""

import asyncio
import hashlib
import hmac
import json
import socket
import time
from contextlib import closing, suppress
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout

from sandbox.slack.delivery import (
    ACK_SECONDS,
    RETRY_AFTER_SECONDS,
    Ack,
    Delivery,
    Kind,
    fail,
    new_delivery,
)
from sandbox.slack.values import JsonObject

CONNECT_SECONDS = 1.0


class SignedHttp:
    """Deliveries to one request URL."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        deliveries: list[Delivery],
        url: str,
        signing_secret: str,
    ) -> None:
        self._loop = loop
        self._deliveries = deliveries
        self._url = url
        self._secret = signing_secret
        self._session: ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def send(
        self,
        kind: Kind,
        payload: JsonObject,
        retry_attempt: int = 0,
        retry_reason: str = "http_timeout",
    ) -> Delivery:
        """Deliver now. An event that fails is sent again, a click is not. Does not wait."""
        delivery = new_delivery(self._deliveries, kind, payload, retry_attempt, retry_reason)
        self._loop.call_soon_threadsafe(self._start, delivery)
        return delivery

    def is_reachable(self) -> bool:
        """Tell whether somebody listens at the request URL. Any thread may call this."""
        address = urlsplit(self._url)
        with suppress(OSError):
            pair = (address.hostname or "", address.port or 80)
            with closing(socket.create_connection(pair, CONNECT_SECONDS)):
                return True
        return False

    async def close(self) -> None:
        """Give up all deliveries on their way."""
        self._closed = True
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for delivery in self._deliveries:
            fail(delivery, "the sandbox was stopped")
        if self._session is not None:
            await self._session.close()

    def _start(self, delivery: Delivery) -> None:
        if self._closed:
            fail(delivery, "the sandbox was stopped")
            return
        task = self._loop.create_task(self._deliver(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        delivery.sent_at = time.monotonic()
        body, headers = request_of(delivery, self._secret)
        again = True
        try:
            if self._session is None:
                self._session = ClientSession(timeout=ClientTimeout(total=ACK_SECONDS))
            async with self._session.post(self._url, data=body, headers=headers) as response:
                said = await response.text()
                if response.ok:
                    delivery.ack.set_result(_ack(delivery, said, response.content_type))
                    return
                failure, detail = "http_error", f"status {response.status}"
                again = response.headers.get("X-Slack-No-Retry") != "1"
        except TimeoutError:
            failure, detail = "http_timeout", f"no answer in {ACK_SECONDS} s"
        except (ClientError, OSError) as error:
            failure, detail = "connection_failed", type(error).__name__
        fail(delivery, f"{delivery.envelope_id}: {failure}, {detail}")
        attempt = delivery.retry_attempt
        if again and delivery.kind == "events_api" and attempt < len(RETRY_AFTER_SECONDS):
            retry = partial(self.send, delivery.kind, delivery.payload, attempt + 1, failure)
            self._loop.call_later(RETRY_AFTER_SECONDS[attempt], retry)


def request_of(delivery: Delivery, signing_secret: str) -> tuple[bytes, dict[str, str]]:
    """The body and the headers of a delivery, signed now."""
    text = json.dumps(delivery.payload, ensure_ascii=False)
    kind = "application/json"
    if delivery.kind != "events_api":
        # A slash command's fields are the form's own; all else is one field of JSON.
        fields = {"payload": text} if delivery.kind == "interactive" else delivery.payload
        text, kind = urlencode(fields), "application/x-www-form-urlencoded"
    body = text.encode()
    headers = {
        "Content-Type": kind,
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        **signature(signing_secret, body, int(time.time())),
    }
    if delivery.retry_attempt:
        headers["X-Slack-Retry-Num"] = str(delivery.retry_attempt)
        headers["X-Slack-Retry-Reason"] = delivery.retry_reason
    return body, headers


def signature(signing_secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """The two headers that prove that a request is Slack's."""
    signed = hmac.new(signing_secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256)
    return {
        "X-Slack-Request-Timestamp": str(timestamp),
        "X-Slack-Signature": f"v0={signed.hexdigest()}",
    }


def _ack(delivery: Delivery, said: str, content_type: str) -> Ack:
    payload: Any = {"text": said} if said else None
    if content_type == "application/json":
        with suppress(json.JSONDecodeError):
            payload = json.loads(said)
    latency_seconds = time.monotonic() - delivery.sent_at
    return Ack(envelope_id=delivery.envelope_id, latency_seconds=latency_seconds, payload=payload)
