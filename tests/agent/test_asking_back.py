"""A turn may end with a question back, and no answer claims what did not happen."""

from collections.abc import Callable

from agent.conversation import ConversationHistory, Message
from agent.deps import AnalystDeps
from agent.events import Asked, Event, Said
from agent.llm import LLMClient
from agent.outputs import AskUser
from agent.runtime.result_contract import result_of
from agent.service import make_analyst, run_analyst_turn
from sandbox.model.replies import Calls, Text, call
from sandbox.model.server import ModelStandIn

Scripted = Callable[..., ModelStandIn]
MakeClient = Callable[..., LLMClient]
WHICH = {"question": "Which orders?", "choices": ["all of them", "only those of March"]}


def test_a_question_back_ends_the_turn_and_its_answer_goes_on(
    scripted: Scripted, make_client: MakeClient, deps: AnalystDeps
) -> None:
    model = scripted(Calls(call("ask_user", WHICH)), Text("There are 3 in March."))
    analyst = make_analyst(make_client(model))
    told: list[Event] = []
    result = run_analyst_turn(analyst, deps, "how many orders?", "1-1", told.append)
    assert (result.action, result.response_text) == ("ask", "Which orders?")
    ask = AskUser(question="Which orders?", choices=("all of them", "only those of March"))
    assert result.ask == ask
    assert isinstance(told[-1], Asked)
    assert told[-1].ask == ask
    result = run_analyst_turn(analyst, deps, "only those of March", "1-2", told.append)
    assert (result.action, result.response_text) == ("reply", "There are 3 in March.")
    assert [one["role"] for one in model.requests[-1]["messages"][1:]] == [
        "user",
        "assistant",
        "tool",
        "user",
    ]


def test_a_claim_that_a_sync_ran_is_told_to_be_untrue_to_people_and_to_the_model(
    scripted: Scripted, make_client: MakeClient, deps: AnalystDeps, history: ConversationHistory
) -> None:
    model = scripted(Text("I have synced ORDERS, 10,000 rows."), Text("Sorry."))
    analyst = make_analyst(make_client(model))
    told: list[Event] = []
    run_analyst_turn(analyst, deps, "please sync ORDERS", "1-1", told.append)
    assert told == [Said("I have synced ORDERS, 10,000 rows.", untrue="sync")]
    assert result_of(told).trace[-1].node == "reply"
    run_analyst_turn(analyst, deps, "really?", "1-2", told.append)
    read = model.requests[-1]["messages"][2]["content"]
    assert read.startswith("I have synced ORDERS, 10,000 rows.")
    assert "not so: no sync has run here" in read
    assert history.messages()[1] == Message(
        role="assistant",
        content="I have synced ORDERS, 10,000 rows.",
        untrue="sync",
        spent=history.messages()[1].spent,
    )
