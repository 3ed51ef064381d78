"""A chart as a Vega-Lite specification, for the picture where Slack's own block has no room."""

from typing import Any

from agent.outputs import Chart
from app.texts import Language
from app.views.chart import folded, labelling, wall_clock
from app.views.text import CONTROL, cut

WIDTH, HEIGHT = 800, 400
FONTS = (
    "Noto Sans KR, Noto Sans CJK KR, NanumGothic, Pretendard, Malgun Gothic, UnDotum, sans-serif"
)
_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
_TITLE = 80
_NAME = 40
_FEW_COLORS = 10


def chart_spec(language: Language, chart: Chart, timezone: str) -> dict[str, Any]:
    """All of the chart as data. Names of ours alone are field names, so no text is ever a path."""
    spec: dict[str, Any] = {
        "$schema": _SCHEMA,
        "title": _words(chart.title, _TITLE),
        "width": WIDTH,
        "height": HEIGHT,
        "background": "white",
        "padding": 16,
        "config": {"font": FONTS, "view": {"stroke": None}},
    }
    if chart.kind == "pie":
        return {**spec, **_pie(language, chart, timezone)}
    return {**spec, **_plot(chart, timezone)}


def _pie(language: Language, chart: Chart, timezone: str) -> dict[str, Any]:
    values = [{"x": name, "y": value} for name, value in folded(language, chart, timezone)]
    color = {"field": "x", "type": "nominal", "sort": None, "title": None}
    return {
        "data": {"values": values},
        "mark": {"type": "arc", "innerRadius": HEIGHT // 5},
        "encoding": {"theta": {"field": "y", "type": "quantitative"}, "color": color},
    }


def _plot(chart: Chart, timezone: str) -> dict[str, Any]:
    write = labelling(chart, timezone)
    is_banded = chart.kind == "bar" or chart.axis == "category"
    values: list[dict[str, Any]] = []
    for one in chart.series:
        name = _words(one.name, _NAME)
        for where, value in one.points:
            at: Any = write(where) if is_banded else where
            if chart.axis == "time" and not is_banded:
                moment = wall_clock(where, timezone)
                if moment is None:
                    continue
                at = moment.isoformat() + "Z"  # drawn on a UTC scale: the clock as it is written
            values.append({"x": at, "y": value, "s": name})
    encoding: dict[str, Any] = {
        "x": _axis(chart, is_banded=is_banded),
        "y": {
            "field": "y",
            "type": "quantitative",
            "title": _words(chart.unit, _NAME) or None,
            "stack": None,
        },
    }
    if len(chart.series) > 1:
        scheme = "tableau10" if len(chart.series) <= _FEW_COLORS else "tableau20"
        color = {"field": "s", "type": "nominal", "sort": None, "title": None}
        encoding["color"] = {**color, "scale": {"scheme": scheme}}
        if chart.kind == "bar":
            encoding["xOffset"] = {"field": "s", "sort": None}
    return {"data": {"values": values}, "mark": _mark(chart), "encoding": encoding}


def _axis(chart: Chart, *, is_banded: bool) -> dict[str, Any]:
    axis: dict[str, Any] = {"field": "x", "title": _words(chart.x, _NAME)}
    if is_banded:
        return {**axis, "type": "ordinal", "sort": None}
    if chart.axis == "time":
        return {**axis, "type": "temporal", "scale": {"type": "utc"}}
    return {**axis, "type": "quantitative", "scale": {"zero": False}}


def _mark(chart: Chart) -> dict[str, Any]:
    if chart.kind == "scatter":
        return {"type": "point", "filled": True, "size": 20}
    if chart.kind == "area":
        return {"type": "area", "opacity": 0.6, "line": True}
    return {"type": chart.kind}


def _words(text: str, limit: int) -> str:
    return cut(" ".join(CONTROL.sub("", text).split()), limit)
