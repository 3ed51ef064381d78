"""Conversations as text, in and out."""

from typing import Any

from sandbox.slack.blocks_text import table_lines
from sandbox.slack.mrkdwn import seen, width
from sandbox.slack.transcript import change_lines, message_lines, reader_of, transcript
from sandbox.slack.values import BOT_USER_ID, CHANNELS, PEOPLE, Reaction
from sandbox.slack.workspace import Workspace

READER = reader_of(Workspace().users(), CHANNELS, zone="Asia/Seoul")


def raw(*cells: str) -> list[dict[str, Any]]:
    return [{"type": "raw_text", "text": cell} for cell in cells]


def card(progress: str, *, decided: bool = False) -> list[dict[str, Any]]:
    def button(label: str) -> dict[str, Any]:
        return {"type": "button", "text": {"type": "plain_text", "text": label}}

    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": "동기화 요청"}},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "*USERS* → DuckDB, by <@U0MINJI>"},
            "fields": [{"type": "mrkdwn", "text": "*Rows*\n1,000"}],
        },
        {"type": "divider"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": progress}]},
    ]
    buttons = {"type": "actions", "elements": [button("Approve"), button("Reject")]}
    return blocks if decided else [*blocks, buttons]


def test_a_thread_is_shown_under_its_root() -> None:
    workspace = Workspace()
    text = f"<@{BOT_USER_ID}> USERS 테이블 동기화 해줘"
    root = workspace.post(channel="C0DATA", user="U0MINJI", text=text)
    workspace.post(channel="C0DATA", user="U0EVE", text="unrelated")
    workspace.post(
        channel="C0DATA", user=BOT_USER_ID, text="x", thread_ts=root.ts, blocks=card("0%")
    )
    assert transcript(workspace.messages("C0DATA"), READER) == [
        "[#data] 민지: @Duckferry USERS 테이블 동기화 해줘",
        "    ↳ Duckferry:",
        "        【동기화 요청】",
        "        USERS → DuckDB, by @민지",
        "          Rows 1,000",
        "        ────────────────────────────────────────",
        "        · 0%",
        "        [1] Approve  [2] Reject",
        "[#data] Eve: unrelated",
    ]


def test_of_an_edited_message_only_the_changed_lines_are_shown() -> None:
    workspace = Workspace()
    root = workspace.post(channel="C0DATA", user="U0MINJI", text="go")
    message = workspace.post(
        channel="C0DATA", user=BOT_USER_ID, text="x", thread_ts=root.ts, blocks=card("10%")
    )
    workspace.edit("C0DATA", message.ts, blocks=tuple(card("55%")))
    workspace.edit("C0DATA", message.ts, text="seen by nobody")
    workspace.edit("C0DATA", message.ts, blocks=tuple(card("55%", decided=True)))
    workspace.react("C0DATA", root.ts, Reaction(name="eyes", user=BOT_USER_ID), present=True)
    workspace.delete("C0DATA", message.ts)
    assert [change_lines(change, READER) for change in workspace.changes(after=2)] == [
        ["    ↳ Duckferry (edited):", "        ~ · 55%"],
        [],
        ["    ↳ Duckferry (edited):", "        - [1] Approve  [2] Reject"],
        ["[#data] 민지: +:eyes:"],
        ["    ↳ Duckferry: (deleted)"],
    ]


def test_table_columns_line_up_when_characters_are_wide() -> None:
    lines = table_lines([["이름", "rows"], ["민지 Kim", "7"], ["Eve", "1200"]], ["left", "right"])
    assert lines == [
        "이름     │ rows",
        "─────────┼─────",
        "민지 Kim │    7",
        "Eve      │ 1200",
    ]
    assert {width(line) for line in lines} == {15}


def test_files_and_tasks_are_shown() -> None:
    workspace = Workspace()
    tasks: list[dict[str, Any]] = [{"title": "ORDERS", "status": "complete"}]
    blocks = [{"type": "plan", "title": "Copying", "tasks": tasks}]
    file: dict[str, Any] = {"name": "users.csv", "size": 1700}
    message = workspace.post(
        channel="C0DATA", user=BOT_USER_ID, text="x", blocks=blocks, files=(file,)
    )
    assert message_lines(message, READER) == [
        "[#data] Duckferry:",
        "    Copying",
        "      [complete] ORDERS",
        "    [file: users.csv, 1,700 bytes]",
    ]


