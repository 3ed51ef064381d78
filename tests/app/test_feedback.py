"""What people think of an answer is kept once for each of them, and looked into at a terminal."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis
from slack_sdk import WebClient

from agent.conversation import ConversationHistory, Message, OnlyFor, Table, ToolCall
from agent.events import Asked, Basis, Commanded, Failed, Said
from agent.outputs import AskUser
from app.bot_config import BotConfig
from app.desk import CardDesk
from app.feedback import MOST_KEPT, Vote, forget_votes, keep_vote, list_votes
from app.listeners.clicks import Pressed
from app.listeners.feedback import judge
from app.views.feedback import can_be_judged, vote_block
from sync.errors import Unexpected
from sync.state import OWNER
from tests.botctl import call_botctl

THREAD = "T1:C1:1700.0001"
NOWHERE = WebClient(token="none", base_url="http://127.0.0.1:9/")
PRESSED = Pressed(
    user="UMINA", team="T1", channel="C1", thread="1700.0001", message="1700.0002",
    approval_id="", digest="",
)  # fmt: skip
BASIS = Basis(table="SHOP.ORDERS", rows=7, as_of="2026-11-22T01:02:03Z")


@pytest.fixture
def desk(redis: Redis) -> CardDesk:
    history = ConversationHistory(redis, THREAD)
    for number, alone in ((1, None), (2, OnlyFor(user="UMINA", rules="people"))):
        asked = f"취소된 주문은 몇 건이야? ({number})"
        history.append(Message(role="user", content=asked, source_id=f"m{number}"))
        call = ToolCall(id=f"call_{number}", name="run_sql", arguments="{}")
        history.append(Message(role="assistant", tool_calls=(call,)))
        table = Table(columns=("n",), rows=((3,),), truncated=False, sql=f"SELECT {number}")
        history.append(
            Message(
                role="tool",
                content="{}",
                tool_call_id=call.id,
                table=table,
                basis=(BASIS,),
                private=alone,
            )
        )
        history.append(Message(role="assistant", content="3건입니다."))
    return CardDesk(redis, BotConfig())


def value(name: str, turn: str, asked_in: str = "") -> str:
    buttons = vote_block("ko", turn, asked_in)["elements"][0]
    return str(buttons[f"{name}_button"]["value"])


def test_a_vote_is_one_for_a_person_and_an_answer_and_has_what_it_is_about(desk: CardDesk) -> None:
    thanks = "알려 주셔서 고맙습니다. 봇을 운영하는 사람이 볼 수 있게 기록했습니다."
    assert judge(desk, NOWHERE, PRESSED, value("negative", "m1")).outcome == "bad"
    assert judge(desk, NOWHERE, PRESSED, value("positive", "m1")).words == thanks
    other = replace(PRESSED, user="UALICE")
    assert judge(desk, NOWHERE, other, value("negative", "m1")).words == thanks  # no window opened
    alice, mina = list_votes(desk.redis, "T1")
    assert (alice.user, alice.good, mina.user, mina.good) == ("UALICE", False, "UMINA", True)
    assert (mina.thread, mina.where) == (THREAD, "C1:1700.0002")
    assert (mina.question, mina.answer) == ("취소된 주문은 몇 건이야? (1)", "3건입니다.")
    assert (mina.sql, mina.copies[0].table) == (("SELECT 1",), "SHOP.ORDERS")
    forget_votes(desk.redis, THREAD)
    assert [(vote.question, vote.sql) for vote in list_votes(desk.redis, "T1")] == [("", ())] * 2


def test_an_answer_for_one_alone_is_judged_by_them_and_forged_presses_learn_nothing(
    desk: CardDesk,
) -> None:
    directly = replace(PRESSED, channel="DMINA", thread="", message="1800.1")
    judge(desk, NOWHERE, directly, value("positive", "m2", THREAD))
    judge(desk, NOWHERE, replace(directly, user="UEVE"), value("positive", "m2", THREAD))
    judge(desk, NOWHERE, replace(directly, user="UBOB"), value("positive", "m1", THREAD))
    asked = {vote.user: vote.question for vote in list_votes(desk.redis, "T1")}
    assert asked == {"UMINA": "취소된 주문은 몇 건이야? (2)", "UEVE": "", "UBOB": ""}
    for forged in ("[", "{}", value("positive", "x" * 301), value("positive", "m1", "T1:C1:1:2")):
        assert judge(desk, NOWHERE, PRESSED, forged).outcome == "unknown"


def test_only_answers_are_judged() -> None:
    asked = Asked(AskUser(question="?", choices=("a", "b")))
    failed = Failed(Unexpected(reference="1").failure)
    listed = Commanded("list", ok=True, result={})
    for events in ([Said("Which?"), asked], [failed], [Said("."), failed], [listed], []):
        assert not can_be_judged(events, was_asked=True)
    assert can_be_judged([Said("Hello.")], was_asked=True)
    assert not can_be_judged([Said("The sync is done.")], was_asked=False)
    assert can_be_judged([Said("It is 3.", (BASIS,))], was_asked=False)


def test_the_oldest_votes_make_room(redis: Redis) -> None:
    began = datetime(2026, 11, 28, tzinfo=UTC)
    for number in range(MOST_KEPT + 2):
        at = began + timedelta(seconds=number)
        vote = Vote(id=str(number), user="U1", good=True, at=at, thread=THREAD, where="C1:1")
        keep_vote(redis, "T1", vote)
    assert [vote.id for vote in list_votes(redis, "T1")][-1] == "2"


def test_the_operator_lists_shows_exports_and_finishes_a_vote(
    desk: CardDesk, redis_url: str, tmp_path: Path
) -> None:
    def botctl(*arguments: str) -> str:
        environ = {"REDIS_URL": redis_url, "WAREHOUSE_DIR": str(tmp_path)}
        return call_botctl(environ, "feedback", *arguments).stdout

    desk.redis.set(OWNER, "T1")
    judge(desk, NOWHERE, PRESSED, value("negative", "m1"))
    [vote] = list_votes(desk.redis, "T1")
    told = vote.model_copy(update={"reason": "wrong_number", "words": "It is 4.\x1b[31m"})
    keep_vote(desk.redis, "T1", told)
    listed = botctl("list").splitlines()
    assert listed[0].startswith(vote.id)
    assert listed[0].endswith("UMINA  wrong_number  취소된 주문은 몇 건이야? (1)")
    assert listed[1] == "1 votes are kept: 0 helpful, 1 not, of which 1 wait to be looked into."
    shown = botctl("show", vote.id)
    assert "  SQL: SELECT 1\n  copy: SHOP.ORDERS as of 2026-11-22T01:02:03Z\n" in shown
    assert "  says: It is 4.[31m\n" in shown
    [case] = tomllib.loads(botctl("export", vote.id))["case"]
    assert case["turn"][0]["says"] == "취소된 주문은 몇 건이야? (1)"
    assert botctl("done", vote.id, "--note", "a filter was missing") == f"{vote.id} is done.\n"
    assert "of which 0 wait" in botctl("list")
    assert "note: a filter was missing" in botctl("show", vote.id)
    assert botctl("show", "x").startswith("There is no vote x.")
