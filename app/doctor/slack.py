"""The Slack group: token, scopes, the way events come, and the channels of schedules."""

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from http.client import HTTPException
from typing import Any, cast

import redis
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from app.doctor.checks import ANSWER_SECONDS, Check, clock_check, listed
from app.event_log import SIGNED_OUT, STARTED, last_events, last_refusals
from app.manifest import SCOPES
from app.settings import SlackSettings
from app.slack_gateway import reason
from app.workspace import granted_scopes
from sync.counts import impatient
from sync.schedules import Schedule
from sync.state import OWNER

_check = partial(Check, "Slack")

MAX_CHANNELS = 20
"""Channels that are looked at."""
CHANNEL_SCOPES = frozenset({"channels:read", "groups:read"})
"""With these, and only for us, Slack says whether the bot is in a public or a private channel."""
_TOKEN_ANEW = "Install the app again, set SLACK_BOT_TOKEN to its new token, start the bot."  # noqa: S105 -- a sentence about it
_INVITE = "Invite the bot where people ask it; their answers went to them directly."
REMEDIES = {
    "missing_scope": "Compare the scopes with `botctl manifest`, add them, reinstall the app.",
    "not_in_channel": _INVITE,
    "channel_not_found": _INVITE,
    "is_archived": "Name other channels in bot.toml, or unarchive them; answers went directly.",
    "restricted_action": "Let the bot post there (channel settings), or name another channel.",
    "not_allowed_token_type": "SLACK_BOT_TOKEN must be a bot token (xoxb-…).",
    "invalid_blocks": "Report it: Slack refused the form of a message, which was shown plainly.",
    "msg_too_long": "Report it: Slack refused a message as too long.",
    "token_revoked": _TOKEN_ANEW,
    "account_inactive": _TOKEN_ANEW,
    "invalid_auth": _TOKEN_ANEW,
    "team_access_not_granted": "Install the app in this workspace.",
    "ekm_access_denied": "Slack's key management keeps messages back; ask the workspace's admins.",
}
"""What to do about the errors by which Slack refuses a call; other errors ask for nothing."""
_NETWORK = "Let this machine reach https://slack.com (proxy, firewall), and check SLACK_API_URL."
_TOKEN = (
    "Copy the Bot User OAuth Token again from the app's page OAuth & Permissions; reinstall it."  # noqa: S105 -- a sentence about it
)


def check_slack(
    settings: SlackSettings, client: "redis.Redis | None", schedules: Iterable[Schedule]
) -> Iterator[Check]:
    """Ask Slack all it can tell; *client* is None where Redis is not to be asked."""
    slack = WebClient(
        token=settings.bot_token.get_secret_value(),
        base_url=settings.api_url,
        timeout=round(ANSWER_SECONDS),
        retry_handlers=[],  # one try: the person who asks can ask again
    )
    try:
        answer = slack.auth_test()
    except SlackApiError as error:
        yield _refused("token", error, _TOKEN)
        return
    except (SlackClientError, OSError, HTTPException) as error:
        yield _check("token", "FAIL", f"Slack cannot be reached ({reason(error)})", _NETWORK)
        return
    asked_at = time.time()
    headers = {str(k).lower(): _one(v) for k, v in cast("dict[str, Any]", answer.headers).items()}
    team = cast("str", answer["team_id"])
    found = f"@{answer.get('user')} in {answer.get('team')} ({team}), {answer.get('url')}"
    yield _check("token", "OK", found)
    yield from _scopes(granted_scopes(headers))
    yield from _clock(headers.get("date"), asked_at)
    yield from _way(slack, settings)
    if client is not None:
        yield from _state(client, team)
    yield from _channels(slack, schedules)


def _scopes(granted: frozenset[str] | None) -> Iterator[Check]:
    if granted is None:
        yield _check(
            "scopes",
            "SKIP",
            "Slack did not say which scopes were granted",
            "Compare OAuth & Permissions with what `botctl manifest` prints.",
        )
        return
    missing = [each for each in SCOPES if each.name not in granted]
    for each in missing:
        yield _check(
            "scopes",
            "FAIL" if each.minimal else "WARN",
            f"{each.name} is not granted: {each.why}",
            "Add it under OAuth & Permissions (or take `botctl manifest`), and reinstall the app.",
        )
    spare = sorted(granted - {each.name for each in SCOPES} - CHANNEL_SCOPES)
    if spare:
        yield _check(
            "scopes",
            "WARN",
            f"granted, but used by nothing: {listed(spare)}",
            "Take them away under OAuth & Permissions, and reinstall the app.",
        )
    if not missing and not spare:
        yield _check("scopes", "OK", listed(sorted(granted)))


def _clock(date: str | None, asked_at: float) -> Iterator[Check]:
    if date is None:
        return
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return  # no clock to compare with
    yield clock_check("machine", "Slack's clock", theirs - asked_at)


def _way(slack: WebClient, settings: SlackSettings) -> Iterator[Check]:
    if settings.app_token is None:
        found = f"signed HTTP on port {settings.http_port}; whether Slack gets there is its to say"
        yield _check("way in", "OK", found)
        return
    try:
        slack.apps_connections_open(app_token=settings.app_token.get_secret_value())
    except SlackApiError as error:
        remedy = (
            "Make an app-level token with connections:write under Basic Information, and turn "
            "Socket Mode on."
        )
        yield _refused("way in", error, remedy)
    except (SlackClientError, OSError, HTTPException) as error:
        found = f"Slack cannot be reached ({reason(error)})"
        yield _check("way in", "FAIL", found, _NETWORK)
    else:
        yield _check("way in", "OK", "Socket Mode; the app-level token opens a connection")


