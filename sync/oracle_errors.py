"""What can go wrong at a source, named for what happened; a branch of `sync.errors`.

OracleError
├── LoginRefused            never retried: retrying locks accounts
├── OracleUnreachable       transient
├── ConnectionDropped       transient
├── OracleTimeout           transient
├── SourceBusy              transient
├── SourceClosed            a blackout window
├── TableNotFound
├── OracleTooOld            11g, which only the thick driver reaches
├── ClientMissing           Oracle's client libraries, for the thick driver
└── OracleFailure           any other ORA- or DPY- code
    └── MomentLost          transient; the read begins again at a new moment
"""

from sync.errors import DuckferryError


class OracleError(DuckferryError):
    """The source said no, or said nothing."""


class LoginRefused(OracleError):
    """Oracle does not accept the user and password (ORA-01017, 28000, 28001)."""

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
    """Any other code of the server or driver."""

    code = "oracle_failure"
    message = "Oracle source {source} answered with {oracle_code}. The old data stays."


class MomentLost(OracleFailure):
    """Oracle cannot show the moment a read began with any more; at a new moment it may.

    Its undo is gone (ORA-01555, 08176, 22924), the SCN is out of its reach (08180, 08181), or the
    table was altered, truncated or moved since (01410, 01466, 08103).
    """

    code = "moment_lost"
    message = (
        "Oracle source {source} cannot show {table} as it was when the read began ({oracle_code}). "
        "The old data stays; ask again, and if it goes on, have the DBA raise UNDO_RETENTION."
    )
    transient = True


LOGIN_CODES = frozenset({"ORA-01017", "ORA-28000", "ORA-28001"})
DROPPED_CODES = frozenset({"DPY-4011", "DPY-1001", "ORA-03113", "ORA-03135", "ORA-03114"})
MOMENT_CODES = frozenset(
    {
        "ORA-01410",
        "ORA-01466",
        "ORA-01555",
        "ORA-08103",
        "ORA-08176",
        "ORA-08180",
        "ORA-08181",
        "ORA-22924",
    }
)
TIMEOUT_CODES = frozenset({"DPY-4024", "ORA-01013"})
UNREACHABLE_CODES = {
    "DPY-6000": "the listener refused",
    "DPY-6001": "the listener does not know the service",
    "DPY-6003": "the listener does not know the SID",
    "DPY-6005": "no connection to the host",
    "DPY-4027": "the DSN names no known entry",
    "DPY-4026": "the DSN names no known entry",
    "ORA-12514": "the listener does not know the service",
    "ORA-12505": "the listener does not know the SID",
    "ORA-12541": "no listener",
    "ORA-12170": "the connect timed out",
    "ORA-12545": "the host is unknown",
    "ORA-01033": "the database is starting or stopping",
    "ORA-01034": "the database is not open",
    "ORA-01089": "the database is shutting down",
}
