"""What a card tells besides its state: cost, changes, people, queue, tries."""

from typing import Any

import pytest

from app.views.approval_card import AGAIN, APPROVE, CANCEL, EDIT, REJECT, Message, approval_card
from app.views.card_parts import CardFacts, duration
from app.views.text import whoever
from sandbox.slack.limits import refuse_over_limit
from sync.approvals import Approval, ApprovalState
from sync.errors import VerificationFailed
from sync.oracle_errors import OracleUnreachable, SourceStopped
from sync.plan import Column, Plan
from sync.progress import Progress
from sync.runs import RunState
from tests.app.card_world import narrowed
from tests.app.parts import HOSTILE_NAMES, approval, plan, request, run, shown


def column(name: str, oracle_type: str = "NUMBER(10)", duckdb_type: str = "BIGINT") -> Column:
    return Column(name=name, oracle_type=oracle_type, duckdb_type=duckdb_type, nullable=True)


def pending(facts: CardFacts, what: Plan | None = None, **wish: Any) -> str:
    asked = request(what or plan("ORDERS"), language="en").model_copy(update=wish)
    return shown(ready(approval_card(approval(asked), None, facts)).blocks)


def copied(*columns: Column) -> CardFacts:
    """There is a copy of ORDERS with these columns."""
    return CardFacts(current={table.ref: columns for table in plan("ORDERS").tables})


def ready(message: Message) -> Message:
    refuse_over_limit(message.text, message.blocks)
    return message


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (CardFacts(), "expected time: no earlier run to tell by"),
        (CardFacts(expected_seconds=0.2), "expected time: 1 s"),
        (CardFacts(expected_seconds=75), "expected time: 75 s"),
        (CardFacts(expected_seconds=600), "expected time: 10 min"),
        (CardFacts(free_bytes=10**10), "disk: 10.0 GB left, about 4.1 kB needed"),
        (CardFacts(free_bytes=100), ":warning: the disk is too small: 100 B left, about 4.1 kB"),
        (CardFacts(free_bytes=-5), ":warning: the disk is too small: 0 B left"),
        (CardFacts(quorum=2), "0 of 2 approvals: 2 different people must approve"),
        (CardFacts(refused=True), ":no_entry: this rule allows no sync."),
    ],
)
def test_what_a_yes_costs_is_told(facts: CardFacts, told: str) -> None:
    assert told in pending(facts)


def test_room_is_not_guessed_where_a_size_is_unknown() -> None:
    what = plan("ORDERS")
    unknown = what.estimates[0].model_copy(update={"bytes": None})
    what = what.model_copy(update={"estimates": (unknown,)})
    assert "disk: 1.0 GB left, need unknown" in pending(CardFacts(free_bytes=10**9), what)


def test_columns_are_compared_with_the_copy_there_is() -> None:
    before = (column("ID", "NUMBER(5)", "INTEGER"), column("OLD"), column("<!here>"))
    words = pending(copied(*before))
    assert "columns dropped: OLD, &lt;!here&gt;" in words
    assert "columns retyped: ID NUMBER(5) → NUMBER(10)" in words
    assert "columns added" not in words
    added = pending(copied())
    assert "columns added: ID" in added
    same = pending(copied(*plan("ORDERS").tables[0].columns))
    assert "columns as in the current copy" in same


def test_many_changed_columns_are_counted() -> None:
    before = tuple(column(f"C{number}") for number in range(1000))
    assert "columns dropped: C0, C1, C2, C3, C4, C5, +994" in pending(copied(*before))


def test_each_who_may_approve_is_named_with_the_reason() -> None:
    words = pending(
        CardFacts(
            approvers=frozenset({"U0A", "U0B", "U0C", "S0LEADS", "U0D"}),
            roles={
                "U0A": "approver",
                "U0B": "owner",
                "U0C": "admin",
                "S0LEADS": "approver",
                "U0D": "rule",
            },
            rules=("big <tables>",),
            rule_why="two eyes & more",
        )
    )
    assert (
        "may approve: <!subteam^S0LEADS>, <@U0A> (approver), <@U0B> (owner of the table), "
        "<@U0C> (admin), <@U0D> (named by the rule)"
    ) in words
    assert "rule: big &lt;tables&gt; (two eyes &amp; more)" in words


