"""The card of a sync: one message for its whole life, from the question to the receipt."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.texts import Language, say, word_failure
from app.views.text import (
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
from sync.plan import Estimate, Plan, Progress, TablePlan, TableReceipt
from sync.runs import FINAL, Run, RunState

APPROVE = "sync.approve"
REJECT = "sync.reject"
_BAR_WIDTH = 12
_TABLES_IN_FULL = 10
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
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": plain(title)},
        *(section(line) for line in _body(approval, run)),
        context(*_people(approval, approvers)),
    ]
    if approval.state is ApprovalState.PENDING:
        blocks.append(_buttons(approval))
    names = escape(_names(approval.request.plan))
    text = cut(f"{title}: {names}" + (f"\n{_status(approval, run)}" if run else ""), 3000)
    return Message(text, blocks[:MESSAGE_BLOCKS])


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
            f"*{escape(str(table.ref))}*\n{_receipt(language, table)}"
            for table in run.receipt.tables
        ]
        return [*lines[:_TABLES_IN_FULL], say(language, "system.published", rows=rows)]
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
    rest = plan.tables[_TABLES_IN_FULL:]
    if rest:
        names = escape(cut(", ".join(str(table.ref) for table in rest), 2000))
        lines.append(say(language, "card.more_tables", count=len(rest), names=names))
    return lines


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
    return f"*{escape(str(table.ref))}*\n" + " · ".join(facts)


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
            tables=escape(_names(approval.request.plan)),
        )
    if run.state is RunState.PUBLISHED and run.receipt:
        return say(
            language,
            "system.published",
            rows=number(sum(table.rows for table in run.receipt.tables)),
        )
    if run.state in FINAL:
        reason = (
            word_failure(language, run.failure) if run.failure else say(language, "system.rejected")
        )
        return say(language, "system.failed", reason=escape(reason))
    line = say(language, _STATUS[run.state], tables=escape(_names(approval.request.plan)))
    return f"{line}\n{_progress(language, run.progress)}" if run.progress else line


def _progress(language: Language, progress: Progress) -> str:
    table = escape(progress.table)
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
        say(language, "card.scheduled", name=escape(request.schedule))
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
        names = cut(_names(approval.request.plan), 150)
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


def _names(plan: Plan) -> str:
    return cut(", ".join(f"'{table.ref}'" for table in plan.tables), 1000)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
