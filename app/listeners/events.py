"""What people write: into the inbox before Slack is answered, worked on later."""

from collections.abc import Callable, Mapping
from typing import Any

import redis
from slack_bolt import App, BoltContext, BoltResponse

from agent.service import has_begun
from app.changed_messages import note_change
from app.event_log import note_event
from app.listeners.hearing import Changed, Said, heard, spoken
from app.shared_files import written_files
from app.signs import Signs, put_mark
from app.thread_memory import expect_turn, is_ours
from sync.attached import note_place, threads_of_file
from sync.inbox import put, was_put

Overhears = Callable[[str, str], bool]
"""Whether words that call nobody are answered: the channel, and what was said in it."""

_TAKEN = "duckferry_taken"


def register(
    app: App,
    client: "redis.Redis",
    signs: Signs,
    overhears: Overhears = lambda _channel, _words: False,
) -> None:
    """Take in what people write to the bot, and what they say in its threads.

    The middleware runs before Slack is answered: if Redis is away, Slack delivers again.
    """

    def take_in(
        body: Mapping[str, Any],
        context: BoltContext,
        next: Callable[[], BoltResponse],  # noqa: A002 -- Bolt's name
    ) -> BoltResponse:
        event, event_id = heard(body), str(body.get("event_id"))
        if isinstance(event, Changed):
            _take_change(client, event, event_id)
        elif event is not None and _is_wanted(client, event, overhears):
            if _put(client, event, event_id):
                context[_TAKEN] = True
            note_event(client, event.place.team, str(body["event"]["type"]))
        return next()

    def is_taken(context: BoltContext) -> bool:
        return _TAKEN in context

    def seen(event: Mapping[str, Any]) -> None:
        put_mark(signs, str(event["channel"]), str(event["ts"]), "eyes")

    def file_gone(event: Mapping[str, Any], context: BoltContext) -> None:
        _take_deletion(client, str(context.team_id), str(event.get("file_id")))

    def told_before() -> None:
        """Acknowledge all the same, or Slack delivers it again."""

    app.use(take_in)
    app.event("app_mention", matchers=[is_taken])(seen)
    app.event("app_mention")(told_before)
    app.event("message", matchers=[is_taken])(seen)
    app.event("message")(told_before)
    app.event("file_deleted")(file_gone)


def _is_wanted(client: "redis.Redis", said: Said, overhears: Overhears) -> bool:
    if said.is_call:
        return True
    if said.is_reply:
        is_for_us = said.says_something and not said.is_to_another
        return is_for_us and is_ours(client, str(said.place))
    return not said.names_somebody and overhears(said.place.channel, spoken(said.text))


def _put(client: "redis.Redis", said: Said, event_id: str) -> bool:
    shared = {} if said.shared is None else {"shared": "yes" if said.shared else "no"}
    files = {"files": written_files(said.files)} if said.files else {}
    if not was_put(client, said.source):  # a thread that was forgotten since is not ours again
        expect_turn(client, str(said.place))
    for file in said.files:
        note_place(client, str(said.place), file.id)
    return put(
        client,
        "message",
        str(said.place),
        {"user": said.user, "text": spoken(said.text), "source": said.source, **shared, **files},
        once=(f"event:{event_id}", said.source),
    )


def _take_deletion(client: "redis.Redis", team: str, file_id: str) -> None:
    """Have a file forgotten that was deleted in Slack, in the turn of each of its threads."""
    for thread in threads_of_file(client, team, file_id):
        name = f"file_deleted:{thread}:{file_id}"
        put(client, "file_deleted", thread, {"file": file_id}, once=(name,))


def _take_change(client: "redis.Redis", changed: Changed, event_id: str) -> None:
    thread, source = str(changed.place), changed.source
    if was_put(client, source) or has_begun(client, thread, source):
        words = None if changed.text is None else spoken(changed.text)
        note_change(client, thread, source, words, at=changed.at, event_id=event_id)
    elif changed.call:
        _put(client, changed.call, event_id)
