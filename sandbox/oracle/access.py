"""What the user may read of what a query names: ORA-00942, ORA-01031 and ORA-00904.

Taken from the dictionary at every commit, as the data dictionary's own views are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import duckdb

from sandbox.oracle.errors import OracleError
from sandbox.oracle.sql import Query
from sandbox.oracle.types import OracleType

Name = tuple[str, str]
ColumnTypes = Mapping[Name, Mapping[str, OracleType]]
USER = "DUCKFERRY"
#: Packages with a grant of their own; the other ones of `functions.py` are PUBLIC.
NOT_FOR_EVERYBODY = ("DBMS_FLASHBACK",)


@dataclass(frozen=True)
class Access:
    """Rights at one moment; names are (owner, name).

    `tables` are those that are no views. `dictionary` holds the views of SYS that are there for
    everybody or granted, `closed` what else SYS has, `packages` what of it may be executed beside
    what everybody may. `visible` tables are listed, also where the user may only write. `synonyms`
    point to tables.
    """

    types: ColumnTypes = field(default_factory=dict[Name, Mapping[str, OracleType]])
    tables: frozenset[Name] = frozenset()
    owners: frozenset[str] = frozenset()
    visible: frozenset[Name] = frozenset()
    readable: frozenset[Name] = frozenset()
    past_readable: frozenset[Name] = frozenset()
    dictionary: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    packages: frozenset[str] = frozenset()
    synonyms: Mapping[Name, Name] = field(default_factory=dict[Name, Name])

    def resolve(self, tables: Iterable[Name], schema: str) -> tuple[Name, ...]:
        """Names as the session's schema and the synonyms complete them.

        What is neither (such as a WITH query) keeps its owner empty.
        """
        return tuple(self._resolve(owner, name, schema) for owner, name in tables)

    def columns(self, tables: Iterable[Name], schema: str) -> Mapping[str, OracleType]:
        """The columns of all these tables, by their names alone."""
        found = (self.types.get(table, {}) for table in self.resolve(tables, schema))
        return {name: kind for columns in found for name, kind in columns.items()}

    def check(self, query: Query, schema: str) -> None:
        """Refuse a table that is not there or not granted, or whose past is not."""
        found = self.resolve(query.tables, schema)
        for owner, name in found:
            if not self._is_there(owner, name, schema):
                raise OracleError(942)
            if owner and owner != "SYS" and (owner, name) not in self.readable:
                raise OracleError(1031)
        self._check_rights(query, found)
        columns = {column for table in found for column in self.types.get(table, ())}
        for name in query.quoted_names:
            if name not in columns and name.upper() in columns:
                raise OracleError(904, f'"{name}"')

    def _check_rights(self, query: Query, found: Iterable[Name]) -> None:
        """Refuse a ROWID of a view, the past without FLASHBACK, a package without EXECUTE."""
        if query.uses_rowid and any(
            table[0] in self.owners and table not in self.tables for table in found
        ):
            raise OracleError(1445)
        if query.is_past:
            for table in found:
                if table[0] in self.owners and table not in self.past_readable:
                    raise OracleError(1031)
        for function in query.packages:
            package, name = function.split(".")
            if package in NOT_FOR_EVERYBODY and package not in self.packages:
                raise OracleError(904, f'"{package}"."{name}"')

    def _resolve(self, owner: str, name: str, schema: str) -> Name:
        places = (owner,) if owner else (schema, "PUBLIC")
        for place in places:
            if (place, name) in self.types:
                return place, name
            if (place, name) in self.synonyms:
                return self.synonyms[place, name]
        return owner, name

    def _is_there(self, owner: str, name: str, schema: str) -> bool:
        if owner == "SYS":
            return name in self.dictionary
        if owner:
            return (owner, name) in self.visible
        # DuckDB would also take a quoted name in the wrong case
        return name not in self.closed and (schema, name.upper()) not in self.types


def read_access(connection: duckdb.DuckDBPyConnection, types: ColumnTypes) -> Access:
    """The rights as the dictionary has them now.

    What is visible follows the rule of the view VISIBLE$.
    """
    objects = _pairs(connection, 'SELECT OWNER, TABLE_NAME FROM SYS."OBJECT$"')
    own = {name for name in objects if name[0] == USER}
    rights: dict[str, set[Name]] = {}
    for owner, name, privilege in connection.execute(
        'SELECT OWNER, TABLE_NAME, PRIVILEGE FROM SYS."PRIVILEGE$" UNION ALL '
        "SELECT '', '', PRIVILEGE FROM SYS.\"GRANTED$\" WHERE PRIVILEGE LIKE '% ANY TABLE'"
    ).fetchall():
        found = rights.setdefault(privilege.partition(" ANY ")[0], set())
        found |= {(owner, name)} if owner else objects
    readable = rights.get("READ", set()) | rights.get("SELECT", set())
    names = {name for _, name in _pairs(connection, _NAMES_OF_SYS)}
    closed = {name for name in names if name.endswith("$")}
    for name in names:
        granted = name.replace("V$", "V_$")
        if "V_$" in granted and name != "V$VERSION" and ("SYS", granted) not in readable:
            closed.add(name)
    synonyms = connection.execute(
        'SELECT OWNER, SYNONYM_NAME, TABLE_OWNER, TABLE_NAME FROM SYS."SYNONYM$"'
    ).fetchall()
    return Access(
        types=types,
        tables=frozenset(
            _pairs(
                connection,
                "SELECT OWNER, TABLE_NAME FROM SYS.\"OBJECT$\" WHERE OBJECT_TYPE = 'TABLE'",
            )
        ),
        owners=frozenset(owner for owner, _ in types),
        visible=frozenset(own.union(*(rights[each] for each in rights if each != "FLASHBACK"))),
        readable=frozenset(readable | own),
        past_readable=frozenset(rights.get("FLASHBACK", set()) | own),
        dictionary=frozenset(names - closed),
        closed=frozenset(closed),
        packages=frozenset(name for _, name in rights.get("EXECUTE", ())),
        synonyms={(owner, name): (to, table) for owner, name, to, table in synonyms},
    )


def _pairs(connection: duckdb.DuckDBPyConnection, sql: str) -> set[Name]:
    return {(row[0], row[1]) for row in connection.execute(sql).fetchall()}


_NAMES_OF_SYS = """
    SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name = 'SYS'
    UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE schema_name = 'SYS'
"""
