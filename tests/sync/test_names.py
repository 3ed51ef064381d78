import pytest

from sync.errors import SourcesMixed, TableAmbiguous, TableNotOffered
from sync.names import one_source, resolve_table, shown_name
from sync.plan import TableRef


def ref(written: str) -> TableRef:
    source, schema, table = written.split(".")
    return TableRef(source=source, schema_name=schema, table=table)


USERS, ORDERS, HR_USERS, KOREAN = map(
    ref, ("main.SHOP.USERS", "main.SHOP.ORDERS", "main.HR.USERS", "main.SHOP.회원")
)


@pytest.mark.parametrize(
    "name", ["orders", "ORDERS", " Orders ", "shop.orders", "SHOP.ORDERS", "main.SHOP.ORDERS"]
)
def test_a_table_is_found_by_any_of_its_names_in_any_case(name: str) -> None:
    assert resolve_table(name, [USERS, ORDERS, HR_USERS]) == ORDERS


def test_a_korean_name_is_found() -> None:
    assert resolve_table("회원", [USERS, KOREAN]) == KOREAN


def test_a_name_of_two_tables_is_ambiguous_until_the_schema_is_named() -> None:
    with pytest.raises(TableAmbiguous, match=r"main\.SHOP\.USERS, main\.HR\.USERS"):
        resolve_table("users", [USERS, HR_USERS])
    assert resolve_table("hr.users", [USERS, HR_USERS]) == HR_USERS


def test_the_exact_case_wins_over_another_case() -> None:
    small, large = ref("main.SHOP.users"), USERS
    assert resolve_table("users", [large, small]) == small
    assert resolve_table("USERS", [large, small]) == large


def test_a_file_of_a_thread_passes_for_no_copy_by_its_case() -> None:
    file = TableRef(source="file:abc", schema_name="FILE", table="users")
    with pytest.raises(TableAmbiguous, match=r"main\.SHOP\.USERS, file:abc\.FILE\.users"):
        resolve_table("users", [USERS, file])
    assert resolve_table("FILE.users", [USERS, file]) == file
    assert resolve_table("users", [ORDERS, file]) == file


@pytest.mark.parametrize("name", ["payments", "", "SHOP.", "main.HR.ORDERS", "%", "ORDERS; DROP"])
def test_an_unknown_name_is_not_offered(name: str) -> None:
    with pytest.raises(TableNotOffered):
        resolve_table(name, [USERS, ORDERS])


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ordes", " (SHOP.ORDERS?)"),
        ("users_", " (SHOP.USERS, HR.USERS?)"),
        ("회언원", " (SHOP.회원?)"),
        ("zzz", ""),
    ],
)
def test_a_mistyped_name_is_answered_with_those_like_it_nearest_first(name: str, hint: str) -> None:
    with pytest.raises(TableNotOffered) as refused:
        resolve_table(name, [HR_USERS, USERS, ORDERS, KOREAN])
    assert refused.value.params["hint"] == hint
    assert str(refused.value).endswith(f"An admin can add it to bot.toml.{hint}")


def test_a_table_is_shown_without_its_source_unless_another_source_has_one_of_that_name() -> None:
    old = ref("erp.SHOP.USERS")
    assert shown_name(USERS, [USERS, ORDERS]) == "SHOP.USERS"
    assert shown_name(USERS, [USERS, ORDERS, old]) == "main.SHOP.USERS"
    assert shown_name(ORDERS, [USERS, ORDERS, old]) == "SHOP.ORDERS"
    with pytest.raises(TableAmbiguous, match=r"main\.SHOP\.USERS, erp\.SHOP\.USERS"):
        resolve_table("shop.users", [USERS, ORDERS, old])
    assert resolve_table("erp.shop.users", [USERS, ORDERS, old]) == old


def test_tables_of_several_sources_are_no_one_sync() -> None:
    assert one_source([USERS, ORDERS]) == "main"
    with pytest.raises(SourcesMixed, match=r"\(erp, main\)"):
        one_source([USERS, ref("erp.SHOP.USERS")])
