"""Which talk of a channel that opted in is a question for the bot, and which is left to people."""

import pytest

from agent.glossary import Example, Glossary, Term
from agent.overheard import asks_about_data
from sync.plan import TableRef

TABLES = [
    TableRef(source="main", schema_name="SHOP", table=name)
    for name in ("USERS", "ORDERS", "ORDER_ITEMS")
]
GLOSSARY = Glossary(
    term=(
        Term(words=("매출", "revenue", "sales"), means="sum of TOTAL_AMOUNT"),
        Term(words=("주문", "order"), means="a row of ORDERS"),
        Term(words=("회원", "member"), means="who has an account"),
    ),
    example=(
        Example(question="취소를 뺀 전체 매출은?", sql="SELECT 1 FROM SHOP.ORDERS", verified=True),
    ),
)


@pytest.mark.parametrize(
    "text",
    [
        "어제 주문 몇 건이야?",
        "이번 달 매출 얼마인가요?",
        "지난주 매출 합계 좀 알려줘",
        "혹시 월별 매출 추이 보여 주실 수 있나요?",
        "회원수는?",
        "ORDERS 총 몇 건이지",
        "취소를 뺀 전체 매출은?",
        "고객별 주문 건수 뽑아줘",
        "상위 5개 상품 매출 알려주세요",
        "how many orders came in yesterday?",
        "What was the total revenue in October?",
        "show sales by month",
        "Anyone know the average order per customer?",
        "tell me the number of users",
        "how much revenue did we make last week?",
        "top five members by sales?",
        "오늘 신규 회원 몇 명?",
        "어제 매출이 얼마였지",
        "주문 수가 왜 줄었어?",
        "number of orders last week?",
        "Could you list orders by status?",
    ],
)
def test_a_plain_question_about_the_data_is_for_the_bot(text: str) -> None:
    assert asks_about_data(text, GLOSSARY, TABLES)


@pytest.mark.parametrize(
    "text",
    [
        "점심 주문할까요?",
        "커피 몇 개 주문할까요?",
        "오늘 매출 회의 몇 시예요?",
        "매출 회의 같이 들어가실 분?",
        "어제 주문 건수가 이상하네요",
        "매출 보고서 초안 올렸습니다. 확인 부탁드려요",
        "이번 달 매출 목표는 얼마로 잡는 게 좋다고 생각하세요?",
        "몇 명이 점심 먹으러 가나요?",
        "주문하신 책 도착했어요?",
        "회원가입 화면 바뀐 거 보셨어요?",
        "ORDERS 테이블 배포했습니다",
        "네 알겠습니다",
        "do users like the new design?",
        "How much do users care about this?",
        "can we sync on total sales today?",
        "should we count orders twice?",
        "I think the total revenue is wrong?",
        "orders are up by 20% per month, great work!",
        "does anyone have the list of members for the party?",
        "how many people are coming tonight?",
        "is the sales meeting moved?",
        "매출 얼마나 올랐는지 들었어요?",
        "회원 몇 명한테 메일 보냈어요?",
        "did you order the total package?",
        "주문 몇 건 밀린 거 언제 처리돼요?",
        "회원 몇 명 더 올 것 같아요?",
        "이 주문 건 확인해 주실 수 있나요?",
        "how many sales people are joining?",
        "how many times do I have to restart the order service?",
        "orders by Friday please, how many of you want pizza?",
        "see https://wiki.example/orders, how many orders are there?",
        "```SELECT count(*) FROM orders``` how many orders?",
        "how many orders? " + "Because " * 50,
        "",
    ],
)
def test_other_talk_is_left_to_people(text: str) -> None:
    assert not asks_about_data(text, GLOSSARY, TABLES)


def test_without_a_known_word_nothing_is_for_the_bot() -> None:
    assert not asks_about_data("어제 주문 몇 건이야?", Glossary(), [])
    assert not asks_about_data("how many invoices are there?", GLOSSARY, TABLES)
