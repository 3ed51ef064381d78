"""Clicks and forms with every field forged in turn: never a run, never a decision, and an answer.

Slack signs what it delivers, so who clicked is known. All else is taken for what it is: words that
came over a person's machine.
"""

import copy
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import pytest
from redis import Redis

from app.bot_config import Approvals
from app.views.approval_card import AGAIN, APPROVE, CANCEL, DETAILS, EDIT, REJECT, button_value
from app.views.modals import EDIT_FORM, REJECT_FORM
from sandbox.slack.delivery import NotAcknowledged
from sandbox.slack.interactions import view_submission
from sandbox.slack.values import BOT_USER_ID, TEAM_ID, JsonObject
from sync.approvals import Approval, ApprovalState, run_key
from sync.runs import open_runs
from tests.app.card_world import CONFIG, EVE, JUNHO, MINJI, CardWorld, card_world

SELF = CONFIG.model_copy(
    update={
        "approvals": Approvals(
            approvers=frozenset({JUNHO, MINJI}), self_approval=False, expires_hours=1
        )
    }
)
Path = tuple[str | int, ...]
GONE = object()
"""In the place of a value: the field is not there at all."""
ATTACKS: tuple[tuple[str, str], ...] = (
    ("approver", EVE),
    ("self_approval", MINJI),
    ("digest", JUNHO),
    ("expiry", JUNHO),
)
"""What is wrong with the click, and who clicks."""
EVERY_TIME = {("button", "digest"), (REJECT, "approver")}
"""What is tried in the small suite as well."""
NOT_A_FIELD = frozenset({"type", "api_app_id", "token", "is_enterprise_install", "enterprise"})
"""What says that this is a click at all, or of which app."""
UNFORGED = frozenset[Path](
    {
        ("user",),
        ("user", "id"),
        ("actions",),
        ("actions", 0),
        ("actions", 0, "action_id"),
        ("view",),
        ("view", "callback_id"),
    }
)
"""Who clicked: Slack says so, and without it nobody can be answered. And what leads a click to its
listener: without that Slack itself tells the person that it came to nothing. These are forged in
a test of their own."""


@dataclass
class Tally:
    clicks: int = 0
    fields: set[str] = field(default_factory=set[str])
    outcomes: Counter[str] = field(default_factory=Counter[str])


def fields_of(node: Any, path: Path = ()) -> Iterator[Path]:
    """Every part of a payload, the parts of parts too."""
    if path and path[-1] not in NOT_A_FIELD:
        yield path
    if path and path[-1] in ("blocks", "state"):
        return  # what a message or a form shows, part by part
    if isinstance(node, dict):
        for name, part in cast("dict[str, Any]", node).items():
            yield from fields_of(part, (*path, name))
    elif isinstance(node, list):
        for number, part in enumerate(cast("list[Any]", node)):
            yield from fields_of(part, (*path, number))


def part_of(payload: JsonObject, path: Path) -> Any:
    node: Any = payload
    for step in path:
        node = node[step]
    return node


def forged(payload: JsonObject, path: Path, value: object) -> JsonObject:
    found: Any = copy.deepcopy(payload)
    node = part_of(found, path[:-1])
    if value is GONE:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    view = cast("dict[str, object]", found.get("view", {}))
    if isinstance(view.get("private_metadata"), dict):
        view["private_metadata"] = json.dumps(view["private_metadata"])
    return found


def lies(approval: Approval, other: Approval) -> tuple[object, ...]:
    """What a field is made to say."""
    digest = approval.request.digest
    return (
        JUNHO,
        f"rule:{digest}",
        digest,
        other.request.digest,
        button_value(approval),
        f"{approval.id} {other.request.digest}",
        f"{approval.id} {digest.upper()}",
        f"{approval.id} {digest} {digest}",
        f"T0OTHER-{approval.id.partition('-')[2]} {digest}",
        f"{TEAM_ID}-{'0' * 32} {digest}",
        f"{TEAM_ID}:run-{approval.id} {digest}",
        APPROVE,
        "true",
        "9999999999.999999",
        "C0SALES",
        "",
        "\x00\u202e<!channel>" + "가" * 3000,
        None,
        GONE,
    )


