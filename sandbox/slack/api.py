"""The Web API over HTTP: reads a request however it is written, answers as Slack answers."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, cast

from aiohttp import web

from sandbox.slack.call import Call, State
from sandbox.slack.faults import Faults, ScriptedFault
from sandbox.slack.methods import APP_TOKEN_METHODS, METHODS
from sandbox.slack.methods_files import is_seen_by_bot
from sandbox.slack.responses import answer_by_url
from sandbox.slack.socket_mode import SocketMode
from sandbox.slack.tiers import Tiers
from sandbox.slack.values import TEAM_ID, JsonObject
from sandbox.slack.workspace import SlackRefusal

BOT_TOKEN = "xoxb-sandbox"
APP_TOKEN = "xapp-sandbox"
_JSON_ARGUMENTS = ("blocks", "metadata", "attachments")


class WebApi:
    """The methods, and the addresses they hand out: sockets, response_urls, uploads, files."""

    def __init__(self, state: State, faults: Faults, tiers: Tiers, sockets: SocketMode) -> None:
        self._state = state
        self._faults = faults
        self._tiers = tiers
        self._sockets = sockets

    def routes(self) -> list[web.RouteDef]:
        """Where everything lives that an app may reach."""
        return [
            web.route("*", "/api/{method}", self._call),
            web.get("/link", self._connect),
            web.post("/response/{ticket}", self._respond),
            web.post("/upload/v1/{ticket}", self._upload),
            web.put("/upload/v1/{ticket}", self._upload),
            web.get("/files-pri/{file}/{name}", self._download),
            web.get("/files-pri/{file}/download/{name}", self._download),
            web.get("/login", _login),
        ]

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        if not self._state.tickets.take_socket(request.query.get("ticket", "")):
            return web.Response(status=401, text="invalid ticket")
        return await self._sockets.handle(request)

    async def _call(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        fault = self._faults.take(name) or await self._too_soon(name, request)
        answer: JsonObject = {}
        if fault is None or fault.does_deed:
            try:
                answer = self._answer(name, await _arguments(request), _bearer(request))
            except SlackRefusal as refusal:
                answer = _refused(refusal)
        headers = {"x-oauth-scopes": self._state.grants.header}
        if fault is None:
            return web.json_response(answer, headers=headers)
        await asyncio.sleep(fault.hold_seconds)
        if not fault.answers and request.transport is not None:
            request.transport.close()
        if fault.retry_after_seconds is not None:
            headers["Retry-After"] = str(fault.retry_after_seconds)
        body = self._faulty_answer(fault)
        return web.json_response(body, status=fault.status, headers=headers)

    async def _too_soon(self, name: str, request: web.Request) -> ScriptedFault | None:
        if not self._tiers.is_enforced:
            return None
        channel = str((await _arguments(request)).get("channel", ""))
        seconds = self._tiers.retry_after_seconds(name, channel)
        if not seconds:
            return None
        return ScriptedFault(
            method=name, status=429, error="ratelimited", retry_after_seconds=seconds
        )

    def _faulty_answer(self, fault: ScriptedFault) -> JsonObject:
        body: JsonObject = {"ok": False, "error": fault.error}
        if fault.needed:
            body |= {"needed": fault.needed, "provided": self._state.grants.header}
        return body

    def _answer(self, name: str, arguments: Mapping[str, Any], bearer: str) -> JsonObject:
        method = METHODS.get(name)
        if method is None:
            raise SlackRefusal("unknown_method", [f"[ERROR] the sandbox does not know {name}"])
        self._check_token(name, bearer or str(arguments.get("token", "")))
        call = Call(state=self._state, arguments=arguments)
        self._check_scopes(name, call)
        return {"ok": True, **method(call)}

    def _check_token(self, method: str, token: str) -> None:
        wanted, other = BOT_TOKEN, APP_TOKEN
        if method in APP_TOKEN_METHODS:
            wanted, other = APP_TOKEN, BOT_TOKEN
        if not token:
            raise SlackRefusal("not_authed")
        if token == other:
            raise SlackRefusal("not_allowed_token_type")
        if token != wanted:
            raise SlackRefusal("invalid_auth")
        if self._state.grants.token_error is not None and token == BOT_TOKEN:
            raise SlackRefusal(self._state.grants.token_error)

    def _check_scopes(self, method: str, call: Call) -> None:
        channels = {channel.id: channel for channel in self._state.workspace.channels()}
        channel = channels.get(call.text("channel"))
        self._state.grants.require_for(method, channel.kind if channel else None)

    async def _respond(self, request: web.Request) -> web.Response:
        try:
            target = self._state.tickets.take_response_url(request.match_info["ticket"])
        except SlackRefusal as refusal:
            return web.Response(status=404, text=refusal.code)
        try:
            answer_by_url(self._state.workspace, target, await _arguments(request))
        except SlackRefusal as refusal:
            return web.json_response(_refused(refusal), status=400)
        return web.Response(text="ok")

    async def _upload(self, request: web.Request) -> web.Response:
        content = await request.read()
        if request.content_type == "multipart/form-data":
            fields = (await request.post()).values()
            parts = [field for field in fields if isinstance(field, web.FileField)]
            content = parts[0].file.read() if parts else b""
        if not self._state.files.receive(request.match_info["ticket"], content):
            return web.Response(status=400, text="upload refused")
        return web.Response(text=f"OK - {len(content)}")

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """The bytes; without a good token a redirect to the sign-in page, as Slack does."""
        grants = self._state.grants
        if _bearer(request) != BOT_TOKEN or grants.token_error or not grants.has("files:read"):
            raise web.HTTPFound(f"/login?redir={request.path}")
        call = Call(state=self._state, arguments={})
        try:
            file = self._state.files.file(request.match_info["file"].removeprefix(f"{TEAM_ID}-"))
        except SlackRefusal:
            raise web.HTTPNotFound from None
        if not is_seen_by_bot(call, file):
            raise web.HTTPNotFound
        return web.Response(body=file.content, content_type="application/octet-stream")


async def _login(request: web.Request) -> web.Response:
    return web.Response(text="<!DOCTYPE html><title>Sign in</title>", content_type="text/html")


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
    answer: JsonObject = {"ok": False, "error": refusal.code, **refusal.also}
    if refusal.messages:
        answer["errors"] = refusal.messages
        answer["response_metadata"] = {"messages": refusal.messages}
    return answer
