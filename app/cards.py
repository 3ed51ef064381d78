"""Keeps every card in Slack true: one thread redraws what has changed, the last state always."""

import logging
import threading
import time
from typing import cast

import redis
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from app.places import parse_place
from app.slack_gateway import DELIVERY_ERRORS, post, reason, update
from app.views.approval_card import approval_card
from sync.approvals import load_approval, remember_card
from sync.runs import FINAL, load_run
from sync.state import CARDS, team_of

log = logging.getLogger(__name__)

GROUP = "bots"
MIN_SECONDS = 1.2
"""Between two updates of one card: chat.update allows 50 a minute in a workspace."""
RETRY_SECONDS = 5.0
LEFT_BEHIND_SECONDS = 30.0
"""Card changes a dead bot took and did not draw are taken over after this long."""
_FINAL_REFUSALS = frozenset(
    {
        "message_not_found",
        "channel_not_found",
        "is_archived",
        "not_in_channel",
        "cant_update_message",
    }
)


def keep_cards_true(
    client: "redis.Redis",
    slack: WebClient,
    team: str,
    approvers: frozenset[str],
    consumer: str,
    stop: threading.Event,
) -> None:
    """Redraw changed cards until *stop*.

    Progress is drawn every `MIN_SECONDS` at most, in its last state; an end is drawn at once.
    """
    waiting: dict[str, list[str]] = {}
    due: dict[str, float] = {}
    next_sweep = 0.0
    while not stop.is_set():
        try:
            if time.monotonic() >= next_sweep:
                _open_group(client)
                _collect(waiting, _take_over(client, consumer))
                next_sweep = time.monotonic() + LEFT_BEHIND_SECONDS
            soonest = min(
                (due.get(approval, 0.0) for approval in waiting), default=time.monotonic() + 1
            )
            _collect(waiting, _take(client, consumer, max(soonest - time.monotonic(), 0.01)))
            for approval_id in list(waiting):
                if due.get(approval_id, 0.0) > time.monotonic() and not _has_ended(
                    client, approval_id
                ):
                    continue
                drawn = _draw(client, slack, team, approvers, approval_id)
                due[approval_id] = time.monotonic() + (MIN_SECONDS if drawn else RETRY_SECONDS)
                if drawn:
                    client.xack(CARDS, GROUP, *waiting.pop(approval_id))
            due = {
                name: moment
                for name, moment in due.items()
                if name in waiting or moment > time.monotonic()
            }
        except redis.RedisError as error:
            log.warning("cards wait for Redis: %s", type(error).__name__)
            stop.wait(1.0)


def _draw(
    client: "redis.Redis", slack: WebClient, team: str, approvers: frozenset[str], approval_id: str
) -> bool:
    """Post or update one card; False if it should be tried again."""
    approval = load_approval(client, approval_id)
    if approval is None or team_of(approval_id) != team:
        return True
    run = load_run(client, approval.run_id) if approval.run_id else None
    message = approval_card(approval, run, approvers)
    place = parse_place(approval.request.thread)
    try:
        if approval.card is None:
            ts = post(slack, place, message)
            remember_card(client, approval.id, f"{place.channel}:{ts}")
        else:
            channel, _, ts = approval.card.partition(":")
            update(slack, channel, ts, message)
    except DELIVERY_ERRORS as error:
        log.warning("card of %s not drawn: %s", approval.id, reason(error))
        return isinstance(error, SlackApiError) and reason(error) in _FINAL_REFUSALS
    return True


def _has_ended(client: "redis.Redis", approval_id: str) -> bool:
    run = load_run(client, approval_id)
    return run is not None and run.state in FINAL


def _open_group(client: "redis.Redis") -> None:
    try:
        client.xgroup_create(CARDS, GROUP, id="0", mkstream=True)
    except redis.ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise


def _take(client: "redis.Redis", consumer: str, seconds: float) -> list[tuple[str, dict[str, str]]]:
    reply = client.xreadgroup(
        GROUP, consumer, {CARDS: ">"}, count=100, block=max(int(seconds * 1000), 1)
    )
    streams = cast("list[tuple[str, list[tuple[str, dict[str, str]]]]]", reply or [])
    return [entry for _, entries in streams for entry in entries]


def _take_over(client: "redis.Redis", consumer: str) -> list[tuple[str, dict[str, str]]]:
    idle = int(LEFT_BEHIND_SECONDS * 1000)
    reply = client.xautoclaim(CARDS, GROUP, consumer, min_idle_time=idle, start_id="0-0", count=100)
    return [entry for entry in cast("list[tuple[str, dict[str, str]]]", reply[1]) if entry[1]]


def _collect(waiting: dict[str, list[str]], entries: list[tuple[str, dict[str, str]]]) -> None:
    for entry_id, fields in entries:
        waiting.setdefault(fields["approval"], []).append(entry_id)
