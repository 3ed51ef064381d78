"""The Home tab: each person finds there what is theirs, and decides as on the card itself."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis
from slack_sdk import WebClient

from agent.conversation import ConversationHistory, Message
from agent.deps import Language
from agent.threads import note_thread
from app.access import see_in
from app.config_sections import AccessRule
from app.home import show_home
from app.listeners.clicks import Pressed
from app.listeners.home_tab import look, teller
from app.slack_client import PacedClient, for_listeners
from app.slack_pace import Pace
from app.views.approval_card import APPROVE, DETAILS, REJECT
from app.views.home import REFRESH, VIEW_BLOCKS, home_view
from app.views.home_parts import LOOK, SYNC
from sandbox.gallery.homes import busy_home, homes
from sandbox.gallery.pieces import CALM
from sandbox.slack.faults import ScriptedFault
from sandbox.slack.limits_views import ready_view
from sandbox.slack.values import TEAM_ID, JsonObject, dm_id
from sync.approvals import schedules_key
from sync.audit import read_audit
from sync.inbox import Entry, take
from sync.pauses import note_pause
from sync.runs import RunState, claim, finish
from sync.schedules import Schedule
from sync.standing import StandingSchedule
from sync.state import INBOX, connect_state
from sync.stops import stop_source
from sync.streams import open_group
from sync.warehouse.manifest import MANIFEST_FILE, publish
from tests.app.card_world import (
    ALICE,
    CHANNEL,
    CONFIG,
    EVE,
    JUNHO,
    MINJI,
    CardWorld,
    card_world,
)
from tests.app.parts import plan, receipt, ref, shown
from tests.sync.tables import place_rows, table_plan

RULES = (AccessRule(name="pay", tables=("SHOP.USERS",), allow=(ALICE,), why="Ask payroll."),)
CONFIGURED = CONFIG.model_copy(
    update={
        "access": RULES,
        "schedule": (
            Schedule(name="nightly", tables=("STOCK",), cron="0 3 * * *", channel="C0DATA"),
        ),
    }
)


@pytest.fixture
def world(redis: Redis, tmp_path: Path) -> Iterator[CardWorld]:
    see = see_in(CONFIGURED, lambda _: frozenset(), lambda _: False, "")
    with card_world(redis, CONFIGURED, warehouse=tmp_path, see=see, by_locale=True) as running:
        yield running


def home(world: CardWorld, user: str, saying: str = "") -> str:
    """What somebody's Home says, once it says that."""
    view = world.slack.wait_for_home(user, lambda one: saying in shown(one["blocks"]))
    return shown(view["blocks"])


def opened(world: CardWorld, user: str) -> str:
    world.slack.open_home(user)
    return home(world, user)


def actions(view: JsonObject | None) -> list[str]:
    assert view is not None
    rows = [block["elements"] for block in view["blocks"] if block["type"] == "actions"]
    return [button["action_id"] for row in rows for button in row]


def entries(redis: Redis) -> list[Entry]:
    open_group(redis, INBOX)
    return take(redis, "reader", count=10, wait_seconds=0.01)


@pytest.mark.parametrize(
    ("language", "empty", "more"),
    [
        (
            "en",
            ["Nothing waits for you.", "write `sync ORDERS`", "Nothing has run yet."],
            ["142+ more wait", "52 older ones", "135 more: write `list`", "172 more: ask me"],
        ),
        (
            "ko",
            ["기다리는 승인이 없습니다.", "`동기화 ORDERS`", "아직 실행이 없습니다."],
            ["142+건이 더", "더 오래된 대화 52개", "135개가 더", "172개가 더"],
        ),
    ],
)
def test_every_home_is_within_slacks_limits_and_says_what_to_do_first_and_what_is_left_out(
    language: Language, empty: list[str], more: list[str]
) -> None:
    drawn = {piece.name: piece.view for piece in homes(language, CALM[language])}
    hostile = replace(CALM[language], table="<" * 120, schedule="&" * 40, typed="|<!channel>" * 30)
    for view in (*drawn.values(), *(piece.view for piece in homes(language, hostile))):
        assert view is not None
        ready_view(view, view["type"])  # raises as Slack would refuse
        assert len(view["blocks"]) < VIEW_BLOCKS
        assert "<!channel>" not in shown(view["blocks"])
    for name, words in (("home.first", empty), ("home.many", more)):
        told = shown((drawn[name] or {})["blocks"])
        assert [one for one in words if one not in told] == []


def test_a_home_is_written_in_the_readers_language() -> None:
    korean, english = (
        shown(home_view(language, busy_home(language, CALM[language]))["blocks"]).splitlines()
        for language in ("ko", "en")
    )
    date = "<!date^1795309323^{date_num} {time}|2026-11-22 01:02 UTC>"
    stale = f"*ORDERS* · you see a part, by the rule pay data · as of {date} (7 days old) · "
    assert stale + "all 1 sums agree · :warning: older than 24 h" in english
    stale = f"*ORDERS* · 규칙 급여 자료에 따라 일부만 보임 · {date} 기준 (7일 전) · "
    assert stale + "열별 합계 1개 모두 일치 · :warning: 24시간보다 오래됨" in korean
    assert "*ORDERS* · never copied" in english
    assert "*ORDERS* · 사본 없음" in korean


