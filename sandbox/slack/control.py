"""The verbs about messages and buttons over HTTP, for a test that runs in another process.

`sandbox.slack.client` is the other end; what a browser can do besides is in `control_page`. Not
part of Slack; loopback only.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.slack.delivery import Ack, NotAcknowledged
from sandbox.slack.faults import ScriptedFault
from sandbox.slack.payloads import Event
from sandbox.slack.values import Change, JsonObject, Message, to_json
from sandbox.slack.workspace import SlackRefusal

if TYPE_CHECKING:
    from sandbox.slack.server import SlackStandIn

MAX_POLL_SECONDS = 30.0

Verb = Callable[["SlackStandIn", JsonObject], Awaitable[Any]]


def control_routes(slack: "SlackStandIn") -> list[web.RouteDef]:
    """One route per verb: reading ones are GET, acting ones POST with a JSON body."""
    reading: dict[str, Verb] = {
        "workspace": _workspace,
        "messages": _messages,
        "ephemerals": _ephemerals,
        "changes": _changes,
        "events": _events,
        "view": _view,
    }
    acting: dict[str, Verb] = {
        "post": _post,
        "edit": _edit,
        "delete": _delete,
        "direct_message": _direct_message,
        "press": _press,
        "redeliver": _redeliver,
        "disconnect": _disconnect,
        "fault": _fault,
    }
    return [
        *(web.get(f"/sandbox/{name}", _handler(slack, verb)) for name, verb in reading.items()),
        *(web.post(f"/sandbox/{name}", _handler(slack, verb)) for name, verb in acting.items()),
    ]


def _handler(
    slack: "SlackStandIn", verb: Verb
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.Response:
        given: JsonObject = dict(request.query)
        if request.method == "POST":
            given |= await request.json()
        try:
            return web.json_response({"result": to_json(await verb(slack, given))})
        except (SlackRefusal, LookupError, NotAcknowledged) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=409)

    return handle


async def _workspace(slack: "SlackStandIn", given: JsonObject) -> JsonObject:
    del given
    return {
        "users": slack.workspace.users(),
        "channels": slack.workspace.channels(),
        "version": slack.version(),
        "connections": slack.connections(),
    }


async def _messages(slack: "SlackStandIn", given: JsonObject) -> tuple[Message, ...]:
    return slack.messages(given.get("channel"), given.get("thread_ts"))


async def _ephemerals(slack: "SlackStandIn", given: JsonObject) -> tuple[Message, ...]:
    return slack.ephemerals(given.get("user"))


async def _changes(slack: "SlackStandIn", given: JsonObject) -> tuple[Change, ...]:
    after = int(given.get("after", 0))
    wait_seconds = min(float(given.get("timeout_seconds", 0)), MAX_POLL_SECONDS)
    loop, woken = asyncio.get_running_loop(), asyncio.Event()

    def wake(change: Change) -> None:
        del change
        loop.call_soon_threadsafe(woken.set)

    end = slack.workspace.on_change(wake)
    try:
        if slack.version() <= after and wait_seconds > 0:
            await asyncio.wait_for(woken.wait(), wait_seconds)
    except TimeoutError:
        pass  # nothing happened, which is an answer too
    finally:
        end()
    return slack.changes(after)


async def _events(slack: "SlackStandIn", given: JsonObject) -> tuple[Event, ...]:
    return slack.events(given.get("channel"), given.get("ts"))


async def _view(slack: "SlackStandIn", given: JsonObject) -> JsonObject | None:
    return slack.view_of(given["user"])


async def _post(slack: "SlackStandIn", given: JsonObject) -> str:
    return slack.post(given["user"], given["channel"], given["text"], given.get("thread_ts"))


async def _edit(slack: "SlackStandIn", given: JsonObject) -> None:
    slack.edit(given["user"], given["channel"], given["ts"], given["text"])


async def _delete(slack: "SlackStandIn", given: JsonObject) -> None:
    slack.delete(given["user"], given["channel"], given["ts"])


async def _direct_message(slack: "SlackStandIn", given: JsonObject) -> str:
    return slack.direct_message(given["user"], given["text"], given.get("thread_ts"))


async def _press(slack: "SlackStandIn", given: JsonObject) -> Ack:
    delivery = slack.begin_press(
        given["user"],
        given["channel"],
        given["message_ts"],
        given["button"],
        int(given.get("version", -1)),
    )
    try:
        return await asyncio.wait_for(asyncio.wrap_future(delivery.ack), slack.press_seconds)
    except TimeoutError as late:
        raise NotAcknowledged(f"no app took the press of {given['button']!r}") from late


async def _redeliver(slack: "SlackStandIn", given: JsonObject) -> list[str]:
    event = Event(**given["event"])
    return [each.envelope_id for each in slack.redeliver(event, int(given["times"]))]


async def _disconnect(slack: "SlackStandIn", given: JsonObject) -> None:
    await slack.begin_disconnect(given["reason"])


async def _fault(slack: "SlackStandIn", given: JsonObject) -> None:
    times = int(given.pop("times", 1))
    slack.faults.add(ScriptedFault(**given), times)
