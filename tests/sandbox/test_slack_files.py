"""Files: the bot's upload in three steps as the SDK does it, and what people share."""

from collections.abc import Iterator
from typing import Any, cast
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack.server import SlackStandIn, start_slack
from tests.sandbox.slack_bot import WAYS, connected

MINJI, DATA = "U0MINJI", "C0DATA"


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as slack:
        yield slack


@pytest.fixture
def web(slack: SlackStandIn) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


def fetch(
    url: str, token: str, method: str = "GET", data: bytes | None = None
) -> tuple[str, bytes]:
    headers = {"Authorization": f"Bearer {token}"}
    request = Request(url, headers=headers, method=method, data=data)  # noqa: S310 - the loopback address
    with urlopen(request, timeout=5) as response:  # noqa: S310 - as above
        return response.headers.get_content_type(), response.read()


def test_the_sdk_uploads_into_a_thread_with_a_comment(slack: SlackStandIn, web: WebClient) -> None:
    root = slack.post(MINJI, DATA, "every row please")
    answer = web.files_upload_v2(
        channel=DATA,
        thread_ts=root,
        filename="users.csv",
        content="id,name\n1,민지\n",
        title="Users",
        initial_comment="Here it is",
    )
    file = cast("dict[str, Any]", answer["file"])
    stored = slack.file_of(file["id"])
    assert stored.content == "id,name\n1,민지\n".encode()
    assert (stored.name, stored.title, stored.user) == ("users.csv", "Users", "U0DUCKFERRY")
    message = slack.messages(DATA, root)[-1]
    assert (message.text, message.thread_ts) == ("Here it is", root)
    assert [each["id"] for each in message.files] == [file["id"]]
    assert stored.shares == ((DATA, message.ts, root),)
    info = cast("dict[str, Any]", web.files_info(file=file["id"])["file"])
    assert info["shares"]["public"][DATA][0]["ts"] == message.ts
    assert (info["size"], info["filetype"], info["mimetype"]) == (17, "csv", "text/csv")


def test_several_files_are_one_message(slack: SlackStandIn, web: WebClient) -> None:
    uploads = [{"filename": f"{name}.csv", "content": name} for name in ("a", "b")]
    web.files_upload_v2(channel=DATA, file_uploads=uploads)
    (message,) = slack.messages(DATA)
    assert [each["name"] for each in message.files] == ["a.csv", "b.csv"]
    assert [file.content for file in slack.files()] == [b"a", b"b"]


def test_a_file_may_be_uploaded_to_no_channel_and_by_put(
    slack: SlackStandIn, web: WebClient
) -> None:
    reserved = web.files_getUploadURLExternal(filename="chart.png", length=3, alt_txt="Sales")
    file_id = cast("str", reserved["file_id"])
    fetch(cast("str", reserved["upload_url"]), "", "PUT", b"png")
    with pytest.raises(SlackApiError, match="file_not_found"):
        web.files_info(file=file_id)
    web.files_completeUploadExternal(files=[{"id": file_id, "title": "Chart"}])
    assert (slack.file_of(file_id).content, slack.file_of(file_id).alt_txt) == (b"png", "Sales")
    assert slack.messages() == ()


def test_bytes_of_another_length_or_sent_twice_are_refused(
    slack: SlackStandIn, web: WebClient
) -> None:
    reserved = web.files_getUploadURLExternal(filename="a.csv", length=3)
    url = cast("str", reserved["upload_url"])
    with pytest.raises(HTTPError):
        fetch(url, "", "POST", b"four")
    fetch(url, "", "POST", b"abc")
    with pytest.raises(HTTPError):
        fetch(url, "", "POST", b"abc")


def test_what_cannot_be_uploaded_is_refused_before_anything_is_shown(
    slack: SlackStandIn, web: WebClient
) -> None:
    slack.state.files.max_bytes = 10
    cases: list[tuple[dict[str, Any], str]] = [
        ({"channel": DATA, "filename": "a.csv", "content": b"x" * 11}, "file_upload_size_restr"),
        ({"channel": DATA, "filename": "a.csv", "content": b"x", "alt_txt": "x" * 1001}, "alt_txt"),
        ({"channel": "C0LEADS", "filename": "a.csv", "content": b"x"}, "not_in_channel"),
        ({"channel": "C0BOARD", "filename": "a.csv", "content": b"x"}, "channel_not_found"),
        ({"channel": "C0OLD", "filename": "a.csv", "content": b"x"}, "is_archived"),
    ]
    for arguments, code in cases:
        with pytest.raises(SlackApiError, match=code):
            web.files_upload_v2(**arguments)
    with pytest.raises(SlackApiError, match="missing_argument"):
        web.files_getUploadURLExternal(filename="empty.csv", length=0)
    with pytest.raises(SlackApiError, match="file_not_found"):
        web.files_completeUploadExternal(files=[{"id": "F0NONE"}], channel_id=DATA)
    assert (slack.messages(), slack.files()) == ((), ())


@pytest.mark.parametrize("way", WAYS)
def test_a_file_that_a_person_shares_is_told_and_can_be_fetched(way: Any) -> None:
    with start_slack() as slack, connected(slack, way) as bot:
        ts = slack.upload(MINJI, DATA, "cities.csv", b"Seoul\n", "@Duckferry load this")
        event = bot.next_event("file_share")
        assert (event["ts"], event["text"]) == (ts, "<@U0DUCKFERRY> load this")
        (file,) = event["files"]
        assert (file["name"], file["user"], file["size"]) == ("cities.csv", MINJI, 6)
        _, content = fetch(file["url_private_download"], slack.bot_token)
        assert content == b"Seoul\n"
        kinds = {told.inner["type"] for told in slack.events(DATA, ts)}
        assert kinds == {"app_mention", "message"}


def test_without_the_token_or_the_scope_a_file_is_a_sign_in_page(slack: SlackStandIn) -> None:
    slack.upload(MINJI, DATA, "a.csv", b"secret")
    (file,) = slack.messages(DATA)[0].files
    url = file["url_private"]
    assert fetch(url, slack.bot_token) == ("application/octet-stream", b"secret")
    kind, page = fetch(url, "xoxb-other")
    assert (kind, b"secret" in page) == ("text/html", False)
    slack.grants.withdraw("files:read")
    assert fetch(url, slack.bot_token)[0] == "text/html"


def test_a_file_shared_where_the_bot_is_not_does_not_exist_for_it(
    slack: SlackStandIn, web: WebClient
) -> None:
    slack.upload("U0ALICE", "C0BOARD", "plan.csv", b"x")
    with pytest.raises(SlackApiError, match="file_not_found"):
        web.files_info(file=slack.files()[0].id)