def test_a_click_at_home_decides_as_on_the_card_and_the_home_and_the_card_follow(
    world: CardWorld,
) -> None:
    asked, card = world.ask()
    told = opened(world, JUNHO)
    assert "*SHOP.ORDERS* · 전체 복사, 첫 사본 · 예상 99,800행" in told
    assert f"요청: <@{MINJI}>" in told
    thread = asked.request.thread.rpartition(":")[2]
    link = f"https://sandbox.slack.com/archives/{CHANNEL}/p{card.ts.replace('.', '')}"
    assert f"<{link}?thread_ts={thread}&amp;cid={CHANNEL}|열기>" in told
    opened(world, ALICE)
    assert actions(world.slack.home_of(JUNHO)) == [APPROVE, REJECT, LOOK]

    world.slack.press_in_view(JUNHO, APPROVE, home=True)
    world.card(asked, "Sync is queued")
    assert "동기화 대기 중" in home(world, JUNHO, "기다리는 승인이 없습니다.")
    decided = [one for one in read_audit(world.redis, TEAM_ID) if one.what == "approved"]
    assert [(one.who, one.where) for one in decided] == [(JUNHO, "home")]

    # Alice still sees the button; what she is told stands above her Home.
    world.slack.press_in_view(ALICE, APPROVE, home=True)
    home(world, ALICE, f"<@{JUNHO}> has approved this already.")
    assert world.clicks == ["approved", "already_approved"]


def test_who_may_not_decide_is_offered_nothing_and_who_asked_withdraws(world: CardWorld) -> None:
    asked, _ = world.ask()
    assert "Nothing waits for you." in opened(world, EVE)
    refused = look(world.desk, WebClient(), _press(asked.id, EVE), asked)
    assert refused.outcome == "not_allowed"
    world.slack.open_home("U0PARTNER")
    refusal = home(world, "U0PARTNER", "answers only people of the organisation that runs it")
    assert len(refusal.splitlines()) == 1

    opened(world, MINJI)
    assert actions(world.slack.home_of(MINJI)) == [REJECT, LOOK]
    world.slack.press_in_view(MINJI, "자세히", home=True)
    view = world.slack.wait_for_view(MINJI)
    assert shown([view["title"], view["blocks"][0]]) == "요청 내용\n동기화 승인 요청"
    assert actions(view) == []
    world.slack.close_view(MINJI)
    world.slack.press_in_view(MINJI, "철회", home=True)
    world.card(asked, "withdrawn")
    home(world, MINJI, "기다리는 승인이 없습니다.")


def test_a_no_at_home_asks_for_its_reason_and_a_slack_that_takes_no_home_changes_nothing_else(
    world: CardWorld,
) -> None:
    asked, _ = world.ask()
    opened(world, JUNHO)
    world.slack.press_in_view(JUNHO, REJECT, home=True)
    world.slack.wait_for_view(JUNHO)
    world.slack.submit(JUNHO, {"reason": "not now"})
    assert "not now" in shown(world.card(asked, "Sync was rejected").blocks)
    home(world, JUNHO, "기다리는 승인이 없습니다.")

    world.ask()
    opened(world, ALICE)
    opened(world, JUNHO)
    home(world, ALICE, "SHOP.ORDERS")
    home(world, JUNHO, "전체 복사")
    world.slack.press_in_view(ALICE, APPROVE, home=True)
    home(world, ALICE, "Nothing waits for you.")
    world.slack.faults.add(ScriptedFault(method="views.publish", error="view_too_large"))
    world.slack.press_in_view(JUNHO, APPROVE, home=True)
    told = world.slack.wait_for(lambda m: f"<@{ALICE}> has approved this already." in m.text)
    assert world.slack.workspace.channel(told.channel).kind == "im"


