"""The page's own way to the stand-in: who sees what, and who may ask."""

import json
from collections.abc import Iterator
from contextlib import closing
from email.message import Message
from http.client import HTTPConnection
from typing import Any, NamedTuple

import pytest

from sandbox.slack.server import SlackStandIn, start_slack
from sandbox.slack.values import BOT_USER_ID


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as running:
        yield running


def test_one_sees_their_channels_and_what_is_for_them_and_of_files_those_shared_there(
    slack: SlackStandIn,
) -> None:
    slack.post("U0MINJI", "C0DATA", "안녕하세요")
    slack.upload("U0JUNHO", "C0FINANCE", "pay.csv", b"a,b\n1,2\n", "급여")
    slack.workspace.post(
        channel="C0DATA", user=BOT_USER_ID, text="둘만의 이야기", ephemeral_to="U0JUNHO"
    )

    minji, junho = seen(slack, "U0MINJI"), seen(slack, "U0JUNHO")
    assert {each["text"] for each in minji["messages"]} == {"안녕하세요"}
    assert {each["text"] for each in junho["messages"]} == {"안녕하세요", "급여", "둘만의 이야기"}
    assert "C0FINANCE" not in {each["id"] for each in minji["channels"]}

    (file,) = slack.files()
    whose = f"/sandbox/file?id={file.id}&user="
    assert ask(slack, "GET", whose + "U0MINJI").status == 404
    handed_over = ask(slack, "GET", whose + "U0JUNHO")
    assert handed_over.headers["Content-Disposition"] == "attachment"
    assert handed_over.body == b"a,b\n1,2\n"

    later = seen(slack, "U0MINJI", minji["version"])
    assert (later["messages"], later["stamp"]) == ([], minji["stamp"])


def test_the_page_comes_with_all_its_parts_and_runs_nothing_from_elsewhere(
    slack: SlackStandIn,
) -> None:
    page = ask(slack, "GET", "/")
    assert b"/page/main.js" in page.body
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert ask(slack, "GET", "/page/main.js").headers["Content-Type"].endswith("/javascript")
    assert ask(slack, "GET", "/page/..%2Fserver.py").status == 404


def test_another_sites_page_and_another_name_of_this_machine_are_refused(
    slack: SlackStandIn,
) -> None:
    body = json.dumps({"user": "U0MINJI", "channel": "C0DATA", "text": "몰래"})
    place = "/sandbox/post"
    assert ask(slack, "POST", place, body, Origin="https://evil.example").status == 403
    assert ask(slack, "POST", place, body, Host="evil.example").status == 403
    assert ask(slack, "POST", place, body, Origin=slack.base_url).status == 200
    assert [each.text for each in slack.messages() if each.text == "몰래"] == ["몰래"]


def seen(slack: SlackStandIn, user: str, after: int = 0) -> dict[str, Any]:
    answer = ask(slack, "GET", f"/sandbox/seen?user={user}&after={after}")
    return json.loads(answer.body)["result"]


def ask(slack: SlackStandIn, method: str, path: str, body: str = "", **headers: str) -> Answer:
    with closing(HTTPConnection(slack.base_url.removeprefix("http://"), timeout=10)) as connection:
        connection.request(method, path, body.encode(), headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
