"""An answer as one Slack message: the words, the rows, the basis, the steps in small print."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.events import (
    ApprovalRequested,
    Asked,
    Basis,
    ChartShown,
    Commanded,
    Event,
    Failed,
    FileMade,
    GaveUp,
    Said,
    TableShown,
    Thought,
    ToolFinished,
    ToolStarted,
)
from app.failure_texts import TOLD_TO_PEOPLE, word_failure
from app.texts import Language, say, word_limit
from app.views.answer_buttons import answer_buttons
from app.views.approval_card import Message
from app.views.chart import alt_text, chart_notes, native_charts
from app.views.command_answer import command_lines
from app.views.feedback import vote_block
from app.views.files import file_notes
from app.views.remark import remarks_of, word_remark
from app.views.results import result_blocks
from app.views.splitting import pieces
from app.views.text import (
    FALLBACK_CHARACTERS,
    SECTION_CHARACTERS,
    context,
    cut,
    escape,
    from_model,
    number,
    person,
    section,
    when,
    with_dates,
)

_STEPS_CHARACTERS = 1500
_BASIS_NAME_CHARACTERS = 100
_STEPS = 10


def _never(_: object) -> bool:
    return False


@dataclass(frozen=True)
class Reader:
    """How a surface's people read an answer."""

    timezone: str = "UTC"
    is_stale: Callable[[Basis], bool] = _never
    """Whether a copy is older than its table's limit, so that a refresh is offered."""
    has_file: Callable[[Sequence[Event]], bool] = _never
    """Whether the whole of a turn's result is handed over as a file below its message."""
    asked_in: str = ""
    """The thread of the question, where the answer is to stand in another place."""
    suggests: bool = False
    """Whether what may be asked next is offered."""
    turn: str = ""
    """What brought the turn, where its answer can be judged."""


def answer_message(
    language: Language, events: Sequence[Event], reader: Reader | None = None
) -> Message | None:
    """Draw what a turn said and showed, and the steps that led there; None for an empty turn.

    The words come first, for a phone's notification shows no more. Rows are drawn from the tool's
    result and never from the model's words. Slack takes one table a message: the last.

    However long the words are, all of them are in it: `parted` makes several messages of it.
    """
    reader = reader or Reader()
    text = answer_words(language, events)
    tables = [event for event in events if isinstance(event, TableShown) and event.rows]
    steps = steps_line(language, events)
    spoke = any(isinstance(event, Said | Commanded | Asked | GaveUp | Failed) for event in events)
    made = [event for event in events if isinstance(event, ChartShown | FileMade)]
    if (tables or made) and any(isinstance(event, GaveUp) for event in events):
        text += "\n" + say(language, "limit.found")
    if not text and not tables and not made and not steps and not spoke:
        return None
    asks = any(isinstance(event, ApprovalRequested) for event in events)
    if not text and not tables and not made and not asks:
        text = say(language, "answer.empty")
    blocks = [section(piece) for piece in pieces(text, SECTION_CHARACTERS)]
    charts = native_charts(language, events, reader.timezone)
    blocks += charts.values()
    small_print = _troubles(language, events)
    for one in made:
        small_print += _made(language, one)
    if tables:
        drawn, notes = result_blocks(
            language, tables[-1], reader.timezone, in_file=reader.has_file(events)
        )
        blocks += drawn
        small_print += notes
    said = [word_remark(language, one, escape, when) for one in remarks_of(events)]
    if said:
        small_print.append("\n".join(said))
    bases = _bases(events)
    small_print += [_basis(language, basis) for basis in bases]
    if small_print:
        blocks.append(context(*small_print))
    stale = [basis for basis in bases if reader.is_stale(basis)]
    blocks += answer_buttons(language, events, stale, reader.asked_in, suggests=reader.suggests)
    if reader.turn:
        blocks.append(vote_block(language, reader.turn, reader.asked_in))
    if steps:
        blocks.append(context(steps))
    seen = [
        escape(alt_text(language, one.chart, reader.timezone))
        for one in made
        if isinstance(one, ChartShown) and one.call_id in charts
    ]
    told = "\n".join(line for line in (text or steps, *seen, *small_print) if line)
    return Message(cut(told, FALLBACK_CHARACTERS), blocks)


