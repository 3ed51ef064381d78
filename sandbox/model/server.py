"""The model's HTTP server, in a thread with an event loop of its own."""

import asyncio
import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import cast

from aiohttp import web

from sandbox.model.checks import check_request
from sandbox.model.planner import plan_reply
from sandbox.model.replies import (
    Calls,
    Drop,
    JsonObject,
    Malformed,
    Odd,
    Reply,
    Stall,
    Status,
    Text,
)
from sandbox.model.values import InvalidRequest
from sandbox.model.wire import chunks, completion, error_body, refusal

MODELS = ("gpt-4o-mini", "duckferry-demo")
"""What `GET /v1/models` lists. A completion is given for any name."""

AZURE_COMPLETIONS = "/openai/deployments/{deployment}/chat/completions"
"""Azure OpenAI's address of the same; a deployment of any name is there."""

Answer = Callable[[Sequence[JsonObject], Sequence[JsonObject]], Reply]
"""Makes a reply of the messages and the tools of a request."""

LARGEST_REQUEST_BYTES = 16 * 1024 * 1024
LONGEST_STALL_SECONDS = 600.0
START_SECONDS = 10.0
STOP_SECONDS = 10.0
MAX_REMEMBERED = 10_000


class ModelStandIn:
    """One running model. All methods may be called from any thread."""

    def __init__(self, script: Sequence[Reply], api_key: str, answer: Answer | None) -> None:
        self.api_key = api_key
        self.base_url = ""
        self.azure_endpoint = ""
        """The same server in Azure OpenAI's form of addresses and keys."""
        self._answer = answer
        self._script: deque[Reply] = deque(script)
        self._requests: deque[JsonObject] = deque(maxlen=MAX_REMEMBERED)
        self._addresses: deque[str] = deque(maxlen=MAX_REMEMBERED)
        self._refusals: deque[str] = deque(maxlen=MAX_REMEMBERED)
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="sandbox-model", daemon=True)
        self._ready = threading.Event()
        self._stopping = asyncio.Event()

    @property
    def requests(self) -> tuple[JsonObject, ...]:
        """Bodies of the completions asked for, in order; each one passed OpenAI's rules."""
        with self._lock:
            return tuple(deepcopy(list(self._requests)))

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where they were asked for, path and query."""
        with self._lock:
            return tuple(self._addresses)

    @property
    def refusals(self) -> tuple[str, ...]:
        """What was wrong with requests that were answered 400 or 401. A story ends with none."""
        with self._lock:
            return tuple(self._refusals)

    @property
    def unused(self) -> tuple[Reply, ...]:
        """Scripted replies nobody has asked for yet."""
        with self._lock:
            return tuple(self._script)

    def push(self, *replies: Reply) -> None:
        """Add to the script. Without a script these come first, then the rules go on."""
        with self._lock:
            self._script.extend(replies)

    def stop(self) -> None:
        """Close the port and cut what is still being answered. May be repeated."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(STOP_SECONDS)

    def start(self) -> None:
        """Listen on a free port of 127.0.0.1; `base_url` is known when this returns."""
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise TimeoutError(f"the model did not listen within {START_SECONDS:.0f} s")

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._listen())

    async def _listen(self) -> None:
        app = web.Application(client_max_size=LARGEST_REQUEST_BYTES)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_post(AZURE_COMPLETIONS, self._complete_of_azure)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/v1/models/{model}", self._model)
        runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.01
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            _, port = cast("tuple[str, int]", runner.addresses[0])
            self.azure_endpoint = f"http://127.0.0.1:{port}"
            self.base_url = f"{self.azure_endpoint}/v1"
            self._ready.set()
            await self._stopping.wait()
        finally:
            await runner.cleanup()

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        if (refused := self._unauthorized(request)) is not None:
            return refused
        return await self._checked(request)

    async def _complete_of_azure(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("api-key") != self.api_key:
            message = "Access denied due to invalid subscription key or wrong API endpoint."
            return self._refuse(401, message, code="401")
        if not request.query.get("api-version"):
            return self._refuse(404, "Resource not found", code="404")
        return await self._checked(request)

    async def _checked(self, request: web.Request) -> web.StreamResponse:
        try:
            body = check_request(_json_or_none(await request.text()))
        except InvalidRequest as problem:
            return self._refuse(400, problem.message, code=problem.code, param=problem.param)
        with self._lock:
            self._requests.append(body)
            self._addresses.append(request.raw_path)
            reply = self._next_reply(body)
        return await _respond(request, body, reply)

    def _next_reply(self, body: JsonObject) -> Reply:
        if self._script:
            return self._script.popleft()
        if self._answer is not None:
            return self._answer(body["messages"], body.get("tools", []))
        return Status(
            400, code="script_exhausted", message="The script of this stand-in has no reply left."
        )

    async def _models(self, request: web.Request) -> web.Response:
        if (refused := self._unauthorized(request)) is not None:
            return refused
        return web.json_response({"object": "list", "data": [_model(name) for name in MODELS]})

    async def _model(self, request: web.Request) -> web.Response:
        if (refused := self._unauthorized(request)) is not None:
            return refused
        return web.json_response(_model(request.match_info["model"]))

    def _unauthorized(self, request: web.Request) -> web.Response | None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if given == self.api_key:
            return None
        hint = "https://platform.openai.com/account/api-keys"
        if not given:
            return self._refuse(
                401, f"You didn't provide an API key. You can find yours at {hint}."
            )
        return self._refuse(
            401, f"Incorrect API key provided: {given[:3]}***. You can find yours at {hint}."
        )

    def _refuse(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> web.Response:
        with self._lock:
            self._refusals.append(message)
        return web.json_response(error_body(status, message, code=code, param=param), status=status)


def start_model(
    script: Iterable[Reply] | None = None,
    api_key: str = "sk-sandbox-not-a-secret",
    answer: Answer = plan_reply,
) -> ModelStandIn:
    """Start a model: *script* is said reply by reply; without one, *answer* makes each reply.

    Unless told otherwise by rules, see `planner`.
    """
    model = ModelStandIn(tuple(script or ()), api_key, answer if script is None else None)
    model.start()
    return model


async def _respond(request: web.Request, body: JsonObject, reply: Reply) -> web.StreamResponse:
    match reply:
        case Stall():
            await asyncio.sleep(min(reply.seconds, LONGEST_STALL_SECONDS))
            return await _respond(request, body, reply.then)
        case Drop():
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        case Malformed():
            return web.Response(text=reply.body, content_type="application/json")
        case Status():
            error, headers = refusal(reply)
            return web.json_response(error, status=reply.status, headers=headers)
        case Text() | Calls() | Odd():
            if not body.get("stream"):
                return web.json_response(completion(reply, body))
            stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await stream.prepare(request)
            for chunk in chunks(reply, body):
                await stream.write(chunk.encode())
            await stream.write_eof()
            return stream


def _model(name: str) -> JsonObject:
    return {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "duckferry"}


def _json_or_none(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
