"""Where a request stands between a question and its report, for what must hit it in between."""

import time
from collections.abc import Callable

from redis import Redis

from sandbox.slack.values import Message
from sync.approvals import load_approval, pending_approvals, run_key
from sync.run_scripts import PLACES
from tests.story.world import TEAM, World, shown

STAGES = (
    "asked",
    "proposed",
    "shown",
    "decided",
    "enqueued",
    "running",
    "verifying",
    "publishing",
    "published",
    "reported",
)
"""In order: the question is in the inbox; the approval is stored; its card stands; somebody said
yes; the run has its place and its knock; a worker has it; rows are compared; nobody can stop it
any more; readers see it; the card says so."""

ENDS = ("동기화 완료", "동기화 실패", "동기화 취소")


def is_card(message: Message) -> bool:
    return any(block["type"] == "header" for block in message.blocks)


def has_ended(card: Message) -> bool:
    return any(word in shown(card) for word in ENDS)


def stage_of(world: World, asked: str, known: str | None) -> tuple[str, str | None]:
    """The stage of a thread's request, and its approval's id once there is one."""
    redis = world.redis
    approval_id = known or _approval_of(redis, asked)
    if approval_id is None:
        return "asked", None
    with redis.pipeline(transaction=True) as both:
        both.hmget(run_key(approval_id), "state", "publishing")
        both.hexists(PLACES, approval_id)
        (state, publishing), has_place = both.execute()
    if state is None:
        approval = load_approval(redis, approval_id)
        return ("shown" if approval and approval.card else "proposed"), approval_id
    if state == "queued":
        return ("enqueued" if has_place else "decided"), approval_id
    if state in ("running", "verifying"):
        return ("publishing" if publishing else state), approval_id
    told = any(is_card(message) and has_ended(message) for message in world.said(asked))
    return ("reported" if told else "published"), approval_id


def until_stage(
    world: World, asked: str, wanted: str, press: Callable[[], None]
) -> tuple[str, str | None]:
    """Wait for a stage, or one after it; *press* is called once the card waits.

    Gives what `stage_of` gives, and whatever that is where nothing moves for a while.
    """
    known: str | None = None
    pressed = False
    stage, deadline = "asked", time.monotonic() + 30
    while time.monotonic() < deadline:
        stage, known = stage_of(world, asked, known)
        if STAGES.index(stage) >= STAGES.index(wanted):
            break
        if stage == "shown" and not pressed:
            press()
            pressed = True
    return stage, known


def _approval_of(redis: Redis, asked: str) -> str | None:
    waiting = pending_approvals(redis, TEAM, 10)
    return next((one.id for one in waiting if one.request.thread.endswith(asked)), None)
