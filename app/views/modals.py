"""The forms of a card, a reason for a no and another revision, and the SQL of an answer.

What comes back of a form is checked here.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from app.texts import Language, say
from app.views.forms import field, form, read_carried_object, state_of, text_input, typed_in
from app.views.text import context, cut, escape, mrkdwn, number, plain, split
from sync.approvals import MAX_REASON_CHARACTERS, Approval
from sync.plan import Plan

REJECT_FORM = "sync.reject_form"
EDIT_FORM = "sync.edit_form"

_TITLES = {
    REJECT_FORM: ("modal.reject_title", "modal.reject_submit"),
    EDIT_FORM: ("modal.edit_title", "modal.edit_submit"),
}
_SQL_PIECE_CHARACTERS = 2900
_SQL_PIECES = 5
_CHOICES = 10
"""Options Slack takes in one group of checkboxes."""
_LABEL_CHARACTERS = 150
_OPTION_CHARACTERS = 75
_METADATA_FIELD_CHARACTERS = 200
_DIGITS = 15
_WHOLE = re.compile(rf"[+]?[0-9]{{1,{_DIGITS}}}", re.ASCII)


@dataclass(frozen=True)
class About:
    """What a form is about. It comes back from the person's Slack: nothing in it is trusted."""

    approval: str
    digest: str
    channel: str
    """Of the card, as are the two below."""
    thread: str
    card: str


NOTHING = About("", "", "", "", "")
"""What a form is about that does not say it."""


@dataclass(frozen=True)
class Edited:
    """What a person wants instead: the tables that stay, by their place, and their ceilings."""

    ceilings: Mapping[int, int]
    """Most rows by the place of the table in the plan; only those that stay."""


def reject_form(approval: Approval, about: About) -> dict[str, Any]:
    """Ask for a reason, which may be left out."""
    language = approval.request.language
    reason = field(
        "reason",
        say(language, "modal.reason"),
        text_input("reason", MAX_REASON_CHARACTERS),
        say(language, "modal.reason_hint"),
        optional=True,
    )
    return _form(language, REJECT_FORM, about, [reason])


def edit_form(approval: Approval, about: About, limits: Sequence[int]) -> dict[str, Any]:
    """Show a plan to be changed; *limits* are the highest ceilings, one a table."""
    language, plan = approval.request.language, approval.request.plan
    blocks = [*_keep(language, plan)] if len(plan.tables) > 1 else []
    for place, (table, limit) in enumerate(zip(plan.tables, limits, strict=True)):
        label = say(language, "modal.rows", table=cut(str(table.ref), _LABEL_CHARACTERS))
        # No min and max: Slack would refuse in words of its own, and say less.
        entry = {
            "type": "number_input",
            "action_id": "rows",
            "is_decimal_allowed": False,
            "initial_value": str(table.max_rows),
        }
        hint = say(language, "modal.rows_hint", limit=number(limit))
        blocks.append(field(f"rows:{place}", label, entry, hint, optional=True))
    return _form(language, EDIT_FORM, about, blocks)


def sql_view(language: Language, sql: str) -> dict[str, Any]:
    """Show SQL as it stands, to be copied."""
    shown = escape(sql.replace("```", "'''"))
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": mrkdwn(f"```{piece}```")}
        for piece in split(shown, _SQL_PIECE_CHARACTERS)[:_SQL_PIECES]
    ]
    if len(shown) > _SQL_PIECES * _SQL_PIECE_CHARACTERS:
        blocks.append(context(say(language, "modal.sql_cut")))
    return {
        "type": "modal",
        "title": plain(say(language, "modal.sql")),
        "close": plain(say(language, "modal.close")),
        "blocks": blocks,
    }


def read_about(view: Mapping[str, Any]) -> About | None:
    """Give what a form that came back is about; None if it is not ours."""
    fields = read_carried_object(str(view.get("private_metadata", "")))
    if set(fields) != set(About.__dataclass_fields__):
        return None
    return About(
        **{name: str(value)[:_METADATA_FIELD_CHARACTERS] for name, value in fields.items()}
    )


def read_reason(view: Mapping[str, Any]) -> str:
    """Give the reason that was entered."""
    return typed_in(view, "reason", "reason", MAX_REASON_CHARACTERS)


def read_edit(
    language: Language, plan: Plan, limits: Sequence[int], view: Mapping[str, Any]
) -> Edited | dict[str, str]:
    """Give what was entered, or what is wrong with it, by block id."""
    kept = list(_kept(plan, view))
    if not kept:
        return {"keep:0": say(language, "modal.no_table")}
    ceilings: dict[int, int] = {}
    errors: dict[str, str] = {}
    for place in kept:
        text = str(state_of(view, f"rows:{place}", "rows").get("value") or "").strip()
        rows = int(text) if _WHOLE.fullmatch(text) else 0
        if 1 <= rows <= limits[place]:
            ceilings[place] = rows
        else:
            errors[f"rows:{place}"] = say(language, "modal.bad_rows", limit=number(limits[place]))
    if errors:
        return errors
    if ceilings == {place: table.max_rows for place, table in enumerate(plan.tables)}:
        return {f"rows:{kept[0]}": say(language, "modal.unchanged")}
    return Edited(ceilings)


def _keep(language: Language, plan: Plan) -> Iterator[dict[str, Any]]:
    for group, first in enumerate(range(0, len(plan.tables), _CHOICES)):
        options = [
            {"text": plain(cut(str(table.ref), _OPTION_CHARACTERS)), "value": str(first + offset)}
            for offset, table in enumerate(plan.tables[first : first + _CHOICES])
        ]
        yield {
            "type": "input",
            "block_id": f"keep:{group}",
            "optional": True,
            "label": plain(say(language, "modal.tables")),
            "element": {
                "type": "checkboxes",
                "action_id": "keep",
                "options": options,
                "initial_options": options,
            },
        }


def _kept(plan: Plan, view: Mapping[str, Any]) -> Iterator[int]:
    if len(plan.tables) == 1:
        yield 0
        return
    chosen: set[str] = set()
    for group in range(0, len(plan.tables), _CHOICES):
        found = state_of(view, f"keep:{group // _CHOICES}", "keep").get("selected_options")
        for option in cast("list[Mapping[str, Any]]", found or []):
            chosen.add(str(option.get("value")))
    yield from (place for place in range(len(plan.tables)) if str(place) in chosen)


def _form(
    language: Language, name: str, about: About, blocks: list[dict[str, Any]]
) -> dict[str, Any]:
    return form(language, name, _TITLES[name], blocks, json.dumps(asdict(about)))
