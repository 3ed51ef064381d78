"""Keeps every card in Slack true: one thread redraws what has changed, the last state always."""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import redis
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from app.places import parse_place
from app.slack_gateway import DELIVERY_ERRORS, post, reason, update
from app.views.approval_card import Message, approval_card
from sync.approvals import Approval, expire_overdue, load_approval, remember_card
from sync.runs import load_run
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

    A new state is drawn at once; progress within a state every `MIN_SECONDS` at most, the newest.
    """
    waiting: dict[str, list[str]] = {}
    drawn: dict[str, _Drawn] = {}
    next_sweep = 0.0
    while not stop.is_set():
        try:
            if time.monotonic() >= next_sweep:
                _open_group(client)
                _collect(waiting, _take_over(client, consumer))
                expire_overdue(client, team)
                next_sweep = time.monotonic() + LEFT_BEHIND_SECONDS
            _collect(waiting, _take(client, consumer, _patience(waiting, drawn)))
            for approval_id in list(waiting):
                stage = _redraw(client, slack, team, approvers, approval_id, drawn)
                if stage is not None and stage.done:
                    client.xack(CARDS, GROUP, *waiting.pop(approval_id))
                if stage is not None:
                    drawn[approval_id] = stage
            drawn = {
                name: one
                for name, one in drawn.items()
                if name in waiting or one.free_at > time.monotonic()
            }
        except redis.RedisError as error:
            log.warning("cards wait for Redis: %s", type(error).__name__)
            next_sweep = 0.0  # a Redis that has lost its data has lost the group too
            stop.wait(1.0)


@dataclass(frozen=True)
class _Drawn:
    """What a card showed last, and from when on it may show more of the same state."""

    stage: str
    free_at: float
    done: bool
    """False if Slack did not take it, so that it is tried again."""


def _redraw(
    client: "redis.Redis",
    slack: WebClient,
    team: str,
    approvers: frozenset[str],
    approval_id: str,
    drawn: Mapping[str, _Drawn],
) -> _Drawn | None:
    """Draw a card as it is now; None if it has just been drawn in this state."""
    approval = load_approval(client, approval_id)
    if approval is None or team_of(approval_id) != team:
        return _Drawn("", 0.0, done=True)
    run = load_run(client, approval.run_id) if approval.run_id else None
    stage = str(run.state if run else approval.state)
    last = drawn.get(approval_id)
    if last is not None and last.stage == stage and last.free_at > time.monotonic():
        return None
    done = _draw(client, slack, approval, approval_card(approval, run, approvers))
    pause = MIN_SECONDS if done else RETRY_SECONDS
    return _Drawn(stage, time.monotonic() + pause, done)


def _draw(client: "redis.Redis", slack: WebClient, approval: Approval, message: Message) -> bool:
    """Post or update one card; False if it should be tried again."""
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


def _patience(waiting: Mapping[str, list[str]], drawn: Mapping[str, _Drawn]) -> float:
    """Say for how many seconds nothing has to be drawn unless something new happens."""
    now = time.monotonic()
    free = [drawn[name].free_at if name in drawn else now for name in waiting]
    return max(min(free, default=now + 1) - now, 0.01)


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
