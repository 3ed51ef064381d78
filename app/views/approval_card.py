"""The card of a sync: one message for its whole life, from the question to the receipt."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.texts import Language, say, word_failure
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
    size,
    when,
)
from sync.approvals import Approval, ApprovalState
from sync.plan import Estimate, Plan, Progress, TablePlan, TableReceipt, TableRef
from sync.runs import FINAL, Run, RunState

APPROVE = "sync.approve"
REJECT = "sync.reject"
_BAR_WIDTH = 12
_TABLES_IN_FULL = 10
_NAME_CHARACTERS = 300
"""A name Oracle allows is shorter, unless it is made of signs that must be escaped."""
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


def approval_card(approval: Approval, run: Run | None, approvers: frozenset[str]) -> Message:
    """Draw the card as things stand now."""
    language = approval.request.language
    title = say(language, f"card.{_stage(approval, run)}")
    body = _body(approval, run)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": plain(title)},
        *(section(line) for line in body),
        context(*_people(approval, approvers)),
    ]
    if approval.state is ApprovalState.PENDING:
        blocks.append(_buttons(approval))
    text = f"{title}: {_names(approval.request.plan)}\n" + "\n".join(body)
    return Message(cut(text, FALLBACK_CHARACTERS), blocks[:MESSAGE_BLOCKS])


def _stage(approval: Approval, run: Run | None) -> str:
    if run:
        return run.state
    return RunState.QUEUED if approval.state is ApprovalState.APPROVED else approval.state


def button_value(approval: Approval) -> str:
    """Say in a button which approval it decides, and about exactly which content."""
    return f"{approval.id} {approval.request.plan.digest}"


def read_button_value(value: str) -> tuple[str, str]:
    """Give approval id and digest of a button that was pressed; both empty if it is not ours."""
    approval_id, _, digest = value.partition(" ")
    return (approval_id, digest) if "-" in approval_id else ("", "")


def _body(approval: Approval, run: Run | None) -> list[str]:
    if run and run.state is RunState.PUBLISHED and run.receipt:
        language = approval.request.language
        rows = number(sum(table.rows for table in run.receipt.tables))
        lines = [
            f"*{_name(table.ref)}*\n{_receipt(language, table)}"
            for table in run.receipt.tables[:_TABLES_IN_FULL]
        ]
        lines += _more(language, [table.ref for table in run.receipt.tables])
        return [*lines, say(language, "system.published", rows=rows)]
    lines = _plan_lines(approval.request.language, approval.request.plan)
    if run or approval.state is not ApprovalState.PENDING:
        lines.append(_status(approval, run))
    return lines


def _plan_lines(language: Language, plan: Plan) -> list[str]:
    shown = plan.tables[:_TABLES_IN_FULL]
    estimates = plan.estimates or (None,) * len(plan.tables)
    lines = [
        _table(language, table, estimate) for table, estimate in zip(shown, estimates, strict=False)
    ]
    return lines + _more(language, [table.ref for table in plan.tables])


def _more(language: Language, refs: list[TableRef]) -> list[str]:
    """Name the tables there is no room to tell more about."""
    rest = refs[_TABLES_IN_FULL:]
    if not rest:
        return []
    names = cut(escape(", ".join(map(str, rest))), 2000)
    return [say(language, "card.more_tables", count=len(rest), names=names)]


def _table(language: Language, table: TablePlan, estimate: Estimate | None) -> str:
    facts = [say(language, "card.from_to", source=table.ref.source)]
    current = estimate.current_rows if estimate else None
    facts.append(
        say(language, "card.first_copy")
        if current is None
        else say(language, "card.replaces", rows=number(current))
    )
    facts.append(_estimate(language, estimate))
    facts.append(say(language, "card.columns", count=len(table.columns)))
    facts.append(say(language, "card.limit", rows=number(table.max_rows)))
    return f"*{_name(table.ref)}*\n" + " · ".join(facts)


def _estimate(language: Language, estimate: Estimate | None) -> str:
    if estimate is None or estimate.rows is None:
        return say(language, "card.no_estimate")
    rows = number(estimate.rows)
    if estimate.analyzed_at is None:
        return say(language, "card.estimate", rows=rows)
    return say(language, "card.estimate_of", rows=rows, date=escape(estimate.analyzed_at[:10]))


def _status(approval: Approval, run: Run | None) -> str:
    """The one line that changes while the card lives."""
    language = approval.request.language
    if run is None:
        return say(
            language,
            f"system.{_stage(approval, run)}",
            tables=_names(approval.request.plan),
        )
    if run.state is RunState.PUBLISHED and run.receipt:
        return say(
            language,
            "system.published",
            rows=number(sum(table.rows for table in run.receipt.tables)),
        )
    if run.state in FINAL:
        if run.failure is None:
            return say(language, "system.rejected")
        reason = escape(word_failure(language, run.failure))
        return say(language, "system.failed", reason=reason)
    line = say(language, _STATUS[run.state], tables=_names(approval.request.plan))
    return f"{line}\n{_progress(language, run.progress)}" if run.progress else line


def _progress(language: Language, progress: Progress) -> str:
    table = cut(escape(progress.table), _NAME_CHARACTERS)
    if not progress.expected_rows:
        return say(
            language,
            "system.progress",
            table=table,
            bar="▱" * _BAR_WIDTH,
            rows=number(progress.rows),
        )
    share = min(progress.rows / progress.expected_rows, 1.0)
    full = int(share * _BAR_WIDTH)
    return say(
        language,
        "system.progress_of",
        table=table,
        bar="▰" * full + "▱" * (_BAR_WIDTH - full),
        rows=number(progress.rows),
        expected=number(progress.expected_rows),
        percent=int(share * 100),
    )


def _receipt(language: Language, table: TableReceipt) -> str:
    facts = [
        say(
            language,
            "receipt.table",
            rows=number(table.rows),
            oracle_rows=number(table.oracle_rows),
        ),
        say(language, "receipt.as_of", when=when(datetime.fromisoformat(table.as_of))),
    ]
    if table.scn is not None:
        facts.append(say(language, "receipt.scn", scn=table.scn))
    facts.append(
        say(language, "receipt.took", seconds=f"{table.seconds:.1f}", size=size(table.bytes))
    )
    return " · ".join(facts)


def _people(approval: Approval, approvers: frozenset[str]) -> list[str]:
    language, request = approval.request.language, approval.request
    asked = (
        say(language, "card.scheduled", name=cut(escape(request.schedule), _NAME_CHARACTERS))
        if request.schedule
        else say(language, "card.asked_by", who=person(request.requested_by))
    )
    digest = say(language, "card.digest", digest=request.plan.digest[:8])
    if approval.decided_by and approval.decided_ms:
        phrase = (
            "card.rejected_by" if approval.state is ApprovalState.REJECTED else "card.approved_by"
        )
        decided = say(
            language,
            phrase,
            who=person(approval.decided_by),
            when=when(_moment(approval.decided_ms)),
        )
        return [asked, decided, digest]
    may = (
        say(
            language,
            "card.approvers",
            who=", ".join(person(user) for user in sorted(approvers)[:20]),
        )
        if approvers
        else say(language, "card.nobody_approves")
    )
    return [
        asked,
        may,
        say(language, "card.expires", when=when(_moment(approval.expires_ms))),
        digest,
    ]


def _buttons(approval: Approval) -> dict[str, Any]:
    language, value = approval.request.language, button_value(approval)
    approve: dict[str, Any] = {
        "type": "button",
        "action_id": APPROVE,
        "style": "primary",
        "text": plain(say(language, "card.approve")),
        "value": value,
    }
    if any(estimate.current_rows is not None for estimate in approval.request.plan.estimates):
        names = cut(", ".join(f"'{table.ref}'" for table in approval.request.plan.tables), 150)
        approve["confirm"] = {
            "title": plain(say(language, "card.confirm_title")),
            "text": plain(say(language, "card.confirm_text", tables=names)),
            "confirm": plain(say(language, "card.confirm_yes")),
            "deny": plain(say(language, "card.confirm_no")),
        }
    reject = {
        "type": "button",
        "action_id": REJECT,
        "style": "danger",
        "text": plain(say(language, "card.reject")),
        "value": value,
    }
    return {"type": "actions", "block_id": f"decide:{approval.id}", "elements": [approve, reject]}


def _name(ref: TableRef) -> str:
    return cut(escape(str(ref)), _NAME_CHARACTERS)


def _names(plan: Plan) -> str:
    return cut(escape(", ".join(f"'{table.ref}'" for table in plan.tables)), 1000)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
