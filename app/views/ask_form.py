"""The form that asks the bot about a message of somebody's, and what comes back of it."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app.texts import Language, say
from app.views.forms import (
    field,
    form,
    read_carried_object,
    text_input,
    typed_in,
)
from app.views.text import cut, quote_lines, section

ASK_FORM = "answer_ask_form"

QUESTION_CHARACTERS = 2000
_QUOTE_CHARACTERS = 1000
_QUOTE_SHOWN = 500
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{2,20}")
_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,8}")


@dataclass(frozen=True)
class Quoted:
    """The message that is asked about. It comes back from the person: nothing in it is trusted."""

    channel: str
    thread: str
    """The ts of the first message of its thread."""
    text: str


def quoted(channel: str, thread: str, text: str) -> Quoted:
    """Note of a message what a form can carry."""
    return Quoted(channel, thread, cut(text, _QUOTE_CHARACTERS))


def ask_form(language: Language, about: Quoted) -> dict[str, Any]:
    """Show the message, and ask for a question."""
    quote = quote_lines(cut(about.text, _QUOTE_SHOWN))
    shown = [section(quote)] if quote else []
    question = field(
        "question",
        say(language, "ask.question"),
        text_input("question", QUESTION_CHARACTERS),
        say(language, "ask.hint"),
    )
    carried = json.dumps(asdict(about), ensure_ascii=False)
    return form(language, ASK_FORM, ("ask.title", "ask.submit"), [*shown, question], carried)


def read_ask_form(view: Mapping[str, Any]) -> tuple[Quoted, str]:
    """Give what is asked about, and the question; empty where a field is not ours."""
    said = read_carried_object(str(view.get("private_metadata", "")))
    channel, thread = str(said.get("channel", "")), str(said.get("thread", ""))
    is_place = bool(_CHANNEL.fullmatch(channel) and _TS.fullmatch(thread))
    about = quoted(
        channel if is_place else "", thread if is_place else "", str(said.get("text", ""))
    )
    return about, typed_in(view, "question", "question", QUESTION_CHARACTERS)
