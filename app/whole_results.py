"""The whole of a result that an answer shows in part, as a file beside it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from agent.deps import AnalystDeps
from agent.events import Event, FileMade, Said, TableShown, ToolFinished, ToolStarted
from agent.tools.whole_result import (
    has_whole_result,
    names_its_rows,
    whole_name,
    whole_result,
)
from app.failure_texts import word_failure
from app.handing_over import Attachment, Content, Lost
from app.texts import Language, say
from app.views.files import file_notes
from app.views.results import fits
from app.views.text import with_dates
from sync.errors import Failure


def call_to_write(events: Sequence[Event], timezone: str) -> ToolStarted | None:
    """Find the call whose rows an answer shows and has no room for; None where nothing is missing.

    Nor where the turn made a file by itself, or where as many rows as were asked for are shown.
    """
    shown = [event for event in events if isinstance(event, TableShown) and event.rows]
    if not shown or any(isinstance(event, FileMade) for event in events):
        return None
    calls = {event.call_id: event for event in events if isinstance(event, ToolStarted)}
    call, last = calls.get(shown[-1].call_id), shown[-1]
    if call is None or not has_whole_result(call):
        return None
    more = last.truncated and not names_its_rows(call)
    return call if more or not fits(last, timezone) else None


def whole_results(
    language: Language, events: Sequence[Event], deps: AnalystDeps
) -> Iterator[Attachment]:
    """The file of an answer's result, where it needs one. It is written when it is handed over."""
    call = call_to_write(events, deps.timezone)
    if call is not None:
        name = whole_name(deps, call)
        yield Attachment(name, "", lambda: _content(language, events, deps, call))


def _content(
    language: Language, events: Sequence[Event], deps: AnalystDeps, call: ToolStarted
) -> Content:
    found = whole_result(deps, call)
    if found.file is None:
        failure = found.failure or Failure(code="unexpected")
        reason = with_dates(word_failure(language, failure))
        raise Lost(say(language, "file.whole_failed", reason=reason))
    path = Path(found.file.path)
    try:
        told = {event.private for event in events if isinstance(event, ToolFinished)}
        moments = {
            one.table: one.as_of
            for event in events
            if isinstance(event, Said)
            for one in event.basis
        }
        is_newer = any(moments.get(one.table, one.as_of) != one.as_of for one in found.basis)
        # The answer tells of one moment and goes to some people: a file of another, or for fewer,
        # is none of its result.
        if is_newer or (found.private and not any(told)):
            raise Lost(say(language, "file.whole_changed"))
        words = "\n".join(file_notes(language, found.file))
        return Content(path.read_bytes(), words)
    finally:
        path.unlink(missing_ok=True)
