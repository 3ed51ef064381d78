"""The card of a sync: one message for its whole life, from the question to the receipt."""

from dataclasses import dataclass
from typing import Any

from app.failure_texts import word_withheld
from app.texts import Language, say
from app.views.card_life import people_lines, progress_line, quorum_line, receipt_line
from app.views.card_parts import (
    TABLES_IN_FULL,
    CardFacts,
    cost_line,
    duration,
    moment_of,
    more_lines,
    name_of,
    names_of,
    plan_lines,
    question_words,
    wish_lines,
)
from app.views.text import (
    FALLBACK_CHARACTERS,
    MESSAGE_BLOCKS,
    context,
    cut,
    escape,
    number,
    person,
    plain,
    section,
    when,
    with_dates,
)
from sync.approvals import Approval, ApprovalState, Request
from sync.oracle_errors import SourceStopped
from sync.plan import Plan
from sync.runs import FINAL, MAX_RETRIES, Run, RunState

APPROVE = "sync.approve"
EDIT = "sync.edit"
REJECT = "sync.reject"
CANCEL = "sync.cancel"
AGAIN = "sync.again"
DETAILS = "sync.details"
SHOW_SQL = "sync.sql"

TABLES_EDITABLE = 20
"""A form with more tables would be longer than anybody reads."""
_STATUS = {
    RunState.QUEUED: "system.queued",
    RunState.RUNNING: "system.starting",
    RunState.VERIFYING: "system.verifying",
}


@dataclass(frozen=True)
class Message:
    """What Slack is given: blocks, and the same facts as text, for notifications and readers."""

    text: str
    blocks: list[dict[str, Any]]


def approval_card(
    approval: Approval, run: Run | None, facts: CardFacts, *, live: bool = True
) -> Message:
    """Draw the card as things stand now; a copy of it that is not *live* has no buttons."""
    language = approval.request.language
    title = card_title(language, approval, run)
    body = _body(approval, run, facts)
    people = people_lines(approval, facts)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": plain(title)},
        *(section(line) for line in body),
        context(*people),
    ]
    buttons = _buttons(approval, run, facts) if live else []
    if buttons:
        block_id = f"decide:{approval.id}"
        blocks.append({"type": "actions", "block_id": block_id, "elements": buttons})
    text = f"{title}: {names_of(approval.request.plan)}\n" + "\n".join([*body, *people])
    return Message(cut(text, FALLBACK_CHARACTERS), blocks[:MESSAGE_BLOCKS])


def card_title(language: Language, approval: Approval, run: Run | None) -> str:
    """Say in a few words where a request stands."""
    return say(language, f"card.{_stage(approval, run)}")


def button_value(approval: Approval) -> str:
    """Say in a button which approval it decides, and about exactly which content."""
    return f"{approval.id} {approval.request.digest}"


def read_button_value(value: str) -> tuple[str, str]:
    """Give approval id and digest of a button that was pressed; both empty if it is not ours."""
    approval_id, _, digest = value.partition(" ")
    return (approval_id, digest) if "-" in approval_id else ("", "")


def is_editable(approval: Approval) -> bool:
    """Whether a form can change it; a schedule is changed in words, an undo not at all."""
    request = approval.request
    few = len(request.plan.tables) <= TABLES_EDITABLE
    other = request.change is not None or request.question is not None or request.plan.is_undo
    return few and not other


def can_be_asked_again(approval: Approval, run: Run | None) -> bool:
    """Whether it ended without a no and without a copy."""
    if approval.request.change is not None or approval.request.question is not None:
        return False
    if run:
        return run.state in (RunState.FAILED, RunState.SUPERSEDED)
    return approval.state is ApprovalState.EXPIRED


def _stage(approval: Approval, run: Run | None) -> str:
    if approval.request.change is not None:
        return f"change_{approval.state}"
    if approval.request.question is not None:
        return f"question_{approval.state}"
    prefix = "undo_" if approval.request.plan.is_undo else ""
    if run:
        parked = run.parked and run.state is RunState.FAILED
        return prefix + ("parked" if parked else run.state)
    is_approved = approval.state is ApprovalState.APPROVED
    return prefix + (RunState.QUEUED if is_approved else approval.state)


