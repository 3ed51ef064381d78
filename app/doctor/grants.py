"""The script a DBA runs once: a user that can read the offered tables and nothing else.

Facts: Oracle SQL Language Reference 11.2, 12.1 and 19c (GRANT, CREATE PROFILE, CREATE USER). READ
came with 12.1.0.2; SELECT also allows SELECT … FOR UPDATE, which locks rows.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from app.bot_config import BotConfig, SourceSection
from app.settings import SettingsError
from sync.oracle import quote_name
from sync.plan import TableRef

Release = Literal["11g", "12c", "19c"]

DEFAULT_USER = "DUCKFERRY"
PASSWORD = "CHANGE-ME-before-you-run-this-1"  # noqa: S105 -- a placeholder
IDLE_MINUTES = 60
FAILED_LOGINS = 10
_PLAIN = re.compile(r"[A-Z][A-Z0-9_$#]*")
_RESERVED = frozenset(
    """
    ACCESS ADD ALL ALTER AND ANY AS ASC AUDIT BETWEEN BY CHAR CHECK CLUSTER COLUMN COLUMN_VALUE
    COMMENT COMPRESS CONNECT CREATE CURRENT DATE DECIMAL DEFAULT DELETE DESC DISTINCT DROP ELSE
    EXCLUSIVE EXISTS FILE FLOAT FOR FROM GRANT GROUP HAVING IDENTIFIED IMMEDIATE IN INCREMENT INDEX
    INITIAL INSERT INTEGER INTERSECT INTO IS LEVEL LIKE LOCK LONG MAXEXTENTS MINUS MLSLABEL MODE
    MODIFY NESTED_TABLE_ID NOAUDIT NOCOMPRESS NOT NOWAIT NULL NUMBER OF OFFLINE ON ONLINE OPTION OR
    ORDER PCTFREE PRIOR PUBLIC RAW RENAME RESOURCE REVOKE ROW ROWID ROWNUM ROWS SELECT SESSION SET
    SHARE SIZE SMALLINT START SUCCESSFUL SYNONYM SYSDATE TABLE THEN TO TRIGGER UID UNION UNIQUE
    UPDATE USER VALIDATE VALUES VARCHAR VARCHAR2 VIEW WHENEVER WHERE WITH
    """.split()  # noqa: SIM905 -- read as words, not as a column of strings
)
"""SQL Language Reference 19c, "Oracle SQL Reserved Words"."""


def grants_script(
    config: BotConfig, user: str | None, release: Release | None, source: str | None
) -> str:
    """Write the script for one *source* of bot.toml, or for all.

    *user* stands in where a source names none; *release* None is for a release nobody knows. Raises
    SettingsError where there is no such source, or a name that no script can hold.
    """
    sections = [each for each in config.source if source in (None, each.name)]
    if not sections:
        known = ", ".join(each.name for each in config.source) or "none"
        asked = f"source {source!r}" if source else "[[source]]"
        raise SettingsError([f"bot.toml has no {asked} (it has: {known})."])
    try:
        return "\n".join(
            line for section in sections for line in _script(config, section, user, release)
        )
    except ValueError as error:
        raise SettingsError([f"No grants can be written: {error}."]) from error


def name_of_user(user: str) -> str:
    """Write a user as Oracle takes it: as it is in quotes, else in capitals, as a login does."""
    quoted = len(user) > 1 and user.startswith('"') and user.endswith('"')
    return written(user[1:-1] if quoted else user.upper())


def written(name: str) -> str:
    """Write an identifier, quoted only where it must be. Raises ValueError for what none can be."""
    quoted = quote_name(name)
    if not name.isprintable():
        raise ValueError(f"not a name for a script: {name!r}")
    return name if _PLAIN.fullmatch(name) and name not in _RESERVED else quoted


def _script(
    config: BotConfig, section: SourceSection, user: str | None, release: Release | None
) -> Iterator[str]:
    login = section.user or user or DEFAULT_USER
    grantee = name_of_user(login)
    profile = written(f"{login.strip(chr(34)).upper()[:20]}_LIMITS")
    refs = [ref for ref in config.offered if ref.source == section.name]
    yield f"-- Duckferry, source {section.name}: a user that can read {len(refs)} tables only."
    yield "-- Run it as a DBA, in a multitenant database inside the pluggable one."
    yield "-- To undo all of it: DROP USER and DROP PROFILE with the names below."
    yield ""
    yield "-- Limits. SESSIONS_PER_USER is max_sessions of bot.toml and one to spare. Limits of"
    yield "-- resources bind only where the instance has RESOURCE_LIMIT = TRUE (since 12.1.0.2 the"
    yield "-- default): ALTER SYSTEM SET RESOURCE_LIMIT = TRUE;"
    yield f"CREATE PROFILE {profile} LIMIT"
    yield f"  SESSIONS_PER_USER {section.max_sessions + 1}"
    yield f"  IDLE_TIME {IDLE_MINUTES}"
    yield "  CONNECT_TIME UNLIMITED"
    yield f"  FAILED_LOGIN_ATTEMPTS {FAILED_LOGINS};"
    yield ""
    yield "-- The user: a password of your own instead of this one, no space in any tablespace."
    yield f'CREATE USER {grantee} IDENTIFIED BY "{PASSWORD}"'
    yield f"  DEFAULT TABLESPACE USERS QUOTA 0 ON USERS PROFILE {profile};"
    yield f"GRANT CREATE SESSION TO {grantee};"
    yield ""
    yield from _reading(refs, grantee, release)
    yield ""
    yield "-- Optional, take the dashes away: receipts then name the SCN a copy shows. Without it"
    yield "-- they name only the time."
    yield f"-- GRANT SELECT ON SYS.V_$DATABASE TO {grantee};"
    yield ""
    yield "-- Optional, and not used yet: reading the past of a table. Without it a snapshot is of"
    yield "-- one session only, in a read-only transaction; several sessions cannot share one."
    for ref in refs:
        yield f"-- GRANT FLASHBACK ON {_table(ref)} TO {grantee};"
    yield ""


def _reading(refs: Sequence[TableRef], grantee: str, release: Release | None) -> Iterator[str]:
    if not refs:
        yield "-- bot.toml offers no table of this source yet."
        return
    if release == "11g":
        yield "-- Reading. 11g has no READ: SELECT also lets the user lock rows (FOR UPDATE), which"
        yield "-- Duckferry never does."
    elif release is None:
        yield "-- Reading, on Oracle 12.1.0.2 or newer. READ cannot lock rows; SELECT could (FOR"
        yield "-- UPDATE). On 11g and 12.1.0.1, which have no READ, take the lines further below."
    else:
        yield "-- Reading. READ cannot lock rows; SELECT could (FOR UPDATE)."
        if release == "12c":
            yield "-- READ came with 12.1.0.2; on 12.1.0.1 write SELECT instead."
    right = "SELECT" if release == "11g" else "READ"
    for ref in refs:
        yield f"GRANT {right} ON {_table(ref)} TO {grantee};"
    if release is None:
        yield "-- On 11g and 12.1.0.1, instead of the lines above:"
        for ref in refs:
            yield f"-- GRANT SELECT ON {_table(ref)} TO {grantee};"


def _table(ref: TableRef) -> str:
    return f"{written(ref.schema_name)}.{written(ref.table)}"
