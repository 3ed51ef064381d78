"""Cards in Slack are kept true: posted once, redrawn when they change, the last state always."""

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager

import pytest
from redis import Redis
from slack_sdk import WebClient

from app.cards import keep_cards_true
from app.settings import SlackSettings
from app.slack_gateway import make_client
from app.slack_pace import Held, Pace
from sandbox.slack.server import SlackStandIn, start_slack
from sandbox.slack.values import BOT_USER_ID, Message
from sync.approvals import Approval, Click, decide, load_approval, request_approval, show_card
from sync.plan import TableRef
from sync.runs import Run, RunState, claim, finish, load_run, report_progress, report_verifying
from sync.state import new_id
from tests.app.parts import plan, progress, receipt, request, shown

TEAM, CHANNEL, MINJI, JUNHO = "T1", "C0DATA", "U0MINJI", "U0JUNHO"
APPROVERS = frozenset({JUNHO})
SECONDS = 20.0


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as running:
        yield running


@pytest.fixture
def client(slack: SlackStandIn) -> WebClient:
    settings = {"bot_token": slack.bot_token, "app_token": "xapp-1", "api_url": slack.api_url}
    return make_client(SlackSettings.model_validate(settings))


def deciders(_: Iterable[TableRef]) -> frozenset[str]:
    return APPROVERS


@contextmanager
def drawing(
    redis: Redis,
    client: WebClient,
    name: str = "bot",
) -> Generator[threading.Thread]:
    stop = threading.Event()
    thread = threading.Thread(
        target=keep_cards_true,
        args=(redis, client, TEAM, deciders, name, stop),
    )
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(SECONDS)
        assert not thread.is_alive()


def ask(
    redis: Redis,
    slack: SlackStandIn,
    table: str = "ORDERS",
    team: str = TEAM,
) -> Approval:
    """An approval in a thread of its own, with its card asked for."""
    thread = slack.post(MINJI, CHANNEL, f"{table}?")
    wish = request(
        plan(table),
        language="en",
        approval_id=new_id(team),
        thread=f"{team}:{CHANNEL}:{thread}",
    )
    approval = request_approval(redis, wish, expires_seconds=3600)
    show_card(redis, approval.id)
    return approval


def approve(redis: Redis, approval: Approval) -> Run:
    digest = approval.request.plan.digest
    outcome = decide(
        redis, approval, Click(user=JUNHO, verdict="approve", digest=digest), may_decide=True
    )
    assert outcome == "approved"
    run = load_run(redis, approval.id)
    assert run is not None
    return run


def cards(slack: SlackStandIn, table: str = "ORDERS") -> list[Message]:
    return [
        message
        for message in slack.messages(CHANNEL)
        if message.user == BOT_USER_ID and f"SHOP.{table}" in shown(message.blocks)
    ]


def card(slack: SlackStandIn, saying: str, table: str = "ORDERS") -> Message:
    """Wait for a card that says something."""
    return slack.wait_for(
        lambda message: (
            message.user == BOT_USER_ID
            and f"SHOP.{table}" in shown(message.blocks)
            and saying in shown(message.blocks)
        ),
        SECONDS,
    )


def _card_of(redis: Redis, approval: Approval) -> str | None:
    found = load_approval(redis, approval.id)
    return found.card if found else None


