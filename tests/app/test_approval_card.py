"""The card of a sync in every state of its life."""

from datetime import UTC, datetime
from itertools import product

import pytest

from agent.deps import Language
from app.texts import PHRASES
from app.views.approval_card import (
    APPROVE,
    EDIT,
    REJECT,
    Message,
    approval_card,
    read_button_value,
)
from app.views.card_parts import CardFacts
from sandbox.slack.limits import refuse_over_limit
from sync.approvals import Approval, ApprovalState
from sync.errors import Failure, PlanDrifted, TableBusy, VerificationFailed
from sync.plan import Estimate, Plan, Undo, Wish
from sync.runs import Run, RunState
from tests.app.parts import (
    APPROVAL_ID,
    BOTH,
    CREATED_MS,
    DAY_MS,
    HOSTILE_NAMES,
    approval,
    kinds,
    live_parts,
    plan,
    progress,
    receipt,
    request,
    run,
    shown,
)

APPROVERS = CardFacts(frozenset({"U0JUNHO", "U0ALICE"}))
STAGES = (
    "pending",
    "queued",
    "running",
    "running_of_unknown",
    "running_unstarted",
    "verifying",
    "published",
    "failed",
    "superseded",
    "cancelled",
    "rejected",
    "expired",
)


def stage(name: str, what: Plan, language: Language = "ko") -> tuple[Approval, Run | None]:
    wish = request(what, language=language)
    table = str(what.tables[0].ref)
    waiting = {
        "pending": ApprovalState.PENDING,
        "rejected": ApprovalState.REJECTED,
        "expired": ApprovalState.EXPIRED,
    }
    if name in waiting:
        return approval(wish, waiting[name]), None
    runs = {
        "queued": run(wish, RunState.QUEUED),
        "running": run(wish, RunState.RUNNING, progress=progress(table, 25_000, 100_000)),
        "running_of_unknown": run(wish, RunState.RUNNING, progress=progress(table, 25_000, None)),
        "running_unstarted": run(wish, RunState.RUNNING),
        "verifying": run(wish, RunState.VERIFYING, progress=progress(table, 100_000, 100_000)),
        "published": run(wish, RunState.PUBLISHED, receipt=receipt(what)),
        "failed": run(
            wish,
            RunState.FAILED,
            failure=VerificationFailed(table=table, copied=1, counted=2).failure,
        ),
        "superseded": run(wish, RunState.SUPERSEDED, failure=PlanDrifted(table=table).failure),
        "cancelled": run(wish, RunState.CANCELLED),
    }
    return runs[name].approval, runs[name]


def drawn(name: str, what: Plan, language: Language = "ko") -> Message:
    """The card in a stage; Slack takes it."""
    message = approval_card(*stage(name, what, language), APPROVERS)
    refuse_over_limit(message.text, message.blocks)
    return message


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("name", STAGES)
def test_the_title_tells_the_state_in_the_language_of_who_asked(
    name: str, language: Language
) -> None:
    message = drawn(name, plan("ORDERS"), language)
    title = PHRASES[f"card.{name.partition('_')[0]}"][BOTH.index(language)]
    assert message.blocks[0] == {
        "type": "header",
        "text": {"type": "plain_text", "text": title, "emoji": True},
    }
    assert message.text.startswith(f"{title}: 'SHOP.ORDERS'\n")


@pytest.mark.parametrize("name", STAGES)
def test_buttons_are_there_only_while_a_decision_is_asked_for(name: str) -> None:
    elements = drawn(name, plan("ORDERS")).blocks[-1].get("elements", [])
    found = {one.get("action_id") for one in elements}
    assert ({APPROVE, REJECT} <= found) == (name == "pending")


@pytest.mark.parametrize("name", STAGES)
@pytest.mark.parametrize("language", BOTH)
def test_the_text_says_what_the_blocks_say(name: str, language: Language) -> None:
    message = drawn(name, plan("ORDERS", current_rows=5), language)
    sections = [block["text"]["text"] for block in message.blocks if block["type"] == "section"]
    assert sections
    for words in sections:
        assert words in message.text