def _body(approval: Approval, run: Run | None, facts: CardFacts) -> list[str]:
    language, request = approval.request.language, approval.request
    if run and run.state is RunState.PUBLISHED and run.receipt:
        lines = [
            f"*{name_of(table.ref)}*\n{receipt_line(language, table)}"
            for table in run.receipt.tables[:TABLES_IN_FULL]
        ]
        lines += more_lines(language, [table.ref for table in run.receipt.tables])
        return [*lines, _status(approval, run, facts)]
    lines = [
        *facts.change_lines,
        *question_lines(request, facts.withheld),
        *([] if request.question else plan_lines(language, request.plan, facts)),
        *wish_lines(language, request, facts),
    ]
    if approval.state is not ApprovalState.PENDING:
        lines.append(_status(approval, run, facts))
        if approval.reason:
            text = cut(escape(approval.reason), 600)
            lines.append(say(language, "card.reason", text=text))
        return lines
    if request.change is None and request.question is None and not request.plan.is_undo:
        lines.append(cost_line(language, request.plan, facts))
    if request.question and facts.withheld:
        lines.append(say(language, "card.sql_on_button"))
    if facts.refused:
        lines.append(say(language, "card.refused_by_rule"))
    needed = max(facts.quorum, request.quorum)
    if needed > 1:
        lines.append(quorum_line(language, approval, needed))
    return lines


def question_lines(request: Request, withheld: str) -> list[str]:
    """Write SQL that waits for a yes, and over how much; without it where rules are *withheld*."""
    question, language = request.question, request.language
    if question is None:
        return []
    names = ", ".join(f"*{name_of(table.ref)}*" for table in request.plan.tables[:TABLES_IN_FULL])
    over = "\n".join([names, *question_words(language, question)])
    if withheld:
        return [over, say(language, "card.sql_withheld", rule=cut(escape(withheld), 300))]
    return [
        over,
        f"```{cut(escape(question.sql.replace('```', chr(39) * 3)), 2500)}```",
    ]


def _status(approval: Approval, run: Run | None, facts: CardFacts) -> str:
    """The one line that changes while the card lives."""
    language, names = approval.request.language, names_of(approval.request.plan)
    if run is None:
        return _standing(approval, names, facts)
    if run.state is RunState.PUBLISHED and run.receipt:
        rows = number(sum(table.rows for table in run.receipt.tables))
        phrase = "system.undone" if approval.request.plan.is_undo else "system.published"
        return say(language, phrase, rows=rows)
    if run.state in FINAL:
        return _ending(language, run, facts)
    if run.cancel_by:
        return say(language, "system.stopping", who=person(run.cancel_by))
    if approval.request.plan.is_undo and not run.put_off_ms:
        return say(language, "system.undoing", tables=names)
    if run.state is RunState.QUEUED:
        return _waiting(language, run, names, facts)
    line = say(language, _STATUS[run.state], tables=names)
    return f"{line}\n{progress_line(language, run.progress)}" if run.progress else line


def _standing(approval: Approval, names: str, facts: CardFacts) -> str:
    language, request = approval.request.language, approval.request
    if approval.state is not ApprovalState.APPROVED:
        later = facts.replaced_by or request.revision + 1
        return say(language, f"system.{approval.state}", number=later)
    if request.change is not None:
        return say(language, "system.change_approved")
    if request.question is not None:
        return say(language, "system.question_approved")
    phrase = "system.undoing" if request.plan.is_undo else "system.queued"
    return say(language, phrase, tables=names)


def _ending(language: Language, run: Run, facts: CardFacts) -> str:
    if run.failure is None or run.state is RunState.CANCELLED:
        return say(language, "system.cancelled", who=person(run.cancel_by or "?"))
    reason = with_dates(word_withheld(language, run.failure, facts.withheld))
    if run.parked:
        return say(language, "system.parked", tries=run.attempts - run.excused + 1, reason=reason)
    return say(language, "system.failed", reason=reason)


