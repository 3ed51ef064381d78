"""Deliver what a turn said: once, to whom it is for, with its files and cards."""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from agent.deps import AnalystDeps
from agent.events import ApprovalRequested, Basis, Event, ToolFinished
from app.handing_over import Attachment, Content, attachments, hand_over
from app.office import Office
from app.places import Place
from app.slack_gateway import Posted, SlackRefused, replace_or_post
from app.texts import Language, say
from app.views.answer import Reader, answer_message, answer_words
from app.views.approval_card import Message
from app.views.budget import parted
from app.views.chart import native_charts
from app.views.notices import sentence
from app.views.text import (
    channel_link,
    context,
    escape,
    person,
    section,
    unescape,
)
from app.whole_results import call_to_write, whole_results
from sync.approvals import show_card
from sync.inbox import Entry
from sync.state import key

log = logging.getLogger(__name__)

WHY_NOT_THERE = {
    "not_in_channel": "place.left",
    "channel_not_found": "place.left",
    "is_archived": "place.archived",
    "restricted_action": "place.restricted",
    "restricted_action_read_only_channel": "place.restricted",
    "restricted_action_thread_only_channel": "place.restricted",
    "restricted_action_non_threadable_channel": "place.restricted",
    "restricted_action_thread_locked": "place.restricted",
    "thread_not_found": "place.gone",
    "message_not_found": "place.gone",
}
"""Why an answer cannot be written where it was asked, by Slack's errors (chat.postMessage)."""
_ANSWER = "duckferry-answer.md"
_DELIVERED_SECONDS = 7 * 24 * 3600


def deliver(  # noqa: PLR0913 -- what a turn came to, and where it goes
    office: Office,
    entry: Entry,
    place: Place,
    language: Language,
    events: list[Event],
    deps: AnalystDeps | None,
    *,
    otherwise: str = "",
    calling: str = "",
    into: str = "",
    judged: str = "",
) -> None:
    """Post a turn's message once, however often it is worked on, then the cards it asks for.

    It takes the place of the message *into*, where its words were streamed. *otherwise* is said
    where the turn said nothing; it is safe mrkdwn.

    *judged* names the turn where its answer can be judged.

    What is for the asker alone goes to them directly, and a line in the thread says so. What cannot
    be written where it was asked goes to them directly, too. *deps* are those of the turn.
    """
    asker = deps.caller.user if deps else entry.body.get("user", "")
    rules = _private_rules(events)
    turn = _Turn(office, entry, place, language, events, asker, rules)
    message = answer_message(language, events, replace(_reader(turn), turn=judged))
    if message is None and otherwise:
        message = sentence(otherwise)
    parts, is_cut = parted(language, message) if message else ((), False)
    try:
        posted = _read_posted(office.core.redis.get(turn.name))
        if posted is None:
            posted = _say(turn, parts, calling, into)
            _keep_posted(office, turn.name, posted)
            if events:
                office.on_turn(entry, events)
        _hand_over_files(turn, deps, posted, is_cut=is_cut)
    finally:
        # A card is kept true by a thread of its own, which tries again as long as Slack is away.
        for event in events:
            if isinstance(event, ApprovalRequested):
                show_card(office.core.redis, event.approval.id)


@dataclass(frozen=True)
class _Turn:
    """What is delivered, to whom."""

    office: Office
    entry: Entry
    place: Place
    language: Language
    events: Sequence[Event]
    asker: str
    rules: str
    """By which it is for the asker alone; empty where it is for all."""

    @property
    def name(self) -> str:
        """The key under which it is noted that it was delivered."""
        return key(self.office.team, "delivered", self.entry.id)


def _say(turn: _Turn, parts: tuple[Message, ...], calling: str, into: str) -> Posted:
    """Post what the turn said, and give where the answer itself stands."""
    alone = None
    if parts and turn.rules:
        alone = _tell_alone(turn, parts)
        who, rule = person(turn.asker), escape(turn.rules)
        told = say(turn.language, "answer.private", who=who, rule=rule)
        parts = (Message(told, [section(told)]),)
    if calling:
        parts = _after(section(calling), calling, parts)
    try:
        posted = _post_each(turn, turn.place, parts, turn.name, into)
    except SlackRefused as error:
        # They are there to read it, whatever has become of the channel since they asked.
        why = WHY_NOT_THERE.get(str(error))
        if why is None or not turn.asker or turn.place.channel.startswith("D"):
            raise
        log.info("%s is answered directly, not in %s: %s", turn.asker, turn.place.channel, error)
        posted = alone or _tell_directly(turn, parts, why)
    return alone or posted


