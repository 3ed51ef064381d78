"""Deliver what a turn said: once, to whom it is for, with its files and cards."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from itertools import chain

from agent.deps import AnalystDeps
from agent.events import ApprovalRequested, Basis, Event, ToolFinished
from app.bot_config import BotConfig
from app.handing_over import attachments, hand_over
from app.office import Office
from app.places import Place
from app.slack_gateway import Posted, post_answer, replace_answer
from app.texts import Language, say
from app.views.answer import Reader, answer_message
from app.views.approval_card import Message
from app.views.chart import native_charts
from app.views.text import (
    FALLBACK_CHARACTERS,
    MESSAGE_BLOCKS,
    channel_link,
    context,
    cut,
    escape,
    person,
    section,
)
from app.whole_results import call_to_write, whole_results
from sync.approvals import show_card
from sync.inbox import Entry
from sync.state import key

_DELIVERED_SECONDS = 7 * 24 * 3600


def _called(words: str, message: Message | None) -> Message:
    if message is None:
        return Message(words, [section(words)])
    blocks = [section(words), *message.blocks][:MESSAGE_BLOCKS]
    return Message(cut(f"{words}\n{message.text}", FALLBACK_CHARACTERS), blocks)


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
) -> None:
    """Post a turn's message once, however often it is worked on, then the cards it asks for.

    It takes the place of the message *into*, where its words were streamed. *otherwise* is said
    where the turn said nothing; it is safe mrkdwn.

    What is for the asker alone goes to them directly, and a line in the thread says so. *deps* are
    those of the turn.
    """
    asker = deps.caller.user if deps else ""
    rules = _private_rules(events)
    reader = _reader(office.core.config, asked_in=str(place) if rules else "")
    is_direct = place.channel.startswith("D") and not rules
    reader = replace(reader, suggests=is_direct)  # in a channel they would be noise
    message = answer_message(language, events, reader)
    if message is None and otherwise:
        message = Message(otherwise, [section(otherwise)])
    alone = message if rules else None
    if message is not None and rules:
        told = say(language, "answer.private", who=person(asker), rule=escape(rules))
        message = Message(told, [section(told)])
    if calling:
        message = _called(calling, message)
    delivered = key(office.team, "delivered", entry.id)
    try:
        posted = _read_posted(office.core.redis.get(delivered))
        if posted is None:
            posted = Posted("", "")
            if alone is not None:
                posted = _tell_alone(office, place, asker, alone, language, rules, delivered)
            if message is not None:
                shown = (
                    replace_answer(office.slack, place, into, message)
                    if into
                    else post_answer(office.slack, place, message)
                )
                posted = shown if alone is None else posted
            _keep_posted(office, delivered, posted)
            if events:
                office.on_turn(entry, events)
        timezone = office.core.config.timezone
        drawn = native_charts(language, events, timezone) if not posted.is_plain else {}
        beside = attachments(language, events, frozenset(drawn), timezone, office.pictures)
        whole = whole_results(language, events, deps) if deps else ()
        where = Place(office.team, posted.channel) if rules else place
        hand_over(office.slack, office.core.redis, where, delivered, language, chain(beside, whole))
    finally:
        # A card is kept true by a thread of its own, which tries again as long as Slack is away.
        for event in events:
            if isinstance(event, ApprovalRequested):
                show_card(office.core.redis, event.approval.id)


def _reader(config: BotConfig, asked_in: str) -> Reader:
    """Say how the people of this bot read an answer at this moment."""
    now = datetime.now(UTC)

    def is_stale(basis: Basis) -> bool:
        known = [ref for ref in config.offered if basis.table in (str(ref), f"{ref.source}.{ref}")]
        age = now - datetime.fromisoformat(basis.as_of)
        is_old = bool(known) and age > timedelta(hours=config.stale_hours(known[0]))
        return is_old and not basis.imported

    def has_file(events: Sequence[Event]) -> bool:
        return call_to_write(events, config.timezone) is not None

    return Reader(config.timezone, is_stale, has_file, asked_in)


def _private_rules(events: Sequence[Event]) -> str:
    """Name the rules by which an answer is for the asker alone; empty where it is for all."""
    found = [event.private for event in events if isinstance(event, ToolFinished)]
    return ", ".join(dict.fromkeys(filter(None, found)))


def _tell_alone(
    office: Office,
    place: Place,
    user: str,
    message: Message,
    language: Language,
    rules: str,
    delivered: str,
) -> Posted:
    """Send an answer to the asker, who can read it there again: what is ephemeral is lost.

    Once, also where the line in the thread is tried again.
    """
    name = f"{delivered}:alone"
    posted = _read_posted(office.core.redis.get(name))
    if posted is not None:
        return posted
    head = say(language, "answer.asked_in", channel=channel_link(place.channel), rule=escape(rules))
    blocks = [context(head), *message.blocks][:MESSAGE_BLOCKS]
    posted = post_answer(office.slack, Place(office.team, user), Message(message.text, blocks))
    _keep_posted(office, name, posted)
    return posted


def _keep_posted(office: Office, name: str, posted: Posted) -> None:
    office.core.redis.set(name, json.dumps(asdict(posted)), ex=_DELIVERED_SECONDS)


def _read_posted(value: object) -> Posted | None:
    """Where an answer was delivered to; None for one that was not."""
    return Posted(**json.loads(value)) if isinstance(value, str) else None
