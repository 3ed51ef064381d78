"""What the stand-in takes and refuses of Slack's own charts."""

from copy import deepcopy
from typing import Any

import pytest

from sandbox.slack.limits import refuse_over_limit
from sandbox.slack.workspace import SlackRefusal

BARS: dict[str, Any] = {
    "type": "bar",
    "series": [{"name": "sales", "data": [{"label": "Mon", "value": 1}]}],
    "axis_config": {"categories": ["Mon"], "x_label": "day"},
}
PIE: dict[str, Any] = {"type": "pie", "segments": [{"label": "A", "value": 1.5}]}


def refused(chart: Any, title: str = "Sales") -> str:
    """What Slack says against a chart; nothing for one that it takes."""
    try:
        refuse_over_limit("", [{"type": "data_visualization", "title": title, "chart": chart}])
    except SlackRefusal as refusal:
        return str(refusal.messages)
    return ""


def changed(chart: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    copy: Any = deepcopy(chart)
    at = copy
    *before, last = [int(part) if part.isdigit() else part for part in path.split("/")]
    for part in before:
        at = at[part]
    at[last] = value
    return copy


@pytest.mark.parametrize("chart", [BARS, PIE, {**BARS, "type": "line"}, {**BARS, "type": "area"}])
def test_charts_within_the_limits_are_taken(chart: dict[str, Any]) -> None:
    assert refused(chart) == ""


@pytest.mark.parametrize(
    ("chart", "says"),
    [
        ({**BARS, "type": "scatter"}, "unsupported type: scatter"),
        (changed(BARS, "series", []), "no less than 1 items"),
        (changed(BARS, "series", BARS["series"] * 7), "no more than 6 items"),
        (changed(BARS, "series", BARS["series"] * 2), "series names must be unique"),
        (changed(BARS, "series/0/name", "a" * 21), "less than 21 characters"),
        (changed(BARS, "series/0/data/0/value", "1"), "must be a number"),
        (changed(BARS, "series/0/data/0/value", float("nan")), "must be a number"),
        (changed(BARS, "series/0/data/0/label", "Tue"), "labels must match the categories"),
        (changed(BARS, "axis_config/categories", ["Mon", "Tue"]), "labels must match"),
        (changed(BARS, "axis_config/categories", [str(n) for n in range(21)]), "no more than 20"),
        (changed(BARS, "axis_config/y_label", "a" * 51), "less than 51 characters"),
        (changed(BARS, "axis_config/unit", "won"), "invalid additional property: unit"),
        ({"type": "bar", "series": BARS["series"]}, "missing required field: axis_config"),
        (changed(PIE, "segments", PIE["segments"] * 7), "no more than 6 items"),
        (changed(PIE, "segments/0/value", 0), "must be greater than 0"),
        ("bar", "unsupported type"),
    ],
)
def test_a_chart_over_a_limit_is_refused_by_name(chart: Any, says: str) -> None:
    assert says in refused(chart)


def test_a_title_is_50_characters_at_most() -> None:
    assert "less than 51" in refused(PIE, "a" * 51)
