"""The checker itself: it takes what Slack takes, and refuses what Slack refuses."""

from typing import Any, cast

from sandbox.slack.limits import refuse_over_limit
from sandbox.slack.limits_views import ready_view
from sandbox.slack.workspace import SlackRefusal
from tests.slack_rules.check import message_complaints, view_complaints
from tests.slack_rules.payloads import BAD, BAD_VIEWS, GOOD, GOOD_VIEWS


def test_what_slack_takes_nobody_complains_of() -> None:
    found = {name: message_complaints("hello", blocks) for name, blocks in GOOD.items()}
    found |= {name: view_complaints(view) for name, view in GOOD_VIEWS.items()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_what_slack_refuses_is_seen() -> None:
    found = {name: message_complaints("hello", blocks) for name, blocks in BAD.items()}
    found |= {name: view_complaints(view) for name, view in BAD_VIEWS.items()}
    assert [name for name, wrong in found.items() if not wrong] == []
    means = {one.partition(":")[0] for wrong in found.values() for one in wrong}
    assert means == {"schema", "slack_sdk", "count"}  # none of them is there in vain


def test_a_message_without_text_or_with_too_much_is_refused() -> None:
    assert message_complaints(" ", GOOD["words"])
    assert message_complaints("a" * 4001, GOOD["words"])


def test_the_stand_in_refuses_what_the_checker_refuses_and_takes_what_it_takes() -> None:
    """But for what Slack only advises, so that the stand-in may take it."""
    advised = {"two primary buttons", "no blocks"}
    taken = [name for name, blocks in BAD.items() if not refused(blocks)]
    taken += [name for name, view in BAD_VIEWS.items() if not refused(view)]
    assert set(taken) == advised
    assert [name for name, blocks in GOOD.items() if refused(blocks)] == []
    assert [name for name, view in GOOD_VIEWS.items() if refused(view)] == []


def refused(given: Any) -> bool:
    """Whether the stand-in refuses these blocks, or this view."""
    try:
        if isinstance(given, list):
            refuse_over_limit("hello", cast("list[Any]", given))
        else:
            ready_view(given, given["type"])
    except (SlackRefusal, KeyError):
        return True
    return False
