"""Socket Mode frame by frame, seen by a bare WebSocket client."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse
from slack_sdk import WebClient

from sandbox.slack.delivery import NotAcknowledged
from sandbox.slack.server import SlackStandIn, start_slack

BUTTON: dict[str, Any] = {
    "type": "button",
    "action_id": "go",
    "text": {"type": "plain_text", "text": "Go"},
}


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as stand_in:
        yield stand_in


def connected(
    slack: SlackStandIn,
    count: int,
    talk: Callable[[list[ClientWebSocketResponse]], Awaitable[None]],
) -> None:
    """Open *count* connections as an app does, past their hello, and run *talk* with them."""

    async def run() -> None:
        headers = {"Authorization": f"Bearer {slack.app_token}"}
        async with ClientSession(headers=headers) as session:
            sockets: list[ClientWebSocketResponse] = []
            for number in range(count):
                async with session.post(f"{slack.api_url}apps.connections.open") as response:
                    url = (await response.json())["url"]
                sockets.append(await session.ws_connect(url))
                hello = await sockets[-1].receive_json(timeout=5)
                assert (hello["type"], hello["num_connections"]) == ("hello", number + 1)
            await talk(sockets)
            for socket in sockets:
                await socket.close()

    asyncio.run(run())


def test_what_was_said_before_the_app_connected_is_delivered_then(slack: SlackStandIn) -> None:
    ts = slack.post("U0MINJI", "C0DATA", "early")

    async def talk(sockets: list[ClientWebSocketResponse]) -> None:
        envelope = await sockets[0].receive_json(timeout=5)
        assert envelope["type"] == "events_api"
        assert envelope["retry_attempt"] == 0
        assert envelope["payload"]["type"] == "event_callback"
        assert envelope["payload"]["event"]["ts"] == ts
        await sockets[0].send_json({"envelope_id": envelope["envelope_id"]})
        [delivery] = slack.deliveries()
        ack = await asyncio.wait_for(asyncio.wrap_future(delivery.ack), 5)
        assert 0 <= ack.latency_seconds < 3

    connected(slack, 1, talk)


def test_each_envelope_goes_to_one_of_the_connections(slack: SlackStandIn) -> None:
    async def talk(sockets: list[ClientWebSocketResponse]) -> None:
        said = [slack.post("U0MINJI", "C0DATA", f"message {number}") for number in range(4)]
        heard = [
            [(await socket.receive_json(timeout=5))["payload"]["event"]["ts"] for _ in range(2)]
            for socket in sockets
        ]
        assert sorted(heard[0] + heard[1]) == said

    connected(slack, 2, talk)


def test_an_address_is_good_for_one_connection(slack: SlackStandIn) -> None:
    async def run() -> list[int]:
        headers = {"Authorization": f"Bearer {slack.app_token}"}
        async with ClientSession(headers=headers) as session:
            async with session.post(f"{slack.api_url}apps.connections.open") as response:
                url = (await response.json())["url"]
            async with session.ws_connect(url), session.get(url) as second:
                return [second.status]

    assert asyncio.run(run()) == [401]


def test_an_event_without_an_ack_is_sent_again_and_an_unanswered_press_fails(
    slack: SlackStandIn,
) -> None:
    web = WebClient(token=slack.bot_token, base_url=slack.api_url)
    web.chat_postMessage(
        channel="C0DATA", text="card", blocks=[{"type": "actions", "elements": [BUTTON]}]
    )
    [card] = slack.messages("C0DATA")

    async def talk(sockets: list[ClientWebSocketResponse]) -> None:
        first = await sockets[0].receive_json(timeout=5)
        press = asyncio.to_thread(slack.press, "U0EVE", "C0DATA", card.ts, "go")
        with pytest.raises(NotAcknowledged):
            await press
        pressed = await sockets[0].receive_json(timeout=5)
        again = await sockets[0].receive_json(timeout=5)
        assert (pressed["type"], pressed["payload"]["type"]) == ("interactive", "block_actions")
        assert (again["retry_attempt"], again["retry_reason"]) == (1, "timeout")
        assert again["payload"] == first["payload"]
        assert again["envelope_id"] != first["envelope_id"]

    connected(slack, 1, talk)


def test_a_disconnect_names_its_reason(slack: SlackStandIn) -> None:
    async def talk(sockets: list[ClientWebSocketResponse]) -> None:
        await asyncio.to_thread(slack.disconnect, "warning")
        message = await sockets[0].receive_json(timeout=5)
        assert (message["type"], message["reason"]) == ("disconnect", "warning")
        assert slack.connections() == 0

    connected(slack, 1, talk)


def test_stopping_leaves_no_thread_behind() -> None:
    before = set(threading.enumerate())
    slack = start_slack()
    slack.post("U0MINJI", "C0DATA", "nobody listens")
    slack.stop()
    left = [thread.name for thread in set(threading.enumerate()) - before]
    assert left == []
    [delivery] = slack.deliveries()
    assert isinstance(delivery.ack.exception(timeout=1), NotAcknowledged)


def test_a_taken_port_is_an_error_and_leaves_no_thread_behind(slack: SlackStandIn) -> None:
    before = set(threading.enumerate())
    with pytest.raises(OSError, match="address already in use"):
        start_slack(port=int(slack.base_url.rsplit(":", 1)[1]))
    assert set(threading.enumerate()) <= before
