"""A chart as Slack's own block, where it fits one, and in words. Drawn from points alone.

Slack's limits: 6 series or slices, 20 categories, names and labels of 20 characters, a title of 50,
two charts a message (/docs/reference/block-kit/blocks/data-visualization-block).
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from agent.events import ChartShown, Event
from agent.outputs import Chart, Series
from app.texts import Language, say
from app.views.text import CONTROL, cut, escape, number

NATIVE_CHARTS = 2
_SERIES = 6
_CATEGORIES = 20
_LABEL = 20
_AXIS = 50
_TITLE = 50
_ALT = 1000
_MIDNIGHT = (0, 0, 0, 0)


def native_charts(
    language: Language, events: Sequence[Event], timezone: str
) -> dict[str, dict[str, Any]]:
    """Slack's blocks of the first charts that fit its limits, by the call that gave them."""
    found: dict[str, dict[str, Any]] = {}
    for event in events:
        if isinstance(event, ChartShown) and len(found) < NATIVE_CHARTS:
            block = chart_block(language, event.chart, timezone)
            if block is not None:
                found[event.call_id] = block
    return found


def chart_block(language: Language, chart: Chart, timezone: str) -> dict[str, Any] | None:
    """The chart as a ``data_visualization``; None where it does not fit, and needs a picture."""
    if chart.kind == "pie":
        shown: dict[str, Any] | None = _pie(language, chart, timezone)
    elif chart.kind == "scatter" or chart.axis == "number":
        shown = None
    else:
        shown = _plot(chart, timezone)
    if shown is None:
        return None
    return {"type": "data_visualization", "title": _short(chart.title, _TITLE), "chart": shown}


def alt_text(language: Language, chart: Chart, timezone: str) -> str:
    """Say what a chart shows, for who does not see it: its kind, range, highest and lowest."""
    write = labelling(chart, timezone)
    places = list(dict.fromkeys(where for one in chart.series for where, _ in one.points))
    if chart.axis != "category":
        places.sort()
    values = [value for one in chart.series for _, value in one.points]
    words = say(
        language,
        "chart.alt",
        kind=say(language, f"chart.{chart.kind}"),
        title=chart.title,
        x=chart.x,
        first=write(places[0]),
        last=write(places[-1]),
        series=len(chart.series),
        points=number(chart.points),
        lowest=figure(min(values)) + chart.unit,
        highest=figure(max(values)) + chart.unit,
    )
    return cut(" ".join(CONTROL.sub("", words).split()), _ALT)


def chart_notes(language: Language, chart: Chart) -> list[str]:
    """Say in small print what of the result is not drawn."""
    notes: list[str] = []
    title = escape(cut(chart.title, _TITLE))
    if chart.drawn < chart.points and not chart.left_out and chart.axis != "category":
        drawn, points = number(chart.drawn), number(chart.points)
        notes.append(f"{title}: " + say(language, "chart.thinned", points=points, drawn=drawn))
    if chart.left_out:
        shown = len({where for one in chart.series for where, _ in one.points})
        notes.append(f"{title}: " + say(language, "chart.left_out", shown=shown))
    return notes


def figure(value: float) -> str:
    """Write a value of a chart with thousands separators."""
    return f"{value:,.12g}"


def labelling(chart: Chart, timezone: str) -> Callable[[str | float], str]:
    """How places along the axis are written: moments no finer than they need to be."""
    if chart.axis == "number":
        return lambda where: figure(float(where))
    if chart.axis == "category":
        return lambda where: " ".join(CONTROL.sub("", str(where)).split()) or "–"
    moments = [wall_clock(where, timezone) for one in chart.series for where, _ in one.points]
    pattern = "%Y-%m-%d %H:%M"
    if all(
        one and (one.hour, one.minute, one.second, one.microsecond) == _MIDNIGHT for one in moments
    ):
        pattern = "%Y-%m" if all(one and one.day == 1 for one in moments) else "%Y-%m-%d"

    def write(where: str | float) -> str:
        moment = wall_clock(where, timezone)
        return moment.strftime(pattern) if moment else str(where)

    return write


def wall_clock(where: str | float, timezone: str) -> datetime | None:
    """A moment on the people's clock, without its zone; None for one that Python does not know."""
    try:
        moment = datetime.fromisoformat(str(where))
        zoned = moment.astimezone(ZoneInfo(timezone)) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None
    return zoned.replace(tzinfo=None)


def folded(language: Language, chart: Chart, timezone: str) -> list[tuple[str, float]]:
    """The slices of a pie, largest first; what Slack has no room for is one slice together."""
    write = labelling(chart, timezone)
    points = [point for one in chart.series for point in one.points]
    largest = sorted(points, key=lambda point: point[1], reverse=True)
    slices = [(write(where), value) for where, value in largest]
    if len(slices) <= _SERIES:
        return slices
    rest = slices[_SERIES - 1 :]
    others = say(language, "chart.others", count=len(rest))
    return [*slices[: _SERIES - 1], (others, sum(value for _, value in rest))]


def _pie(language: Language, chart: Chart, timezone: str) -> dict[str, Any] | None:
    labels = [(_short(name, _LABEL), value) for name, value in folded(language, chart, timezone)]
    if len({label for label, _ in labels}) < len(labels):
        return None
    return {
        "type": "pie",
        "segments": [{"label": label, "value": value} for label, value in labels],
    }


def _plot(chart: Chart, timezone: str) -> dict[str, Any] | None:
    write = labelling(chart, timezone)
    labels = [[_short(write(where), _LABEL) for where, _ in one.points] for one in chart.series]
    categories = labels[0]
    names = [_short(one.name, _LABEL) for one in chart.series]
    fits = (
        len(chart.series) <= _SERIES
        and len(categories) <= _CATEGORIES
        and len(set(categories)) == len(categories)
        and len(set(names)) == len(names)
        and all(set(one) == set(categories) and len(one) == len(categories) for one in labels)
    )
    if not fits:
        return None
    axis = {"categories": categories, "x_label": _short(chart.x, _AXIS)}
    if chart.unit:
        axis["y_label"] = _short(chart.unit, _AXIS)
    return {
        "type": chart.kind,
        "series": [
            {"name": name, "data": _points(one, labelled)}
            for name, one, labelled in zip(names, chart.series, labels, strict=True)
        ],
        "axis_config": axis,
    }


def _points(series: Series, labels: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"label": label, "value": value}
        for label, (_, value) in zip(labels, series.points, strict=True)
    ]


def _short(text: str, limit: int) -> str:
    shown = cut(" ".join(CONTROL.sub("", text).split()), limit)
    return shown or "–"
