"""/sync and its form: what is typed behind it, and a sync that is asked for by choosing."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient

from agent.commands import Typed, command_in
from agent.deps import Caller, Language
from app.access import split
from app.desk import CardDesk
from app.failure_texts import word_failure
from app.listeners.actions import guarded
from app.listeners.clicks import Answer, ClickOutcome, open_window, team_in
from app.places import Place
from app.slack_gateway import answer_url, whisper
from app.texts import language_of, say
from app.views.answer import answer_message
from app.views.schedule_lines import to_plain
from app.views.sync_form import (
    LOOK_UP,
    MODE,
    SYNC_FORM,
    TABLE,
    WHERE,
    Wanted,
    read_sync_form,
    sync_form,
    table_options,
)
from app.views.text import cut, escape, with_dates
from sync.access_errors import NotAllowed
from sync.blackout import closed_until
from sync.errors import TableAmbiguous, TableNotOffered
from sync.inbox import put
from sync.names import resolve_table, shown_name, shown_names
from sync.oracle_errors import SourceClosed
from sync.plan import Mode, TableRef
from sync.state import derived_id, moment_of
from sync.stops import require_started

COMMAND = "/sync"

_HELP = ("help", "?", "도움말")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{2,20}")
_WORDS_CHARACTERS = 100
_ASKS: Mapping[Mode | None, str] = {
    "full": "form.sync_full",
    "incremental": "form.sync_incremental",
}


@dataclass(frozen=True)
class Called:
    """A slash command, as it arrives."""

    team: str
    user: str
    channel: str
    text: str
    trigger_id: str
    url: str
    """Where it can be answered."""


def register(app: App, desk: CardDesk, on_click: Callable[[ClickOutcome], None]) -> None:
    """Listen to the command and its form; *on_click* is told what each led to."""

    def called(ack: Callable[[], object], command: Mapping[str, Any], client: WebClient) -> None:
        ack()
        what = _read(command)
        language = language_for(desk, what.user, what.text)
        answer = guarded(desk, lambda: answer_command(desk, client, what, language), language)
        on_click(answer.outcome)
        if answer.words and not answer_url(client, what.url, answer.words):
            whisper(client, what.channel, what.user, "", answer.words)

    def submitted(
        ack: Callable[..., object], body: Mapping[str, Any], view: Mapping[str, Any]
    ) -> None:
        user, team = str(body["user"]["id"]), team_in(body)
        language, errors = language_for(desk, user), dict[str, str]()

        def act() -> Answer:
            errors.update(ask_as_entered(desk, language, team, user, view))
            return Answer("unknown" if errors else "asked")

        answer = guarded(desk, act, language)
        on_click(answer.outcome)
        if answer.words:  # it failed: the form stays, with what was entered
            errors[TABLE] = answer.words
        told = {block: to_plain(words) for block, words in errors.items()}
        ack(response_action="errors", errors=told) if told else ack()

    def looked_up(ack: Callable[..., object], body: Mapping[str, Any]) -> None:
        names = names_for(desk, str(body["user"]["id"]))
        ack(options=table_options(names, str(body.get("value", ""))))

    app.command(COMMAND)(called)
    app.view(SYNC_FORM)(submitted)
    app.options(LOOK_UP)(looked_up)


def language_for(desk: CardDesk, user: str, words: str = "") -> Language:
    """Tell in which language somebody is answered: names of tables tell none, Hangul does."""
    if language_of(words, "en") == "ko":
        return "ko"
    return desk.readers_language(user) or desk.config.language


def names_for(desk: CardDesk, user: str) -> list[str]:
    """Name the tables that somebody may ask for where nobody else reads."""
    seen, _ = split(desk.config.offered, desk.see(user, "", None))
    return sorted(shown_names(seen).values())


def answer_command(
    desk: CardDesk, slack: WebClient, called: Called, language: Language, /
) -> Answer:
    """Do what was typed: open the form, ask for a sync, or tell what is asked for alone."""
    if desk.is_outsider(called.user):
        return Answer("not_allowed", say(language, "outsider.refused"))
    words = called.text.strip()
    if not words:
        return open_sync_form(desk, slack, language, called.user, called.trigger_id, called.channel)
    if words.casefold() in _HELP:
        return Answer("told", say(language, "slash.help"))
    typed = command_in(words) or command_in(f"sync {words}")
    if typed is None:
        told = say(language, "slash.unknown", words=escape(cut(words, _WORDS_CHARACTERS)))
        return Answer("told", f"{told}\n{say(language, 'slash.help')}")
    if typed.command != "sync":
        caller = Caller(called.team, called.user, called.channel)
        message = answer_message(language, [desk.tell(typed, caller, language)])
        return Answer("told", message.text if message else "")
    return _ask_as_typed(desk, language, called, typed)


def open_sync_form(
    desk: CardDesk, slack: WebClient, language: Language, user: str, trigger_id: str, channel: str
) -> Answer:
    """Open the form before whoever called for it in the last three seconds."""
    names = names_for(desk, user)
    if not names:
        return Answer("told", say(language, "slash.no_tables"))
    if open_window(slack, trigger_id, sync_form(language, names, channel)):
        return Answer("form")
    return Answer("too_late", say(language, "click.too_late"))


def ask_as_entered(
    desk: CardDesk, language: Language, team: str, user: str, view: Mapping[str, Any]
) -> dict[str, str]:
    """Ask for the sync that was entered, or give what is wrong with it by block id, as mrkdwn."""
    wanted = read_sync_form(view)
    channel = wanted.channel if _CHANNEL.fullmatch(wanted.channel) else ""
    try:
        ref = _find(desk, user, "", wanted.table)
    except (TableNotOffered, TableAmbiguous, NotAllowed) as error:
        return {TABLE: with_dates(word_failure(language, error.failure))}
    errors = _problems(desk, language, user, channel, ref, wanted)
    if not errors:
        place = Place(team, channel or user)
        mode = None if wanted.mode == "usual" else wanted.mode
        ask_for(desk, language, place, user, ref, mode, str(view.get("id", "")))
    return errors


def _ask_as_typed(desk: CardDesk, language: Language, called: Called, typed: Typed) -> Answer:
    try:
        ref = _find(desk, called.user, called.channel, typed.table)
    except TableNotOffered as error:
        told = with_dates(word_failure(language, error.failure))
        return Answer("told", f"{told}\n{say(language, 'slash.help')}")
    wanted = Wanted(typed.table, "incremental" if typed.mode == "incremental" else "usual", "")
    problems = _problems(desk, language, called.user, called.channel, ref, wanted)
    if problems:
        return Answer("told", "\n".join(problems.values()))
    place = Place(called.team, called.channel)
    ask_for(desk, language, place, called.user, ref, typed.mode, called.trigger_id)
    return Answer("asked")


def _find(desk: CardDesk, user: str, channel: str, name: str) -> TableRef:
    """Find the table somebody means; one that a rule keeps from them is told as such."""
    seen, hidden = split(desk.config.offered, desk.see(user, channel, None))
    try:
        return resolve_table(name, seen)
    except TableNotOffered as error:
        try:
            raise hidden[resolve_table(name, hidden)] from None
        except (TableNotOffered, TableAmbiguous):
            raise error from None


def _problems(
    desk: CardDesk, language: Language, user: str, channel: str, ref: TableRef, wanted: Wanted
) -> dict[str, str]:
    """Say what stands in the way of a sync and is known without Oracle, by block id."""
    try:
        _require_readable(desk, ref.source)
    except SourceClosed as error:
        return {TABLE: with_dates(word_failure(language, error.failure))}
    section = desk.config.section(ref)
    if wanted.mode == "incremental" and not (section and section.cursor):
        return {MODE: say(language, "form.no_cursor")}
    try:
        desk.see(user, channel, None)(ref)
    except NotAllowed as error:
        return {WHERE: with_dates(word_failure(language, error.failure))}
    return {}


def _require_readable(desk: CardDesk, name: str) -> None:
    require_started(desk.redis, name)
    source = next(one for one in desk.config.source if one.name == name)
    until = closed_until(source.blackout, desk.config.timezone, moment_of(desk.redis))
    if until is not None:
        raise SourceClosed(source=name, until=until.isoformat(timespec="minutes"))


def ask_for(
    desk: CardDesk,
    language: Language,
    place: Place,
    user: str,
    ref: TableRef,
    mode: Mode | None,
    once: str,
) -> None:
    """Have it asked in *place* as if it were written there; once, however often it is delivered."""
    text = say(language, _ASKS.get(mode, "form.sync"), table=shown_name(ref, desk.config.offered))
    source = derived_id(place.team, "asked", once)
    body = {"user": user, "text": text, "shown": text, "source": source, "language": language}
    put(desk.redis, "asked", str(place), body, once=(f"{source}:asked",))


def _read(command: Mapping[str, Any]) -> Called:
    def field(name: str) -> str:
        return str(command.get(name, ""))

    return Called(
        team=field("team_id"),
        user=field("user_id"),
        channel=field("channel_id"),
        text=field("text"),
        trigger_id=field("trigger_id"),
        url=field("response_url"),
    )