def test_people_beyond_twenty_are_counted() -> None:
    everyone = frozenset(f"U{number:010}" for number in range(300))
    assert "and 280 more" in pending(CardFacts(approvers=everyone))


def test_a_reason_stands_on_the_card_and_does_nothing() -> None:
    words = pending(CardFacts(), reason="<!channel> " + "x" * 489)
    assert "reason: &lt;!channel&gt; xxx" in words


def test_a_new_revision_says_what_is_not_as_before() -> None:
    before = narrowed(plan("ORDERS", "USERS"), [7, 1_000_000])
    words = pending(CardFacts(before=before), revision=2)
    assert "since the last card: SHOP.ORDERS: at most 1,000,000 rows, was 7" in words
    assert "without SHOP.USERS" in words
    assert "revision 2" in words
    assert "nothing differs from the last card" in pending(CardFacts(before=plan("ORDERS")))


def test_a_half_approved_card_says_who_is_missing() -> None:
    asked = approval(request(plan("ORDERS"), language="en")).model_copy(
        update={"yeses": ("U0JUNHO",)}
    )
    words = shown(approval_card(asked, None, CardFacts(quorum=2)).blocks)
    assert "1 of 2, waiting for a second person (approved by <@U0JUNHO>)" in words


@pytest.mark.parametrize(
    ("change", "facts", "told", "shows"),
    [
        ({}, CardFacts(), "waits for a worker", [CANCEL]),
        ({}, CardFacts(queue_place=3), "is number 3 in the queue.", [CANCEL]),
        (
            {},
            CardFacts(queue_place=2, queue_seconds=120),
            "number 2 in the queue and starts in about 2 min",
            [CANCEL],
        ),
        ({"put_off_ms": 1_795_300_000_000}, CardFacts(), "Oracle may not be read now", [CANCEL]),
        (
            {
                "put_off_ms": 1_795_300_000_000,
                "attempts": 1,
                "last_failure": OracleUnreachable(source="main", detail="<!here>").failure,
            },
            CardFacts(queue_place=1),
            "Try 2 of 4 at <!date^1795300000^",
            [CANCEL],
        ),
        (
            {
                "put_off_ms": 1_795_300_000_000,
                "last_failure": SourceStopped(
                    source="main", reason="<!here> month-end", since="2026-11-22", until=""
                ).failure,
            },
            CardFacts(),
            "[System] This waits. Oracle main is stopped since 2026-11-22",
            [CANCEL],
        ),
        ({"cancel_by": "U0MINJI"}, CardFacts(), "being stopped, as <@U0MINJI> asked", []),
        ({"state": RunState.CANCELLED, "cancel_by": "U0A"}, CardFacts(), "Stopped by <@U0A>", []),
        (
            {
                "state": RunState.FAILED,
                "parked": True,
                "attempts": 3,
                "failure": VerificationFailed(table="T", copied=1, counted=2).failure,
            },
            CardFacts(),
            "Parked after 4 tries. The last one: ",
            [AGAIN],
        ),
        (
            {"state": RunState.FAILED},
            CardFacts(asked_again_by="U0EVE"),
            "asked again by <@U0EVE>",
            [],
        ),
    ],
)
def test_a_run_says_where_it_stands_and_offers_what_helps(
    change: dict[str, Any], facts: CardFacts, told: str, shows: list[str]
) -> None:
    one = run(request(plan("ORDERS"), language="en"), RunState.QUEUED)
    one = one.model_copy(update=change)
    message = ready(approval_card(one.approval, one, facts))
    assert told in shown(message.blocks)
    assert told in message.text
    assert buttons_of(message) == shows
    assert "<!here>" not in message.text


