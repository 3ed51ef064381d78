"""A result condition as it is typed: ``--tell-where "QTY < 10" --tell-if "count > 0"``."""

import re
from collections.abc import Sequence
from typing import cast

import click
from pydantic import ValidationError

from app.channels import any_channel
from sync.plan import TableRef
from sync.result_condition import Comparison, ResultCondition
from sync.warehouse.query import AggregateFunction, Condition, Operator

_OP = r"(<=|>=|!=|<|>|=)"
_FILTER = re.compile(rf"\s*([^\s<>=!]+)\s*{_OP}\s*(.+?)\s*")
_FIGURE = re.compile(
    rf"\s*(count|count_distinct|sum|avg|min|max)\s*(?:\(\s*([^()]+?)\s*\))?\s*{_OP}\s*(\S+)\s*"
)


def typed_condition(
    table: TableRef, where: Sequence[str], figure: str | None, channel: str | None
) -> ResultCondition | None:
    """Read what was typed; None where no condition was. Raises UsageError for what it is not."""
    if not where and figure is None:
        if channel:
            raise click.UsageError("--tell-channel needs --tell-if or --tell-where.")
        return None
    if not channel:
        raise click.UsageError("--tell-channel is needed: there it is told.")
    found = _FIGURE.fullmatch(figure or "count > 0")
    if found is None:
        raise click.UsageError('--tell-if is written "count > 0" or "sum(QTY) < 10".')
    function, column, op, value = found.groups()
    try:
        return ResultCondition(
            table=table,
            where=tuple(_filter(one) for one in where),
            function=cast("AggregateFunction", function),
            column=column or "",
            op=cast("Comparison", op),
            value=value,
            channel=any_channel(channel).id,
        )
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise click.UsageError(f"--tell-if: {said}.") from error


def _filter(text: str) -> Condition:
    found = _FILTER.fullmatch(text)
    if found is None:
        raise click.UsageError(f'--tell-where is written "QTY < 10", not "{text}".')
    column, op, value = found.groups()
    return Condition(column=column, op=cast("Operator", op), value=value)