def _waiting(language: Language, run: Run, names: str, facts: CardFacts) -> str:
    if run.put_off_ms and run.last_failure and run.last_failure.code == SourceStopped.code:
        reason = with_dates(word_withheld(language, run.last_failure, facts.withheld))
        return say(language, "system.source_stopped", reason=reason)
    if run.put_off_ms and run.last_failure:
        return say(
            language,
            "system.retry",
            try_number=run.attempts - run.excused + 1,
            tries=MAX_RETRIES + 1,
            when=when(moment_of(run.put_off_ms)),
            reason=with_dates(word_withheld(language, run.last_failure, facts.withheld)),
        )
    if run.put_off_ms:
        return say(language, "system.put_off", when=when(moment_of(run.put_off_ms)))
    if facts.queue_place is None:
        return say(language, "system.queued", tables=names)
    if facts.queue_seconds is None:
        return say(language, "system.place", tables=names, place=facts.queue_place)
    time = duration(language, facts.queue_seconds)
    return say(language, "system.place_eta", tables=names, place=facts.queue_place, time=time)


def _buttons(approval: Approval, run: Run | None, facts: CardFacts) -> list[dict[str, Any]]:
    if approval.state is ApprovalState.PENDING:
        more = [_button(approval, EDIT, "card.edit")] if is_editable(approval) else []
        if approval.request.question and facts.withheld:
            more.append(_button(approval, SHOW_SQL, "answer.sql"))
        reject = _button(approval, REJECT, "card.reject", "danger")
        # A rule's no can only be looked at: a yes would be refused at the click.
        return [
            *([] if facts.refused else [approve_button(approval.request.language, approval)]),
            *more,
            reject,
        ]
    if run and run.state not in FINAL:
        return [] if run.cancel_by else [_cancel(approval)]
    if run and run.receipt:
        return [_button(approval, DETAILS, "card.details")]
    if can_be_asked_again(approval, run) and not facts.asked_again_by:
        return [_button(approval, AGAIN, "card.retry" if run else "card.again")]
    return []


def approve_button(language: Language, approval: Approval) -> dict[str, Any]:
    """Draw the button that says yes; where that replaces a copy, Slack asks once more."""
    plan = approval.request.plan
    button = card_button(language, approval, APPROVE, "card.approve", "primary")
    if _replaces(plan) and approval.request.change is None and approval.request.question is None:
        names = cut(", ".join(f"'{table.ref}'" for table in plan.tables), 150)
        text = "card.undo_confirm_text" if plan.is_undo else "card.confirm_text"
        button["confirm"] = {
            "title": plain(say(language, "card.confirm_title")),
            "text": plain(say(language, text, tables=names)),
            "confirm": plain(say(language, "card.confirm_yes")),
            "deny": plain(say(language, "card.confirm_no")),
        }
    return button


def _cancel(approval: Approval) -> dict[str, Any]:
    language = approval.request.language
    button = _button(approval, CANCEL, "card.cancel")
    button["confirm"] = {
        "title": plain(say(language, "card.stop_title")),
        "text": plain(say(language, "card.stop_text")),
        "confirm": plain(say(language, "card.stop_yes")),
        "deny": plain(say(language, "card.stop_no")),
        "style": "danger",
    }
    return button


def card_button(
    language: Language, approval: Approval, action_id: str, phrase: str, style: str | None = None
) -> dict[str, Any]:
    """Draw a button about exactly what *approval* asks for."""
    button: dict[str, Any] = {
        "type": "button",
        "action_id": action_id,
        "text": plain(say(language, phrase)),
        "value": button_value(approval),
    }
    return {**button, "style": style} if style else button


def _button(
    approval: Approval, action_id: str, phrase: str, style: str | None = None
) -> dict[str, Any]:
    return card_button(approval.request.language, approval, action_id, phrase, style)


def _replaces(plan: Plan) -> bool:
    return any(estimate.current_rows is not None for estimate in plan.estimates)