def until(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_card_is_posted_once_into_its_thread(
    redis: Redis, slack: SlackStandIn, client: WebClient
) -> None:
    approval = ask(redis, slack)
    show_card(redis, approval.id)
    with drawing(redis, client):
        posted = card(slack, "Sync needs approval")
        assert posted.thread_ts == approval.request.thread.rpartition(":")[2]
        until(lambda: (load_approval(redis, approval.id) or approval).card is not None)
        show_card(redis, approval.id)
        ask(redis, slack, "USERS")
        card(slack, "Sync needs approval", "USERS")
    assert len(cards(slack)) == 1
    kept = load_approval(redis, approval.id)
    assert kept is not None
    assert kept.card == f"{CHANNEL}:{posted.ts}"


def test_two_bots_on_one_redis_post_a_card_once(
    redis: Redis, slack: SlackStandIn, client: WebClient
) -> None:
    with drawing(redis, client, "one"), drawing(redis, client, "two"):
        for number in range(5):
            ask(redis, slack, f"TABLE_{number}")
        for number in range(5):
            card(slack, "Sync needs approval", f"TABLE_{number}")
    assert [len(cards(slack, f"TABLE_{number}")) for number in range(5)] == [1] * 5


def test_a_card_is_redrawn_in_place_until_its_end(
    redis: Redis, slack: SlackStandIn, client: WebClient
) -> None:
    approval = ask(redis, slack)
    with drawing(redis, client):
        posted = card(slack, "Sync needs approval")
        run = approve(redis, approval)
        card(slack, "Sync is queued")
        assert claim(redis, run)
        assert report_progress(redis, run, progress("SHOP.ORDERS", 25_000, 100_000))
        card(slack, "25,000 of about 100,000 rows (25%)")
        assert report_verifying(redis, run)
        card(slack, "Sync is being verified")
        finish(redis, run, RunState.PUBLISHED, receipt(approval.request.plan))
        done = card(slack, "Sync is done")
    assert done.ts == posted.ts
    assert len(cards(slack)) == 1
    assert "approved by <@U0JUNHO>" in shown(done.blocks)


def test_quick_progress_is_drawn_seldom_and_in_its_last_state(
    redis: Redis, slack: SlackStandIn, client: WebClient
) -> None:
    approval = ask(redis, slack)
    with drawing(redis, client):
        posted = card(slack, "Sync needs approval")
        run = approve(redis, approval)
        claim(redis, run)
        for number in range(1, 51):
            report_progress(redis, run, progress("SHOP.ORDERS", number * 2_000, 100_000))
            time.sleep(0.01)  # as rows arrive: the point is many notes in a short time
        card(slack, "100,000 of about 100,000 rows (100%)")
    assert len(slack.workspace.versions(CHANNEL, posted.ts)) <= 4


def test_progress_is_not_drawn_while_slack_has_no_room_and_the_end_is(
    redis: Redis, slack: SlackStandIn
) -> None:
    held: list[Held] = []
    pace = Pace(redis, lambda _method, what, _seconds: held.append(what))
    settings = {"bot_token": slack.bot_token, "app_token": "xapp-1", "api_url": slack.api_url}
    approval = ask(redis, slack)
    with drawing(redis, make_client(SlackSettings.model_validate(settings), pace=pace)):
        posted = card(slack, "Sync needs approval")
        run = approve(redis, approval)
        claim(redis, run)
        card(slack, "Sync is running")
        while pace.ask("chat.update", "", 0) == 0:
            pass  # others show their progress
        report_progress(redis, run, progress("SHOP.ORDERS", 1, 2))
        until(lambda: "dropped" in held)
        finish(redis, run, RunState.PUBLISHED, receipt(approval.request.plan))
        card(slack, "Sync is done")
    shows = [shown(one.blocks) for one in slack.workspace.versions(CHANNEL, posted.ts)]
    assert not any("(50%)" in one for one in shows)


def test_the_end_is_drawn_at_once(redis: Redis, slack: SlackStandIn, client: WebClient) -> None:
    approval = ask(redis, slack)
    with drawing(redis, client):
        card(slack, "Sync needs approval")
        run = approve(redis, approval)
        claim(redis, run)
        card(slack, "Sync is running")
        report_progress(redis, run, progress("SHOP.ORDERS", 1, 2))  # waits for its turn
        began = time.monotonic()
        finish(redis, run, RunState.PUBLISHED, receipt(approval.request.plan))
        card(slack, "Sync is done")
        assert time.monotonic() - began < 0.8


def test_a_refused_call_is_tried_again(
    redis: Redis, slack: SlackStandIn, client: WebClient
) -> None:
    approval = ask(redis, slack)
    with drawing(redis, client):
        posted = card(slack, "Sync needs approval")
        slack.faults.refuse("chat.update", "internal_error")
        slack.faults.refuse("chat.postMessage", "internal_error")
        approve(redis, approval)
        ask(redis, slack, "USERS")
        card(slack, "Sync is queued")
        card(slack, "Sync needs approval", "USERS")
    assert [message.ts for message in cards(slack)] == [posted.ts]
    assert len(cards(slack, "USERS")) == 1


def test_an_end_that_slack_refuses_is_not_hammered(
    redis: Redis, slack: SlackStandIn, client: WebClient
) -> None:
    """Other cards that change meanwhile must not have the refused one tried again each time."""
    approval = ask(redis, slack)
    with drawing(redis, client):
        card(slack, "Sync needs approval")
        run = approve(redis, approval)
        claim(redis, run)
        slack.faults.refuse("chat.update", "internal_error", times=1_000)
        finish(redis, run, RunState.PUBLISHED, receipt(approval.request.plan))
        for number in range(20):
            ask(redis, slack, f"TABLE_{number}")
            card(slack, "Sync needs approval", f"TABLE_{number}")
        left = 0
        while slack.faults.take("chat.update"):
            left += 1
    assert 0 < 1_000 - left <= 4


def test_a_card_whose_message_was_deleted_is_posted_again_while_something_can_be_done_with_it(
    redis: Redis, slack: SlackStandIn, client: WebClient
) -> None:
    approval = ask(redis, slack)
    with drawing(redis, client):
        posted = card(slack, "Sync needs approval")
        slack.workspace.delete(CHANNEL, posted.ts)
        run = approve(redis, approval)
        again = card(slack, "Sync is queued")
        until(lambda: _card_of(redis, approval) == f"{CHANNEL}:{again.ts}")
        claim(redis, run)
        card(slack, "Sync is running")
        slack.workspace.delete(CHANNEL, again.ts)
        finish(redis, run, RunState.PUBLISHED, receipt(approval.request.plan))
        ask(redis, slack, "USERS")
        card(slack, "Sync needs approval", "USERS")
        until(lambda: redis.xpending("duckferry:1:cards", "bots")["pending"] == 0)  # pyright: ignore[reportIndexIssue] -- redis types the answer of both clients
    assert cards(slack) == []


def test_a_channel_the_bot_was_never_in_is_given_up(
    redis: Redis, slack: SlackStandIn, client: WebClient
) -> None:
    wish = request(plan("LEADS"), approval_id=new_id(TEAM), thread=f"{TEAM}:C0LEADS:")
    show_card(redis, request_approval(redis, wish, expires_seconds=3600).id)
    with drawing(redis, client):
        ask(redis, slack)
        card(slack, "Sync needs approval")
        until(lambda: redis.xpending("duckferry:1:cards", "bots")["pending"] == 0)  # pyright: ignore[reportIndexIssue] -- redis types the answer of both clients


def test_the_approval_of_another_team_is_left_alone(
    redis: Redis, slack: SlackStandIn, client: WebClient
) -> None:
    other = ask(redis, slack, "SECRETS", team="T2")
    with drawing(redis, client):
        ask(redis, slack)
        card(slack, "Sync needs approval")
    assert cards(slack, "SECRETS") == []
    kept = load_approval(redis, other.id)
    assert kept is not None
    assert kept.card is None


def test_an_approval_nobody_knows_is_left_alone(
    redis: Redis, slack: SlackStandIn, client: WebClient
) -> None:
    show_card(redis, new_id(TEAM))
    with drawing(redis, client):
        ask(redis, slack)
        card(slack, "Sync needs approval")
    assert len([m for m in slack.messages(CHANNEL) if m.user == BOT_USER_ID]) == 1


def test_a_card_whose_time_ran_out_while_no_bot_lived_is_drawn_as_expired(
    redis: Redis, slack: SlackStandIn, client: WebClient
) -> None:
    thread = slack.post(MINJI, CHANNEL, "ORDERS?")
    place = f"{TEAM}:{CHANNEL}:{thread}"
    wish = request(plan("ORDERS"), language="en", approval_id=new_id(TEAM), thread=place)
    approval = request_approval(redis, wish, expires_seconds=1)
    show_card(redis, approval.id)
    with drawing(redis, client, "dead"):
        posted = card(slack, "Sync needs approval")
    until(lambda: time.time() * 1000 > approval.expires_ms + 50)
    with drawing(redis, client, "next"):
        expired = card(slack, "Nobody approved in time")
    assert expired.ts == posted.ts


def test_cards_go_on_after_redis_has_lost_everything(
    redis: Redis, slack: SlackStandIn, client: WebClient
) -> None:
    with drawing(redis, client):
        ask(redis, slack)
        card(slack, "Sync needs approval")
        redis.flushall()
        ask(redis, slack, "USERS")
        card(slack, "Sync needs approval", "USERS")
