"""Which entries of the glossary a question is about, as far as who asks may see what they name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.deps import AnalystDeps
from agent.glossary import Code, Example, Term, is_same_question, stands_in, tables_in
from agent.tools.copies import read_copies, visible
from agent.words import occurs, telling_words
from sync.errors import TableAmbiguous, TableNotOffered
from sync.names import resolve_table
from sync.plan import TableRef
from sync.warehouse.exposure import Exposure
from sync.warehouse.manifest import Manifest

MOST_ENTRIES = 8
MOST_EXAMPLES = 2
"""So that the prompt stays small."""


@dataclass(frozen=True)
class Relevant:
    """What of the glossary is about a text."""

    terms: tuple[Term, ...] = ()
    codes: tuple[tuple[TableRef, Code], ...] = ()
    examples: tuple[Example, ...] = ()
    """Those that share most of the text's words first."""
    verified: Example | None = None
    """The one that asks the same and that a person stands for."""


def relevant(deps: AnalystDeps, text: str, *, private: bool = True) -> Relevant:
    """Find the entries whose words occur in *text*. Reads the manifest.

    Without *private* those are left out that name a table not all may see who read the answer.
    """
    glossary = deps.glossary
    terms = [one for one in glossary.term if any(occurs(word, text) for word in one.words)]
    codes = [one for one in glossary.code if any(occurs(word, text) for word in one.words)]
    examples = _alike(glossary.example, text)
    if not (terms or codes or examples):
        return Relevant()
    manifest = read_copies(deps)
    # Anybody names a file, also like a table whose entries they do not get.
    known = [ref for ref in visible(deps, manifest) if not ref.is_attached]
    if not private:
        known = [ref for ref in known if not exposure_of(deps, ref, manifest).private]
    readable = [one for one in examples if _is_readable(deps, one, known, manifest)]
    same = [one for one in readable if one.verified and is_same_question(one.question, text)]
    return Relevant(
        terms=tuple(one for one in terms if _are_known(one.tables, known))[:MOST_ENTRIES],
        codes=tuple(_readable_codes(deps, codes, known, manifest))[:MOST_ENTRIES],
        examples=tuple(one for one in readable if one not in same)[:MOST_EXAMPLES],
        verified=same[0] if same else None,
    )


def table_meant(name: str, known: Sequence[TableRef]) -> TableRef | None:
    """The one of *known* that an entry names; None where it is none of them."""
    try:
        return resolve_table(name, known)
    except (TableNotOffered, TableAmbiguous):
        return None


def exposure_of(deps: AnalystDeps, ref: TableRef, manifest: Manifest) -> Exposure:
    """What the caller may see of a table, also where it is a trial of another one."""
    entry = manifest.find(ref)
    return deps.exposure((entry and entry.receipt.trial_of) or ref)


def _alike(examples: Sequence[Example], text: str) -> list[Example]:
    words = set(telling_words(text))
    shared = {at: len(words & set(telling_words(one.question))) for at, one in enumerate(examples)}
    return [examples[at] for at in sorted(shared, key=lambda at: -shared[at]) if shared[at]]


def _are_known(names: Sequence[str], known: Sequence[TableRef]) -> bool:
    return all(table_meant(name, known) for name in names)


def _readable_codes(
    deps: AnalystDeps, codes: Sequence[Code], known: Sequence[TableRef], manifest: Manifest
) -> Iterator[tuple[TableRef, Code]]:
    for one in codes:
        ref = table_meant(one.table, known)
        if ref is None:
            continue
        exposure = exposure_of(deps, ref, manifest)
        if not exposure.hides(one.column) and not exposure.mask(one.column):
            yield ref, one


def _is_readable(
    deps: AnalystDeps, example: Example, known: Sequence[TableRef], manifest: Manifest
) -> bool:
    """Whether all tables its SQL names are the caller's to see, and no column is hidden."""
    named = tables_in(example.sql, known)
    shown = {ref.table.casefold() for ref in known}
    tables = (ref for ref in (*visible(deps, manifest), *deps.hidden) if not ref.is_attached)
    if tables_in(example.sql, (ref for ref in tables if ref.table.casefold() not in shown)):
        return False
    hidden = [column for ref in named for column in exposure_of(deps, ref, manifest).hidden]
    return bool(named) and not any(stands_in(column, example.sql) for column in hidden)