def test_a_pending_card_says_what_would_happen_and_who_decides_until_when() -> None:
    words = shown(drawn("pending", plan("ORDERS"), "en").blocks)
    expires = int(datetime.fromtimestamp((CREATED_MS + DAY_MS) / 1000, UTC).timestamp())
    for fact in (
        "*SHOP.ORDERS*",
        "Oracle main → DuckDB",
        "full copy, the first one",
        "about 99,800 rows (by Oracle's statistics of 2026-11-20)",
        "1 columns",
        "stops above 1,000,000 rows",
        "asked by <@U0MINJI>",
        "may approve: <@U0ALICE>, <@U0JUNHO>",
        f"expires <!date^{expires}^",
        f"content {plan('ORDERS').digest[:8]}",
        "Approve",
        "Reject",
    ):
        assert fact in words


def test_a_pending_card_in_korean_says_the_same() -> None:
    words = shown(drawn("pending", plan("ORDERS", current_rows=150), "ko").blocks)
    for fact in (
        "전체 복사, 현재 사본 150행을 대체",
        "예상 99,800행 (Oracle 통계, 2026-11-20 기준)",
        "1,000,000행을 넘으면 중단",
        "요청: <@U0MINJI>",
        "승인 가능: <@U0ALICE>, <@U0JUNHO>",
    ):
        assert fact in words


@pytest.mark.parametrize(
    ("rows", "analyzed_at", "fact"),
    [
        (None, None, "row count unknown (no statistics in Oracle)"),
        (None, "2026-11-20T03:00:00", "row count unknown"),
        (0, "2026-11-20T03:00:00", "about 0 rows (by Oracle's statistics of 2026-11-20)"),
        (7, None, "about 7 rows (by Oracle's statistics)"),
    ],
)
def test_an_estimate_is_told_as_far_as_it_is_known(
    rows: int | None, analyzed_at: str | None, fact: str
) -> None:
    what = plan("ORDERS", rows=rows, analyzed_at=analyzed_at)
    assert fact in shown(drawn("pending", what, "en").blocks)


def test_a_plan_without_estimates_is_drawn_too() -> None:
    what = Plan(tables=plan("ORDERS").tables)
    assert "row count unknown" in shown(drawn("pending", what, "en").blocks)


def test_a_card_nobody_can_approve_says_so() -> None:
    message = approval_card(*stage("pending", plan("ORDERS"), "en"), CardFacts())
    assert "nobody may approve (an admin must fill approvers in bot.toml)" in shown(message.blocks)


def test_a_card_of_a_schedule_names_the_schedule() -> None:
    wish = request(plan("ORDERS"), language="en", by="schedule:nightly", schedule="nightly")
    words = shown(approval_card(approval(wish), None, APPROVERS).blocks)
    assert "asked by schedule nightly" in words


@pytest.mark.parametrize(("current_rows", "asks_twice"), [(None, False), (0, True), (150, True)])
def test_a_second_question_is_asked_only_where_a_copy_is_replaced(
    current_rows: int | None, *, asks_twice: bool
) -> None:
    message = drawn("pending", plan("USERS", "ORDERS", current_rows=current_rows), "en")
    approve, _edit, reject = message.blocks[-1]["elements"]
    assert ("confirm" in approve) == asks_twice
    assert "confirm" not in reject
    if asks_twice:
        assert "'SHOP.USERS', 'SHOP.ORDERS'" in approve["confirm"]["text"]["text"]


def test_all_buttons_carry_the_approval_and_its_exact_content() -> None:
    what = plan("ORDERS")
    buttons = drawn("pending", what).blocks[-1]["elements"]
    assert [button["action_id"] for button in buttons] == [APPROVE, EDIT, REJECT]
    for button in buttons:
        assert read_button_value(button["value"]) == (APPROVAL_ID, what.digest)


@pytest.mark.parametrize("value", ["", " ", "x", "nonsense digest", "{}", "😀", " T1-abc digest"])
def test_a_button_that_is_not_ours_is_recognised(value: str) -> None:
    assert read_button_value(value) == ("", "")


def test_an_id_without_a_digest_fits_no_content() -> None:
    assert read_button_value("T1-abc") == ("T1-abc", "")


