"""The first wall around SQL that a model wrote: DuckDB's own syntax tree, walked by allow lists.

The text is parsed in a query's process and comes here as the tree that ``json_serialize_sql``
makes of it, so no second parser can understand it otherwise. Kinds of nodes, functions and tables
that are not on a list are refused, so what a new DuckDB brings is refused until it is read. This
wall keeps tables and columns from callers; that data stays whole also rests on the other two
(ADR 0012, 0018).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from sync.query_errors import SqlRefused
from sync.warehouse.functions import AGGREGATES, CALLABLE, SIGNS, TABLE_FUNCTIONS, TYPES

MAX_SQL_CHARACTERS = 10_000
MOST_TREE_CHARACTERS = 200_000
"""Of the tree as JSON: half more than ten thousand characters of an analyst's SQL come to.
Checking it takes time of the process that answers people, which this bounds."""
MOST_LEVELS = 400
"""Of the tree; about a hundred calls within one another. Python reads and writes JSON by recursion,
from wherever the caller stands on its own stack."""

_NODES = """
    SELECT_NODE SET_OPERATION_NODE RECURSIVE_CTE_NODE BASE_TABLE EMPTY EXPRESSION_LIST JOIN PIVOT
    SHOW_REF SUBQUERY TABLE_FUNCTION DISTINCT_MODIFIER LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER
    ORDER_MODIFIER ORDER_DEFAULT ASCENDING DESCENDING
"""
NODES = frozenset(_NODES.split())
"""Kinds of queries, of what stands after FROM, and of what modifies a query."""

_EXPRESSIONS = """
    BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION LAMBDA OPERATOR
    POSITIONAL_REFERENCE STAR SUBQUERY TYPE WINDOW
"""
EXPRESSIONS = frozenset(_EXPRESSIONS.split())
"""Classes of expressions. A parameter is none of them, for there is nothing to fill it."""

_EXPLAIN = re.compile(r"\s*EXPLAIN\s+(?!ANALYZE\b|\()", re.IGNORECASE | re.ASCII)
_SHORT = ("schema", "table")
_OWN_SCHEMAS = ("main", "pg_catalog", "system")

Path = tuple[str, ...]
"""A table's name as it is written, in its parts."""
Scope = frozenset[str]
"""Names of common table expressions that may be used at a place, case folded."""


def split_explain(sql: str) -> tuple[str, bool]:
    """Take off a leading EXPLAIN; what is left is guarded, and whether there was one is told.

    Raises `SqlRefused` for text that is too long or no text.
    """
    if len(sql) > MAX_SQL_CHARACTERS:
        raise SqlRefused(reason=f"it is longer than {MAX_SQL_CHARACTERS:,} characters.")
    if "\0" in sql or any("\ud800" <= character <= "\udfff" for character in sql):
        raise SqlRefused(reason="it holds a character that no text has.")
    found = _EXPLAIN.match(sql)
    return (sql[found.end() :], True) if found else (sql, False)


def named_tables(tree: Mapping[str, Any]) -> list[Path]:
    """Check a serialised statement, and list the tables it names, each once, as it names them.

    Names of common table expressions are told from tables by scope, as DuckDB does. Raises
    `SqlRefused`, which says what is refused and what to do instead.
    """
    statements = cast("list[dict[str, Any]]", tree.get("statements") or [])
    if len(statements) != 1:
        raise SqlRefused(reason="one statement at a time is run.")
    found: dict[Path, None] = {}
    todo: list[tuple[object, Scope, int]] = [(statements[0], frozenset(), 0)]
    while todo:
        node, scope, level = todo.pop()
        if level > MOST_LEVELS:
            raise SqlRefused(reason="it is nested too deeply.")
        if isinstance(node, list):
            todo += ((one, scope, level + 1) for one in reversed(cast("list[object]", node)))
        elif isinstance(node, dict):
            fields = cast("dict[str, Any]", node)
            _check(fields)
            if fields.get("type") == "BASE_TABLE" and (path := _table(fields, scope)):
                found[path] = None
            todo += reversed([(one, inner, level + 1) for one, inner in _below(fields, scope)])
    return list(found)


def shorten_names(tree: dict[str, Any]) -> bool:
    """Put `short_path` in place of each table's name in *tree*; tell whether one was longer."""
    changed = False
    todo: list[object] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo += cast("list[object]", node)
        elif isinstance(node, dict):
            fields = cast("dict[str, Any]", node)
            todo += fields.values()
            if fields.get("type") == "BASE_TABLE" and len(path := _path(fields)) > len(_SHORT):
                schema, table = short_path(path)
                fields |= {
                    "alias": fields["alias"] or table,
                    "table_name": table,
                    "schema_name": schema,
                    "catalog_name": "",
                    "qualified_name": {"path": [schema, table]},
                }
                changed = True
    return changed


def short_path(path: Path) -> Path:
    """A name without its source's part: DuckDB would take that for one of several databases.

    Source and schema are joined to one name, so tables of two sources stay apart.
    """
    return path if len(path) <= len(_SHORT) else (".".join(path[:-1]), path[-1])


