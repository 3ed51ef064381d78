"""prove: repeat the proof of the current copy of a table against Oracle, and tell it."""

import json
import logging
import sys
from contextlib import AbstractContextManager
from typing import Any

import click

from app.cli.naming import current_copy
from app.cli.noting import note_by_operator
from app.cli.oracle_login import open_for_operator
from app.cli.session import Session
from app.logs import start_logging
from app.sources import require_source
from app.views.text import CONTROL, number
from sync.oracle import Session as OracleSession
from sync.plan import IMPORTED, Proof
from sync.reproving import Reproof, Verdict, WhyNow, prove_again, require_provable

EXIT_CODES: dict[Verdict, int] = {"agrees": 0, "faulty": 1, "incomplete": 1, "differs_now": 3}


def prove_table(
    session: Session, table: str, source: str | None, proof: Proof | None, *, as_json: bool
) -> None:
    """Compare, print what was found, note it; the exit code says whether the copy is right."""
    settings, config = session.settings(), session.config()
    start_logging(settings, logging.ERROR)
    if source not in (None, IMPORTED):
        require_source(settings.oracle, config, source)  # or the table is said to be missing
    entry = current_copy(settings.warehouse_dir, config, table, source)
    require_provable(entry)
    guarded = require_source(settings.oracle, config, entry.ref.source)

    def open_session(_: str) -> AbstractContextManager[OracleSession]:
        return open_for_operator(settings, guarded, action="prove")

    found = prove_again(settings.warehouse_dir, entry, open_session, proof)
    told = json.dumps(_as_json(found), ensure_ascii=False) if as_json else _as_text(found)
    click.echo(told)
    entry = found.entry
    detail = f"{found.verdict}, {len(found.checks)} figures, {entry.generation}"
    note_by_operator(settings, "proof_repeated", f"{entry.ref.source}.{entry.ref}", detail)
    sys.exit(EXIT_CODES[found.verdict])


def _as_text(found: Reproof) -> str:
    entry = found.entry
    lines = [
        (
            f"{entry.ref.source}.{entry.ref}  {number(entry.rows)} rows as of {entry.as_of}, "
            f"generation {entry.generation}"
        ),
        f"Figures compared: {number(len(found.checks))} (proof {found.proof}), {_moment(found)}.",
    ]
    if found.proof == "count":
        lines.append("Only the rows were counted: --proof sums looks into the columns, too.")
    elif found.uncompared:
        lines.append(f"No figure looks into: {', '.join(found.uncompared)}.")
    lines += [
        f"  {check.what}: Oracle {check.oracle or 'NULL'}, copy {check.copy_value or 'NULL'}"
        for check in found.differences
    ]
    lines.append(_sentence(found))
    return "\n".join(CONTROL.sub("", line) for line in lines)


def _moment(found: Reproof) -> str:
    if found.why_now is None:
        return f"with Oracle as of the copy's own moment (SCN {found.scn})"
    why = _WHY_NOW[found.why_now].format(code=found.oracle_code)
    return f"with Oracle as of {found.as_of}, which is not the copy's moment: {why}"


_WHY_NOW: dict[WhyNow, str] = {
    "no_scn": "it was read in one transaction, at no SCN that could be asked for again",
    "not_granted": "our user may not read this table's past (FLASHBACK on it is not granted)",
    "moment_lost": "Oracle cannot show the table as it was then any more ({code})",
}


def _sentence(found: Reproof) -> str:
    receipt, sync = found.entry.receipt, f"`botctl sync {found.entry.ref.source}.{found.entry.ref}"
    different = f"{number(len(found.differences))} of {number(len(found.checks))} figures differ"
    match found.verdict:
        case "agrees":
            when = "then" if found.why_now is None else "now"
            return f"The copy is right: it agrees with what Oracle held {when} in every figure."
        case "faulty":
            return (
                f"THE COPY IS WRONG: {different} from what Oracle held at the very moment that it "
                f"shows. Do not trust answers from it. {sync} --mode full` replaces it; then look "
                "for what changed its file."
            )
        case "incomplete":
            return (
                f"The copy is not what Oracle held at its moment: {different}. It was made by "
                f"{receipt.mode} runs, which may miss rows that were deleted in Oracle, or "
                "changed there without their cursor; if there are none, its file is at fault. "
                f"{sync} --mode full` takes all over."
            )
        case "differs_now":
            return (
                f"{different.capitalize()}. They may be changes in Oracle since the copy was made: "
                f"this comparison cannot tell. {sync}` makes a fresh copy, which is proven before "
                "it is published."
            )


def _as_json(found: Reproof) -> dict[str, Any]:
    entry = found.entry
    return {
        "source": entry.ref.source,
        "table": str(entry.ref),
        "generation": entry.generation,
        "rows": entry.rows,
        "as_of": entry.as_of,
        "verdict": found.verdict,
        "proof": found.proof,
        "figures": len(found.checks),
        "differences": [
            {"what": check.what, "oracle": check.oracle, "copy": check.copy_value}
            for check in found.differences
        ],
        "not_compared": list(found.uncompared),
        "oracle_as_of": found.as_of,
        "scn": found.scn,
        "why_now": found.why_now,
        "oracle_code": found.oracle_code,
    }