def buttons_of(message: Message) -> list[str]:
    rows = [block for block in message.blocks if block["type"] == "actions"]
    return [one["action_id"] for row in rows for one in row["elements"]]


def test_a_table_of_several_is_told_with_its_rate_and_what_is_left() -> None:
    progress = Progress(
        table="SHOP.USERS",
        table_number=2,
        tables=3,
        rows=50_000,
        expected_rows=200_000,
        seconds=90,
        table_seconds=10,
    )
    one = run(request(plan("ORDERS"), language="en"), RunState.RUNNING, progress=progress)
    words = shown(approval_card(one.approval, one, CardFacts()).blocks)
    assert "(2 of 3) SHOP.USERS ▰▰▰▱▱▱▱▱▱▱▱▱ 50,000 of about 200,000 rows (25%)" in words
    assert "5,000 rows/s · about 30 s left" in words
    assert "rows_per_second" not in words
    paced = one.model_copy(update={"progress": progress.model_copy(update={"is_paced": True})})
    assert "left · held to rows_per_second" in shown(
        approval_card(paced.approval, paced, CardFacts()).blocks
    )


@pytest.mark.parametrize("state", [ApprovalState.WITHDRAWN, ApprovalState.REPLACED])
def test_what_was_taken_back_or_replaced_offers_nothing(state: ApprovalState) -> None:
    ended = approval(request(plan("ORDERS"), language="en")).model_copy(
        update={"state": state, "decided_by": "U0MINJI", "decided_ms": 1_795_300_000_000}
    )
    message = ready(approval_card(ended, None, CardFacts(replaced_by=4)))
    assert buttons_of(message) == []
    if state is ApprovalState.REPLACED:
        assert "Replaced by revision 4. Nothing runs from this card." in shown(message.blocks)


def test_a_card_that_is_not_live_offers_nothing() -> None:
    one: Approval = approval(request(plan("ORDERS")))
    assert buttons_of(approval_card(one, None, CardFacts())) == [APPROVE, EDIT, REJECT]
    assert buttons_of(approval_card(one, None, CardFacts(), live=False)) == []


@pytest.mark.parametrize("hostile", HOSTILE_NAMES, ids=ascii)
def test_slack_takes_all_facts_at_once_with_hostile_names(hostile: str) -> None:
    what = plan(*(f"{hostile}{number}" for number in range(20)), schema=hostile, current_rows=5)
    columns = tuple(column(f"{hostile}{number}", hostile, hostile) for number in range(1000))
    facts = CardFacts(
        approvers=frozenset(f"U{number:010}" for number in range(100)),
        rules=(hostile * 20,),
        rule_why=hostile * 100,
        quorum=2,
        current={table.ref: columns for table in what.tables},
        expected_seconds=10**9,
        free_bytes=0,
        before=narrowed(what, [5] * 20),
        change_lines=("line",) * 10,
    )
    asked = request(what, language="ko").model_copy(update={"reason": hostile * 500})
    message = ready(approval_card(approval(asked), None, facts))
    assert "<!channel>" not in message.text
    ended = approval(asked, ApprovalState.REJECTED).model_copy(update={"reason": hostile * 100})
    ready(approval_card(ended, None, facts))


def test_a_duration_is_in_its_largest_useful_unit() -> None:
    times = [duration("en", seconds) for seconds in (0, 1.4, 89, 91, 3600, 5400, 86_400)]
    assert times == ["1 s", "1 s", "89 s", "2 min", "60 min", "2 h", "24 h"]
    assert duration("ko", 120) == "2분"


@pytest.mark.parametrize("who", ["S0<!here>", "S", "s0leads", "S0LEADS|x", "<!subteam^S0LEADS>"])
def test_only_an_id_becomes_a_mention_of_a_group(who: str) -> None:
    assert "<" not in whoever(who)
    assert whoever("S0LEADS") == "<!subteam^S0LEADS>"
