"""The terminal as a surface: the same events as Slack's, as plain text.

Control signs in text of a model or from data are dropped: they would command the terminal.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from agent.events import (
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
from agent.outputs import File
from agent.steps import Instructed, Step, describe
from app.failure_texts import TOLD_TO_PEOPLE, word_failure
from app.fidelity_texts import losses, word_fidelity
from app.texts import Language, say, word_limit
from app.views.answer import write_arguments
from app.views.card_life import counts_line, receipt_notes
from app.views.card_parts import question_words, table_parts
from app.views.command_answer import command_lines
from app.views.receipt_details import TableDetails
from app.views.remark import word_remark
from app.views.schedule_lines import to_plain
from app.views.text import CONTROL, escape, number
from app.views.text_chart import chart_lines
from sync.approvals import Question
from sync.plan import Plan
from sync.receipt import Receipt

_PROMPT_CHARACTERS = 200


def trace_line(language: Language, event: Event) -> str | None:
    """Write a step of a turn, or None for what is no step."""
    match event:
        case Thought(text=text):
            step = say(language, "answer.thought", text=text)
        case ToolStarted(name=name, arguments=arguments):
            step = say(language, "answer.tool", name=name, arguments=write_arguments(arguments))
        case ToolFinished(name=name, ok=False):
            step = say(language, "answer.tool_failed", name=name, arguments="")
        case _:
            return None
    return "  " + CONTROL.sub("", step)


def step_line(step: Step) -> str:
    """Write what a step took; of the instructions their head, for all of them are long."""
    line = describe(step)
    if isinstance(step, Instructed):
        line += f": {step.prompt[:_PROMPT_CHARACTERS]} …"
    return "  " + CONTROL.sub("", " ".join(line.split()))


def answer_lines(language: Language, event: Event, timezone: str = "UTC") -> list[str]:
    """Write what an event says to the person; nothing for a step."""
    match event:
        case Said() | Commanded():
            lines = [*_words(language, event), *(_basis(language, one) for one in event.basis)]
        case Asked(ask=ask):
            lines = [ask.question]
            lines += [f"  [{at}] {choice}" for at, choice in enumerate(ask.choices, 1)]
        case TableShown(columns=columns, rows=rows, remarks=remarks):
            lines = table_lines(columns, rows)
            lines += [f"({word_remark(language, one, str, _moment)})" for one in remarks]
        case ChartShown(chart=chart):
            lines = chart_lines(language, chart, timezone)
        case FileMade(file=file):
            lines = file_lines(language, file)
        case GaveUp(code=code, most=most):
            lines = [word_limit(language, code, most)]
        case Failed(failure=failure):
            lines = [word_failure(language, failure)]
        case ToolFinished(failure=failure) if failure and failure.code in TOLD_TO_PEOPLE:
            lines = [word_failure(language, failure)]
        case _:
            lines = []
    return [CONTROL.sub("", line) for line in lines]


def _words(language: Language, event: Said | Commanded) -> Sequence[str]:
    if isinstance(event, Said):
        warning = [to_plain(say(language, "answer.untrue_sync"))] if event.untrue else []
        return [*warning, event.text]
    if event.failure and event.failure.code in TOLD_TO_PEOPLE:
        return []  # told where its tool ended
    return command_lines(language, event, str, _moment, str)


def file_lines(language: Language, file: File) -> list[str]:
    """Say where a file was written, and what of the result it does not hold."""
    lines = [say(language, "file.written", path=file.path, rows=number(file.rows))]
    lines += [say(language, "file.cut")] if file.cut else []
    return lines + (
        [say(language, "file.cut_cells", count=file.cut_cells)] if file.cut_cells else []
    )


def plan_lines(language: Language, plan: Plan) -> list[str]:
    """Write what a sync would do."""
    lines = [say(language, "card.undo_pending" if plan.is_undo else "card.pending")]
    for table, estimate in zip(plan.tables, plan.estimates, strict=True):
        parts = map(to_plain, table_parts(language, table, estimate))
        lines.append(f"  {table.ref}: " + " · ".join(parts))
    return [*lines, "  " + say(language, "card.digest", digest=plan.digest[:8])]


def question_lines(language: Language, question: Question) -> list[str]:
    """Write SQL that waits for a yes, and over how much."""
    told = map(to_plain, question_words(language, question))
    return [say(language, "card.question_pending"), *told, CONTROL.sub("", question.sql)]


def receipt_lines(language: Language, receipt: Receipt) -> list[str]:
    """Write what was copied and how it was proven."""
    lines: list[str] = []
    for table in receipt.tables:
        lines.append(f"  {table.ref}: {counts_line(language, table)}")
        lines += [f"    {to_plain(line)}" for line in receipt_notes(language, table)]
        lines += [f"    {word_fidelity(language, one)}" for one in losses(table.columns)]
    total = number(sum(table.rows for table in receipt.tables))
    undone = any(table.undone for table in receipt.tables)
    return [*lines, say(language, "system.undone" if undone else "system.published", rows=total)]


def details_lines(details: TableDetails) -> list[str]:
    """Write a table's receipt in full."""
    lines = [escape(str(details.ref)), *(f"  {fact}" for fact in details.facts)]
    for group in details.groups:
        lines += [f"{group.title} ({len(group.lines)}):", *(f"  {line}" for line in group.lines)]
    return [to_plain(line) for line in lines]


def table_lines(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Write rows under their column names, a tab between cells, as sheets take them."""
    return ["\t".join(map(_cell, row)) for row in (columns, *rows)]


def _cell(value: object) -> str:
    """Write a value on one line, so that it stays in its cell."""
    return "" if value is None else " ".join(str(value).splitlines()).replace("\t", " ")


def _basis(language: Language, basis: Basis) -> str:
    words = say(
        language,
        "answer.basis_imported" if basis.imported else "answer.basis",
        table=basis.table,
        rows=number(basis.rows) if basis.rows is not None else say(language, "answer.some"),
        when=_moment(datetime.fromisoformat(basis.as_of)),
        file=basis.imported,
    )
    if basis.rule:
        words += " · " + say(language, "answer.by_rule", rule=basis.rule)
    if basis.part:
        words += " · " + say(language, "receipt.where", conditions=basis.part)
    if basis.columns:
        copied, every = basis.columns
        words += " · " + say(language, "receipt.columns", copied=copied, all=every)
    return f"({words})"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
