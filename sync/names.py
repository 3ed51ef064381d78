"""Which table a person or a model means by a name."""

import difflib
from collections.abc import Iterable

from sync.errors import TableAmbiguous, TableNotOffered
from sync.plan import TableRef


def resolve_table(name: str, refs: Iterable[TableRef]) -> TableRef:
    """The one of *refs* called *name*: ``users``, ``SHOP.USERS`` or ``main.SHOP.USERS``.

    The exact spelling wins over one that differs in case. Raises `TableAmbiguous` where several fit
    and `TableNotOffered` where none does.
    """
    wanted = name.strip()
    known = tuple(refs)
    for spelling in (str, str.casefold):
        fitting = [ref for ref in known if spelling(wanted) in map(spelling, _names(ref))]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise TableAmbiguous(table=wanted, candidates=", ".join(map(_full_name, fitting)))
    raise TableNotOffered(table=wanted)


def near_names(name: str, refs: Iterable[TableRef], *, most: int = 3) -> tuple[str, ...]:
    """Up to *most* tables whose names look like *name*, nearest first: for "did you mean …?"."""
    spelled = {n.casefold(): str(ref) for ref in refs for n in _names(ref)}
    near = difflib.get_close_matches(name.strip().casefold(), spelled, n=most * 3)
    return tuple(dict.fromkeys(spelled[n] for n in near))[:most]


def _names(ref: TableRef) -> tuple[str, str, str]:
    return ref.table, str(ref), _full_name(ref)


def _full_name(ref: TableRef) -> str:
    return f"{ref.source}.{ref}"
