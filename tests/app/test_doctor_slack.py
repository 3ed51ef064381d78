"""What the doctor tells of Slack, against the Slack stand-in."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from redis import Redis

from app.doctor.slack import check_slack
from app.event_log import STARTED, last_events, note_event, note_refusal
from app.manifest import SCOPES
from app.settings import SlackSettings
from sandbox.slack.faults import ScriptedFault
from sandbox.slack.server import SlackStandIn, start_slack
from sync.schedules import Schedule
from sync.state import OWNER, connect_state
from tests.app.doctor_parts import Finding, by_name, closed_port

NEEDED = [scope.name for scope in SCOPES if scope.minimal]
ALL = [scope.name for scope in SCOPES]


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackStandIn]:
    with start_slack(scopes=[*ALL, "channels:read"]) as stand_in:
        yield stand_in


def settings_of(slack: SlackStandIn, **changed: SecretStr | str | None) -> SlackSettings:
    given: dict[str, SecretStr | str | None] = {
        "bot_token": SecretStr(slack.bot_token),
        "app_token": SecretStr(slack.app_token),
        "api_url": slack.api_url,
    }
    return SlackSettings.model_validate({**given, **changed})


def schedule(name: str, channel: str) -> Schedule:
    return Schedule(
        name=name, tables=("T",), cron="0 2 * * *", channel=channel, timezone="Asia/Seoul"
    )


def found(
    settings: SlackSettings, client: Redis | None = None, *channels: str
) -> dict[str, Finding]:
    plans = [schedule(f"s{number}", channel) for number, channel in enumerate(channels)]
    return by_name(check_slack(settings, client, plans))


def test_a_right_token_tells_bot_workspace_scopes_way_in_and_clock(slack: SlackStandIn) -> None:
    told = found(settings_of(slack))
    assert told["token"][0] == "OK"
    assert "@duckferry" in told["token"][1]
    assert "T0SANDBOX" in told["token"][1]
    assert told["scopes"][0] == "OK"
    assert told["way in"] == ("OK", "Socket Mode; the app-level token opens a connection")
    assert told["Slack's clock"][0] == "OK"


@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked", "account_inactive"])
def test_a_refused_token_is_told_with_slacks_word_and_nothing_else_is_asked(
    slack: SlackStandIn, error: str
) -> None:
    slack.faults.add(ScriptedFault(method="auth.test", error=error))
    assert found(settings_of(slack)) == {"token": ("FAIL", f"Slack refused ({error})")}


def test_a_rate_limit_is_no_fault_of_the_token(slack: SlackStandIn) -> None:
    slack.faults.rate_limit("auth.test")
    assert found(settings_of(slack)) == {"token": ("WARN", "Slack asks to wait")}


@pytest.mark.parametrize("status", [500, 503])
def test_a_fault_of_slacks_own_is_told(slack: SlackStandIn, status: int) -> None:
    slack.faults.server_error("auth.test", status)
    assert found(settings_of(slack))["token"][0] == "FAIL"


def test_slack_out_of_reach_is_told(slack: SlackStandIn) -> None:
    told = found(settings_of(slack, api_url=f"http://127.0.0.1:{closed_port()}/"))
    assert told == {"token": ("FAIL", "Slack cannot be reached (URLError)")}


def test_a_missing_scope_says_what_for_a_superfluous_one_is_named() -> None:
    granted = [*NEEDED[1:], "pins:read"]
    with start_slack(scopes=granted) as slack:
        checks = list(check_slack(settings_of(slack), None, ()))
    scopes = [(check.status, check.found) for check in checks if check.name == "scopes"]
    assert ("FAIL", "app_mentions:read is not granted: to hear when somebody mentions the bot") in (
        scopes
    )
    assert ("WARN", "granted, but used by nothing: pins:read") in scopes
    optional = [scope.name for scope in SCOPES if not scope.minimal]
    warned = {text.split()[0] for status, text in scopes if status == "WARN"} - {"granted,"}
    assert warned == set(optional)


def test_a_wrong_app_token_fails_and_http_needs_none(slack: SlackStandIn) -> None:
    wrong = found(settings_of(slack, app_token=SecretStr("xapp-wrong")))
    assert wrong["way in"] == ("FAIL", "Slack refused (invalid_auth)")
    http = found(settings_of(slack, app_token=None, signing_secret=SecretStr("s")))
    assert http["way in"][0] == "OK"
    assert "signed HTTP on port 3000" in http["way in"][1]


def test_events_that_never_came_or_not_since_the_start_are_warned_of(
    slack: SlackStandIn, redis: Redis
) -> None:
    assert found(settings_of(slack), redis)["events"] == ("WARN", "none has arrived yet")
    note_event(redis, "T0SANDBOX", STARTED)
    told = found(settings_of(slack), redis)["events"]
    assert told[0] == "WARN"
    assert re.fullmatch(r"none has arrived yet since the bot started \d s ago", told[1])
    note_event(redis, "T0SANDBOX", "app_mention")
    told = found(settings_of(slack), redis)["events"]
    assert told[0] == "OK"
    assert re.fullmatch(r"the last, app_mention, arrived \d s ago", told[1])
    redis.hset("duckferry:1:T0SANDBOX:events:last", STARTED, "2999-01-01T00:00:00+00:00")
    assert found(settings_of(slack), redis)["events"][0] == "WARN"


def test_what_slack_refused_is_told_with_what_to_do(slack: SlackStandIn, redis: Redis) -> None:
    assert found(settings_of(slack), redis)["refusals"][0] == "OK"
    note_refusal(redis, "reactions.add", "already_reacted")
    note_refusal(redis, "chat.postMessage", "not_in_channel")
    level, told = found(settings_of(slack), redis)["refusals"]
    assert level == "WARN"
    assert re.match(r"not_in_channel: chat.postMessage \d s ago", told)


def test_that_the_bot_was_put_out_is_told_until_it_is_started_again(
    slack: SlackStandIn, redis: Redis
) -> None:
    note_event(redis, "T0SANDBOX", "tokens_revoked")
    told = found(settings_of(slack), redis)["events"]
    assert told[0] == "FAIL"
    assert re.match(r"Slack said tokens_revoked \d s ago, and no bot has started since", told[1])
    note_event(redis, "T0SANDBOX", STARTED)
    assert "tokens_revoked" not in found(settings_of(slack), redis)["events"][1]


def test_the_events_of_each_workspace_are_kept_apart_with_their_moment(redis: Redis) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    note_event(redis, "T1", "message")
    assert last_events(redis, "T2") == {}
    moments = last_events(redis, "T1")
    assert list(moments) == ["message"]
    assert before <= moments["message"] <= datetime.now(UTC)


def test_a_redis_of_another_workspace_is_a_fault(slack: SlackStandIn, redis: Redis) -> None:
    redis.set(OWNER, "T0OTHER")
    told = found(settings_of(slack), redis)["workspace"]
    assert told[0] == "FAIL"
    assert "T0OTHER" in told[1]
    assert "T0SANDBOX" in told[1]


def test_with_redis_away_only_what_it_knows_is_left_out(slack: SlackStandIn) -> None:
    away = connect_state(f"redis://127.0.0.1:{closed_port()}/0")
    told = found(settings_of(slack), away)
    assert told["events"][0] == "SKIP"
    assert told["way in"][0] == "OK"


def test_each_channel_of_a_schedule_is_looked_at_once(slack: SlackStandIn) -> None:
    told = found(settings_of(slack), None, "C0DATA", "C0NOWHERE", "C0DATA")
    assert told["channel C0DATA"] == ("OK", "the bot is in #data, for s0, s2")
    assert told["channel C0NOWHERE"][0] == "FAIL"


def test_a_channel_without_the_bot_is_a_fault(slack: SlackStandIn) -> None:
    outside, *_ = [each for each in slack.channels() if "U0DUCKFERRY" not in each.members]
    told = found(settings_of(slack), None, outside.id)
    assert told[f"channel {outside.id}"][0] == "FAIL"


def test_without_the_scope_for_it_membership_is_not_known(slack: SlackStandIn) -> None:
    slack.faults.refuse("conversations.info", "missing_scope")
    told = found(settings_of(slack), None, "C0DATA")
    assert told["channel C0DATA"][0] == "SKIP"


def test_of_many_channels_the_first_are_looked_at(slack: SlackStandIn) -> None:
    told = found(settings_of(slack), None, *(f"C0{number:03}" for number in range(23)))
    assert told["channels"] == ("SKIP", "3 more are not looked at")
    assert sum(name.startswith("channel C0") for name in told) == 20