def prepare(world: CardWorld, attack: str) -> tuple[Approval, str]:
    """A request with a card, and the value of a button that must lead to nothing."""
    approval, _ = world.ask("ORDERS", by=MINJI)
    if attack == "digest":
        return approval, f"{approval.id} {'0' * 64}"
    if attack == "expiry":
        world.redis.hset(f"duckferry:1:{TEAM_ID}:approval:{approval.id}", "expires_ms", 1)
    return approval, button_value(approval)


def answers(world: CardWorld, user: str) -> int:
    """All the bot has told somebody in private."""
    direct = world.slack.workspace.open_dm(user).id
    said = [one for one in world.slack.messages(direct) if one.user == BOT_USER_ID]
    return len(world.slack.ephemerals(user)) + len(said)


def cases(
    payload: JsonObject, values: tuple[object, ...], chosen: Callable[[list[Any]], list[Any]]
) -> list[tuple[Path, object]]:
    every: list[tuple[Path, object]] = []
    for path in fields_of(payload):
        part = part_of(payload, path)
        # Slack keeps the shape of what it says: a part with parts is empty, or it is not there.
        kept: tuple[object, ...] = values
        if isinstance(part, list | dict):
            kept = ([] if isinstance(part, list) else {}, GONE)
        every += [(path, value) for value in kept if path not in UNFORGED]
    return chosen(every)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("count", [4, pytest.param(0, marks=pytest.mark.sweep, id="every")])
@pytest.mark.parametrize("kind", ["button", REJECT, EDIT])
def test_no_forged_click_or_form_decides_anything_and_each_is_answered(
    redis: Redis,
    count: int,
    kind: Literal["button", "sync.reject", "sync.edit"],
    tell_sweep: Callable[..., None],
) -> None:
    seed = 20261122
    rng, tally = random.Random(seed), Tally()  # noqa: S311 -- cases, no secrets

    def chosen(every: list[Any]) -> list[Any]:
        return rng.sample(every, count) if count else every

    with card_world(redis, SELF) as world:
        other, _ = world.ask("USERS", by=MINJI)
        for attack, user in ATTACKS:
            if kind != "button" and attack == "self_approval":
                continue  # who asked may take it back, by any form
            approval, value = prepare(world, attack)
            payload = (
                a_click(world, approval, user, value)
                if kind == "button"
                else a_form(world, approval, user, value, kind)
            )
            for path, lie in cases(payload, lies(approval, other), chosen):
                if attack == "digest" and lie in (button_value(approval), approval.request.digest):
                    continue  # that is the truth
                tally.clicks += 1
                tally.fields.add(".".join(map(str, path)))
                deliver(world, forged(payload, path, lie), user, (attack, path, lie), tally)
                expected = (
                    {ApprovalState.EXPIRED} if attack == "expiry" else {ApprovalState.PENDING}
                )
                now = world.now(approval)
                if now.state not in expected:
                    assert (attack, now.state) == ("self_approval", ApprovalState.WITHDRAWN)
                assert not redis.exists(run_key(approval.id), run_key(other.id)), (path, lie)
        assert open_runs(redis) == []
        assert world.now(other).state is ApprovalState.PENDING
    told = {**vars(tally), "fields": len(tally.fields)}
    tell_sweep(sweep=f"forged_{kind}", seed=seed, runs=0, **told)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("kind", "attack", "user"),
    [
        pytest.param(
            kind, *attack, marks=() if (kind, attack[0]) in EVERY_TIME else pytest.mark.sweep
        )
        for kind in ("button", REJECT, EDIT)
        for attack in ATTACKS
        if kind == "button" or attack[0] != "self_approval"
    ],
)
def test_a_click_that_lies_about_who_and_what_it_is_decides_nothing_and_hurts_nobody(
    redis: Redis, kind: Literal["button", "sync.reject", "sync.edit"], attack: str, user: str
) -> None:
    with card_world(redis, SELF) as world:
        other, card = world.ask("USERS", by=MINJI)
        approval, value = prepare(world, attack)
        payload = (
            a_click(world, approval, user, value)
            if kind == "button"
            else a_form(world, approval, user, value, kind)
        )
        lies = [path for path in fields_of(payload) if path in UNFORGED]
        assert len(lies) >= 4
        # Sent all at once: what no listener knows is not acknowledged, and that takes its time.
        sent = [
            world.slack.forge("interactive", forged(payload, path, lie))
            for path in lies
            for lie in lies_about(path, part_of(payload, path), attack)
        ]
        for delivery in sent:
            try:
                delivery.ack.result(10)
            except NotAcknowledged:
                continue  # Slack itself tells the person
        assert not {"approved", "one_more", "replaced"}.intersection(world.clicks)
        expected = {
            "expiry": {ApprovalState.EXPIRED},
            # Who asked may take it back, by whichever button.
            "self_approval": {ApprovalState.PENDING, ApprovalState.WITHDRAWN},
        }
        assert world.now(approval).state in expected.get(attack, {ApprovalState.PENDING})
        assert not redis.exists(run_key(approval.id), run_key(other.id))
        assert world.now(other).state is ApprovalState.PENDING
        # And the next click is as good as ever.
        world.press(JUNHO, card, APPROVE)
        world.until(lambda: world.now(other).state is ApprovalState.APPROVED)