def test_progress_of_a_known_size_is_a_bar_with_a_share() -> None:
    words = shown(drawn("running", plan("ORDERS"), "en").blocks)
    assert "SHOP.ORDERS ▰▰▰▱▱▱▱▱▱▱▱▱ 25,000 of about 100,000 rows (25%)" in words


def test_progress_of_an_unknown_size_has_no_share() -> None:
    words = shown(drawn("running_of_unknown", plan("ORDERS"), "en").blocks)
    assert "SHOP.ORDERS ▱▱▱▱▱▱▱▱▱▱▱▱ 25,000 rows" in words
    assert "%" not in words


@pytest.mark.parametrize(
    ("rows", "expected", "share"), [(0, 100, "(0%)"), (99, 100, "(99%)"), (150, 100, "(100%)")]
)
def test_a_bar_never_runs_over(rows: int, expected: int, share: str) -> None:
    wish = request(plan("ORDERS"))
    one = run(wish, RunState.RUNNING, progress=progress("SHOP.ORDERS", rows, expected))
    words = shown(approval_card(one.approval, one, APPROVERS).blocks)
    assert share in words
    assert words.count("▰") + words.count("▱") == 12


def test_a_published_card_is_the_receipt() -> None:
    message = drawn("published", plan("ORDERS"), "ko")
    words = shown(message.blocks)
    for fact in (
        "*SHOP.ORDERS*\n100,000행 복사, Oracle 100,000행과 일치",
        "SCN 4711",
        "12.3초, 5.6 MB",
        "[System] 동기화 완료: 100,000건 처리됨.",
        "<@U0JUNHO> 승인",
    ):
        assert fact in words
    assert "예상" not in words


def test_a_receipt_without_an_scn_does_not_invent_one() -> None:
    what = plan("ORDERS")
    wish = request(what)
    one = run(wish, RunState.PUBLISHED, receipt=receipt(what, scn=None))
    assert "SCN" not in shown(approval_card(one.approval, one, APPROVERS).blocks)


def test_the_rows_of_all_tables_are_added_up() -> None:
    words = shown(drawn("published", plan("USERS", "ORDERS"), "en").blocks)
    assert "[System] Sync done: 200,000 rows processed." in words


@pytest.mark.parametrize(
    ("failure", "fact"),
    [
        (TableBusy(table="SHOP.ORDERS").failure, "SHOP.ORDERS is being copied by another run."),
        (Failure(code="of_tomorrow", params={"reference": "ab12"}), "(reference ab12)"),
        (Failure(code="bad_query", params={"reason": "<!channel>"}), "&lt;!channel&gt;"),
    ],
)
def test_a_failed_card_says_why_in_words(failure: Failure, fact: str) -> None:
    one = run(request(plan("ORDERS"), language="en"), RunState.FAILED, failure=failure)
    words = shown(approval_card(one.approval, one, APPROVERS).blocks)
    assert f"[System] {fact}" in words or fact in words
    assert "<!channel>" not in words


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("superseded", "SHOP.ORDERS has changed in Oracle since the card was shown"),
        ("cancelled", "[System] Stopped by ?"),
        ("rejected", "[System] Nothing was changed."),
        ("expired", "[System] Nobody approved in time"),
        ("queued", "[System] The sync of 'SHOP.ORDERS' waits for a worker."),
        ("running_unstarted", "[System] Starting the sync of 'SHOP.ORDERS' ..."),
        ("verifying", "[System] Comparing the copied rows with Oracle"),
    ],
)
def test_each_other_stage_says_what_it_means(name: str, fact: str) -> None:
    words = shown(drawn(name, plan("ORDERS"), "en").blocks)
    assert fact in words
    assert words.count("[System]") == 1


def test_a_rejected_card_names_who_rejected_and_when() -> None:
    words = shown(drawn("rejected", plan("ORDERS"), "en").blocks)
    assert f":no_entry: rejected by <@U0JUNHO> · <!date^{CREATED_MS // 1000 + 60}^" in words
    assert "may approve" not in words


