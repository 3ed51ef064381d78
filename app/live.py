"""A turn in Slack while it goes on: a status, its words as they come, and a way to stop it."""

import json
import logging
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import cast

from redis import Redis, RedisError
from slack_sdk import WebClient

from agent.events import Event, ToolFinished, ToolStarted
from app.office import Office
from app.places import Place
from app.signs import set_session
from app.slack_client import hurried, patient
from app.slack_gateway import (
    NotDelivered,
    SlackBusy,
    whisper_blocks,
)
from app.slack_streams import append_stream, end_stream, set_status, start_stream
from app.texts import Language, say
from app.views.forms import read_carried_object
from app.views.notices import stop_offer
from app.views.text import escape
from sync.inbox import Entry
from sync.state import key

log = logging.getLogger(__name__)

OFFER_AFTER_SECONDS = 6.0
"""Who asked can stop a turn that takes longer."""
_APPEND_SECONDS = 0.8
"""Between two pieces of one message: Slack takes a hundred a minute of all messages together."""
_STATUS_SECONDS = 90
"""After this a status is said again: Slack takes one away after two minutes."""
_LOOK_SECONDS = 0.2
"""Between two looks whether somebody pressed Stop."""
_PATIENCE_SECONDS = 3
"""For Slack's answer to what only shows how a turn goes on."""
_KEPT_SECONDS = 24 * 3600
STOP_SECONDS = 3600
"""So long a wish to stop a turn is kept: longer than any takes."""
_ENTRY_CHARACTERS = 64
_COLONS_OF_A_THREAD = 2


class Live:
    """What one turn shows of itself, newest state first, by a thread of its own.

    Whatever Slack refuses of it is left out: the answer is delivered all the same.
    """

    def __init__(
        self,
        redis: Redis,
        slack: WebClient,
        entry: str,
        place: Place,
        user: str,
        language: Language,
        offer_after: float = OFFER_AFTER_SECONDS,
        begin_session: Callable[[], bool] = lambda: False,
    ) -> None:
        """*entry* is the id of what the turn answers, *user* whoever asked.

        *begin_session* shows in Slack's own way that it is worked on, and says whether people can
        stop it by that; where they cannot, a button of ours is offered.
        """
        self._begin_session = begin_session
        self._redis, self._entry = redis, entry
        self._slack = hurried(slack, _PATIENCE_SECONDS)
        self._place, self._user, self._offer_after = place, user, offer_after
        self._language: Language = language
        self._key = _streamed_key(place.team, entry)
        self._running = running_key(str(place))
        self._began = time.monotonic()
        self._changed, self._is_over = threading.Event(), False
        self._status, self._status_shown, self._status_at = "answer.thinking", "", 0.0
        self._text, self._text_shown, self._written_at = "", "", 0.0
        self._stopped, self._looked_at = False, 0.0
        self._is_offered = False
        self.message = cast("str", self._redis.get(self._key) or "")
        """The ts of the message the words stand in, also of an earlier try; empty for none."""
        self._writes = bool(place.thread_ts) and not self.message
        self._thread = threading.Thread(target=self._show, name="live", daemon=True)

    def on_event(self, event: Event) -> None:
        """Say what the agent does. No word is shown once something is for the asker alone."""
        if isinstance(event, ToolStarted):
            self._status = "answer.working"
            self._changed.set()
        elif isinstance(event, ToolFinished) and event.private:
            self._writes = False

    def on_text(self, text: str) -> None:
        """Show the words so far, but for what code fills in when all of them are there."""
        self._text = text.partition("{")[0]
        self._changed.set()

    def is_stopped(self) -> bool:
        """Whether somebody pressed Stop."""
        now = time.monotonic()
        if not self._stopped and now - self._looked_at > _LOOK_SECONDS:
            self._looked_at = now
            self._stopped = bool(self._redis.exists(stop_key(self._place.team, self._entry)))
        return self._stopped

    def begin(self) -> None:
        """Show it from now on."""
        with suppress(RedisError):  # it is answered all the same
            self._redis.set(self._running, self._entry, ex=STOP_SECONDS)
        self._thread.start()

    def end(self) -> None:
        """Show no more of it; its message can be changed then."""
        self._is_over = True
        self._changed.set()
        self._thread.join()
        if self.message:
            # One that grows yet cannot be changed: the answer would stand below half of itself.
            end_stream(patient(self._slack), self._place, self.message)
            # A message that is changed in place does not take the status with it, a new one does.
            set_status(self._slack, self._place, "")
        with suppress(RedisError):
            if self._redis.get(self._running) == self._entry:
                self._redis.delete(self._running)

    def _show(self) -> None:
        self._is_offered = self._begin_session()
        while not self._is_over:
            self._show_status()
            try:
                with suppress(SlackBusy):  # what is new by then is shown next time
                    self._write()
            except (NotDelivered, RedisError) as error:
                log.info("the words of a turn are not shown as they come: %s", error)
                self._writes = False
            try:
                self._offer_stop()
            except NotDelivered as error:
                log.info("nobody is offered to stop a turn: %s", error)
            self._changed.wait(_APPEND_SECONDS)
            self._changed.clear()
            left = self._written_at + _APPEND_SECONDS - time.monotonic()
            if self._text_shown and left > 0 and not self._is_over:
                self._changed.wait(left)

    def _show_status(self) -> None:
        now = time.monotonic()
        fades = not self.message and now - self._status_at > _STATUS_SECONDS
        if self._status != self._status_shown or fades:
            self._status_shown, self._status_at = self._status, now
            set_status(self._slack, self._place, say(self._language, self._status))

    def _write(self) -> None:
        text, shown = self._text, self._text_shown
        if not self._writes or not text or text == shown:
            return
        goes_on = text.startswith(shown)  # else it is the next reply of the turn
        more = escape(text[len(shown) :] if goes_on else f"\n\n{text}")
        if not self.message:
            self.message = start_stream(self._slack, self._place, self._user, more)
            self._redis.set(self._key, self.message, ex=_KEPT_SECONDS)
        else:
            append_stream(self._slack, self._place, self.message, more)
        self._text_shown, self._written_at = text, time.monotonic()

    def _offer_stop(self) -> None:
        if self._is_offered or time.monotonic() - self._began < self._offer_after:
            return
        self._is_offered = True
        about = {"entry": self._entry, "thread": str(self._place), "language": self._language}
        offer = stop_offer(self._language, json.dumps(about))
        whisper_blocks(self._slack, self._place, self._user, offer.text, offer.blocks)


