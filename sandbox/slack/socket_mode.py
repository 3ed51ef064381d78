"""Slack's side of Socket Mode: envelopes to one of the app's connections, and its acks.

https://docs.slack.dev/apis/events-api/using-socket-mode/. Everything here runs in the server's
event loop, except `SocketMode.send`, which any thread may call.
"""

import asyncio
import itertools
import json
import time
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from sandbox.slack.delivery import (
    ACK_SECONDS,
    RETRY_AFTER_SECONDS,
    Ack,
    Delivery,
    Kind,
    fail,
    new_delivery,
)
from sandbox.slack.values import APP_ID, JsonObject

PING_SECONDS = 0.3
"""Real Slack pings too. Often, because slack_sdk's `close()` waits for the next frame."""
MAX_CONNECTIONS = 10
MAX_BUFFERED = 1_000


class SocketMode:
    """All connections of one app, and the envelopes waiting for one."""

    def __init__(self, loop: asyncio.AbstractEventLoop, deliveries: list[Delivery]) -> None:
        self._deliveries = deliveries
        self._loop = loop
        self._sockets: list[web.WebSocketResponse] = []
        self._waiting: deque[Delivery] = deque()
        self._unacked: dict[str, Delivery] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = itertools.count()

    def send(self, kind: Kind, payload: JsonObject, retry_attempt: int = 0) -> Delivery:
        """Deliver to one connection, or as soon as there is one. Does not wait."""
        delivery = new_delivery(self._deliveries, kind, payload, retry_attempt)
        self._loop.call_soon_threadsafe(self._dispatch, delivery)
        return delivery

    def connections(self) -> int:
        """How many connections are open now."""
        return len(self._sockets)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One connection from hello to close."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if len(self._sockets) >= MAX_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        self._sockets.append(socket)
        await socket.send_json(self._hello())
        pinger = asyncio.create_task(_ping(socket))
        self._flush()
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._take_ack(json.loads(message.data))
        finally:
            pinger.cancel()
            self._forget(socket)
        return socket

    async def disconnect(self, reason: str) -> None:
        """Tell every connection to reconnect, then close it, as Slack does every few hours."""
        for socket in tuple(self._sockets):
            self._forget(socket)
            await socket.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
            )
            self._start(_close_later(socket))

    async def close(self) -> None:
        """End all connections and timers."""
        for task in tuple(self._tasks):
            task.cancel()
        for socket in tuple(self._sockets):
            self._forget(socket)
            await socket.close(code=WSCloseCode.GOING_AWAY)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for delivery in (*self._unacked.values(), *self._waiting):
            fail(delivery, "the sandbox was stopped")
        self._unacked.clear()

    def _dispatch(self, delivery: Delivery) -> None:
        if self._sockets:
            socket = self._sockets[next(self._turn) % len(self._sockets)]
            self._start(self._deliver(socket, delivery))
        elif len(self._waiting) >= MAX_BUFFERED:
            fail(delivery, f"no app is connected and {MAX_BUFFERED} envelopes wait already")
        else:
            self._waiting.append(delivery)

    def _flush(self) -> None:
        while self._waiting:
            self._dispatch(self._waiting.popleft())

    async def _deliver(self, socket: web.WebSocketResponse, delivery: Delivery) -> None:
        delivery.sent_at = time.monotonic()
        self._unacked[delivery.envelope_id] = delivery
        self._loop.call_later(ACK_SECONDS, self._give_up, delivery)
        with suppress(ConnectionError):  # the app is gone: there will be no ack
            await socket.send_json(_envelope(delivery))

    def _take_ack(self, answer: JsonObject) -> None:
        delivery = self._unacked.pop(str(answer.get("envelope_id")), None)
        if delivery is not None and not delivery.ack.done():
            delivery.ack.set_result(
                Ack(
                    envelope_id=delivery.envelope_id,
                    latency_seconds=time.monotonic() - delivery.sent_at,
                    payload=answer.get("payload"),
                )
            )

    def _give_up(self, delivery: Delivery) -> None:
        if self._unacked.pop(delivery.envelope_id, None) is None:
            return
        fail(delivery, f"no ack for {delivery.envelope_id} in {ACK_SECONDS} s")
        attempt = delivery.retry_attempt
        if delivery.kind == "events_api" and attempt < len(RETRY_AFTER_SECONDS):
            again = partial(self.send, delivery.kind, delivery.payload, attempt + 1)
            self._loop.call_later(RETRY_AFTER_SECONDS[attempt], again)

    def _hello(self) -> JsonObject:
        return {
            "type": "hello",
            "num_connections": len(self._sockets),
            "connection_info": {"app_id": APP_ID},
            "debug_info": {
                "host": "sandbox",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
        }

    def _forget(self, socket: web.WebSocketResponse) -> None:
        if socket in self._sockets:
            self._sockets.remove(socket)

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _envelope(delivery: Delivery) -> JsonObject:
    envelope: JsonObject = {
        "envelope_id": delivery.envelope_id,
        "type": delivery.kind,
        "payload": delivery.payload,
        "accepts_response_payload": delivery.kind != "events_api",
    }
    if delivery.kind == "events_api":
        envelope["retry_attempt"] = delivery.retry_attempt
        envelope["retry_reason"] = "timeout" if delivery.retry_attempt else ""
    return envelope


async def _ping(socket: web.WebSocketResponse) -> None:
    while not socket.closed:
        await asyncio.sleep(PING_SECONDS)
        await socket.ping(b"Ping from sandbox")


async def _close_later(socket: web.WebSocketResponse) -> None:
    """Leave the app a moment to open its next connection first, as Slack does."""
    await asyncio.sleep(ACK_SECONDS)
    await socket.close()