def test_an_approved_card_whose_run_is_not_read_yet_is_queued() -> None:
    one = approval(request(plan("ORDERS"), language="en"), ApprovalState.APPROVED)
    message = approval_card(one, None, APPROVERS)
    assert message.blocks[0]["text"]["text"] == "Sync is queued"
    assert "waits for a worker" in shown(message.blocks)
    assert "actions" not in kinds(message.blocks)


@pytest.mark.parametrize("count", [1, 10, 11, 500])
def test_slack_takes_a_card_of_any_number_of_tables(count: int) -> None:
    what = plan(*(f"TABLE_{number}" for number in range(count)), current_rows=5)
    rest = {"ko": f"그 밖의 테이블 {count - 10}개", "en": f"and {count - 10} more: SHOP.TABLE_10"}
    for name, language in product(STAGES, BOTH):
        words = shown(drawn(name, what, language).blocks)
        assert words.count("*SHOP.TABLE_") == min(count, 10), name
        assert (rest[language] in words) == (count > 10), (name, language)


@pytest.mark.parametrize("hostile", HOSTILE_NAMES, ids=ascii)
def test_a_hostile_name_is_shown_and_does_nothing(hostile: str) -> None:
    for name in STAGES:
        does_nothing(name, hostile)


def does_nothing(name: str, hostile: str) -> None:
    what = plan(*(hostile,) * 12, schema=hostile, current_rows=5)
    message = drawn(name, what, "en")
    for words in [message.text, *live_parts(message.blocks, "mrkdwn")]:
        for live in ("<!channel>", "<@U0MINJI>|", "<https:", "<!here", "\u202e", "\x00"):
            assert live not in words
        if "<@" in words:  # only people the card itself names
            assert "asked by" in words or "approve" in words or "rejected by" in words
    for words in live_parts(message.blocks, "plain_text"):
        assert "\u202e" not in words


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("name", STAGES)
def test_slack_takes_the_longest_card_there_can_be(name: str, language: Language) -> None:
    drawn(name, plan(*("&" * 128,) * 500, schema="<" * 128, current_rows=10**12), language)


def test_slack_takes_a_card_with_many_approvers_and_a_long_schedule() -> None:
    wish = request(plan("ORDERS"), by="schedule:x", schedule="&" * 5_000)
    everyone = frozenset(f"U{number:010}" for number in range(300))
    message = approval_card(approval(wish), None, CardFacts(everyone))
    refuse_over_limit(message.text, message.blocks)
    assert shown(message.blocks).count("<@U") == 20


UNDO = Undo(
    to="0000000001-00000000",
    to_as_of="2026-11-20T00:00:00+00:00",
    leaves="0000000002-00000000",
    leaves_as_of="2026-11-21T00:00:00+00:00",
)


def undo_plan() -> Plan:
    [first] = plan("ORDERS").tables
    table = first.model_copy(update={"undo": UNDO, "wish": Wish(ref=first.ref, undo=True)})
    estimate = Estimate(rows=120, bytes=1, analyzed_at=None, current_rows=150)
    return Plan(tables=(table,), estimates=(estimate,))


@pytest.mark.parametrize(
    ("language", "title", "says"),
    [
        ("ko", "되돌리기 승인 요청", "이전 사본 120행으로 되돌림"),
        ("en", "Undo needs approval", "120 rows"),
    ],
)
def test_the_card_of_an_undo_says_what_becomes_current_and_what_is_kept(
    language: Language, title: str, says: str
) -> None:
    waiting, _ = stage("pending", undo_plan(), language)
    card = approval_card(waiting, None, APPROVERS)
    refuse_over_limit(card.text, card.blocks)
    text = card.text
    assert title in text
    assert says in text
    assert "150" in text
    buttons = [one["action_id"] for one in card.blocks[-1]["elements"]]
    assert buttons == [APPROVE, REJECT]


@pytest.mark.parametrize("name", STAGES)
def test_the_card_of_an_undo_is_never_called_a_sync(name: str) -> None:
    words: dict[Language, str] = {"en": "Undo", "ko": "되돌리"}
    for language, word in words.items():
        card = approval_card(*stage(name, undo_plan(), language), APPROVERS)
        assert card.text.startswith(word), card.text
