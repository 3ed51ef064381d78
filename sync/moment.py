"""The one moment of Oracle that all tables of a run show, whoever writes while they are read."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sync.oracle import (
    Session,
    begin_read_only,
    current_scn,
    oracle_now,
    quote_table,
    rows_if_allowed,
)
from sync.plan import TablePlan

Consistency = Literal["read_only_transaction", "flashback"]


@dataclass(frozen=True)
class Moment:
    """A moment of Oracle, as every statement of a run reads it."""

    session: Session
    """The session that counts, and that reads what is read in one piece."""
    as_of: str
    """ISO 8601, UTC."""
    scn: int | None
    """Its system change number, where our user may learn it."""
    consistency: Consistency
    """``flashback``: statements say AS OF SCN, so any session sees it. Else only this one does."""
    open_seconds: int | None
    """How long the oldest transaction that was not yet committed had been open; 0: there was none.
    None: our user may not see that."""
    look_seconds: int
    """How much later than that look the moment is, at most."""

    @property
    def read_scn(self) -> int | None:
        """The number statements say, if they say one."""
        return self.scn if self.consistency == "flashback" else None


def take_moment(session: Session, tables: Sequence[TablePlan]) -> Moment:
    """Choose the moment of a run: now.

    By SCN where the user may read each table's past (FLASHBACK on it, or its owner), else in one
    read-only transaction. Open transactions are looked at first: what is open at the moment either
    was open then, or began since, which the seconds in between are added for.
    """
    began = time.monotonic()
    open_seconds = _oldest_open_seconds(session)
    as_of = oracle_now(session).isoformat()  # before it, so that nothing older is missing
    scn = current_scn(session)
    past = scn is not None and all(may_read_past(session, table, scn) for table in tables)
    if not past:
        begin_read_only(session)
        scn = current_scn(session)
    return Moment(
        session=session,
        as_of=as_of,
        scn=scn,
        consistency="flashback" if past else "read_only_transaction",
        open_seconds=open_seconds,
        look_seconds=math.ceil(time.monotonic() - began) + 1,
    )


def may_read_past(session: Session, table: TablePlan, scn: int) -> bool:
    """Whether our user may read a table as it was at an SCN. Raises `MomentLost`."""
    if table.select:
        return False  # AS OF stands behind a table, and a statement may name several
    asked = f"SELECT 1 FROM {quote_table(table.source_ref)} AS OF SCN :1 WHERE ROWNUM <= 1"
    return rows_if_allowed(session, asked, [scn]) is not None


def _oldest_open_seconds(session: Session) -> int | None:
    """By Oracle's own clock, so that nothing depends on which one an application writes."""
    found = rows_if_allowed(
        session,
        "SELECT COUNT(*), MAX((SYSDATE - start_date) * 86400) FROM gv$transaction",
    )
    if not found:
        return None
    count, seconds = found[0]
    return max(math.ceil(float(seconds)), 0) if count and seconds is not None else 0