def lies_about(path: Path, part: Any, attack: str) -> tuple[object, ...]:
    if isinstance(part, list | dict):
        return ([] if isinstance(part, list) else {}, GONE)
    if path == ("user", "id"):
        # Of somebody who may decide it would be his click, for Slack vouches for this field.
        others = (EVE, BOT_USER_ID, "U0NOBODY", "rule:auto", "schedule:daily", "S0TEAM")
        return (*others, "", None, GONE, *(() if attack != "digest" else (JUNHO, MINJI)))
    routes = (
        APPROVE,
        REJECT,
        EDIT,
        AGAIN,
        CANCEL,
        DETAILS,
        REJECT_FORM,
        EDIT_FORM,
        "sync.approve ",
    )
    return (*routes, "", "x" * 300, None, GONE)


def test_who_cannot_be_told_where_they_clicked_is_told_directly(redis: Redis) -> None:
    with card_world(redis, SELF) as world:
        approval, value = prepare(world, "approver")
        payload = a_click(world, approval, EVE, value)
        for path in (("channel", "id"), ("container", "channel_id")):
            payload = forged(payload, path, "C0ELSEWHERE")
        world.slack.forge("interactive", payload)
        direct = world.slack.workspace.open_dm(EVE).id
        world.slack.wait_for(lambda m: m.channel == direct and "may approve" in m.text)


def deliver(world: CardWorld, payload: JsonObject, user: str, about: object, tally: Tally) -> None:
    """Send it; it is acknowledged, comes to something, and the person is told."""
    before, told = len(world.clicks), answers(world, user)
    delivery = world.slack.forge("interactive", payload)
    try:
        ack = delivery.ack.result(10)
    except NotAcknowledged:
        raise AssertionError(about) from None
    if ack.payload:  # what is wrong stands in the form
        tally.outcomes["form_errors"] += 1
        return
    world.until(lambda: len(world.clicks) > before)
    outcome = world.clicks[-1]
    tally.outcomes[outcome] += 1
    assert outcome not in ("approved", "one_more", "rejected", "replaced"), about
    if outcome not in ("withdrawn", "form", "asked"):  # those are seen by all, or are forms
        world.until(lambda: answers(world, user) > told)


def a_click(world: CardWorld, approval: Approval, user: str, value: str) -> JsonObject:
    """What Slack says of a press of the card's first button."""
    card = world.slack.workspace.message(*str(world.now(approval).card).split(":"))
    # Pressed by who may not, so that it comes to nothing yet.
    delivery = world.slack.begin_press(EVE, card.channel, card.ts, APPROVE, 0)
    delivery.ack.result(10)
    payload: Any = copy.deepcopy(delivery.payload)
    person = world.slack.workspace.user(user)
    payload["user"] |= {"id": person.id, "username": person.name, "name": person.name}
    payload["actions"][0]["value"] = value
    return payload


def a_form(world: CardWorld, approval: Approval, user: str, value: str, button: str) -> JsonObject:
    """What Slack says of a form that was opened from another card, with its own words changed."""
    _, card = world.ask("STOCK", by=MINJI)
    world.press(JUNHO, card, button)
    view: Any = copy.deepcopy(world.slack.wait_for_view(JUNHO))
    world.slack.close_view(JUNHO)
    if button == EDIT:
        view["state"]["values"]["rows:0"]["rows"]["value"] = "5"
    about = json.loads(view["private_metadata"])
    approval_id, _, digest = value.partition(" ")
    view["private_metadata"] = {**about, "approval": approval_id, "digest": digest}
    return view_submission(world.slack.workspace.user(user), view, "1.2.3")
