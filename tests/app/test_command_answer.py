"""The answer to a command: the same facts in Slack and in a terminal, in Korean and in English."""

from typing import Any

from agent.events import Basis, Command, Commanded, ToolFinished, ToolStarted
from app.terminal import answer_lines
from app.views.answer import answer_message
from sandbox.slack.limits import refuse_over_limit
from sync.errors import TableNotSynced

AS_OF = "2026-11-22T01:02:03Z"
TABLES: list[dict[str, Any]] = [
    {"table": "SHOP.USERS", "synced": False, "rows": None, "as_of": None, "comment": None},
    {"table": "SHOP.ORDERS", "synced": True, "rows": 1500, "as_of": AS_OF, "comment": None},
    {"table": "SHOP.PART", "synced": True, "rows": None, "as_of": AS_OF, "comment": None},
    {"table": "x.<!here>", "rows": 3, "imported_from": "a.db", "imported_at": AS_OF},
]
LISTED: dict[str, Any] = {
    "tables": TABLES,
    "left_out": 2,
    "not_shown_to_this_person": [{"tables": 3, "because": "rule pay"}],
}
STATUS: dict[str, Any] = {
    "runs": [
        {
            "tables": ["SHOP.ORDERS"],
            "state": "published",
            "rows": 1500,
            "rows_so_far": None,
            "finished_at": AS_OF,
            "error": None,
        },
        {
            "tables": ["SHOP.USERS"],
            "state": "running",
            "rows": None,
            "rows_so_far": 20,
            "finished_at": None,
            "error": None,
        },
    ],
    "pending_approvals": [
        {"tables": ["SHOP.PART"], "requested_by": "U1", "expires_at": "2026-11-23T01:02:03Z"}
    ],
    "synced_tables": 2,
    "offered_tables": 5,
}


def told(command: Command, result: dict[str, Any], **more: Any) -> Commanded:
    return Commanded(command, ok=True, result=result, **more)


def test_a_list_tells_of_each_table_whether_and_as_of_when_it_has_a_copy() -> None:
    assert answer_lines("en", told("list", LISTED)) == [
        "SHOP.USERS: no copy yet (sync SHOP.USERS)",
        "SHOP.ORDERS: 1,500 rows, Oracle as of 2026-11-22 01:02 UTC",
        "SHOP.PART: some rows, Oracle as of 2026-11-22 01:02 UTC",
        "x.<!here>: 3 rows, imported from a.db on 2026-11-22 01:02 UTC, not proven against Oracle",
        "and 2 more",
        "3 more that rules keep from you",
    ]
    assert answer_lines("ko", told("list", {"tables": TABLES[:2]})) == [
        "SHOP.USERS: 사본 없음 (동기화 SHOP.USERS)",
        "SHOP.ORDERS: 1,500행, Oracle 2026-11-22 01:02 UTC 기준",
    ]
    assert answer_lines("en", told("list", {"tables": []})) == [
        "There is no table to ask about; bot.toml says which are offered."
    ]


def test_a_status_tells_what_waits_runs_and_has_ended() -> None:
    assert answer_lines("en", told("status", STATUS)) == [
        "2 of 5 tables have a copy",
        "waits for a decision: SHOP.PART (until 2026-11-23 01:02 UTC)",
        "Sync is done: SHOP.ORDERS · 1,500 rows · 2026-11-22 01:02 UTC",
        "Sync is running: SHOP.USERS · 20 rows",
    ]
    assert answer_lines("ko", told("status", STATUS))[3] == "동기화 진행 중: SHOP.USERS · 20행"


def test_in_slack_it_is_a_message_in_which_no_name_can_act() -> None:
    basis = Basis(table="SHOP.ORDERS", rows=1500, as_of=AS_OF)
    stats = {"table": "SHOP.ORDERS", "rows": 1500, "columns": ["ID", "<!here>"], "key": ["ID"]}
    message = answer_message("en", [told("stats", stats, basis=(basis,))])
    assert message is not None
    refuse_over_limit(message.text, message.blocks)
    assert message.text.startswith(
        "SHOP.ORDERS: 1,500 rows\n2 columns: ID, &lt;!here&gt;\nkey: ID\nbased on: copy of SHOP"
    )
    message = answer_message("ko", [told("list", LISTED)])
    assert message is not None
    assert "x.&lt;!here&gt;: 3행" in message.text


def test_a_command_that_could_not_be_carried_out_says_why_once() -> None:
    missing = TableNotSynced(table="SHOP.USERS").failure
    call = ToolStarted("c1", "get_table_stats", {"table": "USERS"})
    done = ToolFinished("c1", "get_table_stats", ok=False, result={}, failure=missing)
    end = Commanded("stats", ok=False, result={"code": missing.code}, failure=missing)
    message = answer_message("ko", [call, done, end])
    assert message is not None
    assert message.text.count("SHOP.USERS") == 1
    lines = [line for event in (call, done, end) for line in answer_lines("en", event)]
    assert len(lines) == 1
    refused = Commanded("stats", ok=False, result={"code": "bad_arguments", "error": "…"})
    assert answer_lines("ko", refused) == [
        "명령을 수행하지 못했습니다(bad_arguments). 테이블 이름을 확인해 주세요."
    ]
