import pytest

from agent.glossary import is_same_question
from agent.words import EXACT, PART, STARTS, closeness, occurs, telling_words


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("주문", "지난주 주문을 보여줘"),
        ("주문", "재주문율"),
        ("유저", "유저수 테이블이 뭐가 있는지"),
        ("주문 상세", "주문상세는 어디에"),
        ("주문상세", "주문 상세를 알려줘"),
        ("월", "월별 합계"),
        ("user", "USERS를 보여줘"),
        ("revenue", "What was our Revenue?"),
        ("net revenue", "net revenues by month"),
    ],
)
def test_a_word_is_found_with_particles_in_compounds_and_however_it_is_spaced(
    wanted: str, text: str
) -> None:
    assert occurs(wanted, text)


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("주문", "대주 문서"),
        ("월", "서울월드"),
        ("cat", "category"),
        ("net revenue", "internet revenue"),
        ("…", "아무 말…"),
    ],
)
def test_a_word_is_not_found_inside_another_one(wanted: str, text: str) -> None:
    assert not occurs(wanted, text)


def test_what_only_asks_is_left_out_of_what_is_looked_for() -> None:
    assert telling_words("유저수 테이블이 뭐가 있는지 검색해줘") == ("유저수",)
    assert telling_words("Which tables hold the customers' orders?") == ("customer", "order")
    assert telling_words("테이블 목록 좀 보여줘") == ()


@pytest.mark.parametrize(
    ("word", "text", "fit"),
    [
        ("유저수", "유저", STARTS),
        ("주문", "주문 / Orders", EXACT),
        ("order", "SHOP.ORDERS", EXACT),
        ("item", "ORDER_ITEMS", EXACT),
        ("cust", "CUSTOMERS", STARTS),
        ("주문상세", "주문 상세 내역", STARTS),
        ("derit", "ORDER_ITEMS", PART),
        ("고객", "주문 / Orders", 0),
        ("id", "ORDER_ITEMS", 0),
    ],
)
def test_how_well_a_word_fits_a_name_or_a_comment(word: str, text: str, fit: int) -> None:
    assert closeness(word, [text]) == fit


def test_questions_are_the_same_by_their_telling_words_alone() -> None:
    assert is_same_question("지난달 매출은?", "지난달 매출 알려줘")
    assert is_same_question("How many orders last month?", "orders last month, how many")
    assert not is_same_question("지난달 매출은?", "지난주 매출은?")
    assert not is_same_question("보여줘", "알려줘")
