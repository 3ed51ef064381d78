from collections.abc import Callable

import pytest

from agent.deps import AnalystDeps
from agent.runtime.config import system_prompt
from sync.plan import TableRef

USERS = TableRef(source="main", schema_name="SHOP", table="USERS")


def test_the_system_prompt_names_the_day_the_zone_and_the_tables(deps: AnalystDeps) -> None:
    prompt = system_prompt(deps, [USERS])
    assert "Today is 2026-11-22, Sunday, in Asia/Seoul." in prompt
    assert "Tables you may ask about: SHOP.USERS, SHOP.ORDERS, SHOP.CUSTOMERS." in prompt
    assert "Of these, copied already: SHOP.USERS." in prompt


def test_the_system_prompt_stays_short_with_many_tables(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    many = tuple(TableRef(source="main", schema_name="S", table=f"T{n}") for n in range(5_000))
    prompt = system_prompt(make_deps(offered=many), [])
    assert "S.T99 and 4900 more (list_tables)." in prompt
    assert "Of these, copied already: none." in prompt
    assert len(prompt) < 5_000


@pytest.mark.parametrize(("language", "name"), [("ko", "Korean"), ("en", "English")])
def test_the_system_prompt_names_the_language_where_nobody_has_written(
    make_deps: Callable[..., AnalystDeps], language: str, name: str
) -> None:
    assert f"or nobody has written, in {name}." in system_prompt(
        make_deps(language=language), []
    ).replace("\n  ", " ")


def test_a_table_named_like_a_placeholder_is_only_a_name(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    odd = TableRef(source="main", schema_name="S", table="{today}")
    assert "S.{today}." in system_prompt(make_deps(offered=(odd,)), [])
