"""What changes on a card while it lives: who decides or has, how far the run is, its receipt."""

from collections.abc import Callable, Iterable
from datetime import datetime

from app.fidelity_texts import losses
from app.texts import Language, say
from app.views.card_parts import (
    NAME_CHARACTERS,
    CardFacts,
    Role,
    conditions_line,
    duration,
    moment_of,
)
from app.views.text import cut, escape, number, person, size, when, whoever
from sync.approvals import Approval, ApprovalState
from sync.progress import Progress
from sync.receipt import TableReceipt, columns_of

PEOPLE_SHOWN = 20
NAMES_CHARACTERS = 200
_BAR_WIDTH = 12
_ROLES: tuple[Role, ...] = ("approver", "owner", "admin", "rule")


def people_lines(approval: Approval, facts: CardFacts) -> list[str]:
    """Tell who asked, who may decide and why, or who has, and until when."""
    language, request = approval.request.language, approval.request
    lines = [
        say(language, "card.scheduled", name=cut(escape(request.schedule), NAME_CHARACTERS))
        if request.schedule
        else say(language, "card.asked_by", who=person(request.requested_by))
    ]
    if approval.decided_by and approval.decided_ms:
        lines.append(_decided(language, approval))
    else:
        lines.append(_may(language, facts))
        lines += _rules(language, facts)
        lines.append(say(language, "card.expires", when=when(moment_of(approval.expires_ms))))
    if facts.asked_again_by:
        lines.append(say(language, "card.asked_again", who=person(facts.asked_again_by)))
    if request.revision > 1:
        lines.append(say(language, "card.revision", number=request.revision))
    return [*lines, say(language, "card.digest", digest=request.digest[:8])]


def quorum_line(language: Language, approval: Approval, needed: int) -> str:
    """Tell how many have said yes, of how many."""
    if not approval.yeses:
        return say(language, "card.quorum", given=0, needed=needed)
    who = ", ".join(person(user) for user in approval.yeses[:PEOPLE_SHOWN])
    given = len(approval.yeses)
    return say(language, "card.quorum_waits", given=given, needed=needed, who=who)


def progress_line(language: Language, progress: Progress) -> str:
    """Tell how far a run is: rows, share, rate and what is left."""
    table = cut(escape(progress.table), NAME_CHARACTERS)
    full = (progress.percent or 0) * _BAR_WIDTH // 100
    bar = "▰" * full + "▱" * (_BAR_WIDTH - full)
    line = say(language, "system.progress", table=table, bar=bar, rows=number(progress.rows))
    if progress.expected_rows and progress.percent is not None:
        line = say(
            language,
            "system.progress_of",
            table=table,
            bar=bar,
            rows=number(progress.rows),
            expected=number(progress.expected_rows),
            percent=progress.percent,
        )
    parts = [line]
    if progress.rate:
        parts.append(say(language, "system.rate", rows=number(round(progress.rate))))
    if progress.eta_seconds:
        left = duration(language, progress.eta_seconds)
        parts.append(say(language, "system.eta", time=left))
    if progress.is_paced:
        parts.append(say(language, "system.paced"))
    line = " · ".join(parts)
    if progress.tables == 1:
        return line
    place = progress.table_number
    return say(language, "system.table_of", number=place, count=progress.tables, line=line)


def receipt_line(language: Language, table: TableReceipt) -> str:
    """Tell what was copied of a table and how it was proven."""
    facts = [
        counts_line(language, table),
        say(language, "receipt.as_of", when=when(datetime.fromisoformat(table.as_of))),
    ]
    if table.scn is not None:
        facts.append(say(language, "receipt.scn", scn=table.scn))
    facts.append(
        say(language, "receipt.took", seconds=f"{table.seconds:.1f}", size=size(table.bytes))
    )
    changed = [column.name for column in losses(table.columns)]
    if changed:
        names = cut(escape(", ".join(changed)), NAMES_CHARACTERS)
        facts.append(say(language, "receipt.not_the_same", names=names))
    return "\n".join([" · ".join(facts), *receipt_notes(language, table)])