def _state(client: "redis.Redis", team: str) -> Iterator[Check]:
    """Tell what Redis knows of this workspace."""
    try:
        with impatient(client) as quick:
            owner = cast("str | None", quick.get(OWNER))
            events = last_events(quick, team)
            refused = last_refusals(quick)
    except redis.RedisError as error:
        found = f"Redis does not answer ({type(error).__name__}), and it holds when events came"
        yield _check("events", "SKIP", found, "Put right what is told of Redis.")
        return
    if owner not in (None, team):
        yield Check(
            "Redis",
            "workspace",
            "FAIL",
            f"it serves the bot of workspace {owner}, and this token is of {team}",
            "Give each workspace a Redis (or a database number) of its own.",
        )
    yield _events(events)
    yield from _refusals(refused)


def _events(events: Mapping[str, datetime]) -> Check:
    started = events.get(STARTED)
    out = [kind for kind in SIGNED_OUT if kind in events]
    if out and (started is None or events[out[0]] > started):
        found = f"Slack said {out[0]} {_ago(events[out[0]])}, and no bot has started since"
        return _check("events", "FAIL", found, _TOKEN_ANEW)
    came = {kind: at for kind, at in events.items() if kind not in (STARTED, *SIGNED_OUT)}
    remedy = (
        "Mention the bot. If nothing comes: Event Subscriptions must list the events that "
        "`botctl manifest` names, Socket Mode (or the request URL) be on, and a bot be running."
    )
    if not came:
        since = f" since the bot started {_ago(started)}" if started else ""
        return _check("events", "WARN", f"none has arrived yet{since}", remedy)
    kind, last = max(came.items(), key=lambda pair: pair[1])
    found = f"the last, {kind}, arrived {_ago(last)}"
    if started is not None and last < started:
        return _check("events", "WARN", f"{found}, before the bot started {_ago(started)}", remedy)
    return _check("events", "OK", found)


def _refusals(refused: Mapping[tuple[str, str], datetime]) -> Iterator[Check]:
    """Tell what Slack has refused that an admin can put right; it is kept for a week."""
    by_error: dict[str, list[str]] = {}
    for (error, method), at in sorted(refused.items(), key=lambda pair: pair[1], reverse=True):
        if error in REMEDIES:
            by_error.setdefault(error, []).append(f"{method} {_ago(at)}")
    for error, told in by_error.items():
        yield _check("refusals", "WARN", f"{error}: {listed(told)}", REMEDIES[error])
    if not by_error:
        yield _check("refusals", "OK", "none in the last week that asks for anything")


def _channels(slack: WebClient, schedules: Iterable[Schedule]) -> Iterator[Check]:
    users: dict[str, list[str]] = {}
    for schedule in schedules:
        users.setdefault(schedule.channel, []).append(schedule.name)
    for number, (channel, names) in enumerate(users.items()):
        title = f"channel {channel}"
        if number >= MAX_CHANNELS:
            left = len(users) - MAX_CHANNELS
            remedy = "Look at the others in Slack."
            yield _check("channels", "SKIP", f"{left} more are not looked at", remedy)
            return
        for_what = f"for {listed(names)}"
        try:
            answer = slack.conversations_info(channel=channel)
        except SlackApiError as error:
            yield _channel_refused(title, error, for_what)
            continue
        except (SlackClientError, OSError, HTTPException) as error:
            yield _check(title, "FAIL", f"Slack cannot be reached ({reason(error)})", _NETWORK)
            return
        described = cast("dict[str, Any]", answer["channel"])
        name = f"#{described.get('name', channel)}"
        if described.get("is_archived"):
            remedy = "Name another channel in bot.toml, or unarchive it."
            yield _check(title, "FAIL", f"{name} is archived, {for_what}", remedy)
        elif described.get("is_member") or described.get("is_im"):
            yield _check(title, "OK", f"the bot is in {name}, {for_what}")
        else:
            remedy = f"Write /invite and the bot's name in {name}."
            yield _check(title, "FAIL", f"the bot is not in {name}, {for_what}", remedy)


def _channel_refused(title: str, error: SlackApiError, for_what: str) -> Check:
    code = reason(error)
    if code == "missing_scope":
        remedy = "Look in Slack whether the bot is a member; or grant channels:read (groups:read)."
        return _check(title, "SKIP", f"Slack tells only with channels:read, {for_what}", remedy)
    if code == "channel_not_found":
        remedy = "Correct its id in bot.toml (Slack: channel details, at the end), invite the bot."
        found = f"Slack knows no such channel, or it is private without the bot, {for_what}"
        return _check(title, "FAIL", found, remedy)
    return _refused(title, error, "Try again; if it stays, look the code up in Slack's API pages.")


def _refused(name: str, error: SlackApiError, remedy: str) -> Check:
    code = reason(error)
    if code in {"ratelimited", "rate_limited"}:
        return _check(name, "WARN", "Slack asks to wait", "Run this again in a minute.")
    return _check(name, "FAIL", f"Slack refused ({code})", remedy)


def _ago(moment: datetime) -> str:
    seconds = max(0, round((datetime.now(UTC) - moment).total_seconds()))
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def _one(value: Any) -> str:
    """A header's value; the SDK gives a list where one came twice."""
    values = cast("list[Any]", value) if isinstance(value, list) else [value]
    return ",".join(str(each) for each in values)
