import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from agent.conversation import ToolCall
from agent.llm import LLMClient, LLMConfig, LLMResponse, Usage, parse_completion
from agent.llm_errors import (
    LLMError,
    ModelBadReply,
    ModelBusy,
    ModelLoginRefused,
    ModelQuotaSpent,
    ModelRequestRefused,
    ModelServerError,
    ModelTimeout,
    ModelUnreachable,
)
from sandbox.model.replies import Calls, Drop, Malformed, Reply, Stall, Status, Text, call
from sandbox.model.server import ModelStandIn

ASK = [{"role": "user", "content": "hello"}]
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "list_tables", "parameters": {"type": "object", "properties": {}}},
}

Scripted = Callable[..., ModelStandIn]
MakeClient = Callable[..., LLMClient]


def test_300_llm_client_is_made_from_its_config_without_a_connection_or_the_vendor_library() -> (
    None
):
    program = (
        "import sys; from agent.llm import LLMClient, LLMConfig;"
        "c = LLMClient(LLMConfig(api_key='sk-secret'));"
        "assert 'openai' not in sys.modules; assert 'sk-secret' not in repr(c);"
        "print(c.config.model, c.config.temperature)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.split() == ["gpt-4o-mini", "0.0"]


def test_301_llm_response_holds_text_calls_finish_reason_and_usage(
    scripted: Scripted, make_client: MakeClient
) -> None:
    model = scripted(Text("hi"), Calls(call("list_tables", call_id="call_1"), text="let me look"))
    client = make_client(model)

    said = client.complete(ASK, [])
    called = client.complete(ASK, [TOOL])

    assert (said.text, said.tool_calls, said.finish_reason) == ("hi", (), "stop")
    assert said.usage.prompt_tokens > 0
    assert called.text == "let me look"
    assert called.tool_calls == (ToolCall(id="call_1", name="list_tables", arguments="{}"),)
    assert called.finish_reason == "tool_calls"
    assert LLMResponse("x") == LLMResponse("x", (), "stop", Usage(0, 0))


def test_a_request_names_model_temperature_and_the_longest_reply(
    scripted: Scripted, make_client: MakeClient
) -> None:
    model = scripted(Text("hi"), Text("hi"))
    make_client(model, model="m1", max_tokens=77).complete(ASK, [TOOL])
    make_client(model, temperature=None).complete(ASK, [])
    first, second = model.requests
    assert (first["model"], first["temperature"], first["max_completion_tokens"]) == ("m1", 0.0, 77)
    assert first["tools"] == [TOOL]
    assert "temperature" not in second
    assert "tools" not in second


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Status(429), ModelBusy),
        (Status(429, code="insufficient_quota"), ModelQuotaSpent),
        (Status(401), ModelLoginRefused),
        (Status(403), ModelLoginRefused),
        (Status(404), ModelRequestRefused),
        (Status(400, code="context_length_exceeded"), ModelRequestRefused),
        (Status(500), ModelServerError),
        (Status(503), ModelServerError),
        (Drop(), ModelUnreachable),
        (Malformed(), ModelBadReply),
        (Malformed("<html>"), ModelBadReply),
        (Malformed('"words"'), ModelBadReply),
        (Malformed("[]"), ModelBadReply),
        (Malformed("{}"), ModelBadReply),
        (Malformed('{"choices": []}'), ModelBadReply),
        (Malformed('{"choices": null}'), ModelBadReply),
        (Malformed('{"choices": [{"message": null}]}'), ModelBadReply),
        (Text(""), ModelBadReply),
        (Text("half an ans", finish_reason="length"), ModelBadReply),
        (Text("", finish_reason="content_filter"), ModelBadReply),
    ],
)
def test_whatever_goes_wrong_has_a_name_and_is_asked_once(
    scripted: Scripted, make_client: MakeClient, reply: Reply, error: type[LLMError]
) -> None:
    model = scripted(reply)
    with pytest.raises(LLMError) as caught:
        make_client(model).complete(ASK, [])
    assert type(caught.value) is error
    assert str(caught.value)
    assert len(model.requests) == 1


def test_a_busy_server_says_when_to_come_back(scripted: Scripted, make_client: MakeClient) -> None:
    with pytest.raises(ModelBusy) as caught:
        make_client(scripted(Status(429, retry_after=7))).complete(ASK, [])
    assert caught.value.retry_after == 7


def test_silence_ends_at_the_timeout(scripted: Scripted, make_client: MakeClient) -> None:
    client = make_client(scripted(Stall(30)), timeout_seconds=0.2)
    with pytest.raises(ModelTimeout):
        client.complete(ASK, [])


def test_a_server_that_only_sends_blanks_is_left_at_the_timeout() -> None:
    ended = threading.Event()

    def trickle(listening: socket.socket) -> None:
        with listening.accept()[0] as connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
            connection.sendall(b"Content-Length: 100000\r\n\r\n")
            try:
                while not ended.wait(0.05):
                    connection.sendall(b" ")
            except OSError:
                ended.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=trickle, args=(listening,), daemon=True)
        server.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        client = LLMClient(LLMConfig(api_key="sk-x", base_url=url, timeout_seconds=0.3))
        with pytest.raises(ModelTimeout):
            client.complete(ASK, [])
        server.join(10)
    assert ended.is_set(), "the connection was left open"


def test_azure_is_asked_for_a_deployment_and_its_refusals_have_the_same_names(
    scripted: Scripted, make_client: MakeClient
) -> None:
    model = scripted(
        Text("hi"),
        Status(404, code="DeploymentNotFound"),
        Status(400, code="content_filter"),
        Status(429, retry_after=7),
    )
    azure = make_client(
        model,
        base_url=f"{model.azure_endpoint}/",
        azure_api_version="2024-10-21",
        model="our gpt",
    )
    said = azure.complete(ASK, [TOOL])
    assert (said.text, said.usage.prompt_tokens > 0) == ("hi", True)
    assert model.addresses == (
        "/openai/deployments/our%20gpt/chat/completions?api-version=2024-10-21",
    )
    with pytest.raises(ModelRequestRefused, match="DeploymentNotFound"):
        azure.complete(ASK, [])
    with pytest.raises(ModelBadReply, match="content filter"):
        azure.complete(ASK, [])
    with pytest.raises(ModelBusy) as busy:
        azure.complete(ASK, [])
    assert busy.value.retry_after == 7


def test_a_closed_port_is_unreachable() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        client = LLMClient(LLMConfig(api_key="sk-x", base_url=f"http://127.0.0.1:{port}/v1"))
        with pytest.raises(ModelUnreachable):
            client.complete(ASK, [])


def test_the_key_is_in_no_repr_and_no_error(make_client: MakeClient) -> None:
    # Its own model: the refusal of the key is what is tested here.
    from sandbox.model.server import start_model

    model = start_model([])
    client = make_client(model, api_key="sk-very-secret")
    with pytest.raises(ModelLoginRefused) as caught:
        client.complete(ASK, [])
    model.stop()
    shown = [repr(client), repr(client.config), str(caught.value), repr(caught.value)]
    assert "sk-" not in "".join(shown)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_refusal_is_no_answer() -> None:
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": "I cannot."}
    with pytest.raises(ModelBadReply, match="declined"):
        parse_completion({"choices": [{"message": message, "finish_reason": "stop"}]})
