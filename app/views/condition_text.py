"""A result condition in words, and what is told where it holds. The figure is the query's own."""

from datetime import datetime

from app.texts import Language, say
from app.views.text import channel_link, cut, escape, number, when
from sync.result_condition import ResultCondition
from sync.warehouse.query import Condition
from sync.warehouse.query_process import Basis, Cell

_CHARACTERS = 1000


def condition_line(language: Language, condition: ResultCondition) -> str:
    """Write when who is told, as safe mrkdwn."""
    return say(
        language,
        "condition.tells",
        channel=channel_link(condition.channel),
        figure=figure_words(language, condition),
        compared=compared_words(language, condition),
    )


def told_text(
    language: Language,
    name: str,
    condition: ResultCondition,
    figure: Cell,
    basis: Basis,
    rule: str = "",
) -> str:
    """Write what is told where it holds, with the copy it rests on.

    *rule* is the one by which that is not all of the copy.
    """
    rows = say(language, "answer.some") if rule else number(basis.rows)
    by_rule = " · " + say(language, "answer.by_rule", rule=escape(rule)) if rule else ""
    return say(
        language,
        "condition.holds",
        name=escape(name),
        figure=figure_words(language, condition),
        value=escape(shown_figure(figure)),
        compared=compared_words(language, condition),
        basis=say(
            language,
            "answer.basis",
            table=escape(str(basis.ref)),
            rows=rows,
            when=when(datetime.fromisoformat(basis.as_of)),
        )
        + by_rule,
    )


def figure_words(language: Language, condition: ResultCondition) -> str:
    """Name the figure: of what, and of which rows."""
    phrase = {
        "count": "condition.count",
        "count_distinct": "condition.count_distinct",
        "sum": "condition.sum",
        "avg": "condition.avg",
        "min": "condition.min",
        "max": "condition.max",
    }[condition.function]
    named = say(
        language,
        phrase if condition.column else "condition.rows",
        table=escape(str(condition.table)),
        column=escape(condition.column),
    )
    filters = ", ".join(_filter(one) for one in condition.where)
    if not filters:
        return named
    return say(language, "condition.where", figure=named, filters=cut(escape(filters), _CHARACTERS))


def compared_words(language: Language, condition: ResultCondition) -> str:
    """Write what it is compared with: ``below 10``."""
    phrase = {
        "<": "condition.below",
        "<=": "condition.at_most",
        ">": "condition.above",
        ">=": "condition.at_least",
        "=": "condition.equal",
        "!=": "condition.unequal",
    }[condition.op]
    return say(language, phrase, value=escape(condition.value))


def shown_figure(figure: Cell) -> str:
    """Write a number with its thousands apart, to its last digit."""
    text = "-" if figure is None else str(figure)
    whole, point, rest = text.partition(".")
    return f"{int(whole):,}{point}{rest}" if whole.lstrip("-").isdigit() else text


def _filter(one: Condition) -> str:
    """Write a filter as people write it in SQL; its words are the person's own."""
    if one.value is None:
        return f"{one.column} {one.op}"
    return f"{one.column} {one.op} {one.value}"
