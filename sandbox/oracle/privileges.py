"""Rights: what DUCKFERRY was granted, and the views in which Oracle shows it.

Everything in a schema is granted for reading and flashback, unless it stands in SYS."HIDDEN$" (no
right at all) or SYS."REVOKED$" (not this one). SYS."GRANTED$" holds what was granted by name.

Any right makes a table visible, as in Oracle; only FLASHBACK alone does not, so that taking READ
away is enough to hide a table.
"""

from collections.abc import Mapping

import duckdb

from sandbox.oracle.access import USER
from sandbox.oracle.release import Setup

#: Views of SYS the user may read from the start; others, such as V_$TRANSACTION, need a grant.
GRANTED_AT_START = ("V_$DATABASE", "V_$INSTANCE")


def create_bookkeeping(connection: duckdb.DuckDBPyConnection, setup: Setup) -> None:
    """Tables of grants and the views that say what may be read; call once."""
    reading = "READ" if setup.release.is_at_least(12) else "SELECT"
    connection.execute(BOOKKEEPING.replace("$READING", reading))
    for view in GRANTED_AT_START:
        grant(connection, "SELECT", view)
    grant(connection, "CREATE SESSION")


def grant(
    connection: duckdb.DuckDBPyConnection, privilege: str, table: str = "", owner: str = "SHOP"
) -> None:
    """GRANT to DUCKFERRY: a right on a table, or a system privilege or role where table is ""."""
    key = _key(privilege, table, owner)
    for bookkeeping in ("REVOKED$", "GRANTED$"):
        _forget(connection, bookkeeping, key)
    connection.execute('INSERT INTO SYS."GRANTED$" VALUES (?, ?, ?)', key)


def revoke(
    connection: duckdb.DuckDBPyConnection, privilege: str, table: str = "", owner: str = "SHOP"
) -> None:
    """REVOKE from DUCKFERRY, also of what is granted from the start."""
    key = _key(privilege, table, owner)
    for bookkeeping in ("REVOKED$", "GRANTED$"):
        _forget(connection, bookkeeping, key)
    connection.execute('INSERT INTO SYS."REVOKED$" VALUES (?, ?, ?)', key)


def views(setup: Setup) -> Mapping[str, str]:
    """The views of grants, in the columns that the release has."""
    shared = "PRIVILEGE, 'NO' AS GRANTABLE, 'NO' AS HIERARCHY"
    if setup.release.is_at_least(12):
        kind = "CASE OWNER WHEN 'SYS' THEN 'VIEW' ELSE 'TABLE' END"
        shared += f", 'NO' AS COMMON, {kind} AS TYPE"
    options = "'NO' AS ADMIN_OPTION"
    # Oracle shows system privileges and roles apart; a role's name has no space.
    system = "SELECT PRIVILEGE FROM SYS.\"GRANTED$\" WHERE TABLE_NAME = '' AND PRIVILEGE"
    mine = 'FROM SYS."PRIVILEGE$"'
    return {
        "USER_TAB_PRIVS": f"""
            SELECT '{USER}' AS GRANTEE, OWNER, TABLE_NAME, OWNER AS GRANTOR, {shared} {mine}""",
        "USER_TAB_PRIVS_RECD": f"SELECT OWNER, TABLE_NAME, OWNER AS GRANTOR, {shared} {mine}",
        "ALL_TAB_PRIVS": f"""
            SELECT OWNER AS GRANTOR, '{USER}' AS GRANTEE, OWNER AS TABLE_SCHEMA, TABLE_NAME,
                   {shared} {mine}""",
        "ALL_TAB_PRIVS_RECD": f"""
            SELECT '{USER}' AS GRANTEE, OWNER, TABLE_NAME, OWNER AS GRANTOR, {shared} {mine}""",
        "SESSION_PRIVS": f"{system} LIKE '% %'",
        "SESSION_ROLES": f"SELECT PRIVILEGE AS ROLE FROM ({system} NOT LIKE '% %')",
        "USER_SYS_PRIVS": f"""
            SELECT '{USER}' AS USERNAME, PRIVILEGE, {options} FROM ({system} LIKE '% %')""",
        "USER_ROLE_PRIVS": f"""
            SELECT '{USER}' AS USERNAME, PRIVILEGE AS GRANTED_ROLE, {options},
                   'YES' AS DEFAULT_ROLE, 'NO' AS OS_GRANTED
            FROM ({system} NOT LIKE '% %')""",
    }


def _key(privilege: str, table: str, owner: str) -> list[str]:
    if not table:
        owner = ""
    elif table.upper().startswith(("V_$", "GV_$", "DBMS_")):
        owner = "SYS"
    return [owner, table, privilege.upper()]


def _forget(connection: duckdb.DuckDBPyConnection, bookkeeping: str, key: list[str]) -> None:
    connection.execute(
        f'DELETE FROM SYS."{bookkeeping}" WHERE OWNER = ? AND TABLE_NAME = ? AND PRIVILEGE = ?', key
    )


BOOKKEEPING = f"""
CREATE TABLE SYS."GRANTED$" (OWNER VARCHAR, TABLE_NAME VARCHAR, PRIVILEGE VARCHAR);
CREATE TABLE SYS."REVOKED$" (OWNER VARCHAR, TABLE_NAME VARCHAR, PRIVILEGE VARCHAR);
CREATE VIEW SYS."PRIVILEGE_NOW$" AS
    SELECT OWNER, TABLE_NAME, PRIVILEGE
    FROM SYS."OBJECT$", (SELECT unnest(['$READING', 'FLASHBACK']) AS PRIVILEGE)
    WHERE OWNER <> '{USER}'
      AND (OWNER, TABLE_NAME) NOT IN (SELECT OWNER, TABLE_NAME FROM SYS."HIDDEN$")
      AND (OWNER, TABLE_NAME, PRIVILEGE) NOT IN
          (SELECT OWNER, TABLE_NAME, PRIVILEGE FROM SYS."REVOKED$")
    UNION SELECT OWNER, TABLE_NAME, PRIVILEGE FROM SYS."GRANTED$" WHERE TABLE_NAME <> '';
CREATE TABLE SYS."PRIVILEGE$" AS FROM SYS."PRIVILEGE_NOW$";
CREATE VIEW SYS."VISIBLE_NOW$" AS
    SELECT OWNER, TABLE_NAME FROM SYS."OBJECT$"
    WHERE OWNER = '{USER}'
       OR EXISTS (FROM SYS."GRANTED$" WHERE PRIVILEGE IN ('READ ANY TABLE', 'SELECT ANY TABLE'))
    UNION SELECT OWNER, TABLE_NAME FROM SYS."PRIVILEGE$"
          WHERE OWNER <> 'SYS' AND PRIVILEGE <> 'FLASHBACK';
CREATE TABLE SYS."VISIBLE$" AS FROM SYS."VISIBLE_NOW$";
"""