def streamed_into(redis: Redis, team: str, entry: str) -> str:
    """Give the ts of the message in which words of a turn were shown; empty for none."""
    return cast("str", redis.get(_streamed_key(team, entry)) or "")


def _streamed_key(team: str, entry: str) -> str:
    return key(team, "streamed", entry)


def stop_key(team: str, entry: str) -> str:
    """Name the key that says that somebody wants the turn of *entry* to end."""
    return key(team, "stop", entry)


def running_key(thread: str) -> str:
    """Name the key that says which entry is answered in *thread* at this moment."""
    team, _, rest = thread.partition(":")
    return key(team, "running", rest)


@dataclass(frozen=True)
class Stoppable:
    """What a Stop button carries."""

    entry: str
    thread: str
    language: Language


def read_stop(value: str) -> Stoppable | None:
    """Read which turn a Stop button is of; None where that is not ours."""
    carried = read_carried_object(value)
    entry, thread = carried.get("entry"), carried.get("thread")
    if not (isinstance(entry, str) and isinstance(thread, str)):
        return None
    if len(entry) > _ENTRY_CHARACTERS or thread.count(":") < _COLONS_OF_A_THREAD:
        return None
    return Stoppable(entry, thread, "en" if carried.get("language") == "en" else "ko")


@contextmanager
def live_turn(
    office: Office, entry: Entry, place: Place, user: str, language: Language
) -> Generator[Live]:
    """Show a turn to its thread while the block runs; nothing more of it afterwards.

    A session of Slack's goes on until the turn is told.
    """

    def begin_session() -> bool:
        title = entry.body.get("text", "")
        return set_session(office.signs, place, "processing", title=title, user=user)

    core = office.core
    live = Live(
        core.redis,
        office.slack,
        entry.id,
        place,
        user,
        language,
        begin_session=begin_session,
    )
    live.begin()
    try:
        yield live
    finally:
        live.end()
