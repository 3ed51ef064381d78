"""``search_schema``: tables and columns by what they are called and what is said of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from agent.deps import AnalystDeps
from agent.events import moment_told
from agent.failures import sentence_of
from agent.glossary import Term
from agent.relevance import Relevant, exposure_of, relevant, table_meant
from agent.tools.base import BaseTool, Parameters, ToolResult
from agent.tools.copies import basis_of, lacks, read_copies, short, visible, what_fits
from agent.words import EXACT, closeness, telling_words
from sync.names import nearest_first, shown_names
from sync.offered_catalog import KnownSource
from sync.plan import TableRef
from sync.warehouse.manifest import Manifest, ManifestEntry

MOST_MATCHES = 10
MOST_COLUMNS = 5
_NEAR = 3

# How much a word counts by where it is found.
_NAME, _TERM, _COMMENT, _COLUMN, _COLUMN_COMMENT, _CODE = 5, 5, 4, 3, 2, 3


class SearchSchemaParameters(Parameters):
    """What to look for."""

    text: str = Field(
        min_length=1,
        max_length=300,
        description="Words of what is looked for, in Korean, English or both: 유저 회원 user.",
    )


class SearchSchemaTool(BaseTool[SearchSchemaParameters]):
    """``search_schema``."""

    name = "search_schema"
    only_reads = True
    description = (
        "Find tables and columns, copied or not yet, by words: in names, comments and the team's "
        "glossary. Use it when you do not know which table holds what somebody asks for; give both "
        "the Korean and the English word. Then describe_table."
    )
    parameters = SearchSchemaParameters

    def run(
        self, deps: AnalystDeps, parameters: SearchSchemaParameters, _call_id: str, /
    ) -> ToolResult:
        """Search what is known; Oracle is asked only where what is known of it is old."""
        manifest = read_copies(deps)
        known = visible(deps, manifest)
        sources = _sources(deps, known, manifest)
        tables = _tables(known, manifest, sources)
        words, found = telling_words(parameters.text), relevant(deps, parameters.text)
        names = shown_names(known)
        matches = [
            match
            for table in tables
            if (match := _match(deps, table, words, found, manifest)).score
        ]
        matches.sort(key=lambda one: (-one.score, not one.table.entry, names[one.table.ref]))
        lines = [_line(deps, names[one.table.ref], one) for one in matches[:MOST_MATCHES]]
        data: dict[str, Any] = what_fits("matches", lines, deps.result_chars)
        data["searched"] = len(tables)
        if len(matches) > len(data["matches"]):
            data["left_out"] = len(matches) - len(data["matches"])
        if found.terms:
            data["glossary"] = [_told(term) for term in found.terms]
        if not matches:
            data["note"] = _nothing(words, names.values())
        if sources:
            data["oracle"] = [_of_source(one) for one in sources]
        return ToolResult(ok=True, data=data)


@dataclass(frozen=True)
class _Column:
    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class _Table:
    """What is said of a table, by its copy or by Oracle's dictionary."""

    ref: TableRef
    entry: ManifestEntry | None
    comment: str
    columns: tuple[_Column, ...]


@dataclass(frozen=True)
class _Match:
    table: _Table
    score: int
    why: tuple[str, ...]
    columns: tuple[_Column, ...]


def _sources(
    deps: AnalystDeps, known: Sequence[TableRef], manifest: Manifest
) -> tuple[KnownSource, ...]:
    """What is known of Oracle; nobody asks where all there is has been copied."""
    return () if all(manifest.find(ref) for ref in known) else deps.known_sources()


def _tables(
    known: Sequence[TableRef], manifest: Manifest, sources: Sequence[KnownSource]
) -> list[_Table]:
    declared = {table.ref: table for source in sources for table in source.tables}
    tables: list[_Table] = []
    for ref in known:
        entry, table = manifest.find(ref), declared.get(ref)
        if entry:
            said = entry.column_comments
            columns = tuple(
                _Column(one.name, one.duckdb_type, said.get(one.name, "")) for one in entry.columns
            )
            tables.append(_Table(ref, entry, entry.comment or "", columns))
        elif table:
            columns = tuple(
                _Column(one.name, one.oracle_type, one.comment) for one in table.columns
            )
            tables.append(_Table(ref, None, table.comment, columns))
        else:
            tables.append(_Table(ref, None, "", ()))
    return tables


