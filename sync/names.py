"""Which table a person or a model means by a name."""

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence

from sync.attach_errors import FileNotInOracle
from sync.errors import SourcesMixed, TableAmbiguous, TableNotOffered
from sync.import_errors import NotFromOracle
from sync.plan import TableRef


def resolve_table(name: str, refs: Iterable[TableRef]) -> TableRef:
    """The one of *refs* called *name*: ``users``, ``SHOP.USERS`` or ``main.SHOP.USERS``.

    The exact spelling wins over one that differs in case, but for a file of a thread. Raises
    `TableAmbiguous` where several fit and `TableNotOffered`, with names that look like it, where
    none does.
    """
    wanted = name.strip()
    known = tuple(refs)
    for spelling in (str, str.casefold):
        fitting = [ref for ref in known if spelling(wanted) in map(spelling, _names(ref))]
        if len(fitting) == 1 and not (fitting[0].is_attached and spelling is str):
            return fitting[0]
        if len(fitting) == 1:
            continue  # anybody names a file; by its case alone it must not pass for a copy
        if fitting:
            raise TableAmbiguous(table=wanted, candidates=", ".join(map(_full_name, fitting)))
    near = _near_names(wanted, known)
    raise TableNotOffered(table=wanted, hint=f" ({', '.join(near)}?)" if near else "")


def resolve_syncable(
    name: str, offered: Iterable[TableRef], imported: Iterable[TableRef]
) -> TableRef:
    """The one of the tables that bot.toml offers called *name*, for what reads Oracle.

    Raises besides what `resolve_table` raises `NotFromOracle` or `FileNotInOracle` where one of
    *imported* is meant.
    """
    try:
        return resolve_table(name, offered)
    except TableNotOffered:
        try:
            meant = resolve_table(name, imported)
        except TableNotOffered:
            meant = None
        if meant is None:
            raise
    raise (FileNotInOracle if meant.is_attached else NotFromOracle)(table=meant.table)


def shown_names(refs: Iterable[TableRef]) -> dict[TableRef, str]:
    """Name each table as briefly as it can be told from the others.

    One that was imported from a file's main schema goes by its bare name, as it did there.
    """
    each = tuple(dict.fromkeys(refs))
    brief = Counter(map(str, each))
    bare = Counter(ref.table.casefold() for ref in each)

    def name(ref: TableRef) -> str:
        if ref.is_imported and ref.schema_name == "main" and bare[ref.table.casefold()] == 1:
            return ref.table
        return str(ref) if brief[str(ref)] == 1 else _full_name(ref)

    return {ref: name(ref) for ref in each}


def shown_name(ref: TableRef, refs: Iterable[TableRef]) -> str:
    """Name a table as briefly as it can be told from the others in *refs*."""
    return shown_names((ref, *refs))[ref]


def one_source(refs: Iterable[TableRef]) -> str:
    """The source all *refs* are in; raises `SourcesMixed`, since one sync shows one moment."""
    names = sorted({ref.source for ref in refs})
    if len(names) > 1:
        raise SourcesMixed(sources=", ".join(names))
    return names[0]


def nearest_first(name: str, names: Iterable[str]) -> list[str]:
    """All of *names*, those that look most like *name* first."""
    wanted = name.strip().casefold()

    def likeness(other: str) -> float:
        return difflib.SequenceMatcher(None, wanted, other.casefold()).ratio()

    return sorted(names, key=likeness, reverse=True)


def listed(names: Sequence[str]) -> str:
    """The first of *names* in a sentence, and how many more there are."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _near_names(name: str, refs: Sequence[TableRef]) -> list[str]:
    """The few tables whose names look like *name*, nearest first, to ask back with."""
    shown = shown_names(refs)
    spelled = {n.casefold(): shown[ref] for ref in refs for n in _names(ref)}
    near = difflib.get_close_matches(name.casefold(), spelled, n=_NEAR_NAMES * _SPELLINGS)
    return list(dict.fromkeys(spelled[n] for n in near))[:_NEAR_NAMES]


def _names(ref: TableRef) -> tuple[str, str, str]:
    return ref.table, str(ref), _full_name(ref)


def _full_name(ref: TableRef) -> str:
    return f"{ref.source}.{ref}"


_LISTED = 30
_NEAR_NAMES = 3
_SPELLINGS = 3
"""Of one table; so that many matches may mean the same one."""
