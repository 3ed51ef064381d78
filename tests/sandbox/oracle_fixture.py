"""Shared by the tests of the Oracle stand-in: a connection and typed rows."""

from typing import Any, cast

import oracledb

from sandbox.oracle.process import OracleStandIn


def connect(oracle: OracleStandIn) -> oracledb.Connection:
    return oracledb.connect(user=oracle.user, password=oracle.password, dsn=oracle.dsn)


def rows(
    connection: oracledb.Connection,
    statement: str,
    binds: list[Any] | tuple[Any, ...] | dict[str, Any] = (),
) -> list[tuple[Any, ...]]:
    """All rows, with exact decimals."""
    with connection.cursor() as cursor:
        cursor.execute(statement, binds, fetch_decimals=True)
        return cast("list[tuple[Any, ...]]", cursor.fetchall())