def _match(
    deps: AnalystDeps,
    table: _Table,
    words: Sequence[str],
    found: Relevant,
    manifest: Manifest,
) -> _Match:
    """Add up how well each word fits the place it fits best, and what the glossary says.

    What a caller may see is looked up only of tables that fit at all.
    """
    match = _scored(table, words, found)
    if not match.score:
        return match
    exposure = exposure_of(deps, table.ref, manifest)
    shown = tuple(one for one in table.columns if not exposure.hides(one.name))
    if shown == table.columns:
        return match
    return _scored(_Table(table.ref, table.entry, table.comment, shown), words, found)


def _scored(table: _Table, words: Sequence[str], found: Relevant) -> _Match:
    score, why = 0, dict[str, None]()
    columns: dict[_Column, None] = {}
    for points, reason, column in _hits(table, words, found):
        score += points
        why[reason] = None
        if column:
            columns[column] = None
    return _Match(table, score, tuple(why)[:MOST_COLUMNS], tuple(columns)[:MOST_COLUMNS])


def _hits(
    table: _Table, words: Sequence[str], found: Relevant
) -> Iterator[tuple[int, str, _Column | None]]:
    """What speaks for a table: points, a reason in words, and a column if it is about one."""
    for term in found.terms:
        if any(table_meant(name, [table.ref]) for name in term.tables):
            yield _TERM * EXACT, f"glossary: {', '.join(term.words)}", None
    for ref, code in found.codes:
        if ref == table.ref:
            column = next((one for one in table.columns if one.name == code.column), None)
            reason = f"glossary: {', '.join(code.words)} is {code.value!r} in {code.column}"
            yield _CODE * EXACT, reason, column
    for word in words:
        places: list[tuple[int, str, _Column | None]] = [
            (_NAME * closeness(word, [str(table.ref)]), "name", None),
            (_COMMENT * closeness(word, [table.comment]), "comment", None),
        ]
        for one in table.columns:
            places.append((_COLUMN * closeness(word, [one.name]), f"column {one.name}", one))
            points = _COLUMN_COMMENT * closeness(word, [one.comment])
            places.append((points, f"comment of column {one.name}", one))
        points, place, column = max(places, key=lambda one: one[0])
        if points:
            yield points, f"{word}: {place}", column


def _line(deps: AnalystDeps, name: str, match: _Match) -> dict[str, Any]:
    table, entry = match.table, match.table.entry
    line: dict[str, Any] = {"table": name, "copied": entry is not None}
    if entry:
        basis = basis_of(deps, name, entry)
        line |= {"rows": basis.rows, **moment_told(basis), **lacks(basis)}
    if table.comment:
        line["comment"] = short(table.comment)
    line["why"] = list(match.why)
    if match.columns:
        line["columns"] = [
            {
                "name": one.name,
                "type": one.type,
                **({"comment": short(one.comment)} if one.comment else {}),
            }
            for one in match.columns
        ]
    return line


def _told(term: Term) -> dict[str, Any]:
    return {"words": list(term.words), "means": term.means}


def _nothing(words: Sequence[str], names: Iterable[str]) -> str:
    if not words:
        return "There is no word in it to search by; list_tables lists all tables."
    near = nearest_first(" ".join(words), names)[:_NEAR]
    also = f" Tables called most like it: {', '.join(near)}." if near else ""
    return f"Nothing is called so. Try other words, also in the other language.{also}"


def _of_source(source: KnownSource) -> dict[str, Any]:
    """How old what is known of Oracle is, and why it is not newer."""
    told: dict[str, Any] = {"source": source.source}
    if source.at:
        told["dictionary_as_of"] = source.at.isoformat(timespec="minutes")
    else:
        told["note"] = "Tables that are not copied were searched by their names alone."
    if source.trouble:
        told["away"] = sentence_of(source.trouble)
    return told


SEARCH_TOOLS = (SearchSchemaTool(),)
