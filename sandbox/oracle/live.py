"""Views over what is not in the database: the clock, sessions, open transactions, the account.

Their rows are variables of the DuckDB connection, set right before a query that names such a view.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb

from sandbox.oracle.access import USER
from sandbox.oracle.accounts import PROFILE_NAME, Account, Profile
from sandbox.oracle.release import SERVICE, Setup

_SESSION = (
    'STRUCT("SID" INTEGER, "SERIAL#" INTEGER, USERNAME VARCHAR, STATUS VARCHAR, MACHINE VARCHAR, '
    "PROGRAM VARCHAR, TYPE VARCHAR, MODULE VARCHAR, ACTION VARCHAR, CLIENT_IDENTIFIER VARCHAR, "
    "CLIENT_INFO VARCHAR, LOGON_TIME TIMESTAMP_S)[]"
)
_TRANSACTION = (
    "STRUCT(ADDR VARCHAR, XIDUSN INTEGER, XIDSLOT INTEGER, XIDSQN INTEGER, STATUS VARCHAR, "
    "START_TIME VARCHAR, START_DATE TIMESTAMP_S, START_SCN BIGINT)[]"
)
_ACCOUNT = (
    "STRUCT(ACCOUNT_STATUS VARCHAR, LOCK_DATE TIMESTAMP_S, EXPIRY_DATE TIMESTAMP_S, "
    "SESSIONS_PER_USER VARCHAR, FAILED_LOGIN_ATTEMPTS VARCHAR)"
)


@dataclass(frozen=True)
class Attributes:
    """What V$SESSION would show of a session; "" where the client set nothing."""

    session_id: int
    user: str = ""
    module: str = ""
    action: str = ""
    client_identifier: str = ""
    client_info: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class OpenTransaction:
    """A transaction somebody has not committed: since when (UTC), and the SCN at its start.

    `statement` is DuckDB's SQL for what it will have changed, to be seen after its commit.
    """

    started: datetime
    scn: int
    statement: str = ""


def views(setup: Setup) -> Mapping[str, str]:
    """Name and SELECT of every view here, each V$ view also under the name that is granted."""
    cdb = ", 'NO' AS CDB" if setup.release.is_at_least(12) else ""
    common = ", 'NO' AS COMMON, 'N' AS ORACLE_MAINTAINED" if setup.release.is_at_least(12) else ""
    sessions = f"unnest(CAST(getvariable('SESSIONS') AS {_SESSION}), recursive := true)"
    transactions = f"unnest(CAST(getvariable('TRANSACTIONS') AS {_TRANSACTION}), recursive := true)"
    account = f"(SELECT CAST(getvariable('ACCOUNT') AS {_ACCOUNT}) AS a)"
    return {
        "V$DATABASE": f"""
            SELECT CAST(2147483647 AS BIGINT) AS DBID, '{SERVICE}' AS NAME,
                   '{SERVICE}' AS DB_UNIQUE_NAME,
                   CAST(getvariable('CURRENT_SCN') AS BIGINT) AS CURRENT_SCN,
                   'ARCHIVELOG' AS LOG_MODE, 'READ WRITE' AS OPEN_MODE,
                   'PRIMARY' AS DATABASE_ROLE, 'NO' AS SUPPLEMENTAL_LOG_DATA_MIN{cdb}""",
        "V$SESSION": f"SELECT {sessions}",
        "GV$SESSION": f"SELECT 1 AS INST_ID, {sessions}",
        "V$TRANSACTION": f"SELECT {transactions}",
        "GV$TRANSACTION": f"SELECT 1 AS INST_ID, {transactions}",
        "USER_USERS": f"""
            SELECT '{USER}' AS USERNAME, 103 AS USER_ID, a.ACCOUNT_STATUS, a.LOCK_DATE,
                   a.EXPIRY_DATE, 'USERS' AS DEFAULT_TABLESPACE, 'TEMP' AS TEMPORARY_TABLESPACE,
                   CAST(TIMESTAMP '2024-01-01' AS TIMESTAMP_S) AS CREATED,
                   '{PROFILE_NAME}' AS PROFILE{common}
            FROM {account}""",
        "USER_RESOURCE_LIMITS": f"""
            SELECT unnest(['SESSIONS_PER_USER', 'IDLE_TIME', 'CONNECT_TIME']) AS RESOURCE_NAME,
                   unnest([a.SESSIONS_PER_USER, 'UNLIMITED', 'UNLIMITED']) AS "LIMIT"
            FROM {account}""",
        "USER_PASSWORD_LIMITS": f"""
            SELECT unnest(['FAILED_LOGIN_ATTEMPTS', 'PASSWORD_LOCK_TIME']) AS RESOURCE_NAME,
                   unnest([a.FAILED_LOGIN_ATTEMPTS, 'UNLIMITED']) AS "LIMIT"
            FROM {account}""",
    }


def prepare_sessions(connection: duckdb.DuckDBPyConnection, sessions: Iterable[Attributes]) -> None:
    """Let V$SESSION show `sessions`."""
    _set(
        connection,
        "SESSIONS",
        [
            {
                "SID": each.session_id, "SERIAL#": 1, "USERNAME": each.user, "STATUS": "ACTIVE",
                "MACHINE": "localhost", "PROGRAM": "python", "TYPE": "USER",
                "MODULE": each.module, "ACTION": each.action,
                "CLIENT_IDENTIFIER": each.client_identifier, "CLIENT_INFO": each.client_info,
                "LOGON_TIME": each.since and each.since.replace(tzinfo=None),
            }
            for each in sessions
        ],
    )  # fmt: skip


def prepare_transactions(
    connection: duckdb.DuckDBPyConnection, transactions: Iterable[OpenTransaction]
) -> None:
    """Let V$TRANSACTION show `transactions`."""
    _set(
        connection,
        "TRANSACTIONS",
        [
            {
                "ADDR": f"{number:016X}", "XIDUSN": number, "XIDSLOT": 1, "XIDSQN": 1,
                "STATUS": "ACTIVE", "START_TIME": f"{each.started:%m/%d/%y %H:%M:%S}",
                "START_DATE": each.started.replace(tzinfo=None), "START_SCN": each.scn,
            }
            for number, each in enumerate(transactions, start=1)
        ],
    )  # fmt: skip


def prepare_account(
    connection: duckdb.DuckDBPyConnection, account: Account, profile: Profile
) -> None:
    """Let USER_USERS and the views of limits show `account`."""
    _set(
        connection,
        "ACCOUNT",
        {
            "ACCOUNT_STATUS": account.status,
            "LOCK_DATE": account.locked_at and account.locked_at.replace(tzinfo=None),
            "EXPIRY_DATE": account.expires_at and account.expires_at.replace(tzinfo=None),
            "SESSIONS_PER_USER": str(profile.sessions_per_user or "UNLIMITED"),
            "FAILED_LOGIN_ATTEMPTS": str(profile.failed_login_attempts or "UNLIMITED"),
        },
    )


def _set(connection: duckdb.DuckDBPyConnection, name: str, value: object) -> None:
    connection.execute(f'SET VARIABLE "{name}" = ?', [value])
