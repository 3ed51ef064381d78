"""What all tools that read the copies share: finding one for a caller, and what is said of it."""

from dataclasses import dataclass, replace
from typing import Any

from agent.deps import AnalystDeps, ModelSees
from agent.events import Basis
from agent.tools.base import within
from sync.audit import note
from sync.names import resolve_table, shown_name
from sync.plan import TableRef
from sync.receipt import columns_of, part_of
from sync.warehouse.exposure import Exposure
from sync.warehouse.manifest import Manifest, ManifestEntry, read_manifest
from sync.warehouse.query import Aggregate, Query, compile_query
from sync.warehouse.query_process import QueryResult

AUDITED_CHARACTERS = 2_000
_SUBJECT_CHARACTERS = 1_000
_COMMENT_CHARS = 200


@dataclass(frozen=True)
class Copy:
    """The current copy of a table that a caller named, as far as they may see it."""

    entry: ManifestEntry
    name: str
    """As briefly as it can be told from the others."""
    exposure: Exposure
    sees: ModelSees
    """What the model may see of it."""


def read_copies(deps: AnalystDeps) -> Manifest:
    """Read what is published now, and the files of this thread beside it.

    Raises `WarehouseDamaged`.
    """
    return read_manifest(deps.warehouse).beside(deps.files)


def find_copy(deps: AnalystDeps, table: str) -> Copy:
    """Find the copy of *table*. Raises TableNotOffered, TableNotSynced, and why it is hidden."""
    manifest = read_copies(deps)
    known = visible(deps, manifest)
    entry = manifest.entry(resolve_table(table, known))
    of = entry.receipt.of
    return Copy(entry, shown_name(entry.ref, known), deps.exposure(of), deps.model_sees(of))


def copies(deps: AnalystDeps) -> dict[TableRef, ManifestEntry]:
    """Read which of the offered tables are copied now, in the order they are offered."""
    manifest = read_copies(deps)
    published = {entry.ref: entry for entry in manifest.entries}
    return {ref: published[ref] for ref in visible(deps, manifest) if ref in published}


def visible(deps: AnalystDeps, manifest: Manifest) -> tuple[TableRef, ...]:
    """Name what may be asked about: the offered tables, trials of them, imported ones, files."""
    trials = (entry for entry in manifest.entries if entry.receipt.trial_of in deps.offered)
    return (*deps.offered, *(entry.ref for entry in trials), *imported(deps, manifest))


def imported(deps: AnalystDeps, manifest: Manifest) -> tuple[TableRef, ...]:
    """Name the imported tables that the caller may see, and the files of this thread."""
    return tuple(ref for ref in manifest.imported if ref not in deps.hidden)


def what_fits(name: str, lines: list[Any], most_chars: int) -> dict[str, Any]:
    """List what the model can read, and say how many are left out."""
    kept = within(lines, most_chars)
    left_out = len(lines) - len(kept)
    return {name: kept, "left_out": left_out} if left_out else {name: kept}


def kept_back(exposure: Exposure) -> dict[str, Any]:
    """Tell the model by which rule its caller is shown less than the table holds."""
    if not exposure.is_partial:
        return {}
    some = {"only_rows_of_rule": exposure.rule} if exposure.where else {}
    return {"shown_by_rule": exposure.rule, **some}


def rows_shown(deps: AnalystDeps, entry: ManifestEntry, exposure: Exposure) -> int | None:
    """Count the rows that are shown; it takes a query where a rule leaves some out."""
    if not exposure.where:
        return entry.rows
    count = Query(table=entry.ref.table, aggregates=[Aggregate(function="count")])
    result = deps.queries.run(compile_query(count, exposure.shape(entry)), entry, exposure)
    return int(str(result.rows[0][0])) if result.rows else None


def as_shown(basis: Basis, exposure: Exposure) -> Basis:
    """Name the rule that limits what was read; how many rows there are is for who is shown all."""
    if not exposure.is_partial:
        return basis
    return replace(basis, rows=None if exposure.where else basis.rows, rule=exposure.rule)


def lacks(basis: Basis) -> dict[str, str]:
    """Tell the model what of its table a copy has not; nothing where it has all of it."""
    told = {"only_rows": basis.part} if basis.part else {}
    if basis.columns:
        told["only_columns"] = "{} of {}".format(*basis.columns)
    return told


def basis_of(deps: AnalystDeps, name: str, entry: ManifestEntry) -> Basis:
    """Say what an answer from a copy rests on."""
    receipt = entry.receipt
    part, columns = part_of(receipt), columns_of(receipt)
    basis = Basis(name, entry.rows, entry.as_of, part, columns, receipt.imported, receipt.shared_by)
    return as_shown(basis, deps.exposure(receipt.of))


def short(comment: str | None) -> str | None:
    """Cut a comment to what the model needs of it."""
    return comment[:_COMMENT_CHARS] if comment else None


def bases_of(deps: AnalystDeps, result: QueryResult) -> tuple[Basis, ...]:
    """Say what a result rests on; the query may have met newer copies than it was written for."""
    known = visible(deps, read_copies(deps))
    return tuple(
        as_shown(
            Basis(
                shown_name(read.ref, known),
                read.rows,
                read.as_of,
                read.part,
                read.columns,
                read.imported,
                read.shared_by,
            ),
            deps.exposure(read.of),
        )
        for read in result.basis
    )


def note_query(deps: AnalystDeps, result: QueryResult, detail: str) -> None:
    """Note in the audit what was asked, and which tables were read for it."""
    subject = ", ".join(f"{read.ref.source}.{read.ref}" for read in result.basis)
    note(
        deps.redis,
        deps.caller.team,
        "query",
        who=deps.caller.user,
        subject=subject[:_SUBJECT_CHARACTERS],
        where=deps.thread,
        detail=detail[:AUDITED_CHARACTERS],
    )
