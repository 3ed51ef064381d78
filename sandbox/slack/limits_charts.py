"""What Slack refuses in a chart: the block's own page of the Block Kit reference.

https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
"""

import math
from collections.abc import Iterator
from typing import Any, cast

from sandbox.slack.limits_elements import (
    Complaint,
    Rule,
    Shape,
    check_shape,
    items,
    length,
    of_type,
)
from sandbox.slack.values import JsonObject

MOST_SERIES = 6
MOST_CATEGORIES = 20
MOST_LABEL = 20
MOST_AXIS_LABEL = 50


def _number(value: Any, path: str) -> Iterator[Complaint]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value):
        yield f"[ERROR] must be a number [json-pointer:{path}]"


def _above_zero(value: Any, path: str) -> Iterator[Complaint]:
    complaints = list(_number(value, path))
    yield from complaints
    if not complaints and value <= 0:
        yield f"[ERROR] must be greater than 0 [json-pointer:{path}]"


def _object(shape: Shape) -> Rule:
    """An object of this shape."""
    return lambda value, path: check_shape(value, path, shape)


def _matching(chart: JsonObject, path: str) -> Iterator[Complaint]:
    """Each series has its own name, and one value for each category."""
    series = _objects(chart.get("series"))
    names = [str(one.get("name")) for one in series]
    if len(set(names)) < len(names):
        yield f"[ERROR] series names must be unique [json-pointer:{path}/series]"
    axis = chart.get("axis_config")
    categories = _list(cast("JsonObject", axis).get("categories")) if isinstance(axis, dict) else []
    if len(set(map(str, categories))) < len(categories):
        yield f"[ERROR] categories must be unique [json-pointer:{path}/axis_config/categories]"
    for at, one in enumerate(series):
        labels = (str(point.get("label")) for point in _objects(one.get("data")))
        if sorted(labels) != sorted(map(str, categories)):
            yield f"[ERROR] labels must match the categories [json-pointer:{path}/series/{at}/data]"


def _objects(value: Any) -> list[JsonObject]:
    return [cast("JsonObject", one) for one in _list(value) if isinstance(one, dict)]


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


_LABEL = length(MOST_LABEL, 1)
_SEGMENT = _object(Shape(required={"label": _LABEL, "value": _above_zero}))
_POINT = _object(Shape(required={"label": _LABEL, "value": _number}))
_SERIES = _object(Shape(required={"name": _LABEL, "data": items(MOST_CATEGORIES, _POINT, least=1)}))
_AXIS = _object(
    Shape(
        required={"categories": items(MOST_CATEGORIES, _LABEL, least=1)},
        optional={"x_label": length(MOST_AXIS_LABEL), "y_label": length(MOST_AXIS_LABEL)},
    )
)
_PLOT = Shape(
    required={"series": items(MOST_SERIES, _SERIES, least=1), "axis_config": _AXIS},
    also=_matching,
)
CHART = of_type(
    {
        "pie": Shape(required={"segments": items(MOST_SERIES, _SEGMENT, least=1)}),
        "bar": _PLOT,
        "area": _PLOT,
        "line": _PLOT,
    }
)
