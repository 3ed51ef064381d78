"""Reactions and sessions say how a question stands, from its arrival to the end of its approval."""

from redis import Redis
from slack_sdk import WebClient

from agent.events import ApprovalRequested, Event, Failed, GaveUp, Said
from app.places import Place
from app.signs import Signs, make_signs, put_mark
from app.standing import show_answered, show_failed, show_outcome
from sandbox.slack.server import SlackStandIn, start_slack
from sandbox.slack.values import TEAM_ID, dm_id
from sync.approvals import Approval, ApprovalState
from sync.errors import Failure
from sync.runs import Run, RunState
from tests.app.card_world import MINJI
from tests.app.parts import approval, plan, request, run

DM = dm_id(MINJI)
WISH = request(plan("ORDERS"))
ANSWER, FAILED = Said("100,000"), Failed(Failure(code="unexpected"))
CARD = ApprovalRequested(approval(WISH))


class Question:
    """A question in a direct message that has arrived."""

    def __init__(self, slack: SlackStandIn, signs: Signs) -> None:
        self._slack = slack
        self.place = Place(TEAM_ID, DM, slack.direct_message(MINJI, "몇 건?"))
        self.source = f"message:{self.place}"
        put_mark(signs, DM, self.place.thread_ts, "eyes")

    def marks(self) -> list[str]:
        reactions = self._slack.workspace.message(DM, self.place.thread_ts).reactions
        return [one.name for one in reactions]

    def status(self) -> str:
        session = self._slack.session_of(DM, self.place.thread_ts)
        return session.status if session else ""


def test_a_question_shows_how_it_stands(redis: Redis) -> None:
    turns: list[tuple[Event, list[str], str]] = [
        (ANSWER, ["white_check_mark"], "active"),
        (FAILED, ["warning"], "active"),
        (GaveUp("time_limit", 60), ["warning"], "active"),
        (GaveUp("stopped", 0), [], "active"),
        (CARD, ["hourglass_flowing_sand"], "suspended"),
    ]
    ends: list[tuple[Run | Approval, list[str]]] = [
        (run(WISH, RunState.PUBLISHED), ["white_check_mark"]),
        (run(WISH, RunState.FAILED), ["warning"]),
        (run(WISH, RunState.SUPERSEDED), ["hourglass_flowing_sand"]),
        (approval(WISH, ApprovalState.REJECTED), []),
        (approval(WISH, ApprovalState.APPROVED), ["white_check_mark"]),
    ]
    with start_slack() as slack:
        signs = make_signs(WebClient(token=slack.bot_token, base_url=slack.api_url))
        for event, marks, status in turns:
            asked = Question(slack, signs)
            show_answered(redis, signs, asked.place, asked.source, [event])
            assert (asked.marks(), asked.status()) == (marks, status)
        for outcome, marks in ends:
            asked = Question(slack, signs)
            show_answered(redis, signs, asked.place, asked.source, [CARD])
            show_outcome(redis, signs, asked.place, outcome, [ANSWER])
            assert asked.marks() == marks
        asked = Question(slack, signs)
        show_failed(signs, asked.place, asked.source)
        assert (asked.marks(), asked.status()) == (["warning"], "active")
        pressed = Question(slack, signs)
        show_answered(redis, signs, pressed.place, f"choice:{pressed.place}", [ANSWER])
        assert pressed.marks() == ["eyes"]  # what a press asked for is no message of a person
