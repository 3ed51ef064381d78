"""Two people in one channel, one of whom may see a table: what each is told, and where."""

from collections.abc import Generator

import pytest

from app.views.answer_buttons import REFRESH, SHOW_SQL
from sandbox.slack.values import BOT_USER_ID, dm_id
from sandbox.start import BOT_TOML
from tests.story.world import ALICE, APPROVE, EVE, JUNHO, MINJI, SECONDS, World, shown, world

RULES = """
[limits]
stale_hours = 0.00001

[roles]
people-team = ["U0ALICE", "S0DATALEADS"]

[[access]]
name = "people"
tables = ["SHOP.USERS"]
allow = ["people-team"]
why = "Ask the people team."

[[access]]
name = "customers, masked"
tables = ["SHOP.CUSTOMERS"]
allow = ["*"]
columns = { NAME = "last4", FINGERPRINT = "hash", SCORE = "null", CREDIT_LIMIT = "hidden" }
rows = [{ column = "CITY", op = "=", values = ["서울"] }]
"""


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    folder = tmp_path_factory.mktemp("access")
    toml = folder / "bot.toml"
    toml.write_text(BOT_TOML.read_text(encoding="utf-8") + RULES, encoding="utf-8")
    environ = {"BOT_TOML": str(toml), "MASK_KEY": "0123456789abcdef" * 2}
    with world(folder, environ) as running:
        running.press(
            running.open_card(running.ask("SHOP.USERS 테이블 동기화 해줘", ALICE)), "sync.approve"
        )
        running.synced("CUSTOMERS")
        running.until(lambda: len(running.runs()) == 2 and all(r.receipt for r in running.runs()))
        yield running


def directly(world: World, user: str, saying: str) -> str:
    """Wait for what the bot writes to somebody in their direct messages."""
    return shown(
        world.sandbox.slack.wait_for(
            lambda m: m.channel == dm_id(user) and m.user == BOT_USER_ID and saying in shown(m),
            SECONDS,
        )
    )


def test_who_is_let_in_is_answered_alone_and_the_channel_is_told_that_and_no_more(
    ruled: World,
) -> None:
    asked = ruled.ask("SHOP.USERS 테이블 몇 건이야?", ALICE)
    assert "150건" in directly(ruled, ALICE, "150건")
    told = ruled.answer(asked, "규칙 people")
    assert "<@U0ALICE>에게만" in told
    assert "150" not in "".join(shown(message) for message in ruled.said(asked))


def test_what_was_answered_alone_has_its_buttons_there_and_is_refreshed_by_a_card_in_the_thread(
    ruled: World,
) -> None:
    asked = ruled.ask("SHOP.USERS 테이블 4건 보여줘", ALICE)
    ruled.answer(asked, "<@U0ALICE>에게만")
    alone = ruled.sandbox.slack.wait_for(
        lambda m: m.channel == dm_id(ALICE) and "user004" in shown(m), SECONDS
    )
    ruled.press(alone, SHOW_SQL, ALICE)
    view = ruled.sandbox.slack.wait_for_view(ALICE)
    file = ruled.sandbox.slack.wait_for(
        lambda m: m.channel == dm_id(ALICE) and bool(m.files) and float(m.ts) > float(alone.ts),
        SECONDS,
    )
    content = ruled.sandbox.slack.file_of(file.files[0]["id"]).content or b""
    assert content.count(b"\r\n") == 5  # all columns of the four rows that were asked for
    assert 'FROM "SHOP"."USERS"' in view["blocks"][0]["text"]["text"]
    ruled.sandbox.slack.close_view(ALICE)
    ruled.press(alone, REFRESH, ALICE)
    assert "원래 대화" in ruled.whispered(ALICE, "동기화를 요청했습니다")
    ruled.press(ruled.open_card(asked), APPROVE)
    again = ruled.sandbox.slack.wait_for(
        lambda m: m.channel == dm_id(ALICE) and float(m.ts) > float(alone.ts)
        and "user004" in shown(m),
        SECONDS,
    )  # fmt: skip
    assert "근거: SHOP.USERS" in shown(again)
    assert "user00" not in "".join(shown(message) for message in ruled.said(asked))
    assert not any(message.files for message in ruled.said(asked))


def test_a_member_of_a_user_group_is_let_in_too(ruled: World) -> None:
    ruled.ask("SHOP.USERS 테이블 보여줘", JUNHO)
    assert "user001" in directly(ruled, JUNHO, "user001")


