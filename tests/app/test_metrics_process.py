"""What one process counts: turns, calls of model, tools and Slack, and clicks; each once."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis import Redis
from slack_bolt import App, BoltRequest
from slack_sdk.errors import SlackApiError

from agent.conversation import ToolCall
from agent.llm import LLMResponse, Usage
from agent.llm_errors import ModelBusy
from agent.service import make_analyst
from app.access import everywhere_whole
from app.answering import give_up, handle
from app.bot_config import Approvals, BotConfig
from app.core import Core
from app.desk import CardDesk
from app.listeners import actions, unexpected
from app.metrics import CountedModel, Metrics, make_metrics
from app.office import Office
from app.settings import SlackSettings
from app.signs import make_signs
from app.slack_gateway import SlackAway, make_client
from app.views.approval_card import APPROVE
from sandbox.slack.server import SlackStandIn, start_slack
from sync.approvals import request_approval
from sync.inbox import Entry, put, take
from sync.state import INBOX
from sync.streams import open_group
from sync.warehouse.query_process import QueryLimits, open_queries
from tests.app.metrics_parts import Script, page, scrape, value
from tests.app.parts import plan, request


@pytest.fixture
def metrics(redis: Redis, tmp_path: Path) -> Metrics:
    return make_metrics(redis, tmp_path / "warehouse")


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as running:
        yield running


def slack_settings(slack: SlackStandIn, url: str = "") -> SlackSettings:
    token = SecretStr(slack.bot_token)
    return SlackSettings(
        bot_token=token, app_token=SecretStr(slack.app_token), api_url=url or slack.api_url
    )


def calling(*names: str) -> LLMResponse:
    calls = tuple(ToolCall(id=f"c{n}", name=name, arguments="{}") for n, name in enumerate(names))
    return LLMResponse("", calls, "tool_calls", Usage(100, 7))


def office(
    redis: Redis, slack: SlackStandIn, metrics: Metrics, folder: Path, *script: LLMResponse
) -> Office:
    core = Core(
        redis=redis,
        config=BotConfig(),
        warehouse=folder / "warehouse",
        queries=open_queries(folder / "warehouse", QueryLimits()),
        analyst=make_analyst(CountedModel(Script(*script), metrics)),
        sources=(),
    )
    client = make_client(slack_settings(slack), metrics.slack_called)
    client.retry_handlers[1:] = []  # so that a fault of Slack's is met at once
    return Office(
        core,
        client,
        "T1",
        everywhere_whole,
        on_turn=metrics.turn_told,
        on_given_up=metrics.entry_given_up,
        signs=make_signs(client),
    )


def asked(redis: Redis, slack: SlackStandIn, text: str) -> Entry:
    ts = slack.post("U0MINJI", "C0DATA", text)
    put(redis, "message", f"T1:C0DATA:{ts}", {"user": "U0MINJI", "text": text, "source": ts})
    open_group(redis, INBOX)
    (entry,) = take(redis, "bot", count=1, wait_seconds=1)
    return entry


def test_a_turn_is_counted_with_its_calls_once_it_is_told_and_only_once(
    redis: Redis, slack: SlackStandIn, metrics: Metrics, tmp_path: Path
) -> None:
    done = LLMResponse("세 개 있습니다.", usage=Usage(200, 30))
    called = calling("list_tables", "get_table_stats", "rm -rf")
    at_work = office(redis, slack, metrics, tmp_path, called, done)
    entry = asked(redis, slack, "우리끼리 비밀인 질문")
    slack.faults.server_error("chat.postMessage")
    with pytest.raises(SlackAway):
        handle(at_work, entry)
    assert value(scrape(metrics), "turn_duration_seconds_count", outcome="reply") == 0
    handle(at_work, entry)
    handle(at_work, entry)
    samples = scrape(metrics)
    assert value(samples, "turn_duration_seconds_count", outcome="reply") == 1
    assert value(samples, "turn_duration_seconds_count", outcome="error") == 0
    assert value(samples, "tool_calls_total", tool="list_tables", outcome="ok") == 1
    assert value(samples, "tool_calls_total", tool="get_table_stats", outcome="refused") == 1
    assert value(samples, "tool_calls_total", tool="unknown", outcome="refused") == 1
    assert value(samples, "model_call_duration_seconds_count", outcome="ok") == 2
    assert value(samples, "model_tokens_total", kind="prompt") == 300
    assert value(samples, "model_tokens_total", kind="completion") == 37
    cost = value(samples, "model_cost_usd_total")  # 300 at $0.15 and 37 at $0.60 a million
    assert cost == pytest.approx(67.2e-6)
    post = "chat.postMessage"
    assert value(samples, "slack_calls_total", method=post, outcome="server_error") == 1
    assert value(samples, "slack_calls_total", method=post, outcome="ok") == 1
    told = page(metrics)
    assert [word for word in ("비밀", "rm -rf", "U0MINJI", "xoxb") if word in told] == []


def test_a_turn_lasts_from_the_arrival_of_its_message(
    redis: Redis, slack: SlackStandIn, metrics: Metrics, tmp_path: Path
) -> None:
    at_work = office(redis, slack, metrics, tmp_path, LLMResponse("hello"))
    entry = asked(redis, slack, "hi there")
    handle(at_work, replace(entry, id=f"{int(time.time() * 1000) - 45_000}-0"))
    samples = scrape(metrics)
    within = [
        value(samples, "turn_duration_seconds_bucket", outcome="reply", le=le)
        for le in ("30.0", "60.0")
    ]
    assert within == [0, 1]


def test_each_try_of_the_model_is_counted_by_what_came_of_it(metrics: Metrics) -> None:
    model = CountedModel(Script(ModelBusy(), ValueError("a bug"), LLMResponse("ok")), metrics)
    with pytest.raises(ModelBusy):
        model.complete([], [])
    with pytest.raises(ValueError, match="a bug"):
        model.complete([], [])
    model.complete([], [])
    samples = scrape(metrics)
    for outcome in ("model_busy", "unexpected", "ok"):
        assert value(samples, "model_call_duration_seconds_count", outcome=outcome) == 1


def test_an_entry_that_is_given_up_is_counted_by_its_kind(
    redis: Redis, slack: SlackStandIn, metrics: Metrics, tmp_path: Path
) -> None:
    entry = asked(redis, slack, "hello?")
    give_up(office(redis, slack, metrics, tmp_path), entry, ModelBusy())
    assert value(scrape(metrics), "entries_given_up_total", kind="message") == 1


def test_every_request_to_slack_is_counted_also_those_that_are_tried_again(
    slack: SlackStandIn, metrics: Metrics
) -> None:
    client = make_client(slack_settings(slack), metrics.slack_called)
    slack.faults.rate_limit("auth.test", retry_after_seconds=0)
    client.auth_test()
    slack.faults.refuse("reactions.add", "already_reacted")
    with pytest.raises(SlackApiError):
        client.reactions_add(channel="C0DATA", timestamp="1.1", name="eyes")
    nowhere = make_client(slack_settings(slack, "http://127.0.0.1:1/api/"), metrics.slack_called)
    nowhere.retry_handlers[1:] = []
    with pytest.raises(OSError, match="refused"):
        nowhere.auth_test()
    samples = scrape(metrics)
    for method, outcome in (
        ("auth.test", "rate_limited"),
        ("auth.test", "ok"),
        ("auth.test", "unreachable"),
        ("reactions.add", "refused"),
    ):
        assert value(samples, "slack_calls_total", method=method, outcome=outcome) == 1
    assert value(samples, "slack_refusals_total", error="already_reacted") == 1


def test_a_path_that_is_no_method_of_slacks_does_not_become_a_label(metrics: Metrics) -> None:
    metrics.slack_called("CwABAAAAXAoAAVnX0dBNcLn", "ok")
    assert value(scrape(metrics), "slack_calls_total", method="other", outcome="ok") == 1


def test_every_click_is_counted_by_what_it_led_to(
    redis: Redis, slack: SlackStandIn, metrics: Metrics
) -> None:
    client = make_client(slack_settings(slack), metrics.slack_called)
    app = App(client=client, request_verification_enabled=False, process_before_response=True)
    config = BotConfig(approvals=Approvals(approvers=frozenset({"U0JUNHO"})))
    desk = CardDesk(redis, config)
    actions.register(app, desk, metrics.clicked)
    unexpected.register(app, redis, desk, metrics.clicked)
    wish = request_approval(redis, request(plan("ORDERS"), by="U0MINJI"), expires_seconds=60)
    value_of = f"{wish.id} {wish.request.plan.digest}"

    def click(user: str, action: str, what: str) -> None:
        body = {
            "type": "block_actions",
            "team": {"id": "T1"},
            "user": {"id": user},
            "channel": {"id": "C0DATA"},
            "container": {"type": "message", "channel_id": "C0DATA"},
            "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": what}],
        }
        assert app.dispatch(BoltRequest(body=body, mode="socket_mode")).status == 200

    click("U0EVE", "sync.reject", value_of)
    click("U0MINJI", "sync.reject", value_of)
    click("U0JUNHO", "sync.reject", value_of)
    click("U0JUNHO", APPROVE, "T1-nobody-knows x")
    click("U0JUNHO", APPROVE, value_of)
    click("U0JUNHO", "of.another.age", "")
    redis.set(f"duckferry:1:T1:approval:{wish.id}", "no hash")
    click("U0JUNHO", "sync.reject", value_of)
    samples = scrape(metrics)
    outcomes = {
        dict(labels)["outcome"]: number
        for (name, labels), number in samples.items()
        if name == "duckferry_clicks_total" and number
    }
    assert outcomes == {
        "not_allowed": 1,
        "withdrawn": 1,
        "already_withdrawn": 1,
        "unknown": 1,
        "not_offered": 1,
        "inactive": 1,
        "failed": 1,
    }
    # Bolt answers with a client of its own.
    whispered = [
        number
        for (name, labels), number in samples.items()
        if name == "duckferry_slack_calls_total" and ("method", "chat.postEphemeral") in labels
    ]
    assert sum(whispered) == 6
