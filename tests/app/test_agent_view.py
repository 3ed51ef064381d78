"""What the bot shows before it is asked, and how people stop it in Slack's own way."""

from datetime import UTC, datetime

import pytest
from redis import Redis
from slack_sdk import WebClient

from agent.deps import Language
from app.access import see_in
from app.config_sections import AccessRule
from app.listeners.joining import welcome
from app.live import running_key, stop_key
from app.openers import Openers, openers_of
from app.places import Place
from app.signs import make_signs, put_mark, set_session, suggest
from app.views.opening import channel_welcome, hello, opening_prompts
from sandbox.slack.values import BOT_USER_ID, TEAM_ID, dm_id
from sync.warehouse.manifest import Manifest, ManifestEntry
from tests.app.card_world import ALICE, CHANNEL, CONFIG, JUNHO, MINJI, card_world
from tests.app.parts import BOTH, plan, receipt, ref, shown

NOW = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
RULE = AccessRule(name="people", tables=("SHOP.USERS",), allow=(MINJI,))
CONFIGURED = CONFIG.model_copy(update={"table": CONFIG.table[:3], "access": (RULE,)})
SEE = see_in(CONFIGURED, lambda _: frozenset(), lambda _: False, "")


def entry(table: str, as_of: str) -> ManifestEntry:
    [planned], [copied] = plan(table).tables, receipt(plan(table)).tables
    return ManifestEntry(
        ref=ref(table),
        generation="g1",
        fence=1,
        rows=1,
        as_of=as_of,
        published_at=as_of,
        columns=planned.columns,
        key=planned.key,
        comment=None,
        column_comments={},
        bytes=1,
        receipt=copied,
    )


def test_what_is_suggested_first_is_what_somebody_may_see_by_how_its_copies_are() -> None:
    copies = (entry("ORDERS", "2026-11-22T01:00:00Z"), entry("USERS", "2026-10-01T00:00:00Z"))
    manifest = Manifest(entries=copies)
    minji = openers_of(CONFIGURED, manifest, SEE(MINJI, dm_id(MINJI), None), NOW)
    assert minji == Openers(("SHOP.ORDERS",), ("SHOP.USERS",), ("SHOP.STOCK",))
    alice = openers_of(CONFIGURED, manifest, SEE(ALICE, dm_id(ALICE), None), NOW)
    assert alice == Openers(("SHOP.ORDERS",), (), ("SHOP.STOCK",))
    assert openers_of(CONFIGURED, manifest, SEE("", CHANNEL, True), NOW) == Openers()
    assert opening_prompts("ko", minji) == [
        {"title": "어떤 테이블이 있나요?", "message": "목록"},
        {"title": "SHOP.ORDERS에는 무엇이 있나요?", "message": "통계 SHOP.ORDERS"},
        {"title": "오래된 SHOP.USERS 새로 동기화", "message": "동기화 SHOP.USERS"},
        {"title": "SHOP.STOCK 처음 동기화", "message": "동기화 SHOP.STOCK"},
    ]
    assert [prompt["message"] for prompt in opening_prompts("en", Openers())] == ["list", "status"]


@pytest.mark.parametrize("language", BOTH)
def test_the_first_words_name_tables_there_are_and_a_shared_channel_hears_of_none(
    language: Language,
) -> None:
    openers = Openers(("A.<ORDERS>",), (), ("B",))
    for has_model in (True, False):
        told = hello(language, openers, has_model=has_model)
        assert "A.&lt;ORDERS&gt;" in told
        assert "B" in told
        assert "<ORDERS>" not in told
    said = channel_welcome(language, BOT_USER_ID, openers, [JUNHO], has_model=True, is_shared=False)
    assert f"<@{JUNHO}>" in said.text
    assert shown(said.blocks).count(f"• <@{BOT_USER_ID}>") == 3
    shared = channel_welcome(
        language, BOT_USER_ID, openers, [JUNHO], has_model=True, is_shared=True
    )
    assert "ORDERS" not in shared.text
    assert JUNHO not in shared.text


def test_the_bot_suggests_welcomes_and_stops_where_people_use_slacks_own_ways(
    redis: Redis,
) -> None:
    with card_world(redis, CONFIGURED, see=SEE, by_locale=True) as world:
        slack = world.slack
        for user, title in ((MINJI, "어떤 테이블이 있나요?"), (ALICE, "What tables are there?")):
            slack.open_home(user, "messages")
            world.until(lambda user=user: bool(slack.prompts_of(user)))
            assert slack.prompts_of(user)[0]["title"] == title
        for _ in range(2):
            slack.join(BOT_USER_ID, "C0LEADS", inviter=ALICE)
            slack.wait_for(lambda m: m.channel == "C0LEADS" and "Hello" in shown(m.blocks))
            slack.leave(BOT_USER_ID, "C0LEADS")
        slack.join("U0GUEST", CHANNEL)
        root, dm = slack.direct_message(MINJI, "몇 건?"), dm_id(MINJI)
        place = Place(TEAM_ID, dm, root)
        signs = make_signs(WebClient(token=slack.bot_token, base_url=slack.api_url))
        assert set_session(signs, place, "processing", title="몇 건?", user=MINJI)
        redis.set(running_key(str(place)), "1-1")
        slack.stop_session(MINJI, dm, root)
        world.until(lambda: redis.get(stop_key(TEAM_ID, "1-1")) == MINJI)
        redis.delete(running_key(str(place)))
        slack.stop_session(MINJI, dm, root)  # the turn has just ended, or its bot has died
        session = slack.session_of(dm, root)
        assert session is not None
        world.until(lambda: slack.session_of(dm, root).status == "active")  # pyright: ignore[reportOptionalMemberAccess]
        welcomed = [m for m in slack.messages("C0LEADS") if m.user == BOT_USER_ID and m.blocks]
        assert len(welcomed) == 1
        assert [m for m in slack.messages(CHANNEL) if m.user == BOT_USER_ID] == []
        # Where Slack takes nothing from the bot, it is not told of again and again.
        client = WebClient(token=slack.bot_token, base_url=slack.api_url)
        welcome(world.desk, client, Place(TEAM_ID, "C0OLD"), BOT_USER_ID, "", is_shared=False)
        # What Slack refuses the app as such is left alone for a while, one method at a time.
        slack.faults.refuse("reactions.add", "missing_scope")
        slack.faults.refuse("assistant.threads.setSuggestedPrompts", "unknown_method")
        for _ in range(2):
            put_mark(signs, dm, root, "warning")
            assert not suggest(signs, dm, "hi", [{"title": "a", "message": "b"}])
        marks = {one.name for one in slack.workspace.message(dm, root).reactions}
        assert "warning" not in marks
        assert set_session(signs, place, "suspended")
        slack.grants.withdraw("assistant:write")
        assert not set_session(signs, place, "active")
