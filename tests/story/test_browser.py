"""The sandbox's page in a real browser, with the real bot behind it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from sandbox.browser import browser, missing
from tests.story.world import DATA, EVE, JUNHO, MINJI, SECONDS, World

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "nothing is missing")

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    with browser() as running:
        yield running


@pytest.fixture
def page(shared: World, chromium: "Browser") -> "Iterator[Page]":
    """The page as 민지 has it, which must raise no error of its own."""
    from playwright.sync_api import expect

    opened = chromium.new_page(locale="ko-KR", timezone_id="Asia/Seoul")
    opened.set_default_timeout(SECONDS * 1000)
    expect.set_options(timeout=SECONDS * 1000)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(f"{shared.sandbox.slack.base_url}/#{MINJI}/{DATA}")
    yield opened
    opened.close()
    assert errors == []


def test_people_ask_approve_and_read_in_a_browser(shared: World, page: "Page") -> None:
    from playwright.sync_api import expect

    write = page.locator("#channel textarea")
    write.press_sequentially("@Duck")
    write.press("Tab")
    write.press_sequentially("ORDERS 테이블 동기화 해줘")
    write.press("Enter")
    page.locator("#channel .message").last.locator(".replies").click()
    card = page.locator("#thread .message", has_text="동기화 승인 요청")

    # Somebody else looks on from the same place, corrects the form, and approves.
    page.locator("#me").select_option(JUNHO)
    card.get_by_role("button", name="수정").click()
    rows = page.get_by_label("최대 행 수")
    rows.fill("0")
    page.get_by_role("button", name="새 카드로 저장").click()
    expect(page.locator(".complaint")).to_contain_text("정수를 입력하세요")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    card.get_by_role("button", name="승인").click()
    expect(page.locator("#thread")).to_contain_text("동기화 완료")

    page.locator("#me").select_option(MINJI)
    reply = page.locator("#thread textarea")
    reply.fill("@Duckferry 주문 금액 상위 5 고객을 보여줘")
    reply.press("Enter")
    expect(page.locator("#thread tbody tr")).to_have_count(5)

    page.get_by_role("button", name="Duckferry", exact=True).click()
    page.get_by_role("tab", name="홈").click()
    expect(page.locator(".home")).to_contain_text("SHOP.ORDERS")


def test_words_of_a_message_never_become_markup(shared: World, page: "Page") -> None:
    from playwright.sync_api import expect

    plain = {"type": "plain_text", "text": HOSTILE}
    shared.sandbox.slack.workspace.post(
        channel=DATA,
        user=EVE,  # what the bot says is held to Slack's rules
        text=HOSTILE,
        blocks=(
            {"type": "header", "text": plain},
            {"type": "section", "text": {"type": "mrkdwn", "text": f"*{HOSTILE}* `{HOSTILE}`"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "<javascript:alert(1)|눌러>"}},
            {"type": "markdown", "text": f"[눌러](javascript:alert(1)) **{HOSTILE}**"},
            {"type": "table", "rows": [[{"type": "raw_text", "text": HOSTILE}]]},
            {"type": HOSTILE},
            {
                "type": "actions",
                "elements": [{"type": "button", "text": plain, "url": "javascript:alert(1)"}],
            },
        ),
    )
    message = page.locator("#channel .message", has_text="눌러").last
    expect(message.get_by_role("heading")).to_have_text(HOSTILE)
    expect(message.get_by_role("button", name=HOSTILE)).to_be_visible()
    expect(message.get_by_text("이 페이지가 모르는 블록")).to_contain_text(HOSTILE)
    assert message.locator("img, script, a").count() == 0
    assert "owned" not in page.title()
