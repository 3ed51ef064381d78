"""What the model is told of the team's words."""

from collections.abc import Callable
from typing import Any

from agent.conversation import Message
from agent.deps import AnalystDeps
from agent.glossary import Glossary
from agent.runtime.glossary_part import MOST_CHARACTERS, glossary_part
from sync.access_errors import TableHidden
from sync.plan import TableRef
from sync.warehouse.exposure import Exposure

ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")
REVENUE = "SELECT sum(AMOUNT) FROM SHOP.ORDERS WHERE STATUS <> 'CANCELLED'"
GLOSSARY: dict[str, Any] = {
    "term": [
        {"words": ["매출", "revenue"], "means": "without cancelled", "tables": ["SHOP.ORDERS"]},
        {"words": ["재고"], "means": "what is left"},
    ],
    "code": [{"table": "ORDERS.X", "column": "A", "value": "B", "words": ["매출"]}]
    + [
        {"table": "SHOP.ORDERS", "column": "STATUS", "value": value, "words": [word]}
        for value, word in (("CANCELLED", "취소"), ("PAID", "결제"))
    ],
    "example": [{"question": "지난달 매출은?", "sql": REVENUE, "verified": True}],
}


def part(deps: AnalystDeps, text: str) -> list[str]:
    told = glossary_part(deps, [Message(role="user", content=text)])
    return [line.removeprefix("- ") for line in told.splitlines() if line.startswith("- ")]


def with_glossary(make_deps: Callable[..., AnalystDeps], **overrides: Any) -> AnalystDeps:
    return make_deps(glossary=Glossary.model_validate(GLOSSARY), **overrides)


def test_only_what_the_message_is_about_is_told(make_deps: Callable[..., AnalystDeps]) -> None:
    deps = with_glossary(make_deps)
    assert part(deps, "취소된 매출을 보여줘") == [
        "매출, revenue: without cancelled (tables: SHOP.ORDERS)",
        "취소: SHOP.ORDERS, column STATUS, stored as 'CANCELLED'",
        f"An example, '지난달 매출은?' is answered by: {REVENUE}",
    ]
    assert glossary_part(deps, [Message(role="user", content="안녕하세요")]) == ""
    assert glossary_part(deps, []) == ""


def test_the_same_question_is_told_its_verified_answer(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    deps = with_glossary(make_deps)
    assert part(deps, "지난달 매출 알려줘")[0].endswith(f"run exactly this by run_sql: {REVENUE}")
    assert not any("exactly" in line for line in part(deps, "지난주 매출 알려줘"))


def test_entries_about_what_the_asker_may_not_see_are_not_told(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    assert part(with_glossary(make_deps, offered=()), "취소된 매출, 재고") == ["재고: what is left"]

    def no_status(_: TableRef) -> Exposure:
        return Exposure({"STATUS": "no status"}, rule="no status")

    def alone(_: TableRef) -> Exposure:
        return Exposure(rule="for some", private=True)

    told = part(with_glossary(make_deps, exposure=no_status), "지난달 매출은? 취소는?")
    assert told == ["매출, revenue: without cancelled (tables: SHOP.ORDERS)"]
    assert part(with_glossary(make_deps, exposure=alone), "취소된 매출") == []


def test_an_example_that_also_names_a_table_kept_from_the_asker_is_not_told(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    payroll = TableRef(source="main", schema_name="HR", table="PAYROLL")
    joined = "SELECT sum(PAY) FROM SHOP.ORDERS JOIN HR.PAYROLL USING (USER_ID)"
    glossary = {"example": [{"question": "지난달 매출은?", "sql": joined}]}
    wish = {"glossary": Glossary.model_validate(glossary)}
    why = TableHidden(table="HR.PAYROLL", rule="payroll", why="")
    assert part(make_deps(**wish), "지난달 매출") != []  # there is no such table here
    assert part(make_deps(**wish, hidden=dict.fromkeys([payroll], why)), "지난달 매출") == []


def test_however_large_the_glossary_the_prompt_stays_small(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    terms = [{"words": ["매출"], "means": f"{n} " + "x" * 900} for n in range(500)]
    deps = make_deps(glossary=Glossary.model_validate({"term": terms}))
    told = glossary_part(deps, [Message(role="user", content="매출")])
    assert 900 < len(told) < MOST_CHARACTERS + 200