def test_a_table_block_is_shown_aligned() -> None:
    workspace = Workspace()
    block: dict[str, Any] = {
        "type": "table",
        "rows": [raw("도시", "n"), raw("서울", "12"), raw("Rome", "3")],
        "column_settings": [{"align": "left"}, {"align": "right"}],
    }
    message = workspace.post(channel="C0DATA", user=BOT_USER_ID, text="x", blocks=[block])
    assert message_lines(message, READER) == [
        "[#data] Duckferry:",
        "    도시 │  n",
        "    ─────┼───",
        "    서울 │ 12",
        "    Rome │  3",
    ]


def test_wide_narrow_and_combining_characters_take_their_columns() -> None:
    assert [width(text) for text in ("abc", "한글", "日本", "가", "e\u0301", "🚀", "→")] == [
        3,
        4,
        4,
        2,
        1,
        2,
        1,
    ]


def test_dates_mentions_links_and_marks_are_shown_as_people_see_them() -> None:
    shown = {
        "<!date^1763769600^{date_short_pretty} {time}|some day>": "2025-11-22 09:00",
        "<!date^soon^{time}|some day>": "some day",
        "<@U0JUNHO> in <#C0DATA>": "@준호 in #data",
        "<!here> look": "@here look",
        "<https://example.com|the page>": "the page (https://example.com)",
        "*bold* _soft_ ~gone~ 2 * 3 * 4": "bold soft gone 2 * 3 * 4",
        "`select count(*) from *t*`": "`select count(*) from *t*`",
        "a_b_c and COUNT(*) and MAX(*)": "a_b_c and COUNT(*) and MAX(*)",
        "1 &lt; 2 &amp; 3": "1 < 2 & 3",
    }
    assert {text: seen(text, READER) for text in shown} == shown


def test_an_ephemeral_message_says_who_sees_it_and_a_direct_message_with_whom() -> None:
    workspace = Workspace()
    dm = workspace.open_dm("U0JUNHO")
    private = workspace.post(
        channel="C0DATA", user=BOT_USER_ID, text="only you", ephemeral_to="U0EVE"
    )
    direct = workspace.post(channel=dm.id, user="U0JUNHO", text="안녕\n둘째 줄")
    assert message_lines(private, READER) == ["[#data] Duckferry (only Eve sees this): only you"]
    assert message_lines(direct, READER) == ["[DM 준호] 준호: 안녕", "    둘째 줄"]


def test_the_people_have_names_locales_and_time_zones() -> None:
    assert [(person.real_name, person.locale, person.tz) for person in PEOPLE] == [
        ("민지", "ko-KR", "Asia/Seoul"),
        ("준호", "ko-KR", "Asia/Seoul"),
        ("Alice", "en-US", "Europe/Lisbon"),
        ("Eve", "en-US", "America/New_York"),
    ]


def test_a_stream_is_printed_when_the_whole_message_stands_in_its_place() -> None:
    workspace = Workspace()
    root = workspace.post(channel="C0DATA", user="U0MINJI", text="몇 건이야?")
    message = workspace.post(
        channel="C0DATA", user=BOT_USER_ID, text="", thread_ts=root.ts, is_streaming=True
    )
    streamed = ({"type": "markdown", "text": "모두"},)
    workspace.edit("C0DATA", message.ts, text="모두", blocks=streamed)
    workspace.edit("C0DATA", message.ts, is_streaming=False)
    said = {"type": "section", "text": {"type": "mrkdwn", "text": "모두 3건입니다."}}
    workspace.edit("C0DATA", message.ts, text="모두 3건입니다.", blocks=(said,))
    changes = [change_lines(change, READER) for change in workspace.changes(after=1)]
    assert changes == [[], [], [], ["    ↳ Duckferry:", "        모두 3건입니다."]]
