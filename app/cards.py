"""Keeps every card in Slack true: one thread redraws what has changed, the last state always."""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import redis
from slack_sdk import WebClient

from app.places import parse_place
from app.slack_gateway import SlackAway, SlackRefused, post, update
from app.views.approval_card import Message, approval_card
from sync.approvals import Approval, expire_overdue, load_approval, remember_card
from sync.runs import Run, load_run
from sync.state import CARDS, team_of
from sync.streams import GROUP, Raw, claim_left, open_group, read_new

log = logging.getLogger(__name__)

MIN_SECONDS = 1.2
"""Between two updates of one card: chat.update allows 50 a minute in a workspace."""
RETRY_SECONDS = 5.0
LEFT_BEHIND_SECONDS = 30.0
"""Card changes a dead bot took and did not draw are taken over after this long."""
_AT_ONCE = 100
MAX_TRIES = 120
"""A card Slack does not take in about ten minutes is drawn again only when it changes."""


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
    waiting: dict[str, set[str]] = {}
    drawn: dict[str, _Drawn] = {}
    next_sweep = 0.0
    while not stop.is_set():
        try:
            if time.monotonic() >= next_sweep:
                open_group(client, CARDS)
                left = claim_left(
                    client, CARDS, consumer, idle_seconds=LEFT_BEHIND_SECONDS, count=_AT_ONCE
                )
                _collect(waiting, left)
                expire_overdue(client, team)
                next_sweep = time.monotonic() + LEFT_BEHIND_SECONDS
            patience = _patience(waiting, drawn)
            new = read_new(client, CARDS, consumer, count=_AT_ONCE, wait_seconds=patience)
            _collect(waiting, new)
            for approval_id in [name for name in waiting if team_of(name) != team]:
                client.xack(CARDS, GROUP, *waiting.pop(approval_id))
            for approval_id in list(waiting):
                last = drawn.get(approval_id, _Drawn())
                drawn[approval_id] = _redraw(client, slack, approvers, approval_id, last)
                if drawn[approval_id].done:
                    client.xack(CARDS, GROUP, *waiting.pop(approval_id))
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

    stage: str = ""
    free_at: float = 0.0
    tries: int = 0
    """How often in a row Slack did not take it."""
    done: bool = False
    """Nothing is left to draw."""


def _redraw(
    client: "redis.Redis",
    slack: WebClient,
    approvers: frozenset[str],
    approval_id: str,
    last: _Drawn,
) -> _Drawn:
    """Draw a card as it is now, unless it has just been drawn in this state."""
    stage = last.stage
    try:
        approval, run = _look(client, approval_id)
        if approval is None:
            return _Drawn(done=True)
        stage = _stage(approval, run)
        if last.stage == stage and last.free_at > time.monotonic():
            return replace(last, done=False)
        _draw(client, slack, approval, approval_card(approval, run, approvers))
        approval, run = _look(client, approval_id)
        # Slack may have let us wait while another bot drew what came next: then it is drawn anew.
        now = time.monotonic()
        if approval is not None and _stage(approval, run) != stage:
            return _Drawn(stage, now)
        return _Drawn(stage, now + MIN_SECONDS, done=True)
    except redis.RedisError:
        raise
    except SlackAway as error:
        log.warning("card of %s not drawn yet: %s", approval_id, error)
        tries = last.tries + 1
        return _Drawn(stage, time.monotonic() + RETRY_SECONDS, tries, done=tries > MAX_TRIES)
    except SlackRefused as error:
        log.error("card of %s cannot be drawn: %s", approval_id, error)  # noqa: TRY400 -- the code says all
        return _Drawn(done=True)
    except Exception:  # an outer edge: one card that cannot be drawn must not stop the others
        log.exception("card of %s cannot be drawn", approval_id)
        return _Drawn(done=True)


def _look(client: "redis.Redis", approval_id: str) -> tuple[Approval | None, Run | None]:
    approval = load_approval(client, approval_id)
    run = load_run(client, approval.run_id) if approval and approval.run_id else None
    return approval, run


def _stage(approval: Approval, run: Run | None) -> str:
    return str(run.state if run else approval.state)


def _draw(client: "redis.Redis", slack: WebClient, approval: Approval, message: Message) -> None:
    """Post or update one card. Raises `NotDelivered`."""
    place = parse_place(approval.request.thread)
    if approval.card is None:
        ts = post(slack, place, message)
        remember_card(client, approval.id, f"{place.channel}:{ts}")
    else:
        channel, _, ts = approval.card.partition(":")
        update(slack, channel, ts, message)


def _patience(waiting: Mapping[str, set[str]], drawn: Mapping[str, _Drawn]) -> float:
    """Say for how many seconds nothing has to be drawn unless something new happens."""
    now = time.monotonic()
    free = [drawn[name].free_at if name in drawn else now for name in waiting]
    return max(min(free, default=now + 1) - now, 0.01)


def _collect(waiting: dict[str, set[str]], entries: list[Raw]) -> None:
    for entry_id, fields in entries:
        waiting.setdefault(fields["approval"], set()).add(entry_id)
