"""Which table a person or a model means by a name."""

import difflib
from collections.abc import Iterable

from sync.errors import TableAmbiguous, TableNotOffered
from sync.plan import TableRef


def resolve_table(name: str, refs: Iterable[TableRef]) -> TableRef:
    """The one of *refs* called *name*: ``users``, ``SHOP.USERS`` or ``main.SHOP.USERS``.

    The exact spelling wins over one that differs in case. Raises `TableAmbiguous` where several fit
    and `TableNotOffered`, with names that look like it, where none does.
    """
    wanted = name.strip()
    known = tuple(refs)
    for spelling in (str, str.casefold):
        fitting = [ref for ref in known if spelling(wanted) in map(spelling, _names(ref))]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise TableAmbiguous(table=wanted, candidates=", ".join(map(_full_name, fitting)))
    near = _near_names(wanted, known)
    raise TableNotOffered(table=wanted, hint=f" ({', '.join(near)}?)" if near else "")


def _near_names(name: str, refs: Iterable[TableRef]) -> list[str]:
    """The few tables whose names look like *name*, nearest first, to ask back with."""
    spelled = {n.casefold(): str(ref) for ref in refs for n in _names(ref)}
    near = difflib.get_close_matches(name.casefold(), spelled, n=_NEAR_NAMES * _SPELLINGS)
    return list(dict.fromkeys(spelled[n] for n in near))[:_NEAR_NAMES]


def _names(ref: TableRef) -> tuple[str, str, str]:
    return ref.table, str(ref), _full_name(ref)


def _full_name(ref: TableRef) -> str:
    return f"{ref.source}.{ref}"


_NEAR_NAMES = 3
_SPELLINGS = 3
"""Of one table; so that many matches may mean the same one."""
