"""The buttons of an answer: show the SQL behind it, or refresh what it rests on."""

import logging
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException
from typing import Any, cast

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from agent.conversation import ConversationHistory, Message
from app.desk import CardDesk
from app.listeners.actions import guarded
from app.listeners.clicks import Answer, ClickOutcome, Pressed, read_press, tell
from app.places import Place
from app.slack_gateway import reason
from app.texts import Language, language_of, say
from app.views.answer import REFRESH, SHOW_SQL, read_refresh
from app.views.modals import sql_view
from app.views.text import escape
from sync.errors import TableNotOffered
from sync.inbox import put
from sync.names import resolve_table, shown_name

log = logging.getLogger(__name__)

_Handler = Callable[[CardDesk, WebClient, Pressed, str], Answer]


def register(app: App, desk: CardDesk, on_click: Callable[[ClickOutcome], None]) -> None:
    """Listen to the buttons of answers. They change nothing: a refresh only asks for a card."""

    def listen(action_id: str, handler: _Handler) -> None:
        def listener(ack: Callable[[], None], body: Mapping[str, Any], client: WebClient) -> None:
            ack()
            pressed = read_press(body)
            actions = cast("list[Mapping[str, Any]]", body.get("actions") or [{}])
            value = str(actions[0].get("value", ""))
            answer = guarded(desk, lambda: handler(desk, client, pressed, value))
            on_click(answer.outcome)
            tell(client, pressed, answer.words)

        app.action(action_id)(listener)

    listen(SHOW_SQL, show_sql)
    listen(REFRESH, refresh)


def show_sql(desk: CardDesk, slack: WebClient, pressed: Pressed, call_id: str, /) -> Answer:
    """Open the SQL of one result of the thread the click came from."""
    messages = _thread(desk, pressed)
    found = next((one for one in messages if one.tool_call_id == call_id and one.sql), None)
    language = _language(desk, messages)
    if found is None:
        return Answer("unknown", say(language, "answer.forgotten"))
    if found.private and found.private.user != pressed.user:
        rule = escape(found.private.rules)
        return Answer("not_allowed", say(language, "answer.not_yours", rule=rule))
    try:
        slack.views_open(trigger_id=pressed.trigger_id, view=sql_view(language, found.sql))
    except (SlackClientError, OSError, HTTPException) as error:
        log.info("the SQL of %s was not shown: %s", call_id, reason(error))
        return Answer("too_late", say(language, "click.too_late"))
    return Answer("form")


def refresh(desk: CardDesk, _slack: WebClient, pressed: Pressed, value: str, /) -> Answer:
    """Ask in the person's name for a sync, and then the same question again.

    It is a message like any other: the agent proposes, a card is decided, and the answer follows.
    Once for each answer.
    """
    messages = _thread(desk, pressed)
    language, asked = _language(desk, messages), _question(messages)
    try:
        refs = [resolve_table(name, desk.config.offered) for name in read_refresh(value)]
    except TableNotOffered:
        refs = []
    if not refs or not asked:
        return Answer("unknown", say(language, "answer.forgotten"))
    tables = ", ".join(shown_name(ref, desk.config.offered) for ref in refs)
    place = Place(pressed.team, pressed.channel, pressed.thread)
    name = f"refresh:{place}:{pressed.message}"
    words = say(language, "answer.refresh_words", tables=tables, question=asked)
    body = {"text": words, "user": pressed.user, "source": name}
    if not put(desk.redis, "message", str(place), body, once=(name,)):
        return Answer("asked_again", say(language, "answer.refresh_twice"))
    return Answer("asked", say(language, "answer.refreshing", tables=tables))


def _thread(desk: CardDesk, pressed: Pressed) -> Sequence[Message]:
    """The conversation a click stands in; what a button itself says names no other one."""
    place = Place(pressed.team, pressed.channel, pressed.thread)
    return ConversationHistory(desk.redis, str(place)).messages()


def _question(messages: Sequence[Message]) -> str:
    asked = [message.content for message in messages if message.role == "user"]
    return asked[-1] if asked else ""


def _language(desk: CardDesk, messages: Sequence[Message]) -> Language:
    return language_of(_question(messages), desk.config.language)
