"""What a model says of a sync is compared with what the thread knows of one."""

import json

import pytest

from agent.conversation import Message, ToolCall
from agent.runtime.honesty import claims_a_sync

KNOWN = ("ORDERS", "USERS")
ASKED = Message(role="user", content="sync ORDERS")


def published(*tables: str) -> Message:
    told = [{"table": f"SHOP.{name}", "rows": 1} for name in tables]
    return Message(
        role="system",
        content=json.dumps({"event": "run_ended", "state": "published", "tables": told}),
    )


def called(name: str) -> Message:
    return Message(role="assistant", tool_calls=(ToolCall(id="c1", name=name, arguments="{}"),))


@pytest.mark.parametrize(
    "text",
    [
        "I have synced ORDERS.",
        "The sync of SHOP.ORDERS is complete. 10,000 rows were copied.",
        "Done! ORDERS was synchronized successfully.",
        "ORDERS 테이블 동기화를 완료했습니다.",
        "동기화가 끝났습니다. 총 10,000건입니다.",
        "네, 방금 ORDERS를 동기화했어요!",
        "ORDERS가 성공적으로 동기화되었습니다.",
        "ORDERS 테이블의 동기화가 성공적으로 되었습니다.",
    ],
)
def test_a_sync_that_no_record_knows_is_a_false_claim(text: str) -> None:
    assert claims_a_sync(text, [ASKED], KNOWN)
    assert claims_a_sync(text, [ASKED, called("start_sync")], KNOWN)
    assert not claims_a_sync(text, [ASKED, published("ORDERS")], KNOWN)
    assert not claims_a_sync(text, [ASKED, called("get_sync_status")], KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "I propose to sync ORDERS: the card is waiting for approval.",
        "ORDERS has not been synced yet.",
        "Once the sync is complete I can answer.",
        "Shall I have ORDERS synced?",
        "The last sync of ORDERS failed.",
        "There are 3 orders.",
        "ORDERS 동기화를 제안했습니다. 승인을 기다리고 있습니다.",
        "아직 동기화하지 않았습니다.",
        "동기화가 완료되면 알려 드리겠습니다.",
        "동기화할까요?",
        "동기화를 원하시면 말씀해 주세요.",
        "CUSTOMERS 테이블 동기화가 거절되었습니다. 바뀐 것은 없습니다.",
        "The sync of ORDERS was rejected, so nothing ran.",
    ],
)
def test_what_is_no_claim_is_left_alone(text: str) -> None:
    assert not claims_a_sync(text, [ASKED], KNOWN)


def test_whoever_looked_at_a_copy_may_say_that_it_was_made_but_not_that_it_is_new() -> None:
    thread = [ASKED, called("get_table_stats")]
    assert not claims_a_sync("ORDERS was synced on 3 March.", thread, KNOWN)
    assert claims_a_sync("I have just synced ORDERS.", thread, KNOWN)


def test_a_run_of_another_table_is_no_record() -> None:
    assert claims_a_sync("I have synced ORDERS.", [ASKED, published("USERS")], KNOWN)
    assert not claims_a_sync("The sync is complete.", [ASKED, published("USERS")], KNOWN)
