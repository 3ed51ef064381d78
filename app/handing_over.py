"""Hand over what stands beside an answer: pictures of charts, and files, each once."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import redis
from slack_sdk import WebClient

from agent.events import ChartShown, Event, FileMade
from agent.outputs import Chart, File
from app.pictures import NotDrawn, Pictures
from app.places import Place
from app.slack_gateway import SlackRefused, post, upload
from app.texts import Language, say
from app.views.chart import alt_text
from app.views.chart_spec import chart_spec
from app.views.notices import sentence
from app.views.text import cut, escape

log = logging.getLogger(__name__)

_NAME = 80
_PICTURE = "duckferry-chart.png"
_KEPT_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class Content:
    """What is uploaded."""

    data: bytes
    words: str = ""
    """What is said with it, where the answer did not."""


@dataclass(frozen=True)
class Attachment:
    """One upload."""

    name: str
    alt_text: str
    content: Callable[[], Content]
    """Raises `Lost`."""
    path: Path | None = None
    """What is removed once it is handed over."""


class Lost(Exception):
    """It cannot be handed over any more; the text says so to people."""


def attachments(
    language: Language,
    events: Sequence[Event],
    drawn: frozenset[str],
    timezone: str,
    pictures: Pictures,
) -> Iterator[Attachment]:
    """What a turn made besides its message, which shows the charts of the calls *drawn* already."""
    for event in events:
        if isinstance(event, ChartShown) and event.call_id not in drawn:
            yield _picture(language, event.chart, timezone, pictures)
        elif isinstance(event, FileMade):
            yield _file(language, event.file)


def hand_over(
    slack: WebClient,
    client: "redis.Redis",
    place: Place,
    name: str,
    language: Language,
    given: Iterator[Attachment],
) -> None:
    """Upload each, once for each *name* however often it is tried. Raises `SlackAway`.

    What cannot be handed over is said in its place.
    """
    for number, one in enumerate(given):
        done = f"{name}:{number}"
        if client.exists(done):
            continue
        try:
            content = one.content()
            upload(slack, place, one.name, one.alt_text, content.data, content.words)
        except Lost as lost:
            _say(slack, place, str(lost))
        except SlackRefused as refusal:
            log.warning("%s was not uploaded: %s", one.name, refusal)
            _say(slack, place, _refused(language, one.name, str(refusal)))
        client.set(done, "1", ex=_KEPT_SECONDS)
        if one.path is not None:
            one.path.unlink(missing_ok=True)


def _picture(language: Language, chart: Chart, timezone: str, pictures: Pictures) -> Attachment:
    told = alt_text(language, chart, timezone)

    def content() -> Content:
        try:
            return Content(pictures.draw(chart_spec(language, chart, timezone), language))
        except NotDrawn as error:
            log.warning("a chart was not drawn: %s", error)
            title = escape(cut(chart.title, _NAME))
            words = say(language, "chart.not_drawn", title=title, told=escape(told))
            raise Lost(words) from error

    return Attachment(_PICTURE, told, content)


def _file(language: Language, file: File) -> Attachment:
    path = Path(file.path)

    def content() -> Content:
        try:
            return Content(path.read_bytes())
        except FileNotFoundError:
            raise Lost(say(language, "file.gone", name=escape(file.name))) from None

    return Attachment(file.name, "", content, path)


def _refused(language: Language, name: str, reason: str) -> str:
    if reason == "missing_scope":
        return say(language, "file.no_right", name=escape(name))
    return say(language, "file.refused", name=escape(name), reason=escape(reason))


def _say(slack: WebClient, place: Place, words: str) -> None:
    try:
        post(slack, place, sentence(words))
    except SlackRefused as refusal:
        log.warning("%s was not told of an upload: %s", place, refusal)