def _after(block: dict[str, Any], words: str, parts: tuple[Message, ...]) -> tuple[Message, ...]:
    """Put a block before the first of an answer's messages, and its words where they are heard."""
    first, *others = parts or (Message("", []),)
    text = f"{words}\n{first.text}" if words else first.text
    return (Message(text, [block, *first.blocks]), *others)


def _post_each(
    turn: _Turn, place: Place, parts: tuple[Message, ...], name: str, into: str = ""
) -> Posted:
    """Post one message after the other, each once however often; give where the first stands."""
    found: list[Posted] = []
    for number, part in enumerate(parts):
        said = f"{name}:said:{number}"
        posted = _read_posted(turn.office.core.redis.get(said))
        if posted is None:
            posted = replace_or_post(turn.office.slack, place, "" if number else into, part)
            _keep_posted(turn.office, said, posted)
        found.append(posted)
    if not found:
        return Posted("", "")
    return replace(found[0], is_plain=any(one.is_plain for one in found))


def _hand_over_files(
    turn: _Turn, deps: AnalystDeps | None, posted: Posted, *, is_cut: bool
) -> None:
    """Hand over pictures and files; also the words, where the messages do not hold all of them."""
    office, language, events = turn.office, turn.language, turn.events
    timezone = office.core.config.timezone
    drawn = native_charts(language, events, timezone) if not posted.is_plain else {}
    beside = attachments(language, events, frozenset(drawn), timezone, office.pictures)
    whole = whole_results(language, events, deps) if deps else ()
    words = unescape(answer_words(language, events)).encode()
    long = [Attachment(_ANSWER, "", lambda: Content(words))] if is_cut else []
    # Where its words went. Whatever is handed over is told of, so there is a message for it.
    is_there = posted.channel in ("", turn.place.channel)
    where = turn.place if is_there else Place(office.team, posted.channel)
    hand_over(
        office.slack, office.core.redis, where, turn.name, language, chain(beside, whole, long)
    )


def _reader(turn: _Turn) -> Reader:
    """Say how the people of this bot read an answer at this moment."""
    now, config = datetime.now(UTC), turn.office.core.config

    def is_stale(basis: Basis) -> bool:
        known = [ref for ref in config.offered if basis.table in (str(ref), f"{ref.source}.{ref}")]
        age = now - datetime.fromisoformat(basis.as_of)
        is_old = bool(known) and age > timedelta(hours=config.stale_hours(known[0]))
        return is_old and not basis.imported

    def has_file(events: Sequence[Event]) -> bool:
        return call_to_write(events, config.timezone) is not None

    return Reader(
        config.timezone,
        is_stale,
        has_file,
        asked_in=str(turn.place) if turn.rules else "",
        # In a channel they would be noise.
        suggests=turn.place.channel.startswith("D") and not turn.rules,
    )


def _private_rules(events: Sequence[Event]) -> str:
    """Name the rules by which an answer is for the asker alone; empty where it is for all."""
    found = [event.private for event in events if isinstance(event, ToolFinished)]
    return ", ".join(dict.fromkeys(filter(None, found)))


def _tell_alone(turn: _Turn, parts: tuple[Message, ...]) -> Posted:
    """Send an answer to the asker, who can read it there again: what is ephemeral is lost.

    Once, also where the line in the thread is tried again.
    """
    channel, rule = channel_link(turn.place.channel), escape(turn.rules)
    head = say(turn.language, "answer.asked_in", channel=channel, rule=rule)
    directly = Place(turn.office.team, turn.asker)
    return _post_each(turn, directly, _after(context(head), "", parts), f"{turn.name}:alone")


def _tell_directly(turn: _Turn, parts: tuple[Message, ...], why: str) -> Posted:
    channel, reason = channel_link(turn.place.channel), say(turn.language, why)
    head = say(turn.language, "answer.not_there", channel=channel, why=reason)
    directly = Place(turn.office.team, turn.asker)
    return _post_each(turn, directly, _after(context(head), "", parts), f"{turn.name}:directly")


def _keep_posted(office: Office, name: str, posted: Posted) -> None:
    office.core.redis.set(name, json.dumps(asdict(posted)), ex=_DELIVERED_SECONDS)


def _read_posted(value: object) -> Posted | None:
    """Where an answer was delivered to; None for one that was not."""
    return Posted(**json.loads(value)) if isinstance(value, str) else None
