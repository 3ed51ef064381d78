"""What all sessions of one stand-in share."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.oracle.accounts import Accounts
from sandbox.oracle.database import Database
from sandbox.oracle.faults import Faults
from sandbox.oracle.live import Attributes, OpenTransaction
from sandbox.oracle.release import Setup


@dataclass(frozen=True)
class Parts:
    """`sessions` lists who is logged on; `transactions` are what V$TRANSACTION shows."""

    setup: Setup
    database: Database
    accounts: Accounts
    sessions: Callable[[], list[Attributes]]
    faults: Faults = field(default_factory=Faults)
    transactions: list[OpenTransaction] = field(default_factory=list[OpenTransaction])
