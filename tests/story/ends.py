"""How a sync must end, whatever happened to it in between."""

import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from sandbox.slack.payloads import buttons_of
from sandbox.slack.server import NoSuchButton
from sandbox.slack.values import Message
from sync.audit import read_audit
from sync.runs import FINAL, Run, RunState, load_run
from sync.warehouse.manifest import ManifestEntry, read_manifest
from tests.story.stages import has_ended, is_card
from tests.story.world import APPROVE, JUNHO, TEAM, World, no_leaks, shown

SECONDS = 90.0


@dataclass(frozen=True)
class Ended:
    """The one run of a thread, and how many cards more than one it has."""

    run: Run
    second_cards: int
    """Posted because a bot died between posting a card and noting where; mended when pressed."""


def ends_well(world: World, asked: str, seconds: float = SECONDS) -> Ended:
    """The card is pressed where it still waits; then everything that is said and done is true."""
    deadline = time.monotonic() + seconds
    while not (cards := cards_of(world, asked)) or not all(has_ended(card) for card in cards):
        assert time.monotonic() < deadline, f"not ended: {[shown(m) for m in world.said(asked)]}"
        # A second card that a kill left behind is mended by being pressed, like any old one.
        press_if_open(world, asked)
        time.sleep(0.1)
    [run] = [run for run in world.runs() if run.approval.request.thread.endswith(asked)]
    run = _true(world, run)
    title = "동기화 완료" if run.state is RunState.PUBLISHED else "동기화 "
    assert all(title in shown(card) for card in cards)
    world.answer(asked, "마쳤습니다" if run.state is RunState.PUBLISHED else "", seconds=seconds)
    assert all(no_leaks(shown(message)) for message in world.said(asked))
    return Ended(run, len(cards) - 1)


def _true(world: World, run: Run) -> Run:
    """The run has one end, which is what readers see and what the audit has."""
    ended = load_run(world.redis, run.id)
    assert ended is not None
    assert ended.state in FINAL
    noted = Counter(
        (entry.what, entry.detail)
        for entry in read_audit(world.redis, TEAM)
        if entry.subject == run.id and entry.what == "run_ended"
    )
    entry = users_copy(world)
    if ended.state is RunState.PUBLISHED:
        assert entry is not None
        assert ended.receipt is not None
        assert entry.generation == ended.receipt.tables[0].generation
        assert noted["run_ended", "published"] == 1
    else:
        assert noted.total() == 1
        assert entry is None or entry.fence not in ended.fences
    return ended


def users_copy(world: World) -> ManifestEntry | None:
    """What readers see of USERS."""
    entries = read_manifest(world.sandbox.directory / "warehouse").entries
    return next((one for one in entries if one.ref.table == "USERS"), None)


def cards_of(world: World, asked: str) -> list[Message]:
    """All cards of a thread."""
    return [message for message in world.said(asked) if is_card(message)]


def press_if_open(world: World, asked: str) -> None:
    """Approve what can be approved in a thread; does not wait."""
    for message in world.said(asked):
        if any(one.get("action_id") == APPROVE for one in buttons_of(message)):
            with suppress(NoSuchButton):  # it has just been decided
                world.sandbox.slack.begin_press(JUNHO, message.channel, message.ts, APPROVE)