def test_who_asks_in_a_direct_message_is_answered_there(ruled: World) -> None:
    asked = ruled.sandbox.slack.direct_message(ALICE, "SHOP.USERS 테이블 몇 건이야?")
    message = ruled.sandbox.slack.wait_for(
        lambda m: m.channel == dm_id(ALICE) and m.thread_ts == asked and "150건" in shown(m),
        SECONDS,
    )
    assert "에게만" not in shown(message)


@pytest.mark.parametrize("wish", ["몇 건이야?", "보여줘", "동기화 해줘", "되돌려줘"])
def test_who_is_not_let_in_is_told_the_rule_and_its_reason(ruled: World, wish: str) -> None:
    asked = ruled.ask(f"SHOP.USERS 테이블 {wish}", EVE)
    told = ruled.answer(asked, "규칙 people")
    assert "SHOP.USERS을(를) 볼 수 없습니다. Ask the people team." in told
    assert "150" not in told
    assert len(ruled.said(asked)) == 1


def test_what_one_was_shown_alone_is_not_there_for_the_next_in_the_thread(ruled: World) -> None:
    asked = ruled.ask("SHOP.USERS 테이블 5건 보여줘", ALICE)
    assert "user003" in directly(ruled, ALICE, "user003")
    ruled.answer(asked, "<@U0ALICE>에게만")
    before = len(ruled.sandbox.model.requests)
    ruled.reply(asked, "SHOP.USERS 테이블 5건 보여줘", EVE)
    assert "Ask the people team." in ruled.answer(asked, "볼 수 없습니다")
    asked_since = ruled.sandbox.model.requests[before:]
    assert "Shown to U0ALICE alone, by the rule people." in str(asked_since)
    assert "user00" not in str(asked_since)


def test_a_listing_names_no_hidden_table(ruled: World) -> None:
    told = ruled.answer(ruled.ask("어떤 테이블이 있어?", EVE))
    assert "SHOP.ORDERS" in told or "ORDERS" in told
    assert "USERS" not in told


def test_masks_hidden_columns_and_row_filters_show_a_part_and_say_by_which_rule(
    ruled: World,
) -> None:
    asked = ruled.ask("SHOP.CUSTOMERS 테이블 3건 보여줘", EVE)
    told = ruled.answer(asked, "CITY")
    assert "규칙 customers, masked에 따라 보이는 부분만" in told
    assert "CREDIT_LIMIT" not in told
    assert "부산" not in told
    assert "전체는 아래 CSV 파일에 있습니다" in told
    message = ruled.sandbox.slack.wait_for(
        lambda m: m.thread_ts == asked and bool(m.files), SECONDS
    )
    content = ruled.sandbox.slack.file_of(message.files[0]["id"]).content or b""
    head, *rows = content.decode("utf-8-sig").splitlines()
    assert "CREDIT_LIMIT" not in head
    assert (len(rows), all("서울" in row for row in rows)) == (3, True)
    assert "CUSTOMERS_" in shown(message)
    assert "66건" in ruled.answer(ruled.ask("SHOP.CUSTOMERS 테이블 몇 건이야?", EVE), "66건")


def test_a_channel_shared_with_another_organisation_is_shown_nothing(ruled: World) -> None:
    asked = ruled.ask("SHOP.CUSTOMERS 테이블 3건 보여줘", MINJI, "C0PARTNERS")
    told = ruled.answer(asked, "다른 조직과 공유하는 채널")
    assert "서울" not in told


def test_a_file_of_what_others_may_not_see_goes_to_the_asker_alone(ruled: World) -> None:
    asked = ruled.ask("SHOP.USERS CSV로 내보내줘", ALICE)
    message = ruled.sandbox.slack.wait_for(
        lambda m: m.channel == dm_id(ALICE) and bool(m.files) and float(m.ts) > float(asked),
        SECONDS,
    )
    content = ruled.sandbox.slack.file_of(message.files[0]["id"]).content or b""
    assert content.count(b"\r\n") == 151
    ruled.answer(asked, "규칙 people")
    assert not any(said.files for said in ruled.said(asked))


def test_a_file_is_masked_as_an_answer_is(ruled: World) -> None:
    asked = ruled.ask("CUSTOMERS CSV로 내보내줘", MINJI)
    message = ruled.sandbox.slack.wait_for(
        lambda m: m.thread_ts == asked and bool(m.files), SECONDS
    )
    content = ruled.sandbox.slack.file_of(message.files[0]["id"]).content or b""
    head, *rows = content.decode("utf-8-sig").splitlines()
    assert "CREDIT_LIMIT" not in head
    assert rows
    assert all("서울" in row for row in rows)