def test_home_shows_conversations_copies_schedules_and_runs_that_its_reader_may_see(
    world: CardWorld, tmp_path: Path
) -> None:
    for number, table in enumerate(("ORDERS", "USERS"), start=1):
        copied = table_plan([("ID", "NUMBER(10)")], table=table)
        publish(tmp_path, [place_rows(tmp_path, copied, [(1,), (2,)], number)])
    thread = f"{TEAM_ID}:{CHANNEL}:1795309323.000100"
    ConversationHistory(world.redis, thread).append(Message(role="user", content="몇 건?"))
    note_thread(world.redis, thread, MINJI, "몇 건?", keep_days=30)
    daily = standing("daily", "ORDERS")
    weekly = standing("weekly", "USERS", "T1").model_copy(update={"paused": True})
    secret = standing("secret", "USERS")
    for one in (daily, weekly, secret):
        world.redis.hset(schedules_key(TEAM_ID), one.name, one.model_dump_json())
    note_pause(world.redis, TEAM_ID, weekly, "owner_gone")
    for table in ("ORDERS", "USERS"):
        asked, card = world.ask(table, by=ALICE)
        world.press(JUNHO, card, APPROVE)
        world.card(asked, "Sync is queued")
        assert claim(world.redis, world.run(asked))
        finish(world.redis, world.run(asked), RunState.PUBLISHED, receipt(plan(table)))

    told = opened(world, EVE)
    assert "USERS" not in told
    assert "secret" not in told
    assert "*SHOP.ORDERS* · 2 rows · as of <!date^1795305600^" in told
    assert "older than 24 h" in told
    assert "*SHOP.STOCK* · never copied" in told
    assert "*daily* · SHOP.ORDERS · every day at 06:00 (UTC) · next <!date^" in told
    assert "a table you may not see · every day at 06:00 (UTC)" in told
    assert "paused: the account of who asked for it is gone" in told
    assert "*nightly* · SHOP.STOCK · every day at 03:00 (UTC) · asks by a card each time" in told
    assert "*SHOP.ORDERS* · Sync is done · 100,000 rows" in told
    assert "No conversations yet." in told
    assert "Operations" not in told
    world.slack.press_in_view(EVE, DETAILS, home=True)
    assert shown(world.slack.wait_for_view(EVE)["blocks"])
    link = f"https://sandbox.slack.com/archives/{CHANNEL}/p1795309323000100"
    assert f"• <{link}|몇 건?> · <!date^" in opened(world, MINJI)

    stop_source(world.redis, "main", "patching")
    world.ask("STOCK")
    told = opened(world, ALICE)
    assert "*SHOP.USERS* · 2 rows" in told
    assert "*secret*" in told
    assert "Operations (admins only)" in told
    assert "source main is stopped since <!date^" in told
    assert "no worker is alive (`botctl worker`)" in told
    assert "2 published, 0 failed" in told
    assert f"• <@{MINJI}>: SHOP.STOCK, since <!date^" in told

    (tmp_path / MANIFEST_FILE).write_text("{}", encoding="utf-8")
    world.slack.press_in_view(ALICE, REFRESH, home=True)
    home(world, ALICE, "The list of copies cannot be read.")


def test_a_sync_asked_for_at_home_is_a_question_in_direct_messages(world: CardWorld) -> None:
    opened(world, MINJI)
    world.slack.press_in_view(MINJI, SYNC, home=True)
    home(world, MINJI, "요청했습니다. 메시지 탭에서 이어집니다.")
    world.slack.press_in_view(MINJI, SYNC, home=True)
    home(world, MINJI, "방금 요청했습니다.")
    [entry] = entries(world.redis)
    assert (entry.kind, entry.thread) == ("asked", f"{TEAM_ID}:{MINJI}:")
    assert (entry.body["user"], entry.body["text"]) == (MINJI, "동기화 SHOP.ORDERS")


def test_what_becomes_of_a_click_is_told_directly_where_no_home_can_be_drawn(
    world: CardWorld,
) -> None:
    away = replace(world.desk, redis=connect_state("redis://127.0.0.1:1"))
    client = WebClient(token=world.slack.bot_token, base_url=world.slack.api_url)
    teller(away)(client, _press("", JUNHO), "이미 결정된 요청입니다.")
    teller(away)(client, _press("", EVE), "")  # who pressed Refresh
    directly = [(m.channel, m.text) for m in world.slack.messages() if m.channel.startswith("D")]
    assert directly[-2] == (dm_id(JUNHO), "이미 결정된 요청입니다.")
    assert directly[-1][0] == dm_id(EVE)
    assert "Redis" in directly[-1][1]
    assert not any("가" <= sign <= "힣" for sign in directly[-1][1])


def test_a_home_there_is_no_room_for_is_drawn_as_soon_as_there_is(world: CardWorld) -> None:
    later, pace = list[Callable[[], None]](), Pace(world.redis)
    client = PacedClient(pace, token=world.slack.bot_token, base_url=world.slack.api_url)
    while pace.ask("views.publish", "", 0.1) == 0:
        """Others open theirs."""
    assert show_home(world.desk, for_listeners(client, later.append), EVE, TEAM_ID)
    assert world.slack.home_of(EVE) is None
    [draw] = later
    draw()
    assert "Nothing waits for you." in home(world, EVE)


def standing(name: str, *tables: str) -> StandingSchedule:
    return StandingSchedule(
        name=name,
        tables=tuple(map(ref, tables)),
        cron="0 6 * * *",
        timezone="UTC",
        thread=f"{TEAM_ID}:{CHANNEL}:",
        owner=ALICE,
        max_rows=(1_000_000,) * len(tables),
        agreed=f"{TEAM_ID}-{name}",
    )


def _press(approval_id: str, user: str) -> Pressed:
    return Pressed(user, TEAM_ID, "", "", "", approval_id, "", is_home=True)
