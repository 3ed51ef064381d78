"""Keeps every card in Slack true: one thread redraws what has changed, the last state always."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import redis
from slack_sdk import WebClient

from app.core import approval_seconds
from app.desk import CardDesk, facts_of, thread_of, who_may
from app.places import parse_place
from app.slack_gateway import SlackAway, SlackBusy, SlackRefused, post, update
from app.views.approval_card import Message, approval_card
from app.views.card_parts import CardFacts
from app.views.notices import reminder
from sync.approvals import (
    Approval,
    ApprovalState,
    expire_overdue,
    load_approval,
    pending_approvals,
    remember_card,
)
from sync.plan import TableRef
from sync.reminders import ending_soon, note_reminded
from sync.runs import FINAL, Run, RunState, load_run
from sync.state import CARDS, key, team_of
from sync.streams import GROUP, Raw, claim_left, open_group, read_new

log = logging.getLogger(__name__)

Deciders = Callable[[Iterable[TableRef]], frozenset[str]]
"""Who may decide about a copy of some tables: Slack user ids."""

Facts = Callable[[Approval, Run | None], CardFacts]

MIN_SECONDS = 1.2
"""Between two updates of one card: chat.update allows 50 a minute in a workspace."""
_FORGOTTEN_SECONDS = 600.0
"""For so long it is known what a card showed last, so that more of the same is only progress."""
RETRY_SECONDS = 5.0
SWEEP_SECONDS = 30.0
"""Between two looks for what expires, ends soon, waits in the queue or was left by a dead bot."""
LEFT_BEHIND_SECONDS = 30.0
"""Card changes a dead bot took and did not draw are taken over after this long."""
_AT_ONCE = 100
_PLACES_REDRAWN = 10
"""Queued cards whose place is looked up again at each sweep."""
REMIND_SECONDS = 2 * 3600
"""At most so long before its end people are reminded of a request; see `remind_seconds`."""
MAX_RETRY_SECONDS = 60.0
POSTING_SECONDS = 30.0
"""For so long a bot may be posting a card before another one tries."""
UNSHOWN_SECONDS = 120
"""A request without a card for so long has been forgotten, and is shown."""


def keep_cards_true(
    client: "redis.Redis",
    slack: WebClient,
    team: str,
    deciders: Deciders,
    consumer: str,
    stop: threading.Event,
    desk: CardDesk | None = None,
    sweep_seconds: float = SWEEP_SECONDS,
) -> None:
    """Redraw changed cards until *stop*, and remind people once of those about to expire.

    What people wait for is drawn at once: a decision, a cancel, an end. What a run passes through,
    and its progress, every `MIN_SECONDS` at most, the newest.
    Without a *desk* a card says no more than who may decide, and nobody is reminded.
    """

    def facts(approval: Approval, run: Run | None) -> CardFacts:
        if desk is not None:
            return facts_of(desk, approval, run)
        return CardFacts(deciders(table.ref for table in approval.request.plan.tables))

    queued: set[str] = set()
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
                _remind_all(slack, desk, team)
                again = (*_never_shown(client, team), *sorted(queued)[:_PLACES_REDRAWN])
                waiting = {**{name: set[str]() for name in again}, **waiting}
                next_sweep = time.monotonic() + sweep_seconds
            patience = _patience(waiting, drawn)
            new = read_new(client, CARDS, consumer, count=_AT_ONCE, wait_seconds=patience)
            _collect(waiting, new)
            for approval_id in [name for name in waiting if team_of(name) != team]:
                _drop(client, waiting.pop(approval_id))
            for approval_id in list(waiting):
                last = drawn.get(approval_id, _Drawn())
                drawn[approval_id] = _redraw(client, slack, facts, approval_id, last)
                if drawn[approval_id].done:
                    _drop(client, waiting.pop(approval_id))
                # The place of a queued run changes with what others do, which tells no card.
                is_queued = drawn[approval_id].stage.startswith(RunState.QUEUED)
                queued = queued | {approval_id} if is_queued else queued - {approval_id}
            drawn = {
                name: one
                for name, one in drawn.items()
                if name in waiting or one.free_at > time.monotonic() - _FORGOTTEN_SECONDS
            }
        except redis.RedisError as error:
            log.warning("cards wait for Redis: %s", type(error).__name__)
            next_sweep = 0.0  # a Redis that has lost its data has lost the group too
            stop.wait(1.0)


def remind_seconds(life_seconds: int) -> int:
    """Say how long before its end people are reminded of a request that may live so long."""
    return min(life_seconds // 4, REMIND_SECONDS)


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
    facts: Facts,
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
        if last.free_at > time.monotonic() and not _is_awaited(last.stage, stage, run):
            return replace(last, done=False)
        card = approval_card(approval, run, facts(approval, run))
        _draw(client, slack, approval, run, card, is_progress=last.stage == stage)
        approval, run = _look(client, approval_id)
        # Slack may have let us wait while another bot drew what came next: then it is drawn anew.
        now = time.monotonic()
        if approval is not None and _stage(approval, run) != stage:
            return _Drawn(stage, now)
        return _Drawn(stage, now + MIN_SECONDS, done=True)
    except redis.RedisError:
        raise
    except SlackBusy as error:
        log.info("card of %s waits: %s", approval_id, error)
        return replace(last, free_at=time.monotonic() + MIN_SECONDS, done=False)
    except SlackAway as error:
        log.warning("card of %s not drawn yet: %s", approval_id, error)
        tries = last.tries + 1
        pause = min(RETRY_SECONDS * tries, MAX_RETRY_SECONDS)
        return _Drawn(stage, time.monotonic() + pause, tries)
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
    """Name what must be drawn at once when it changes; progress is not of it."""
    if run is None:
        return f"{approval.state} {len(approval.yeses)}"
    return f"{run.state} {run.attempts} {run.cancel_by or ''}"


def _is_awaited(drawn: str, stage: str, run: Run | None) -> bool:
    """Whether somebody waits for a stage: not for those a run passes through on its way."""
    if drawn == stage:
        return False
    return run is None or run.state in (RunState.QUEUED, *FINAL) or run.cancel_by is not None


def _draw(
    client: "redis.Redis",
    slack: WebClient,
    approval: Approval,
    run: Run | None,
    message: Message,
    *,
    is_progress: bool,
) -> None:
    """Post or update one card; progress waits for no room. Raises `NotDelivered`."""
    place = parse_place(approval.request.thread)
    if approval.card is None:
        # Two bots may be told at once, and only one of them posts.
        posting = key(team_of(approval.id), "posting", approval.id)
        if not client.set(posting, "1", nx=True, px=round(POSTING_SECONDS * 1000)):
            raise SlackAway("another bot is posting it")
        try:
            ts = post(slack, place, message)
        except SlackAway:
            client.delete(posting)
            raise
        remember_card(client, approval.id, f"{place.channel}:{ts}")
    else:
        channel, _, ts = approval.card.partition(":")
        try:
            update(slack, channel, ts, message, is_progress=is_progress)
        except SlackRefused as error:
            # Somebody has deleted the card. What can still be done with it must be seen.
            is_open = approval.state is ApprovalState.PENDING or (run and run.state not in FINAL)
            if str(error) != "message_not_found" or not is_open:
                raise
            remember_card(client, approval.id, f"{channel}:{post(slack, place, message)}")


def _never_shown(client: "redis.Redis", team: str) -> list[str]:
    """Name what waits for people and has no card though it should have one by now."""
    seconds, _ = client.time()
    late = (seconds - UNSHOWN_SECONDS) * 1000
    waiting = pending_approvals(client, team, _AT_ONCE)
    return [one.id for one in waiting if one.card is None and one.created_ms < late]


def _remind_all(slack: WebClient, desk: CardDesk | None, team: str) -> None:
    """Remind people of what ends soon, each once; what Slack does not take now at a later sweep."""
    if desk is None:
        return
    within = remind_seconds(approval_seconds(desk.config))
    for one in ending_soon(desk.redis, team, within_seconds=within):
        note_reminded(desk.redis, one.id, done=_remind(slack, desk, one))


def _remind(slack: WebClient, desk: CardDesk, approval: Approval) -> bool:
    """Mention who may decide in the card's thread; False where it is to be tried again."""
    now = load_approval(desk.redis, approval.id)
    if now is None or now.state is not ApprovalState.PENDING:
        return True
    place = thread_of(now)
    who = who_may(desk, approval)
    if not who or not place.thread_ts:
        return True
    try:
        post(slack, place, reminder(approval, who))
    except SlackAway as error:
        log.warning("nobody is reminded of %s yet: %s", approval.id, error)
        return False
    except SlackRefused as error:
        log.error("nobody can be reminded of %s: %s", approval.id, error)  # noqa: TRY400 -- the code says all
    return True


def _drop(client: "redis.Redis", entries: set[str]) -> None:
    if entries:
        client.xack(CARDS, GROUP, *entries)


def _patience(waiting: Mapping[str, set[str]], drawn: Mapping[str, _Drawn]) -> float:
    """Say for how many seconds nothing has to be drawn unless something new happens."""
    now = time.monotonic()
    free = [drawn[name].free_at if name in drawn else now for name in waiting]
    return max(min(free, default=now + 1) - now, 0.01)


def _collect(waiting: dict[str, set[str]], entries: list[Raw]) -> None:
    for entry_id, fields in entries:
        waiting.setdefault(fields["approval"], set()).add(entry_id)
