"""Named places in a sentence that code fills from a result, for values the model does not see.

``{q1.total}`` is the column ``total`` in the first row of the turn's first result.
"""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from agent.conversation import Table
from sync.warehouse.query_values import is_number

SLOT = re.compile(r"\{q(\d{1,2})\.([^{}\n]{1,200})\}")
UNKNOWN = "?"
"""Stands where a sentence names a value there is not."""
NOTHING = "–"
"""Stands for NULL."""
_VALUE_CHARACTERS = 200


def fill_slots(text: str, results: Sequence[Table]) -> str:
    """Put values of *results*, which are named q1, q2, …, where *text* names them."""

    def filled(slot: re.Match[str]) -> str:
        number, column = int(slot[1]), slot[2].strip().casefold()
        if not 1 <= number <= len(results) or not results[number - 1].rows:
            return UNKNOWN
        result = results[number - 1]
        names = [name.casefold() for name in result.columns]
        if column not in names:
            return UNKNOWN
        at = names.index(column)
        return _written(result.rows[0][at], result.types[at] if result.types else "")

    return SLOT.sub(filled, text)


def _written(value: Any, kind: str) -> str:
    """Write a value as a sentence has it: numbers with thousands separators, every digit kept."""
    if value is None:
        return NOTHING
    text = str(value)
    if is_number(kind):
        try:
            return f"{Decimal(text):,f}" if Decimal(text).is_finite() else text
        except InvalidOperation:
            return text
    return text[:_VALUE_CHARACTERS]
