"""The home of `vl_convert`: a chart as a PNG, drawn in this process without the network."""

import json
from typing import Any

import vl_convert

from app.texts import Language

SCALE = 1.5
"""Pixels to a point: sharp on a phone, a few 100 kB."""


class NotDrawn(Exception):
    """The specification cannot be drawn."""


def draw_picture(spec: dict[str, Any], language: Language) -> bytes:
    """Draw a Vega-Lite specification, dates and numbers as *language* writes them.

    Raises `NotDrawn`.
    """
    locale = "ko-KR" if language == "ko" else "en-US"
    try:
        return vl_convert.vegalite_to_png(
            json.dumps(spec),
            scale=SCALE,
            allowed_base_urls=[],
            show_warnings=False,
            format_locale=locale,
            time_format_locale=locale,
        )
    except ValueError as error:
        raise NotDrawn(str(error)[:500]) from error
