"""The buttons of an answer: its SQL, a refresh of what it rests on, and answers to a question."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, cast, get_args

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from agent.conversation import (
    ConversationHistory,
    Message,
    concealed,
    newest_turn,
    through_turn,
)
from agent.runtime.suggestions import Suggestion
from app.desk import CardDesk
from app.listeners.actions import guarded
from app.listeners.clicks import Answer, ClickOutcome, Pressed, read_press, tell
from app.live import STOP_SECONDS, read_stop, running_key, stop_key
from app.places import Place, parse_place
from app.readers import language_for
from app.slack_gateway import reason, redraw
from app.texts import PHRASES, Language, say
from app.views.answer_buttons import CHOOSE, REFRESH, SHOW_SQL, SUGGEST, Carried, read_carried
from app.views.approval_card import Message as Drawn
from app.views.modals import sql_view
from app.views.notices import STOP
from app.views.text import channel_link, context, escape, person
from sync.errors import TableNotOffered
from sync.inbox import put
from sync.names import resolve_table, shown_name

log = logging.getLogger(__name__)

_Handler = Callable[[CardDesk, WebClient, Pressed, str], Answer]


def register(app: App, desk: CardDesk, on_click: Callable[[ClickOutcome], None]) -> None:
    """Listen to the buttons of answers. They change nothing: a refresh only asks for a card."""

    def listen(action_id: str | re.Pattern[str], handler: _Handler) -> None:
        def listener(ack: Callable[[], None], body: Mapping[str, Any], client: WebClient) -> None:
            ack()
            pressed = read_press(body)
            actions = cast("list[Mapping[str, Any]]", body.get("actions") or [{}])
            value = str(actions[0].get("value", ""))
            answer = guarded(desk, lambda: handler(desk, client, pressed, value), user=pressed.user)
            on_click(answer.outcome)
            tell(client, pressed, answer.words)

        app.action(action_id)(listener)

    listen(SHOW_SQL, show_sql)
    listen(REFRESH, refresh)
    listen(re.compile(f"{CHOOSE}[0-4]"), choose)
    listen(re.compile(f"{SUGGEST}[a-z_]+"), suggest)
    listen(STOP, stop)


def show_sql(desk: CardDesk, slack: WebClient, pressed: Pressed, value: str, /) -> Answer:
    """Open the SQL of one result of an answer, to those who may see what it gave."""
    asked = _asked(desk, pressed, value)
    language = _language(desk, asked, pressed)
    sql = _sql_of(asked, pressed.user)
    rules = [one.private.rules for one in newest_turn(asked.messages) if one.private]
    if not sql and rules and _sql_of(asked, reader=None):
        return Answer("not_allowed", say(language, "answer.not_yours", rule=escape(rules[0])))
    if not sql:
        return Answer("unknown", say(language, "answer.forgotten"))
    try:
        slack.views_open(trigger_id=pressed.trigger_id, view=sql_view(language, sql))
    except (SlackClientError, OSError, HTTPException) as error:
        log.info("the SQL of %s was not shown: %s", asked.carried.call, reason(error))
        return Answer("too_late", say(language, "click.too_late"))
    return Answer("form")


def refresh(desk: CardDesk, _slack: WebClient, pressed: Pressed, value: str, /) -> Answer:
    """Ask in the person's name for a sync, and then the same question again.

    It is a message like any other, where the question was asked: the agent proposes, a card is
    decided, and the answer follows, to the person alone where the first one went to them alone.
    Once for each answer.
    """
    asked = _asked(desk, pressed, value)
    language, question = _language(desk, asked, pressed), _question(asked)
    try:
        refs = [resolve_table(name, desk.config.offered) for name in asked.carried.tables]
    except TableNotOffered:
        refs = []
    if not refs or not question:
        return Answer("unknown", say(language, "answer.forgotten"))
    tables = ", ".join(shown_name(ref, desk.config.offered) for ref in refs)
    # By where it was pressed: the same answer has one message, wherever its question stands.
    name = f"refresh:{pressed.team}:{pressed.where}"
    words = say(language, "answer.refresh_words", tables=tables, question=question)
    body = {"text": words, "user": pressed.user, "source": name}
    if not put(desk.redis, "message", str(asked.place), body, once=(name,)):
        return Answer("asked_again", say(language, "answer.refresh_twice"))
    told = say(language, "answer.refreshing", tables=escape(tables))
    if asked.carried.asked_in:
        channel = channel_link(asked.place.channel)
        told = f"{told} {say(language, 'answer.refreshing_in', channel=channel)}"
    return Answer("asked", told)


def choose(desk: CardDesk, slack: WebClient, pressed: Pressed, value: str, /) -> Answer:
    """Take a choice as what its person wrote: in their name, where the question was asked, once."""
    asked = _asked(desk, pressed, value)
    language = _language(desk, asked, pressed)
    asks = [one.ask for one in asked.messages if one.tool_call_id == asked.carried.call]
    number = int(pressed.action.removeprefix(CHOOSE) or 0)
    if not asks or asks[0] is None or number >= len(asks[0].choices):
        return Answer("unknown", say(language, "answer.forgotten"))
    choice = asks[0].choices[number]
    name = f"choice:{pressed.team}:{pressed.where}"
    body = {"text": choice, "user": pressed.user, "source": name}
    if not put(desk.redis, "message", str(asked.place), body, once=(name,)):
        return Answer("asked_again", say(language, "answer.chosen_already"))
    told = say(language, "answer.chosen", who=person(pressed.user), choice=escape(choice))
    question = escape(asks[0].question)
    kept = [block for block in pressed.blocks if not _offers_choices(block)]
    message = Drawn(f"{question}\n{told}", [*map(dict, kept), context(told)])
    redraw(slack, pressed.channel, pressed.message, message)
    return Answer("asked")


def suggest(desk: CardDesk, _slack: WebClient, pressed: Pressed, value: str, /) -> Answer:
    """Take what was suggested as words of whoever pressed it, once for each answer."""
    asked = _asked(desk, pressed, value)
    language = _language(desk, asked, pressed)
    wanted = pressed.action.removeprefix(SUGGEST)
    if not asked.messages or wanted not in get_args(Suggestion):
        return Answer("unknown", say(language, "answer.forgotten"))
    words = say(language, f"suggest.{wanted}")
    name = f"suggest:{wanted}:{pressed.team}:{pressed.where}"
    body = {"text": words, "user": pressed.user, "source": name}
    if not put(desk.redis, "message", str(asked.place), body, once=(name,)):
        return Answer("asked_again", say(language, "suggest.twice"))
    return Answer("asked", say(language, "suggest.asked", words=words))


def stop(desk: CardDesk, _slack: WebClient, pressed: Pressed, value: str, /) -> Answer:
    """Have a turn end after the step at hand. What it has asked for by then stays."""
    wanted = read_stop(value)
    if wanted is None or parse_place(wanted.thread).team != pressed.team:
        language = desk.readers_language(pressed.user) or desk.config.language
        return Answer("unknown", say(language, "answer.forgotten"))
    if desk.redis.get(running_key(wanted.thread)) != wanted.entry:
        return Answer("already_ended", say(wanted.language, "answer.over"))
    desk.redis.set(stop_key(pressed.team, wanted.entry), pressed.user, ex=STOP_SECONDS)
    return Answer("cancelling", say(wanted.language, "answer.stopping"))


def _offers_choices(block: Mapping[str, Any]) -> bool:
    elements = cast("list[Mapping[str, Any]]", block.get("elements") or [])
    return any(str(one.get("action_id", "")).startswith(CHOOSE) for one in elements)


@dataclass(frozen=True)
class _Asked:
    """What an answer belongs to."""

    place: Place
    messages: tuple[Message, ...]
    """The thread, up to the end of the turn that gave it; none where it is not kept any more."""
    carried: Carried


def _asked(desk: CardDesk, pressed: Pressed, value: str) -> _Asked:
    """Read the thread an answer was given in.

    That is the one the click stands in. A button names another one only below what its person was
    shown alone: without such a turn of theirs there it leads nowhere.
    """
    carried = read_carried(value) or Carried("")
    place = Place(pressed.team, pressed.channel, pressed.thread)
    if carried.asked_in:
        place = parse_place(carried.asked_in)
    if place.team != pressed.team:
        return _Asked(place, (), carried)
    messages = ConversationHistory(desk.redis, str(place)).messages()
    messages = through_turn(messages, carried.call)
    if carried.asked_in and not any(
        one.private and one.private.user == pressed.user for one in newest_turn(messages)
    ):
        messages = ()
    return _Asked(place, messages, carried)


def _sql_of(asked: _Asked, reader: str | None) -> str:
    """Give the SQL as *reader* may see it, or whoever where that is None."""
    messages = asked.messages if reader is None else concealed(asked.messages, reader)
    return next((one.sql for one in messages if one.tool_call_id == asked.carried.call), "")


def _question(asked: _Asked) -> str:
    """Give what was asked first, where the answer was a refresh itself."""
    said = [message for message in asked.messages if message.role == "user"]
    words = said[-1].content if said and not said[-1].deleted else ""
    for phrase in PHRASES["answer.refresh_words"]:
        between = phrase.partition("{tables}")[2].partition("{question}")[0]
        words = words.rpartition(between)[2]
    return words


def _language(desk: CardDesk, asked: _Asked, pressed: Pressed) -> Language:
    said = [message for message in asked.messages if message.role == "user"]
    asker = (said[-1].speaker if said else "") or pressed.user
    return language_for(desk.config, desk.readers_language, asker, _question(asked))
