"""Files of messages: which may be tables, from where they are fetched, and what is said of them."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient

from app.listeners.hearing import Said, heard
from app.shared_files import SharedFile, address_in_slack, fetch, shared_file
from app.views.shared_files import Joint, questions
from sandbox.slack.server import SlackStandIn, start_slack
from sync.attach_errors import (
    AttachFailed,
    FileElsewhere,
    FileNotFetched,
    FileNotGiven,
    FileTooLarge,
)
from sync.plan import Column
from tests.app.test_events import body, in_channel

MINJI, DATA = "U0MINJI", "C0DATA"
API = "https://slack.com/api/"
CSV = {"id": "F1", "name": "고객.csv", "size": 12, "url_private_download": "https://x"}


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as stand_in:
        yield stand_in


def shared(slack: SlackStandIn, content: bytes, **other: Any) -> SharedFile:
    ts = slack.upload(MINJI, DATA, "고객 명단.csv", content)
    told = slack.workspace.message(DATA, ts).files[0]
    found = shared_file(told)
    assert found is not None
    return found.model_copy(update=other)


def client(slack: SlackStandIn) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


def test_a_file_is_fetched_with_the_bots_token(slack: SlackStandIn) -> None:
    content = "이름\n김민지\n".encode("cp949")
    assert fetch(client(slack), shared(slack, content), 1) == content


def test_what_cannot_be_fetched_is_told_by_what_keeps_it(slack: SlackStandIn) -> None:
    small = shared(slack, b"a\n1\n")
    large = shared(slack, b"a\n" + b"1\n" * 600_000, size=1)  # whatever its size is said to be
    gone = small.model_copy(update={"url": small.url.replace(small.id, "F0GONE")})
    elsewhere = small.model_copy(update={"url": "https://files.example.com/a.csv"})
    hidden = small.model_copy(update={"url": ""})
    assert why(slack, large) is FileTooLarge
    assert why(slack, small.model_copy(update={"size": 10**9})) is FileTooLarge
    assert why(slack, gone) is FileNotFetched
    assert why(slack, elsewhere) is FileElsewhere
    assert why(slack, hidden) is FileNotGiven
    slack.grants.withdraw("files:read")
    try:
        assert why(slack, small) is FileNotGiven  # Slack sends whoever asks to its login
    finally:
        slack.grants.grant("files:read")


def test_half_of_a_file_is_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def break_off() -> None:
            channel, _ = server.accept()
            with channel:
                channel.recv(65_536)
                channel.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\na,b\n1,2\n")

        answering = threading.Thread(target=break_off)
        answering.start()
        there = f"http://127.0.0.1:{server.getsockname()[1]}"
        file = SharedFile(id="F1", name="a.csv", size=12, url=f"{there}/a.csv", kind="text")
        with pytest.raises(FileNotFetched, match="IncompleteRead"):
            fetch(WebClient(token="xoxb-1", base_url=f"{there}/api/"), file, 1)
        answering.join()


def why(slack: SlackStandIn, file: SharedFile) -> type[AttachFailed]:
    with pytest.raises(AttachFailed) as caught:
        fetch(client(slack), file, 1)
    return type(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/a.csv",
        "http://files.slack.com/a.csv",
        "https://files.slack.com.evil.example/a.csv",
        "https://evilslack.com/a.csv",
        "https://files.slack.com@evil.example/a.csv",
        "https://evil.example\\@files.slack.com/a.csv",
        "https://files.slack.com:8443/a.csv",
        "https://[::1]/a.csv",
        "ftp://files.slack.com/a.csv",
        "//files.slack.com/a.csv",
        "http://127.0.0.1:81/a.csv",
        "",
    ],
)
def test_the_token_goes_nowhere_but_to_slack(url: str) -> None:
    assert address_in_slack(url, API) is None
    assert address_in_slack(url, "http://127.0.0.1:80/api/") is None


def test_slacks_own_hosts_and_that_of_the_api_are_asked() -> None:
    asked = "https://files.slack.com/files-pri/T1-F1/download/a%20b.csv?t=1"
    assert address_in_slack(asked, API) == asked
    assert address_in_slack("http://proxy:80/f/고.csv", "http://proxy:80/api/") == (
        "http://proxy:80/f/%EA%B3%A0.csv"
    )


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (CSV, "text"),
        ({**CSV, "name": "LIST.TSV"}, "text"),
        ({**CSV, "name": "list", "filetype": "csv"}, "text"),
        ({**CSV, "name": "list.xlsx", "filetype": "xlsx"}, "workbook"),
        ({**CSV, "name": "photo.png", "filetype": "png"}, None),
        ({**CSV, "mode": "tombstone"}, None),
        ({"id": "F1"}, None),
    ],
)
def test_a_file_may_be_a_table_by_its_name(told: dict[str, Any], kind: str | None) -> None:
    found = shared_file(told)
    assert (found and found.kind) == kind


def test_a_message_of_a_thread_says_something_by_a_table_and_not_by_a_picture() -> None:
    def says_something(**file: Any) -> bool:
        said = heard(body(in_channel(text="", subtype="file_share", files=[{**CSV, **file}])))
        assert isinstance(said, Said)
        return said.says_something

    assert says_something()
    assert not says_something(name="photo.png", filetype="png")


def test_two_questions_are_suggested_that_fit_the_columns() -> None:
    columns = {"customer_id": "BIGINT", "등급": "VARCHAR", "금액": "DECIMAL(12,2)"}
    assert asked(columns) == (
        "이 파일에서 등급별 금액 합계 보여줘",
        "이 파일은 몇 행이야?",
    )
    assert asked(columns, Joint("CUSTOMER_ID", "SHOP.ORDERS"))[0] == (
        "이 파일에 있는 CUSTOMER_ID의 SHOP.ORDERS 행은 몇 개야?"
    )
    assert asked({"order_id": "BIGINT", "name": "VARCHAR"})[0] == "이 파일은 몇 행이야?"


def asked(columns: dict[str, str], joint: Joint | None = None) -> tuple[str, str]:
    told = [
        Column(name=name, oracle_type=kind, duckdb_type=kind, nullable=True)
        for name, kind in columns.items()
    ]
    return questions("ko", told, joint)
