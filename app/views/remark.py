"""Remarks in words, for small print."""

from collections.abc import Callable, Sequence
from datetime import datetime

from agent.events import Event, TableShown
from agent.remarks import Remark
from app.texts import Language, say
from app.views.text import cut, number

_VALUE_CHARACTERS = 300
_MOST_REMARKS = 12


def word_remark(
    language: Language,
    remark: Remark,
    shown: Callable[[str], str],
    moment: Callable[[datetime], str],
) -> str:
    """Word one: *shown* makes text harmless where it is read, *moment* writes moments."""

    def value(name: str, given: str | int) -> str:
        if isinstance(given, int):
            return number(given)
        if name.endswith("_at"):
            return moment(datetime.fromisoformat(given))
        return cut(shown(" ".join(given.split())), _VALUE_CHARACTERS)

    values = {name: value(name, given) for name, given in remark.params.items()}
    return say(language, remark.code, **values)


def remarks_of(events: Sequence[Event]) -> tuple[Remark, ...]:
    """What is to be said of the result that is shown, and of the last one where that is empty.

    Earlier ones were steps on the way.
    """
    results = [event for event in events if isinstance(event, TableShown)]
    drawn = [event for event in results if event.rows][-1:]
    told = [remark for event in (*drawn, *results[-1:]) for remark in event.remarks]
    return tuple(remark for at, remark in enumerate(told) if remark not in told[:at])[
        :_MOST_REMARKS
    ]
