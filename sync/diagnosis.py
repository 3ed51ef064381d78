"""What a source says of itself and of our user: version, character set, rights, limits.

Only the dictionary is asked, and statements of which Oracle returns no row. Views and columns:
Oracle Database Reference 11.2 and 19c; all but V$DATABASE are open to every user.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sync.oracle import Session, quote_table, rows
from sync.oracle_errors import OracleFailure, TableNotFound
from sync.plan import TableRef

MAX_PRIVILEGES = 500
"""Oracle has about 250 system privileges."""
MAX_GRANTS = 10_000
FLASHBACK_ANY = "FLASHBACK ANY TABLE"

NEEDED_PRIVILEGES = frozenset({"CREATE SESSION"})
_CHANGING = ("ALTER", "CREATE", "DELETE", "DROP", "INSERT", "UPDATE")


@dataclass(frozen=True)
class Server:
    """What we are connected to, and how."""

    version: str
    """Such as 19.21.0.0.0."""
    is_thin: bool


@dataclass(frozen=True)
class CharacterSets:
    """Of CHAR, VARCHAR2 and CLOB, and of NCHAR, NVARCHAR2 and NCLOB."""

    database: str
    national: str


@dataclass(frozen=True)
class Account:
    """Our user as USER_USERS shows it; moments by the server's clock, without a time zone."""

    user: str
    status: str
    """``OPEN``, ``EXPIRED(GRACE)``, …"""
    expires: datetime | None


def server(session: Session) -> Server:
    """The server's version, and whether the thin driver reached it."""
    return Server(str(session.connection.version), bool(session.connection.thin))


def character_sets(session: Session) -> CharacterSets:
    """The database's character sets."""
    found = {str(name): str(value) for name, value in rows(session, _CHARACTER_SETS, most=2)}
    return CharacterSets(
        found.get("NLS_CHARACTERSET", "unknown"), found.get("NLS_NCHAR_CHARACTERSET", "unknown")
    )


def account(session: Session) -> Account:
    """Our user, and when its password ends."""
    user, status, expires = rows(session, _ACCOUNT)[0]
    return Account(str(user), str(status), expires)


def privileges(session: Session) -> tuple[str, ...]:
    """The system privileges of the session, those of its roles too, in order of the alphabet."""
    return tuple(str(row[0]) for row in rows(session, _PRIVILEGES, most=MAX_PRIVILEGES))


def more_than_needed(held: Sequence[str]) -> tuple[str, ...]:
    """Name the privileges with which more could be read than was granted by name, or changed."""
    return tuple(
        name
        for name in held
        if name not in NEEDED_PRIVILEGES
        and (" ANY " in f" {name} " or name.partition(" ")[0] in _CHANGING)
    )


def changing_grants(session: Session) -> tuple[str, ...]:
    """Name the tables whose rows our user may change, and how, as ``DELETE on SHOP.ORDERS``."""
    found = rows(session, _CHANGING_GRANTS, most=MAX_GRANTS)
    return tuple(f"{privilege} on {owner}.{table}" for owner, table, privilege in found)


def unreadable(session: Session, ref: TableRef) -> str | None:
    """Say why a table cannot be read, by Oracle's code, or None if it can.

    Oracle checks the rights of a query when it is parsed; this one has no row to return.
    """
    try:
        rows(session, f"SELECT NULL FROM {quote_table(ref)} WHERE 1 = 0", ref=ref)
    except TableNotFound:
        return "ORA-00942"
    except OracleFailure as refused:
        return str(refused.params["oracle_code"])
    return None


def without_flashback(
    session: Session, refs: Sequence[TableRef], held: Sequence[str]
) -> tuple[TableRef, ...]:
    """Name those of *refs* whose past our user may not read; *held* are its system privileges."""
    if FLASHBACK_ANY in held:
        return ()
    user = account(session).user
    granted = {(str(o), str(t)) for o, t in rows(session, _FLASHBACK_GRANTS, most=MAX_GRANTS)}
    return tuple(
        ref
        for ref in refs
        if ref.schema_name != user and (ref.schema_name, ref.table) not in granted
    )


def sessions_allowed(session: Session) -> int | None:
    """SESSIONS_PER_USER of our user's profile, or None where it sets no number.

    It binds only where the instance has RESOURCE_LIMIT = TRUE.
    """
    found = rows(session, _SESSIONS_ALLOWED)
    text = str(found[0][0]).strip() if found else ""
    return int(text) if text.isdecimal() else None


_CHARACTER_SETS = """
SELECT parameter, value FROM nls_database_parameters
WHERE parameter IN ('NLS_CHARACTERSET', 'NLS_NCHAR_CHARACTERSET')"""

_ACCOUNT = "SELECT username, account_status, expiry_date FROM user_users"

_PRIVILEGES = "SELECT privilege FROM session_privs ORDER BY privilege"

_CHANGING_GRANTS = """
SELECT table_schema, table_name, privilege FROM all_tab_privs
WHERE grantee <> 'PUBLIC' AND privilege IN ('ALTER', 'DELETE', 'INSERT', 'UPDATE')
ORDER BY table_schema, table_name, privilege"""

_FLASHBACK_GRANTS = """
SELECT table_schema, table_name FROM all_tab_privs WHERE privilege = 'FLASHBACK'"""

_SESSIONS_ALLOWED = """
SELECT limit FROM user_resource_limits WHERE resource_name = 'SESSIONS_PER_USER'"""
