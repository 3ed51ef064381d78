"""What a person does in the browser's page, and the page itself, over HTTP.

A verb that waits for the app's ack runs in a thread, so that the server's loop can bring the ack.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.slack.delivery import NotAcknowledged
from sandbox.slack.files import file_json
from sandbox.slack.seen import seen
from sandbox.slack.values import JsonObject, to_json
from sandbox.slack.workspace import SlackRefusal

if TYPE_CHECKING:
    from sandbox.slack.server import SlackStandIn

PAGE = Path(__file__).with_name("page")
MAX_POLL_SECONDS = 30.0
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
"""What a browser shows without running anything that is in it; all else is handed over to save."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

Deed = Callable[["SlackStandIn", JsonObject], Any]


def page_routes(slack: "SlackStandIn") -> list[web.RouteDef]:
    """The page at `/`, its parts below `/page/`, and the verbs it calls."""
    return [
        web.get("/", _part_of_page),
        web.get("/page/{name}", _part_of_page),
        web.get("/sandbox/seen", _seen(slack)),
        web.get("/sandbox/file", _shared_file(slack)),
        web.post("/sandbox/upload", _upload(slack)),
        *(web.post(f"/sandbox/{name}", _deed(slack, deed)) for name, deed in DEEDS.items()),
    ]


def guarded(slack: "SlackStandIn") -> Middleware:
    """Keep the pages of other sites out, and ring the bell after what may have changed something.

    A browser says from which site a request comes; the Slack SDK and tests say nothing.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if origin is not None and origin != f"http://{request.host}":
            raise web.HTTPForbidden(text="another site's page may not ask for this")
        if request.url.host not in ("127.0.0.1", "localhost"):
            raise web.HTTPForbidden(text="the sandbox is at 127.0.0.1 only")
        try:
            return await handler(request)
        finally:
            if request.method == "POST":
                slack.state.bell.ring()

    return middleware


def _seen(slack: "SlackStandIn") -> Handler:
    async def handle(request: web.Request) -> web.Response:
        user, stamp = request.query["user"], request.query.get("stamp", "")
        after = int(request.query.get("after", 0))
        wait_seconds = min(float(request.query.get("timeout_seconds", 0)), MAX_POLL_SECONDS)

        def is_new() -> bool:
            return slack.version() > after or seen(slack, user, after)["stamp"] != stamp

        try:
            if wait_seconds > 0:
                await slack.state.bell.until(is_new, wait_seconds)
            return web.json_response({"result": seen(slack, user, after)})
        except SlackRefusal as refusal:
            return web.json_response({"error": f"SlackRefusal: {refusal.code}"}, status=409)

    return handle


def _deed(slack: "SlackStandIn", deed: Deed) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        given: JsonObject = await request.json()
        return await _done(lambda: deed(slack, given))

    return handle


def _upload(slack: "SlackStandIn") -> Handler:
    async def handle(request: web.Request) -> web.Response:
        content, asked = await request.read(), request.query
        return await _done(
            lambda: slack.upload(
                asked["user"],
                asked["channel"],
                asked["name"],
                content,
                asked.get("text", ""),
                asked.get("thread_ts"),
            )
        )

    return handle


async def _done(deed: Callable[[], Any]) -> web.Response:
    try:
        return web.json_response({"result": to_json(await asyncio.to_thread(deed))})
    except (SlackRefusal, LookupError, ValueError, NotAcknowledged) as error:
        return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=409)


def _shared_file(slack: "SlackStandIn") -> Handler:
    """A file, for somebody who is where it is shared; a picture in blocks is shared nowhere."""

    async def handle(request: web.Request) -> web.Response:
        try:
            file = slack.file_of(request.query["id"])
        except SlackRefusal:
            raise web.HTTPNotFound from None
        places = [slack.workspace.channel(channel) for channel, _, _ in file.shares]
        if places and not any(request.query["user"] in place.members for place in places):
            raise web.HTTPNotFound
        kind = str(file_json(file, "")["mimetype"])
        headers = dict(HEADERS)
        if kind not in PICTURES:
            kind = "application/octet-stream"
            headers["Content-Disposition"] = "attachment"
        return web.Response(body=file.content, content_type=kind, headers=headers)

    return handle


async def _part_of_page(request: web.Request) -> web.StreamResponse:
    name = request.match_info.get("name", "index.html")
    if name not in {part.name for part in PAGE.iterdir()}:
        raise web.HTTPNotFound
    return web.FileResponse(PAGE / name, headers=HEADERS)


DEEDS: Mapping[str, Deed] = {
    "react": lambda slack, given: slack.react(**given),
    "unreact": lambda slack, given: slack.unreact(**given),
    "choose": lambda slack, given: slack.choose(**given),
    "enter": lambda slack, given: slack.enter(**given),
    "submit": lambda slack, given: slack.submit(**given),
    "close_view": lambda slack, given: slack.close_view(**given),
    "look_up": lambda slack, given: slack.look_up(**given),
    "press_in_view": lambda slack, given: slack.press_in_view(**given),
    "choose_in_view": lambda slack, given: slack.choose_in_view(**given),
    "stop_session": lambda slack, given: slack.stop_session(**given),
    "open_home": lambda slack, given: slack.open_home(**given),
    "command": lambda slack, given: slack.command(**given),
    "shortcut": lambda slack, given: slack.shortcut(**given),
    "shortcut_on": lambda slack, given: slack.shortcut_on(**given),
}
"""A JSON body's fields are the arguments of the method of that name."""
