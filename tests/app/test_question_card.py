"""The card of SQL whose plan is too large to be run unasked."""

import pytest

from agent.deps import Language
from app.views.approval_card import APPROVE, REJECT, approval_card
from app.views.card_parts import CardFacts
from sandbox.slack.limits import refuse_over_limit
from sync.approvals import ApprovalState, Question
from tests.app.parts import approval, plan, request, shown

APPROVERS = CardFacts(frozenset({"U0JUNHO"}))
HOSTILE = "SELECT '<!channel>', '```' FROM ORDERS"


@pytest.mark.parametrize(
    ("language", "title", "words"),
    [
        ("ko", "큰 조회 승인 요청", "승인하면 결과를 파일로 만들어 드립니다."),
        (
            "en",
            "A large query needs approval",
            "Only copies are read, not Oracle.\nA yes has its result written to a file.",
        ),
    ],
)
def test_it_shows_the_sql_as_text_and_over_how_much(
    language: Language, title: str, words: str
) -> None:
    question = Question(sql=HOSTILE, planned_rows=900_000_000, wanted="file")
    wish = request(plan("ORDERS"), language=language).model_copy(update={"question": question})
    card = approval_card(approval(wish), None, APPROVERS)
    refuse_over_limit(card.text, card.blocks)
    told = shown(card.blocks)
    assert told.startswith(title)
    assert words in told
    assert "```SELECT '&lt;!channel&gt;', ''''' FROM ORDERS```" in told
    buttons = [one["action_id"] for one in card.blocks[-1]["elements"]]
    assert buttons == [APPROVE, REJECT]
    assert "confirm" not in card.blocks[-1]["elements"][0]


@pytest.mark.parametrize(
    ("state", "title"),
    [
        (ApprovalState.APPROVED, "Large query was approved"),
        (ApprovalState.REJECTED, "Large query was rejected"),
        (ApprovalState.WITHDRAWN, "Large query was withdrawn"),
        (ApprovalState.EXPIRED, "Approval of the large query has expired"),
    ],
)
def test_decided_it_has_no_button(state: ApprovalState, title: str) -> None:
    question = Question(sql="SELECT 1", planned_rows=1)
    wish = request(plan("ORDERS"), language="en").model_copy(update={"question": question})
    card = approval_card(approval(wish, state), None, APPROVERS)
    assert shown(card.blocks).startswith(title)
    assert all(block["type"] != "actions" for block in card.blocks)
