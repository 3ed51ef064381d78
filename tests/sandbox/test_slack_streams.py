"""Streams, statuses, titles and prompts, by the SDK's own helpers."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.messages.chunk import PlanUpdateChunk, TaskUpdateChunk

from sandbox.slack.server import NoSuchButton, SlackStandIn, start_slack
from sandbox.slack.values import TEAM_ID, dm_id

MINJI, DATA = "U0MINJI", "C0DATA"


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as slack:
        yield slack


@pytest.fixture
def web(slack: SlackStandIn) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


def started(web: WebClient, root: str, **more: Any) -> str:
    answer = web.chat_startStream(
        channel=DATA,
        thread_ts=root,
        recipient_user_id=MINJI,
        recipient_team_id=TEAM_ID,
        **more,
    )
    return cast("str", answer["ts"])


def test_the_sdks_stream_grows_one_reply(slack: SlackStandIn, web: WebClient) -> None:
    root = slack.post(MINJI, DATA, "how many?")
    stream = web.chat_stream(
        channel=DATA,
        thread_ts=root,
        recipient_user_id=MINJI,
        recipient_team_id=TEAM_ID,
        buffer_size=1,
    )
    stream.append(markdown_text="**100")
    stream.append(markdown_text=",000** rows")
    reply = slack.messages(DATA, root)[-1]
    assert (reply.text, reply.is_streaming, reply.ts) == ("**100,000** rows", True, stream.ts)
    before = len(slack.events())
    divider: dict[str, Any] = {"type": "divider"}
    answer = stream.stop(blocks=[divider], metadata={"event_type": "a", "event_payload": {}})
    reply = slack.messages(DATA, root)[-1]
    assert [block["type"] for block in reply.blocks] == ["markdown", "divider"]
    assert (reply.is_streaming, reply.edited_ts) == (False, None)
    assert cast("dict[str, Any]", answer["message"])["text"] == "**100,000** rows"
    assert len(slack.events()) == before + 1


def test_tasks_of_a_stream_are_updated_in_place(slack: SlackStandIn, web: WebClient) -> None:
    ts = started(web, slack.post(MINJI, DATA, "go"), task_display_mode="plan")
    for status in ("in_progress", "complete"):
        web.chat_appendStream(
            channel=DATA,
            ts=ts,
            chunks=[
                PlanUpdateChunk(title="Copying"),
                TaskUpdateChunk(id="1", title="ORDERS", status=status),
            ],
        )
    (plan,) = slack.workspace.message(DATA, ts).blocks
    assert (plan["type"], plan["title"]) == ("plan", "Copying")
    assert [(task["title"], task["status"]) for task in plan["tasks"]] == [("ORDERS", "complete")]


def test_after_five_minutes_a_stream_is_closed_and_its_message_can_be_updated(
    slack: SlackStandIn, web: WebClient
) -> None:
    ts = started(web, slack.post(MINJI, DATA, "go"), markdown_text="half")
    with pytest.raises(SlackApiError, match="streaming_state_conflict"):
        web.chat_update(channel=DATA, ts=ts, text="too early")
    slack.expire_streams()
    for method in ("chat.appendStream", "chat.stopStream"):
        with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
            web.api_call(method, json={"channel": DATA, "ts": ts, "markdown_text": "more"})
    assert slack.workspace.message(DATA, ts).text == "half"
    web.chat_update(channel=DATA, ts=ts, text="whole")
    assert slack.workspace.message(DATA, ts).text == "whole"


def test_a_stream_against_the_rules_is_refused(slack: SlackStandIn, web: WebClient) -> None:
    root = slack.post(MINJI, DATA, "go")
    ts = started(web, root)
    calls: list[tuple[str, dict[str, Any], str]] = [
        ("chat.startStream", {"channel": DATA, "thread_ts": root}, "missing_recipient_user_id"),
        ("chat.startStream", {"channel": DATA, "thread_ts": "1.2"}, "missing_recipient"),
        ("chat.appendStream", {"channel": DATA, "ts": ts}, "no_text"),
        (
            "chat.appendStream",
            {"channel": DATA, "ts": ts, "markdown_text": "x" * 12_001},
            "msg_too",
        ),
        ("chat.appendStream", {"channel": DATA, "ts": ts, "chunks": [{"type": "a"}]}, "invalid_ch"),
        ("chat.appendStream", {"channel": DATA, "ts": root, "markdown_text": "x"}, "not_owned_by"),
        ("chat.appendStream", {"channel": DATA, "ts": "1.2", "markdown_text": "x"}, "not_found"),
    ]
    for method, arguments, code in calls:
        with pytest.raises(SlackApiError, match=code):
            web.api_call(method, json=arguments)


def test_a_stream_in_a_direct_message_needs_no_recipient(
    slack: SlackStandIn, web: WebClient
) -> None:
    root = slack.direct_message(MINJI, "hi")
    stream = web.chat_stream(channel=dm_id(MINJI), thread_ts=root, buffer_size=1)
    stream.append(markdown_text="hello")
    assert slack.messages(dm_id(MINJI), root)[-1].text == "hello"


def test_a_session_has_a_state_and_a_title_and_people_stop_it_while_it_is_at_work(
    slack: SlackStandIn, web: WebClient
) -> None:
    root, dm = slack.direct_message(MINJI, "hi"), dm_id(MINJI)

    def set_status(status: str, **more: Any) -> Any:
        return web.agents_sessions_setStatus(channel_id=dm, thread_ts=root, status=status, **more)

    with pytest.raises(SlackApiError, match="not_authorized"):
        web.agents_sessions_rename(channel_id=dm, thread_ts=root, title="Counting")
    answer = set_status("processing", title="How many: now", initiator_user_id=MINJI)
    assert (answer["agent_status"], answer.get("warning")) == ("processing", None)
    answer = web.chat_startStream(channel=dm, thread_ts=root, markdown_text="half")
    stream = cast("str", answer["ts"])
    slack.stop_session(MINJI, dm, root)
    [event] = [one.inner for one in slack.events() if one.inner["type"] == "agent_session_stopped"]
    assert (event["user"], event["thread_ts"], event["streaming_message_ts"]) == (
        MINJI,
        root,
        [stream],
    )
    set_status("active", title="ignored")
    web.agents_sessions_rename(channel_id=dm, thread_ts=root, title="Counting")
    session = slack.session_of(dm, root)
    assert session is not None
    assert (session.title, session.statuses) == ("Counting", ("processing", "active"))
    with pytest.raises(NoSuchButton):
        slack.stop_session(MINJI, dm, root)
    for wrong in ({"status": "busy"}, {"status": "active", "title": "x" * 201}):
        with pytest.raises(SlackApiError, match="invalid_arguments"):
            set_status(**wrong)
    slack.grants.withdraw("assistant:write")
    with pytest.raises(SlackApiError, match="not_authorized"):
        set_status("active")


def test_a_thread_has_a_status_and_a_title_and_a_person_prompts(
    slack: SlackStandIn, web: WebClient
) -> None:
    root = slack.direct_message(MINJI, "hi")
    dm = dm_id(MINJI)
    web.assistant_threads_setStatus(channel_id=dm, thread_ts=root, status="is counting…")
    web.assistant_threads_setTitle(channel_id=dm, thread_ts=root, title="Counting")
    prompts = [{"title": "Tables", "message": "Which tables are there?"}]
    web.assistant_threads_setSuggestedPrompts(channel_id=dm, prompts=prompts, thread_ts=root)
    assert slack.prompts_of(MINJI) == ()
    web.assistant_threads_setSuggestedPrompts(channel_id=dm, prompts=prompts)
    assert slack.prompts_of(MINJI) == tuple(prompts)
    assert (slack.status_of(dm, root), slack.title_of(dm, root)) == ("is counting…", "Counting")
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        web.assistant_threads_setSuggestedPrompts(channel_id=dm, prompts=prompts * 5)
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        web.assistant_threads_setTitle(channel_id=dm, thread_ts=root, title="x" * 201)
