"""A table's receipt in full: what is noted of its copy and its proof, as lines of safe mrkdwn."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.fidelity_texts import losses, word_fidelity
from app.texts import Language, say
from app.views.card_life import note_lines
from app.views.text import clock, escape, number, size, when
from sync.plan import TableRef
from sync.receipt import Check, TableReceipt, columns_of

Standing = Literal["current", "kept", "gone", "unknown"]
"""Whether readers see a copy, it is kept, it was pruned since, or the warehouse does not say."""


@dataclass(frozen=True)
class Group:
    """Figures under one heading."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class TableDetails:
    """The receipt of one table in words, the most important first."""

    ref: TableRef
    generation: str
    standing: Standing
    facts: tuple[str, ...]
    groups: tuple[Group, ...]
    is_noted: bool
    """Something in it is otherwise than a reader would expect."""


def table_details(language: Language, table: TableReceipt, standing: Standing) -> TableDetails:
    """Write all that a receipt holds: what is noted, the facts, and then figure by figure."""
    differing = [check for check in table.checks if not check.agrees]
    lost = losses(table.columns)
    same = [column for column in table.columns if column not in lost]
    groups = (
        (
            "details.to_look_at",
            [
                *(_check(language, check) for check in differing),
                *(escape(word_fidelity(language, column)) for column in lost),
            ],
        ),
        (
            "details.figures",
            [_check(language, check) for check in table.checks if check.agrees],
        ),
        ("details.columns", [escape(word_fidelity(language, column)) for column in same]),
    )
    return TableDetails(
        ref=table.ref,
        generation=table.generation,
        standing=standing,
        facts=tuple(_facts(language, table, standing)),
        groups=tuple(
            Group(say(language, title), tuple(map(_one_line, lines)))
            for title, lines in groups
            if lines
        ),
        is_noted=bool(
            differing or lost or table.notes or table.oracle_rows not in (None, table.rows)
        ),
    )


def _facts(language: Language, table: TableReceipt, standing: Standing) -> list[str]:
    if table.imported:
        return _facts_of_import(language, table, standing)
    rows = Check(what="rows", oracle=number(table.oracle_rows or 0), copy_value=number(table.rows))
    parts = [
        [_standing(language, table, standing)],
        *([line] for line in note_lines(language, table)),
        _undone(language, table),
        [_check(language, rows)],
        _moment(language, table),
        _way(language, table),
        _part(language, table),
        [_proof(language, table)],
        [
            say(language, "details.chunks", count=number(table.chunks))
            if table.chunks > 1
            else say(language, "details.one_chunk"),
            say(language, "receipt.took", seconds=f"{table.seconds:.1f}", size=size(table.bytes)),
        ],
        [] if table.columns else [say(language, "details.no_columns")],
    ]
    return [_one_line(" · ".join(line)) for line in parts if line]


def _facts_of_import(language: Language, table: TableReceipt, standing: Standing) -> list[str]:
    moment = when(datetime.fromisoformat(table.as_of))
    parts = [
        [_standing(language, table, standing)],
        [say(language, "details.imported", file=escape(table.imported), when=moment)],
        _undone(language, table),
        [
            say(language, "receipt.rows", rows=number(table.rows)),
            say(language, "receipt.took", seconds=f"{table.seconds:.1f}", size=size(table.bytes)),
        ],
    ]
    return [_one_line(" · ".join(line)) for line in parts if line]


def _standing(language: Language, table: TableReceipt, standing: Standing) -> str:
    return say(
        language,
        f"details.{standing}",
        source=escape(table.ref.source),
        generation=escape(table.generation),
    )


def _undone(language: Language, table: TableReceipt) -> list[str]:
    if table.undone is None:
        return []
    newer = when(datetime.fromisoformat(table.undone.leaves_as_of))
    return [say(language, "receipt.undone", when=newer)]


def _moment(language: Language, table: TableReceipt) -> list[str]:
    return [
        say(language, "receipt.as_of", when=when(datetime.fromisoformat(table.as_of))),
        say(language, "details.no_scn")
        if table.scn is None
        else say(language, "receipt.scn", scn=table.scn),
        say(language, f"details.{table.consistency}"),
    ]


def _way(language: Language, table: TableReceipt) -> list[str]:
    """Tell how it was copied, what that changed, and from where the next run goes on."""
    parts = [say(language, f"details.{table.mode}")]
    if table.cursor is not None:
        parts.append(say(language, "details.cursor", column=escape(table.cursor)))
    if table.changes is not None:
        counts = {name: number(count) for name, count in table.changes.model_dump().items()}
        parts.append(say(language, "receipt.changes", **counts))
    if table.watermark is not None:
        parts.append(say(language, "details.watermark", value=escape(clock(table.watermark))))
    return parts


def _part(language: Language, table: TableReceipt) -> list[str]:
    parts: list[str] = []
    if table.trial_of is not None:
        parts.append(say(language, "receipt.trial", table=escape(str(table.trial_of))))
    if table.where:
        conditions = escape(" AND ".join(map(str, table.where)))
        parts.append(say(language, "receipt.where", conditions=conditions))
    if columns := columns_of(table):
        parts.append(say(language, "receipt.columns", copied=columns[0], all=columns[1]))
    return parts


def _proof(language: Language, table: TableReceipt) -> str:
    if table.proof == "count":
        return say(language, "details.counted")
    return say(
        language,
        "details.proven" if table.changes is None else "details.proven_window",
        proof=table.proof,
        count=number(len(table.checks)),
        agreed=number(sum(check.agrees for check in table.checks)),
    )


def _check(language: Language, check: Check) -> str:
    return say(
        language,
        "details.agrees" if check.agrees else "details.differs",
        what=say(language, "details.rows") if check.what == "rows" else escape(check.what),
        oracle=escape(check.oracle) or "NULL",
        copied=escape(check.copy_value) or "NULL",
    )


def _one_line(line: str) -> str:
    """Keep a name with a line end in it from looking like two figures."""
    return " ".join(line.split("\n"))
