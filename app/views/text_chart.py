"""A chart as lines of text, for a terminal."""

from collections.abc import Sequence

from agent.outputs import Chart, Series
from app.texts import Language, say
from app.views.chart import alt_text, figure, labelling
from app.views.results import aligned
from app.views.text import number

_BARS = 20
"""More points are a line."""
_BAR_WIDTH = 40
_LINE_WIDTH = 60
_LEVELS = "▁▂▃▄▅▆▇█"


def chart_lines(language: Language, chart: Chart, timezone: str) -> list[str]:
    """Bars for a few points of one series, else a line for each series; then it in words."""
    first = chart.series[0]
    if len(chart.series) == 1 and len(first.points) <= _BARS:
        write = labelling(chart, timezone)
        lines = _bars([(write(where), value) for where, value in first.points], chart.unit)
    else:
        lines = aligned([_line(one) for one in chart.series])
    told = [alt_text(language, chart, timezone)]
    if chart.drawn < chart.points:
        drawn, points = number(chart.drawn), number(chart.points)
        told.append(say(language, "chart.thinned", points=points, drawn=drawn))
    return [chart.title, *lines, *told]


def _bars(points: Sequence[tuple[str, float]], unit: str) -> list[str]:
    largest = max(abs(value) for _, value in points) or 1.0
    return aligned(
        [
            [label, "█" * round(abs(value) / largest * _BAR_WIDTH), figure(value) + unit]
            for label, value in points
        ]
    )


def _line(series: Series) -> list[str]:
    values = [value for _, value in series.points]
    step = max(1, -(-len(values) // _LINE_WIDTH))
    shown = [max(values[at : at + step]) for at in range(0, len(values), step)]
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    signs = [_LEVELS[round((value - low) / span * (len(_LEVELS) - 1))] for value in shown]
    return [series.name, "".join(signs), f"{figure(low)} … {figure(high)}"]
