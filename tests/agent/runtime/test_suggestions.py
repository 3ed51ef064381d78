from typing import Any

from agent.events import Event, Said, TableShown, ToolStarted
from agent.runtime.result_contract import result_of
from agent.runtime.suggestions import suggestions_of

GROUPS: Any = (("VARCHAR", "BIGINT"), (("a", 1), ("b", 2), ("c", 3)))
FIGURE: Any = (("BIGINT",), ((1260,),))


def turn(shown: Any, where: Any = (), name: str = "query_table") -> list[Event]:
    types, rows = shown
    arguments = {"table": "ORDERS", "aggregates": [{"function": "count"}], "where": [*where]}
    return [
        ToolStarted("c1", name, arguments),
        TableShown(
            ("x", "y")[: len(types)], rows, truncated=False, basis=None, types=types, call_id="c1"
        ),
        Said("So it is."),
    ]


def since(*values: str, op: str = "between") -> list[dict[str, Any]]:
    value = values[0] if len(values) == 1 else list(values)
    return [{"column": "ORDERED_AT", "op": op, "value": value}]


def test_one_figure_over_a_stretch_of_time_is_suggested_by_month_or_by_day() -> None:
    assert suggestions_of(turn(FIGURE, since("2026-01-01", op=">="))) == ("by_month",)
    assert suggestions_of(turn(FIGURE, since("2026-01-01", "2026-11-20"))) == ("by_month",)
    assert suggestions_of(turn(FIGURE, since("2026-11-16", "2026-11-22"))) == ("by_day",)
    assert suggestions_of(turn(FIGURE, since("2026-11-16", op="="))) == ()
    assert suggestions_of(turn(FIGURE, since("2026-99-99", op=">="))) == ()
    assert suggestions_of(turn(FIGURE)) == ()


def test_groups_are_suggested_as_a_chart_and_many_rows_as_a_file() -> None:
    assert result_of(turn(GROUPS, name="run_sql")).suggestions == ("chart",)
    many = (GROUPS[0], tuple((str(n), n) for n in range(12)))
    assert suggestions_of(turn(many)) == ("chart", "file")
    names = (("VARCHAR", "VARCHAR"), GROUPS[1])
    assert suggestions_of(turn(names)) == ()


def test_nothing_is_suggested_below_a_chart_or_where_no_answer_was_given() -> None:
    assert suggestions_of([ToolStarted("c0", "make_chart", {}), *turn(GROUPS)]) == ()
    assert suggestions_of(turn(GROUPS)[:-1]) == ()
