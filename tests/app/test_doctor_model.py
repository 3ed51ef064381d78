"""What the doctor tells of the model, against the model stand-in and servers that know less."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from pydantic import SecretStr

from agent.llm import LLMConfig, probe
from agent.llm_errors import ModelRequestRefused
from app.doctor.model import check_model
from app.settings import ModelSettings
from sandbox.model.replies import Text
from sandbox.model.server import ModelStandIn, start_model
from tests.app.doctor_parts import Finding, by_name, closed_port


@pytest.fixture(scope="module")
def model() -> Iterator[ModelStandIn]:
    stand_in = start_model(())
    yield stand_in
    stand_in.stop()


@pytest.fixture
def plain_server() -> Iterator[tuple[str, list[str]]]:
    """A server that describes no model and answers for the one named *known*, cut after a token."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self._answer(404, {"detail": "Not Found"})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(f"{self.path} {body['max_completion_tokens']}")
            if body["model"] != "known":
                self._answer(404, {"error": {"code": "model_not_found", "message": "no"}})
                return
            choice = {
                "index": 0,
                "finish_reason": "length",
                "message": {"role": "assistant", "content": "H"},
            }
            self._answer(
                200,
                {
                    "id": "1",
                    "object": "chat.completion",
                    "created": 1,
                    "model": "known",
                    "choices": [choice],
                },
            )

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its name there
            return

        def _answer(self, status: int, body: object) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1", asked
    server.shutdown()
    server.server_close()
    thread.join()


def found(base_url: str, key: str, name: str = "gpt-4o-mini") -> dict[str, Finding]:
    return by_name(
        check_model(ModelSettings(api_key=SecretStr(key), base_url=base_url, model=name))
    )


def test_a_key_that_works_costs_no_completion(model: ModelStandIn) -> None:
    before = model.requests
    told = found(model.base_url, model.api_key)
    assert told["key"] == ("OK", "works for gpt-4o-mini")
    both = ModelSettings(
        api_key=SecretStr(model.api_key), base_url=model.base_url, compaction_model="duckferry-demo"
    )
    assert by_name(check_model(both))["compaction"] == ("OK", "works for duckferry-demo")
    assert told["address"][0] == "OK"
    assert model.requests == before


def test_a_wrong_key_is_told_without_it(model: ModelStandIn) -> None:
    told = found(model.base_url, "sk-wrong-and-secret")["key"]
    assert told[0] == "FAIL"
    assert "refused our key (HTTP 401)" in told[1]
    assert "secret" not in told[1]


def test_azure_is_asked_for_one_token_of_the_deployment(model: ModelStandIn) -> None:
    def told(key: str) -> Finding:
        settings = ModelSettings(
            api_key=SecretStr(key),
            base_url=model.azure_endpoint,
            api_version="2024-10-21",
            model="ours",
        )
        return by_name(check_model(settings))["key"]

    model.push(Text("H", finish_reason="length"))
    assert told(model.api_key) == ("OK", "works for ours")
    status, words = told("secret-key")
    assert (status, "refused our key (HTTP 401)" in words, "secret" in words) == (
        "FAIL",
        True,
        False,
    )


def test_a_server_that_is_away_is_told() -> None:
    told = found(f"http://127.0.0.1:{closed_port()}/v1", "sk-x")["key"]
    assert told[0] == "FAIL"
    assert "cannot be reached" in told[1]


def test_a_server_that_describes_no_model_is_asked_for_one_token(
    plain_server: tuple[str, list[str]],
) -> None:
    url, asked = plain_server
    assert probe(LLMConfig(api_key="sk-x", base_url=url, model="known")) == "known"
    assert asked == ["/v1/models/known", "/v1/chat/completions 1"]


def test_a_model_that_does_not_exist_is_told(plain_server: tuple[str, list[str]]) -> None:
    url, _ = plain_server
    with pytest.raises(ModelRequestRefused):
        probe(LLMConfig(api_key="sk-x", base_url=url, model="typo"))
    told = found(url, "sk-x", "typo")["key"]
    assert told[0] == "FAIL"
    assert "model_not_found" in told[1]


def test_a_key_that_would_travel_unencrypted_is_warned_of() -> None:
    checks = check_model(
        ModelSettings(api_key=SecretStr("sk-x"), base_url="http://user:pw@llm.example/v1")
    )
    address = next(iter(checks))
    assert address.status == "WARN"
    assert "http://llm.example: key and questions travel unencrypted" in address.found
