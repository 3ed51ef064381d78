"""The Web API over HTTP: reads a request however it is written, answers as Slack answers."""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import web

from sandbox.slack.delivery import ACK_SECONDS
from sandbox.slack.faults import Faults
from sandbox.slack.limits import refuse_over_limit
from sandbox.slack.methods import APP_TOKEN_METHODS, METHODS, Call
from sandbox.slack.socket_mode import SocketMode
from sandbox.slack.values import BOT_USER_ID, JsonObject, Message
from sandbox.slack.workspace import SlackRefusal, Workspace

BOT_TOKEN = "xoxb-sandbox"
APP_TOKEN = "xapp-sandbox"
SCOPES = (
    "app_mentions:read,channels:history,channels:read,chat:write,im:history,im:write,"
    "reactions:write,users:read,assistant:write"
)
MAX_RESPONSE_URL_USES = 5
RESPONSE_URL_SECONDS = 30 * 60
_JSON_ARGUMENTS = ("blocks", "metadata", "attachments", "view")


@dataclass(kw_only=True)
class _ResponseUrl:
    message: Message
    user: str
    made_at: float
    uses: int = 0


class WebApi:
    """The methods, the response_urls and the tickets they hand out."""

    def __init__(self, workspace: Workspace, faults: Faults, sockets: SocketMode) -> None:
        self.base_url = ""
        self._workspace = workspace
        self._faults = faults
        self._sockets = sockets
        self._socket_tickets: set[str] = set()
        self._triggers: dict[str, float] = {}
        self._response_urls: dict[str, _ResponseUrl] = {}

    def routes(self) -> list[web.RouteDef]:
        """Where the Web API, Socket Mode and response_urls live."""
        return [
            web.route("*", "/api/{method}", self._call),
            web.get("/link", self._connect),
            web.post("/response/{ticket}", self._respond),
        ]

    def socket_url(self) -> str:
        """A fresh WebSocket address, good for one connection."""
        ticket = secrets.token_hex(16)
        self._socket_tickets.add(ticket)
        return f"{self.base_url.replace('http', 'ws', 1)}/link?ticket={ticket}"

    def new_trigger(self) -> str:
        """A trigger id for one `views.open` within three seconds."""
        trigger_id = f"{time.time_ns()}.sandbox.{secrets.token_hex(8)}"
        self._triggers[trigger_id] = time.monotonic()
        return trigger_id

    def redeem_trigger(self, trigger_id: str) -> None:
        """Use up a trigger id. Raises `SlackRefusal`."""
        made_at = self._triggers.pop(trigger_id, None)
        if made_at is None:
            raise SlackRefusal("invalid_trigger_id")
        if time.monotonic() - made_at > ACK_SECONDS:
            raise SlackRefusal("expired_trigger_id")

    def new_response_url(self, message: Message, user: str) -> str:
        """An address to answer *user* about *message*: five times within thirty minutes."""
        ticket = secrets.token_hex(16)
        self._response_urls[ticket] = _ResponseUrl(
            message=message, user=user, made_at=time.monotonic()
        )
        return f"{self.base_url}/response/{ticket}"

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._socket_tickets:
            return web.Response(status=401, text="invalid ticket")
        self._socket_tickets.discard(ticket)
        return await self._sockets.handle(request)

    async def _call(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        fault = self._faults.take(name)
        if fault is not None:
            headers = {"Retry-After": str(fault.retry_after_seconds)}
            return web.json_response(
                {"ok": False, "error": fault.error},
                status=fault.status,
                headers=headers if fault.retry_after_seconds is not None else {},
            )
        try:
            answer = self._answer(name, await _arguments(request), _bearer(request))
        except SlackRefusal as refusal:
            answer = _refused(refusal)
        return web.json_response(answer, headers={"x-oauth-scopes": SCOPES})

    def _answer(self, name: str, arguments: Mapping[str, Any], bearer: str) -> JsonObject:
        method = METHODS.get(name)
        if method is None:
            raise SlackRefusal("unknown_method", [f"[ERROR] the sandbox does not know {name}"])
        _check_token(name, bearer or str(arguments.get("token", "")))
        call = Call(workspace=self._workspace, arguments=arguments, tickets=self)
        return {"ok": True, **method(call)}

    async def _respond(self, request: web.Request) -> web.Response:
        target = self._response_urls.get(request.match_info["ticket"])
        if target is None or time.monotonic() - target.made_at > RESPONSE_URL_SECONDS:
            return web.Response(status=404, text="expired_url")
        if target.uses >= MAX_RESPONSE_URL_USES:
            return web.Response(status=404, text="used_url")
        target.uses += 1
        try:
            self._answer_by_url(target, await _arguments(request))
        except SlackRefusal as refusal:
            return web.json_response(_refused(refusal), status=400)
        return web.Response(text="ok")

    def _answer_by_url(self, target: _ResponseUrl, given: Mapping[str, Any]) -> None:
        message = target.message
        if given.get("delete_original"):
            self._workspace.delete(message.channel, message.ts)
            return
        text, blocks = str(given.get("text", "")), tuple(given.get("blocks") or ())
        if not text and not blocks:
            raise SlackRefusal("no_text")
        refuse_over_limit(text, blocks)
        if given.get("replace_original"):
            self._workspace.edit(message.channel, message.ts, text=text, blocks=blocks)
            return
        in_channel = given.get("response_type") == "in_channel"
        self._workspace.post(
            channel=message.channel,
            user=BOT_USER_ID,
            text=text,
            blocks=blocks,
            thread_ts=given.get("thread_ts"),
            ephemeral_to=None if in_channel else target.user,
        )


def _check_token(method: str, token: str) -> None:
    wanted, other = BOT_TOKEN, APP_TOKEN
    if method in APP_TOKEN_METHODS:
        wanted, other = APP_TOKEN, BOT_TOKEN
    if not token:
        raise SlackRefusal("not_authed")
    if token == other:
        raise SlackRefusal("not_allowed_token_type")
    if token != wanted:
        raise SlackRefusal("invalid_auth")


def _bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else ""


async def _arguments(request: web.Request) -> dict[str, Any]:
    """Arguments from the query string, a form or a JSON body; nested ones parsed."""
    arguments: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        body = await request.text()
        arguments |= cast("JsonObject", json.loads(body)) if body else {}
    else:
        arguments |= dict(await request.post())
    for name in _JSON_ARGUMENTS:
        if isinstance(arguments.get(name), str):
            arguments[name] = _parsed(name, arguments[name])
    return arguments


def _parsed(name: str, value: str) -> Any:
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        code = "invalid_blocks_format" if name == "blocks" else "invalid_arguments"
        raise SlackRefusal(code, [f"[ERROR] {name} is not JSON: {error}"]) from error


def _refused(refusal: SlackRefusal) -> JsonObject:
    answer: JsonObject = {"ok": False, "error": refusal.code}
    if refusal.messages:
        answer["errors"] = refusal.messages
        answer["response_metadata"] = {"messages": refusal.messages}
    return answer
