"""What can go wrong at a source, named for what happened; a branch of `sync.errors`.

OracleError
├── LoginRefused            never retried: retrying locks accounts
├── OracleUnreachable       transient
├── ConnectionDropped       transient
├── OracleTimeout           transient
├── SourceBusy              transient
├── SourceClosed            a blackout window
│   └── SourceStopped       the switch of a DBA or operator
├── TableNotFound
├── OracleTooOld            11g, which only the thick driver reaches
├── ClientMissing           Oracle's client libraries, for the thick driver
└── OracleFailure           any other code of the server or the driver
    ├── OraclePassing       transient
    └── MomentLost          transient; the read begins again at a new moment

Which code is which of them, and its sentence, stand in `sync.oracle_codes` and
`sync.oracle_read_codes`. The sentence of a class is for what came without a code, or with one that
nobody wrote down.
"""

import re
from collections.abc import Mapping

from sync.errors import DuckferryError
from sync.oracle_codes import REACHING, Group, Kind
from sync.oracle_read_codes import READING

KINDS: tuple[Kind, ...] = (*REACHING, *READING)
_BY_CODE: Mapping[str, Kind] = {code: each for each in KINDS for code in each.codes}
_RAISED = re.compile(r"ORA-20\d{3}")
"""What PL/SQL of their own raises."""


def kind_of(code: object) -> Kind | None:
    """What a code such as ``ORA-01555`` means, or None where nobody wrote it down."""
    text = str(code)
    return _BY_CODE.get("ORA-20000" if _RAISED.fullmatch(text) else text)


class OracleError(DuckferryError):
    """The source said no, or said nothing. With a code it is worded as that code's `Kind`."""

    def __str__(self) -> str:
        meant = kind_of(self.params.get("oracle_code"))
        return (meant.sentence if meant else self.message).format(**self.params)


class LoginRefused(OracleError):
    """Oracle does not accept the user and password."""

    code = "login_refused"
    message = (
        "Oracle refused the login of user {user} at {source} ({oracle_code}). Check user and "
        "password. So that the account is not locked, it is not tried again until the password "
        "changes or an operator runs `botctl doctor --retry-login {source}`."
    )


class OracleUnreachable(OracleError):
    """No connection could be made."""

    code = "oracle_unreachable"
    message = (
        "Oracle source {source} cannot be reached ({detail}). Check that the database and its "
        "listener run and that ORACLE_DSN is right, then ask again."
    )
    transient = True


class ConnectionDropped(OracleError):
    """The connection ended in the middle of the work."""

    code = "connection_dropped"
    message = "The connection to Oracle source {source} broke off. The old data stays; ask again."
    transient = True


class OracleTimeout(OracleError):
    """Oracle did not answer within the call timeout."""

    code = "oracle_timeout"
    message = (
        "Oracle source {source} did not answer within {seconds} s. The old data stays; ask again "
        "later."
    )
    transient = True


class SourceBusy(OracleError):
    """As many sessions as bot.toml allows (max_sessions) were open for as long as we could wait."""

    code = "source_busy"
    message = "All {most} sessions of Oracle source {source} are at work; ask again in a minute."
    transient = True


class SourceClosed(OracleError):
    """Now is in one of the source's blackout windows; *until* is ISO 8601."""

    code = "source_closed"
    message = "A blackout in bot.toml closes Oracle source {source} until {until}; ask again then."


class SourceStopped(SourceClosed):
    """Somebody stopped the source; *until* is when it is looked at again. See `sync.stops`."""

    code = "source_stopped"
    message = (
        "Oracle source {source} is stopped since {since} ({reason}). Nothing is read from it until "
        "an operator runs `botctl source start {source}`; what waits begins then."
    )


class TableNotFound(OracleError):
    """Neither our user's catalog nor a read shows the table (ORA-00942)."""

    code = "table_not_found"
    message = (
        "Oracle source {source} has no table {table} that our user may read. Check the name, or "
        "have the DBA grant READ on it."
    )


class OracleTooOld(OracleError):
    """A database before 12.1, which the thin driver refuses (DPY-3010)."""

    code = "oracle_too_old"
    message = (
        'Oracle source {source} is older than 12.1. Set driver = "thick" for it in bot.toml and '
        "ORACLE_CLIENT_LIB_DIR to Oracle's client libraries, then start again."
    )


class ClientMissing(OracleError):
    """The thick driver is asked for, and Oracle's client libraries are not there."""

    code = "client_missing"
    message = (
        "Oracle source {source} needs the thick driver, but Oracle's client libraries cannot be "
        "used ({detail}). Set ORACLE_CLIENT_LIB_DIR to the folder of Instant Client 19 or newer, "
        "and start again."
    )


class OracleFailure(OracleError):
    """Any other code of the server or driver; waiting does not help."""

    code = "oracle_failure"
    message = "Oracle source {source} answered with {oracle_code}. The old data stays."


class OraclePassing(OracleFailure):
    """Such a code after which waiting may help."""

    code = "oracle_passing"
    message = "Oracle source {source} answered with {oracle_code}. The old data stays; ask again."
    transient = True


class MomentLost(OracleFailure):
    """Oracle cannot show the moment a read began with any more; at a new moment it may.

    Its undo is gone, the SCN is out of its reach, or the table was altered, truncated or moved.
    """

    code = "moment_lost"
    message = (
        "Oracle source {source} cannot show {table} as it was when the read began ({oracle_code}). "
        "The old data stays; ask again, and if it goes on, have the DBA raise UNDO_RETENTION."
    )
    transient = True


CLASSES: Mapping[Group, type[OracleError]] = {
    "login": LoginRefused,
    "unreachable": OracleUnreachable,
    "dropped": ConnectionDropped,
    "timeout": OracleTimeout,
    "moment": MomentLost,
    "missing": TableNotFound,
    "too_old": OracleTooOld,
    "passing": OraclePassing,
    "failed": OracleFailure,
}
