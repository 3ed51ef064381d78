"""The shortcuts: the form of a sync from anywhere, and a question about a message."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from slack_bolt import App
from slack_sdk import WebClient

from app.desk import CardDesk
from app.listeners.actions import guarded
from app.listeners.clicks import Answer, ClickOutcome, open_window, team_in
from app.listeners.hearing import spoken
from app.listeners.slash import language_for, open_sync_form
from app.places import Place
from app.slack_gateway import whisper
from app.texts import Language, language_of, say
from app.views.ask_form import ASK_FORM, ask_form, quoted, read_ask_form
from app.views.schedule_lines import to_plain
from sync.inbox import put
from sync.state import derived_id

EVERYWHERE = "sync_table"
ABOUT_A_MESSAGE = "ask_about"


def register(app: App, desk: CardDesk, on_click: Callable[[ClickOutcome], None]) -> None:
    """Listen to the shortcuts and the form; *on_click* is told what each led to."""

    def everywhere(ack: Callable[[], None], body: Mapping[str, Any], client: WebClient) -> None:
        ack()
        user, trigger_id = str(body["user"]["id"]), str(body["trigger_id"])
        language = language_for(desk, user)
        answered(
            client,
            user,
            guarded(
                desk,
                lambda: open_sync_form(desk, client, language, user, trigger_id, ""),
                language,
            ),
        )

    def about_a_message(
        ack: Callable[[], None], body: Mapping[str, Any], client: WebClient
    ) -> None:
        ack()
        user = str(body["user"]["id"])
        language = language_for(desk, user)
        opened = guarded(desk, lambda: _open(client, language, body), language)
        answered(client, user, opened)

    def asked(ack: Callable[..., object], body: Mapping[str, Any], view: Mapping[str, Any]) -> None:
        language = language_for(desk, str(body["user"]["id"]))
        answer = guarded(desk, lambda: ask_about(desk, language, body, view), language)
        on_click(answer.outcome)
        if answer.words:  # it failed: the form stays, with what was entered
            ack(response_action="errors", errors={"question": to_plain(answer.words)})
        else:
            ack()

    def answered(client: WebClient, user: str, answer: Answer) -> None:
        on_click(answer.outcome)
        if answer.words:
            whisper(client, "", user, "", answer.words)

    app.shortcut(EVERYWHERE)(everywhere)
    app.shortcut(ABOUT_A_MESSAGE)(about_a_message)
    app.view(ASK_FORM)(asked)


def ask_about(
    desk: CardDesk, otherwise: Language, body: Mapping[str, Any], view: Mapping[str, Any]
) -> Answer:
    """Have the question asked in the thread of the message, once for each form.

    It is answered in the language of its words, *otherwise* where they are of none.
    """
    team, user = team_in(body), str(body["user"]["id"])
    about, question = read_ask_form(view)
    if not question:
        return Answer("unknown", say(otherwise, "ask.empty"))
    language = language_of(question, otherwise)
    text = say(language, "ask.about", question=question, quote=about.text)
    source = derived_id(team, "asked", str(view.get("id", "")))
    entry = {
        "user": user,
        "text": text if about.text else question,
        "shown": question,
        "quote": about.text,
        "source": source,
        "language": language,
    }
    place = Place(team, about.channel or user, about.thread)
    put(desk.redis, "asked", str(place), entry, once=(f"{source}:asked",))
    return Answer("asked")


def _open(slack: WebClient, language: Language, body: Mapping[str, Any]) -> Answer:
    message = cast("Mapping[str, Any]", body.get("message") or {})
    thread = str(message.get("thread_ts") or message.get("ts") or body.get("message_ts") or "")
    about = quoted(str(body["channel"]["id"]), thread, spoken(str(message.get("text") or "")))
    if open_window(slack, str(body["trigger_id"]), ask_form(language, about)):
        return Answer("form")
    return Answer("too_late", say(language, "click.too_late"))