def counts_line(language: Language, table: TableReceipt) -> str:
    """Tell how many rows the copy has; where Oracle has another number, its note says so."""
    if table.rows == table.oracle_rows:
        both = number(table.rows)
        return say(language, "receipt.table", rows=both, oracle_rows=both)
    return say(language, "receipt.rows", rows=number(table.rows))


def receipt_notes(language: Language, table: TableReceipt) -> list[str]:
    """Tell how it was proven, what it changed, and what was otherwise than one would expect."""
    facts: list[str] = []
    if table.undone is not None:
        newer = when(datetime.fromisoformat(table.undone.leaves_as_of))
        facts.append(say(language, "receipt.undone", when=newer))
    if table.trial_of is not None:
        facts.append(say(language, "receipt.trial", table=escape(str(table.trial_of))))
    if table.changes is not None:
        counts = {name: number(count) for name, count in table.changes.model_dump().items()}
        facts.append(say(language, "receipt.changes", **counts))
    if table.where:
        shown = conditions_line(language, table.where)
        facts.append(say(language, "receipt.where", conditions=shown))
    if columns := columns_of(table):
        facts.append(say(language, "receipt.columns", copied=columns[0], all=columns[1]))
    file = cut(escape(table.imported), NAME_CHARACTERS)
    facts.append(say(language, f"receipt.proof_{table.proof}", count=len(table.checks), file=file))
    return [" · ".join(facts), *note_lines(language, table)]


def note_lines(language: Language, table: TableReceipt) -> list[str]:
    """Tell what was otherwise than one would expect."""
    lines: list[str] = []
    for note in table.notes:
        params = {
            name: number(value) if isinstance(value, int) else escape(value)
            for name, value in note.params.items()
        }
        lines.append(say(language, f"receipt.{note.code}", **params))
    return lines


def people(who: Iterable[str], *, shown: int = PEOPLE_SHOWN) -> str:
    """Mention people and groups, so many at most."""
    return ", ".join(whoever(one) for one in sorted(who)[:shown])


def _decided(language: Language, approval: Approval) -> str:
    phrases = {
        ApprovalState.REJECTED: "card.rejected_by",
        ApprovalState.WITHDRAWN: "card.withdrawn_by",
        ApprovalState.REPLACED: "card.replaced_by",
    }
    # Of several who said yes each is named: the last one alone did not decide.
    users = approval.yeses if approval.state is ApprovalState.APPROVED else ()
    return say(
        language,
        phrases.get(approval.state, "card.approved_by"),
        who=", ".join(map(person, users[:PEOPLE_SHOWN])) or person(approval.decided_by or "?"),
        when=when(moment_of(approval.decided_ms or 0)),
    )


def _may(language: Language, facts: CardFacts) -> str:
    if not facts.approvers:
        return say(language, "card.nobody_approves")
    shown = sorted(facts.approvers)[:PEOPLE_SHOWN]
    phrases: dict[Role, Callable[[str], str]] = {
        "approver": lambda who: say(language, "card.as_approver", who=who),
        "owner": lambda who: say(language, "card.as_owner", who=who),
        "admin": lambda who: say(language, "card.as_admin", who=who),
        "rule": lambda who: say(language, "card.as_rule", who=who),
    }
    groups = [
        phrases[role](people(one for one in shown if facts.roles.get(one) == role))
        for role in _ROLES
        if any(facts.roles.get(one) == role for one in shown)
    ]
    plain = [whoever(one) for one in shown if one not in facts.roles]
    who = ", ".join([*plain, *groups])
    rest = len(facts.approvers) - len(shown)
    if rest > 0:
        who = say(language, "card.more_people", who=who, count=rest)
    return say(language, "card.approvers", who=who)


def _rules(language: Language, facts: CardFacts) -> list[str]:
    if not facts.rules:
        return []
    name = cut(escape(", ".join(facts.rules)), NAME_CHARACTERS)
    line = (
        say(language, "card.rule_why", name=name, why=cut(escape(facts.rule_why), 500))
        if facts.rule_why
        else say(language, "card.rule", name=name)
    )
    return [line]
