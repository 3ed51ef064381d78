"""A schedule as people read it on a card."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from agent.deps import Language
from app.views.schedule_lines import (
    change_lines,
    outcome_line,
    outside_lines,
    plain_change_lines,
    skip_line,
    when_line,
    window_lines,
)
from sync.blackout import Closed
from sync.outcomes import ConditionOutcome
from sync.skips import Skip
from sync.standing import Action, Outside, ScheduleChange, StandingSchedule
from tests.app.parts import BOTH, HOSTILE_NAMES, ref

NOW = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)


def agreed(**changes: Any) -> StandingSchedule:
    parts: dict[str, Any] = {
        "name": "orders",
        "tables": (ref("ORDERS"),),
        "cron": "0 6 * * *",
        "timezone": "Asia/Seoul",
        "thread": "T1:C1:1",
        "owner": "U0MINJI",
        "max_rows": (1_000_000,),
        "until": "2027-06-30",
    }
    return StandingSchedule.model_validate({**parts, **changes})


def lines(language: Language, action: Action, **changes: Any) -> list[str]:
    return change_lines(language, ScheduleChange(action=action, schedule=agreed(**changes)), NOW)


def test_a_new_schedule_shows_words_the_next_five_times_and_the_envelope() -> None:
    assert lines("ko", "create") == [
        "예약 *orders* 만들기",
        "전체 복사: SHOP.ORDERS",
        "매일 06:00 (Asia/Seoul)",
        (
            "다음: 2026-11-23 (월) 06:00, 2026-11-24 (화) 06:00, 2026-11-25 (수) 06:00, "
            "2026-11-26 (목) 06:00, 2026-11-27 (금) 06:00"
        ),
        (
            "한 번 승인하면 이 범위 안의 실행은 다시 묻지 않습니다: "
            "SHOP.ORDERS 1,000,000행 이하, 2027-06-30까지"
        ),
    ]


def test_a_condition_a_skip_and_times_that_wait_have_their_words() -> None:
    assert "only if changed: nothing is copied while the source is as its copies show it" in lines(
        "en", "create", only_if_changed=True
    )
    assert "바뀌었을 때만: 지금 사본 이후 원본이 그대로면 복사하지 않습니다" in lines(
        "ko", "create", only_if_changed=True
    )
    skip = Skip(at=NOW, why="unchanged")
    assert skip_line("en", agreed(), skip) == (
        "last skipped: 2026-11-22 (Sun) 09:00, the source had not changed"
    )
    met = Closed(source="main", windows=("daily 05:00-07:00",), times=60, closed=12)
    assert window_lines("en", met) == [
        "12 of its next 60 times fall into a blackout of main; these wait for its end"
    ]
    assert window_lines("ko", met.model_copy(update={"closed": 0})) == []


@pytest.mark.parametrize(
    ("changes", "korean", "english"),
    [
        (
            {"where": [{"column": "QTY", "op": "<", "value": 10}]},
            (
                "SHOP.ORDERS의 행 수 (QTY &lt; 10인 행)이(가) 0보다 크면 <#C0OPS>에 알립니다 "
                "(게시될 때마다 확인)"
            ),
            (
                "tells <#C0OPS> if the number of rows of SHOP.ORDERS where QTY &lt; 10 is above 0 "
                "(looked at whenever that table is published)"
            ),
        ),
        (
            {"function": "avg", "column": "QTY", "op": "<=", "value": "2.50"},
            ("SHOP.ORDERS의 QTY 평균이(가) 2.50 이하이면 <#C0OPS>에 알립니다 (게시될 때마다 확인)"),
            (
                "tells <#C0OPS> if the average QTY of SHOP.ORDERS is at most 2.50 "
                "(looked at whenever that table is published)"
            ),
        ),
    ],
)
def test_a_result_condition_and_its_channel_are_shown_in_words(
    changes: dict[str, Any], korean: str, english: str
) -> None:
    condition = {"table": ref("ORDERS"), "channel": "C0OPS", **changes}
    assert korean in lines("ko", "create", tell_if=condition)
    assert english in lines("en", "resume", tell_if=condition)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_no_word_of_a_condition_becomes_a_control(name: str) -> None:
    filters = [{"column": name[:200], "op": "=", "value": name}]
    hostile = {"table": ref(name), "channel": name, "where": filters}
    for language in BOTH:
        found = " ".join(lines(language, "create", tell_if=hostile))
        assert not re.search("<[!@#h]", found)


def test_what_a_condition_came_to_is_told() -> None:
    outcome = ConditionOutcome(at=NOW, figure="2", held=True)
    assert outcome_line("en", agreed(), outcome) == (
        "last looked at: 2026-11-22 (Sun) 09:00, 2, told"
    )
    quiet = outcome.model_copy(update={"held": False})
    assert "해당 없음" in outcome_line("ko", agreed(), quiet)


def test_the_same_in_english_without_an_end_and_after_tables() -> None:
    found = lines("en", "create", cron="", after=(ref("A"), ref("B")), until=None)
    assert found == [
        "create schedule *orders*",
        "full copy of SHOP.ORDERS",
        "after SHOP.A, SHOP.B are published",
        "One yes covers every run within: SHOP.ORDERS at most 1,000,000 rows, without an end",
    ]


def test_for_a_terminal_the_same_is_plain() -> None:
    change = ScheduleChange(action="delete", schedule=agreed(tables=(ref("A&B"),)))
    assert plain_change_lines("en", change, NOW) == [
        "delete schedule orders",
        "full copy of SHOP.A&B",
        "every day at 06:00 (Asia/Seoul)",
    ]


def test_a_clock_and_tables_are_both_told() -> None:
    both = agreed(cron="0 6 * * *", after=(ref("A"),))
    assert when_line("en", both) == "every day at 06:00 (Asia/Seoul) · after SHOP.A are published"


@pytest.mark.parametrize("action", ["pause", "delete"])
def test_what_stops_shows_no_times_and_no_envelope(action: Action) -> None:
    assert len(lines("ko", action)) == 3


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_no_name_becomes_a_control(language: Language, name: str) -> None:
    shown = "\n".join(lines(language, "create", tables=(ref(name),), after=(ref(name),)))
    assert "<" not in shown


@pytest.mark.parametrize("language", BOTH)
def test_each_way_to_leave_the_envelope_has_its_words(language: Language) -> None:
    found = outside_lines(
        language,
        (
            Outside(reason="rows", table="SHOP.A", rows=2_000, limit=1_000),
            Outside(reason="rows_unknown", table="SHOP.B", limit=1_000),
            Outside(reason="columns", table="SHOP.C"),
            Outside(reason="tables"),
        ),
    )
    assert len(set(found)) == 4
    assert "2,000" in found[0]
    assert "SHOP.B" in found[1]