def _below(
    fields: dict[str, Any], scope: frozenset[str]
) -> Iterator[tuple[object, frozenset[str]]]:
    """What stands under a node, each with the names of common table expressions it may use."""
    if fields.get("type") == "RECURSIVE_CTE_NODE":
        scope |= {str(fields.get("cte_name")).casefold()}
    ctes = cast("dict[str, list[dict[str, Any]]]", fields.get("cte_map") or {})
    for entry in ctes.get("map", ()):
        yield entry["value"], scope
        scope |= {str(entry["key"]).casefold()}
    for name, value in fields.items():
        if name == "function" and fields.get("type") == "TABLE_FUNCTION":
            yield {key: one for key, one in value.items() if key not in ("class", "type")}, scope
        elif name != "cte_map" and isinstance(value, dict | list):
            yield value, scope


def _check(fields: dict[str, Any]) -> None:
    """Raise `SqlRefused` where a node is of a kind, or has a part, that is on no list."""
    kind, family = fields.get("type"), fields.get("class")
    if isinstance(family, str):
        if family not in EXPRESSIONS:
            raise SqlRefused(reason=_UNFIT_EXPRESSION.get(family, _unknown(family)))
    elif isinstance(kind, str) and kind not in NODES:
        raise SqlRefused(reason=_UNFIT_NODE.get(kind, _unknown(kind)))
    check = _PARTS.get(str(family or kind))
    if check is not None:
        check(fields)


def _unknown(kind: str) -> str:
    return f"{kind.lower().replace('_', ' ')} is not allowed here; only plain SELECT is."


def _table(fields: dict[str, Any], scope: Scope) -> Path | None:
    """The name of a table, or None where it is one of the statement's own."""
    path = _path(fields)
    if fields.get("at_clause") is not None:
        raise SqlRefused(reason="a copy shows one moment, so AT cannot be asked.")
    if len(path) == 1 and path[0].casefold() in scope:
        return None
    if path[0].casefold() == "recurring" and path[-1].casefold() in scope:
        return None
    return path


def _path(fields: dict[str, Any]) -> Path:
    path = tuple(str(part) for part in fields["qualified_name"]["path"])
    written = [fields.get(name) for name in ("catalog", "schema", "catalog_name", "schema_name")]
    if any(part and part not in path for part in written):
        raise SqlRefused(reason="a name in it is told in two ways.")
    return path


def _check_function(fields: dict[str, Any]) -> None:
    path = _path(fields)
    name = path[-1]
    if fields.get("export_state"):
        raise SqlRefused(reason="states of aggregates cannot be taken out.")
    if any(part not in _OWN_SCHEMAS for part in path[:-1]):
        raise SqlRefused(reason=f"the function {'.'.join(path)} is not on the list.")
    if name.lower() not in CALLABLE and name not in SIGNS:
        raise SqlRefused(
            reason=f"the function {name} is not on the list of those that may be called."
        )
    if name.lower() in _BY_NAME:
        _check_named_aggregate(fields)


def _check_named_aggregate(fields: dict[str, Any]) -> None:
    """Of a function whose second argument is the name of another one."""
    arguments = cast("list[dict[str, Any]]", fields["arguments"])
    named = cast("dict[str, Any]", arguments[1]["expression"] if arguments[1:] else {})
    literal = cast("dict[str, Any]", named.get("literal") or {})
    if str(literal.get("text")).lower() not in AGGREGATES:
        raise SqlRefused(
            reason=f"{_path(fields)[-1]} needs the name of an aggregate that may be called: "
            "list_aggregate(l, 'sum')."
        )


def _check_table_function(fields: dict[str, Any]) -> None:
    function = fields["function"]
    path = _path(function)
    if function.get("class") != "FUNCTION" or len(path) != 1:
        raise SqlRefused(reason="only a plain table function can stand after FROM.")
    if path[0].casefold() not in TABLE_FUNCTIONS:
        raise SqlRefused(
            reason=f"{path[0]} cannot be read from: files, settings and catalogs are closed. "
            "list_tables and describe_table tell what there is."
        )


def _check_pivot(fields: dict[str, Any]) -> None:
    for pivot in fields.get("pivots") or ():
        if pivot.get("pivot_enum"):
            raise SqlRefused(reason="PIVOT needs its values: PIVOT t ON c IN ('a', 'b') USING …")


def _check_show(fields: dict[str, Any]) -> None:
    if fields.get("show_type") not in ("DESCRIBE", "SUMMARY") or fields.get("query") is None:
        raise SqlRefused(reason="SHOW is not run; list_tables tells which tables there are.")


def _check_type(fields: dict[str, Any]) -> None:
    path = _path(fields)
    if path[-1].lower() not in TYPES or path[:-1]:
        raise SqlRefused(reason=f"the type {'.'.join(path)} is not on the list.")


_PARTS: dict[str, Callable[[dict[str, Any]], None]] = {
    "FUNCTION": _check_function,
    "WINDOW": _check_function,
    "TABLE_FUNCTION": _check_table_function,
    "PIVOT": _check_pivot,
    "SHOW_REF": _check_show,
    "TYPE": _check_type,
}

_BY_NAME = frozenset({"list_aggregate", "list_aggr", "array_aggregate", "array_aggr", "aggregate"})

_UNFIT_EXPRESSION = {
    "PARAMETER": "there is nothing to fill a parameter with; write the value itself.",
}
_UNFIT_NODE = {
    f"{verb}_QUERY_NODE": f"{verb} would change data; copies are only read."
    for verb in ("INSERT", "UPDATE", "DELETE", "MERGE", "COPY")
}