def answer_words(language: Language, events: Sequence[Event]) -> str:
    """Put what a turn said into words, as safe mrkdwn."""
    texts = [_words(language, event) for event in events]
    return "\n\n".join(words for words in texts if words.strip())


def steps_line(language: Language, events: Sequence[Event]) -> str:
    """Write what the agent thought and which tools it used, a line each; empty if it used none."""
    failed = {event.call_id for event in events if isinstance(event, ToolFinished) and not event.ok}
    asked = {event.call_id for event in events if isinstance(event, Asked)}  # seen as it is asked
    lines: list[str] = []
    for event in events:
        if isinstance(event, Thought):
            lines.append(
                ":thought_balloon: "
                + say(language, "answer.thought", text=escape(cut(event.text, 200)))
            )
        elif isinstance(event, ToolStarted) and event.call_id not in asked:
            phrase = "answer.tool_failed" if event.call_id in failed else "answer.tool"
            arguments = escape(cut(write_arguments(event.arguments), 200))
            lines.append(
                ":wrench: " + say(language, phrase, name=escape(event.name), arguments=arguments)
            )
    if len(lines) > _STEPS:
        lines[_STEPS:] = ["…"]
    return cut("\n".join(lines), _STEPS_CHARACTERS)


def write_arguments(arguments: Mapping[str, Any]) -> str:
    """Write a tool's arguments as a person can read them."""
    return ", ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in arguments.items()
    )


def _words(language: Language, event: Event) -> str:
    match event:
        case Said(text=text, untrue=untrue):
            warning = say(language, "answer.untrue_sync") + "\n\n" if untrue else ""
            return warning + from_model(text)
        case Commanded():
            return "\n".join(command_lines(language, event, with_dates, when, person))
        case Asked(ask=ask):
            return from_model(ask.question)
        case GaveUp(code=code, most=most):
            return word_limit(language, code, most)
        case Failed(failure=failure):
            return ":warning: " + with_dates(word_failure(language, failure))
        case _:
            return ""


def _made(language: Language, event: ChartShown | FileMade) -> list[str]:
    """Say of what was made how much it holds, and what not."""
    if isinstance(event, ChartShown):
        return chart_notes(language, event.chart)
    return file_notes(language, event.file)


def _troubles(language: Language, events: Sequence[Event]) -> list[str]:
    """Word what went wrong with a tool and a person must know, whatever the model made of it."""
    if any(isinstance(event, Commanded) for event in events):
        return []  # it says so itself
    failures = [event.failure for event in events if isinstance(event, ToolFinished)]
    told = [one for one in failures if one is not None and one.code in TOLD_TO_PEOPLE]
    words = dict.fromkeys(":warning: " + with_dates(word_failure(language, one)) for one in told)
    return list(words)[:3]


def _bases(events: Sequence[Event]) -> list[Basis]:
    found: dict[str, Basis] = {}
    for event in events:
        if isinstance(event, Said | Commanded):
            found |= {basis.table: basis for basis in event.basis}
        elif isinstance(event, TableShown | ChartShown | FileMade) and event.basis:
            found[event.basis.table] = event.basis
    return list(found.values())[:8]


def _basis(language: Language, basis: Basis) -> str:
    table = cut(escape(basis.table), _BASIS_NAME_CHARACTERS)
    moment = when(datetime.fromisoformat(basis.as_of))
    file = cut(escape(basis.imported), _BASIS_NAME_CHARACTERS)
    by = cut(escape(basis.shared_by), _BASIS_NAME_CHARACTERS)
    phrase = "answer.basis_imported" if basis.imported else "answer.basis"
    phrase = "answer.basis_file" if basis.shared_by else phrase
    rows = number(basis.rows) if basis.rows is not None else say(language, "answer.some")
    line = say(language, phrase, table=table, rows=rows, when=moment, file=file, by=by)
    lacks = list[str]()
    if basis.rule:
        rule = cut(escape(basis.rule), _BASIS_NAME_CHARACTERS)
        lacks.append(say(language, "answer.by_rule", rule=rule))
    if basis.part:
        part = cut(escape(basis.part), _BASIS_NAME_CHARACTERS)
        lacks.append(say(language, "receipt.where", conditions=part))
    if basis.columns:
        copied, every = basis.columns
        lacks.append(say(language, "receipt.columns", copied=copied, all=every))
    return " · ".join((line, *lacks))
