"""Verified answers, run again after each publish of a table they name.

Who owns the table hears of what does not hold any more.
"""

import logging
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import redis
from slack_sdk import WebClient

from agent.glossary import Example, Glossary, tables_in
from app.bot_config import BotConfig
from app.broken_answers import Told, broken, note_broken, note_whole, told_of
from app.failure_texts import word_failure
from app.places import Place
from app.slack_gateway import SlackRefused, post
from app.texts import say
from app.views.notices import broken_answer, whole_answer
from app.views.text import escape, with_dates
from sync.errors import DuckferryError, TableNotSynced, WarehouseDamaged
from sync.inbox import put
from sync.plan import TableRef
from sync.runs import Run, RunState
from sync.warehouse.query_process import QueryResult

log = logging.getLogger(__name__)

MOST_TOLD = 10
"""People who hear of a broken answer where no channel is set."""

_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
}


@dataclass(frozen=True)
class AnswerDesk:
    """What running them again needs."""

    redis: "redis.Redis" = field(repr=False)
    slack: WebClient
    team: str
    config: BotConfig
    glossary: Glossary
    run: Callable[[str, Sequence[TableRef]], QueryResult]
    """Runs SQL over some tables as whoever has the machine. Raises any DuckferryError."""


def note_answers_due(client: "redis.Redis", team: str, glossary: Glossary, run: Run) -> bool:
    """Have a bot run again, once, what rests on tables that *run* published; whether there is any.

    In an entry of its own, for nobody's question waits for it.
    """
    if run.state is not RunState.PUBLISHED or not _resting(glossary, _published(run)):
        return False
    return put(
        client, "answers_due", f"{team}:answers", {"run": run.id}, once=(f"answers:{run.id}",)
    )


def rerun_verified(desk: AnswerDesk, run: Run) -> None:
    """Run them, and tell of each that breaks and each that holds again, once.

    Raises `SlackAway`, to be called again.
    """
    questions = {one.question for one in desk.glossary.example if one.verified}
    note_whole(desk.redis, *(broken(desk.redis) - questions))
    for example in _resting(desk.glossary, _published(run)):
        try:
            reason = _what_broke(desk, example)
        except (TableNotSynced, WarehouseDamaged) as error:
            log.warning("the verified answer to %r was not run: %s", example.question, error)
            continue
        told = told_of(desk.redis, example.question)
        if reason and (told is None or told.untold):
            _tell_broken(desk, example, reason, told or Told(untold=_places(desk, example)))
        elif not reason and told is not None:
            _tell_whole(desk, example, told)
            note_whole(desk.redis, example.question)


def holds(example: Example, result: QueryResult) -> bool:
    """Whether a result has as many rows as are expected; a row without any value is none.

    Of a result that was cut it is only known that there are more rows than were read, which is
    enough for any "more than".
    """
    _, op, wanted = example.expect.split()
    count = sum(any(cell is not None for cell in row) for row in result.rows)
    if result.truncated and op.startswith(">"):
        return True
    return _COMPARISONS[op](count + result.truncated, int(wanted))


def _published(run: Run) -> tuple[TableRef, ...]:
    return tuple(table.ref for table in run.approval.request.plan.tables)


def _resting(glossary: Glossary, refs: Iterable[TableRef]) -> list[Example]:
    tables = tuple(refs)
    return [one for one in glossary.example if one.verified and tables_in(one.sql, tables)]


def _what_broke(desk: AnswerDesk, example: Example) -> str:
    """Say why an answer does not hold, safely; empty where it does. Raises `TableNotSynced`, …."""
    language = desk.config.language
    try:
        result = desk.run(example.sql, desk.config.offered)
    except (TableNotSynced, WarehouseDamaged):
        raise
    except DuckferryError as error:
        return with_dates(word_failure(language, error.failure))
    if holds(example, result):
        return ""
    return say(language, "verified.rows", expect=escape(example.expect), count=len(result.rows))


def _tell_broken(desk: AnswerDesk, example: Example, reason: str, told: Told) -> None:
    """Tell each place that has not heard of it, and note each that has."""
    message = broken_answer(desk.config.language, example.question, reason)
    if not told.untold:
        log.warning("a verified answer broke and bot.toml names nobody to tell: %s", message.text)
    note_broken(desk.redis, example.question, told)
    while told.untold:
        place, *others = told.untold
        messages = told.messages
        try:
            ts = post(desk.slack, Place(desk.team, place), message)
            messages = (*messages, (place, ts))
        except SlackRefused as error:
            log.warning("%s could not be told of a broken answer: %s", place, error)
        told = Told(messages=messages, untold=tuple(others))
        note_broken(desk.redis, example.question, told)


def _tell_whole(desk: AnswerDesk, example: Example, told: Told) -> None:
    message = whole_answer(desk.config.language, example.question)
    for number, (channel, ts) in enumerate(told.messages, 1):
        try:
            post(desk.slack, Place(desk.team, channel, ts), message)
        except SlackRefused as error:
            log.warning("%s could not be told of a mended answer: %s", channel, error)
        # Whoever has heard of it does not hear it again where Slack goes away before the next.
        note_broken(desk.redis, example.question, Told(messages=told.messages[number:]))


def _places(desk: AnswerDesk, example: Example) -> tuple[str, ...]:
    """The channel for alerts, or else admins and the owners of what the answer names."""
    if desk.config.alerts.channel:
        return (desk.config.alerts.channel,)
    people = set(desk.config.admins)
    for ref in tables_in(example.sql, desk.config.offered):
        section_of = desk.config.section(ref)
        people |= section_of.owners if section_of else frozenset()
    return tuple(sorted(people)[:MOST_TOLD])
