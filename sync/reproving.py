"""Repeat the proof of a published copy against Oracle; nothing is copied, and nothing changes.

Best at the moment the copy shows, for then a difference is no later change. Where Oracle cannot
show that moment any more, or never could, both are compared as Oracle is now.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sync.import_errors import NotFromOracle
from sync.moment import may_read_past, take_moment
from sync.oracle import MAX_COUNT_SECONDS, Session, patient, rows
from sync.oracle_errors import MomentLost
from sync.past_errors import ColumnsMoved, TrialNotProvable
from sync.plan import Column, Proof, TablePlan
from sync.planning import OpenSession, describe
from sync.proof import Figure, compared, figures, in_batches
from sync.receipt import Check
from sync.statements import figures_of
from sync.warehouse.manifest import ManifestEntry
from sync.warehouse.sealed import ask_sealed, plan_in, sealed

WhyNow = Literal["no_scn", "not_granted", "moment_lost"]
"""The copy was read at no SCN; our user may not read the past; Oracle has it no more."""

Verdict = Literal["agrees", "faulty", "incomplete", "differs_now"]
"""``faulty``: Oracle held something else at the very moment that a full copy shows; ``incomplete``:
so of a copy that went on from another one, which misses what no cursor tells; ``differs_now``:
Oracle holds something else now, perhaps since the copy."""


@dataclass(frozen=True)
class Reproof:
    """What both sides said, and of which moment of Oracle."""

    entry: ManifestEntry
    proof: Proof
    checks: tuple[Check, ...]
    uncompared: tuple[str, ...]
    """Columns of the copy that no figure is asked of at this level."""
    as_of: str
    """ISO 8601 UTC moment of Oracle that the copy was compared with."""
    scn: int | None
    why_now: WhyNow | None
    """Why that is not the moment the copy shows; None: it is."""
    oracle_code: str = ""
    """Of `why_now` ``moment_lost``."""

    @property
    def differences(self) -> tuple[Check, ...]:
        """The figures on which Oracle and the copy do not agree."""
        return tuple(check for check in self.checks if not check.agrees)

    @property
    def verdict(self) -> Verdict:
        """What that comes to."""
        if not self.differences:
            return "agrees"
        if self.why_now is not None:
            return "differs_now"
        return "faulty" if self.entry.receipt.mode == "full" else "incomplete"


def prove_again(
    root: Path, entry: ManifestEntry, open_session: OpenSession, proof: Proof | None = None
) -> Reproof:
    """Compare the generation of *entry* with Oracle, at a level of proof or that of its own plan.

    The copy answers first, so that Oracle is not asked for one that cannot be read. Each statement
    may take `MAX_COUNT_SECONDS`. Raises what `require_provable` raises, `ColumnsMoved`,
    `CopyUnreadable`, and what *open_session* and Oracle raise.
    """
    require_provable(entry)
    with sealed(root, entry) as db:
        made_by = plan_in(db, entry)
        # All rows it should hold, and not just the window that the last run has read.
        plan = made_by.model_copy(update={"cursor": None, "proof": proof or made_by.proof})
        columns = _columns_of(plan, entry)
        batches = list(in_batches(figures(plan, columns)))
        ours = [ask_sealed(db, plan, asked) for asked in batches]
    with open_session(plan.source_ref.source) as session:
        _require_same_columns(session, plan)
        theirs, moment = _ask_oracle(session, plan, entry, batches)
    checks = [
        check
        for asked, oracle, copy in zip(batches, theirs, ours, strict=True)
        for check in compared(asked, oracle, copy)
    ]
    asked_of = {check.what.partition("(")[2].removesuffix(")") for check in checks}
    return Reproof(
        entry=entry,
        proof=plan.proof,
        checks=tuple(checks),
        uncompared=tuple(column.name for column in columns if column.name not in asked_of),
        as_of=moment.as_of,
        scn=moment.scn,
        why_now=moment.why_now,
        oracle_code=moment.oracle_code,
    )


def require_provable(entry: ManifestEntry) -> None:
    """Raise `NotFromOracle` and `TrialNotProvable` where there is nothing to ask Oracle."""
    if entry.ref.is_imported:
        raise NotFromOracle(table=entry.ref.table)
    trial_of = entry.receipt.trial_of
    if trial_of is not None:
        raise TrialNotProvable(table=str(entry.ref), trial_of=str(trial_of))


@dataclass(frozen=True)
class _Asked:
    """The moment of Oracle that was asked."""

    as_of: str
    scn: int | None
    why_now: WhyNow | None = None
    oracle_code: str = ""


Answers = list[tuple[object, ...]]


def _ask_oracle(
    session: Session, plan: TablePlan, entry: ManifestEntry, batches: Sequence[Sequence[Figure]]
) -> tuple[Answers, _Asked]:
    """Ask at the moment of the copy, or else now."""
    receipt, why, code = entry.receipt, "no_scn", ""
    # What was read in a transaction has an SCN beside it that is not exactly its moment.
    if receipt.scn is not None and receipt.consistency == "flashback":
        why = "not_granted"
        try:
            if may_read_past(session, plan, receipt.scn):
                found = _answers(session, plan, receipt.scn, batches)
                return found, _Asked(receipt.as_of, receipt.scn)
        except MomentLost as lost:
            why, code = "moment_lost", str(lost.params["oracle_code"])
    moment = take_moment(session, [plan])
    found = _answers(session, plan, moment.read_scn, batches)
    return found, _Asked(moment.as_of, moment.read_scn, why, code)


def _answers(
    session: Session, plan: TablePlan, scn: int | None, batches: Sequence[Sequence[Figure]]
) -> Answers:
    found: Answers = []
    with patient(session, MAX_COUNT_SECONDS) as waiting:
        for asked in batches:
            statement = figures_of(plan, scn, [figure.oracle for figure in asked])
            ref = plan.source_ref
            found += rows(waiting, statement.sql, statement.binds, ref=ref, exact=True)
    return found


def _columns_of(plan: TablePlan, entry: ManifestEntry) -> tuple[Column, ...]:
    """Oracle's columns of the copy, with the types they have in it."""
    settled = {column.name: column for column in entry.columns}
    return tuple(settled.get(column.name, column) for column in plan.columns)


def _require_same_columns(session: Session, plan: TablePlan) -> None:
    """Raise `ColumnsMoved` where Oracle can no longer be asked what the copy was."""
    facts = describe(session, plan.source_ref, plan.select)
    there = {column.name: _kind(column.oracle_type) for column in facts.columns}
    moved = [one.name for one in plan.columns if there.get(one.name) != _kind(one.oracle_type)]
    if moved:
        raise ColumnsMoved(table=str(plan.ref), columns=", ".join(moved))


def _kind(oracle_type: str) -> str:
    """A type without its lengths, which change no question."""
    return re.sub(r"\([^)]*\)", "", oracle_type)
