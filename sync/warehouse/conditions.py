"""The conditions of a statement, taken from DuckDB's tree of it, and statements about them.

Only of one plain SELECT, or of the one it reads from where it has no condition of its own. What is
made here is guarded and bounded like what it was made from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

Node = dict[str, Any]


class NotSimple(Exception):
    """A statement whose conditions cannot be told one by one."""


@dataclass(frozen=True)
class Conditions:
    """What a statement chooses its rows from, and by what."""

    source: Node
    """A SELECT of all rows there are to choose from, without its columns."""
    each: tuple[Node, ...]
    """All of them hold for a row that is chosen."""
    is_joined: bool
    """Rows of several tables are put together."""


@dataclass(frozen=True)
class Compared:
    """A column that a condition sets beside constants, itself or in other letters or as a type."""

    side: Node
    """The column, as it may stand in a statement over the same tables."""
    wanted: tuple[str, ...]
    """As text."""

    @property
    def column(self) -> str:
        """Its name alone."""
        return str(self.side["column_names"][-1])


def conditions_of(tree: Node) -> Conditions:
    """Take the conditions of the one statement of *tree*. Raises `NotSimple`."""
    statement = cast("list[Node]", tree["statements"])[0]
    node, common = _choosing(statement["node"])
    if node["sample"] is not None or node["from_table"]["type"] == "EMPTY":
        raise NotSimple
    is_joined = node["from_table"]["type"] == "JOIN"
    each = _anded(node["where_clause"])
    # What joins tables that stand side by side stays, or each row would meet all of the others.
    pairs = [one for one in each if is_joined and _is_pair(one)]
    source: Node = {
        **node,
        "modifiers": [],
        "cte_map": {"map": common},
        "where_clause": _all(pairs),
        "group_expressions": [],
        "group_sets": [],
        "aggregate_handling": "STANDARD_HANDLING",
        "having": None,
        "qualify": None,
    }
    return Conditions(source, tuple(one for one in each if one not in pairs), is_joined)


def select(source: Node, columns: Sequence[Node]) -> Node:
    """The tree of a statement that reads *columns* of *source*."""
    node = {**source, "select_list": list(columns)}
    return {"error": False, "statements": [{"node": node, "named_param_map": []}]}


def counted(conditions: Sequence[Node]) -> Node:
    """The number of rows that meet all *conditions*."""
    return {**_call("count_star"), "filter": _all(conditions)}


def type_of(side: Node) -> Node:
    """The name of the type of an expression over columns."""
    return _call("typeof", _call("any_value", side))


def end_of(side: Node, end: str) -> Node:
    """The ``min`` or ``max`` of an expression over all rows."""
    return _call(end, side)


def compared(condition: Node) -> Compared | None:
    """Find column and constants of a condition that asks for likeness or order, if it is one."""
    sides = _sides(condition)
    for side in sides[:2]:
        others = [_constant(one) for one in sides if one is not side]
        wanted = tuple(one.strip("%_") for one in others if one)
        if wanted and len(wanted) == len(others) and (column := _column(side)):
            return Compared(column, wanted)
    return None


def as_read(condition: Node, name: str) -> str:
    """A condition's text, from the *name* that DuckDB gives to the column `counted` makes of it."""
    text = name.partition(" FILTER (WHERE ")[2].rpartition(")")[0]
    if condition["class"] != "FUNCTION":
        return text.removeprefix("(").removesuffix(")")
    sign = _LIKE.get(condition["function_name"])
    return text[1:-1].replace(f" {condition['function_name']} ", sign, 1) if sign else text


_LIKE = {"~~": " LIKE ", "~~*": " ILIKE ", "!~~": " NOT LIKE ", "!~~*": " NOT ILIKE "}
_ALIKE = frozenset({"~~", "~~*", "contains", "starts_with", "prefix", "suffix", "ends_with"})
_PLAIN = frozenset({"lower", "upper", "trim", "lcase", "ucase"})
_BY_SIZE = frozenset(
    f"COMPARE_{one}"
    for one in ("EQUAL", "LESSTHAN", "LESSTHANOREQUALTO", "GREATERTHAN", "GREATERTHANOREQUALTO")
)


def _choosing(node: Node) -> tuple[Node, list[Node]]:
    """The SELECT whose conditions choose the rows, and the common tables it may use."""
    if node["type"] != "SELECT_NODE":
        raise NotSimple
    common = cast("list[Node]", node["cte_map"]["map"])
    if node["where_clause"] is not None:
        return node, common
    read = node["from_table"]
    inner: Node | None = None
    if read["type"] == "SUBQUERY":
        inner = read["subquery"]["node"]
    elif read["type"] == "BASE_TABLE":
        names = [str(one["key"]).casefold() for one in common]
        path = read["qualified_name"]["path"]
        if len(path) == 1 and path[0].casefold() in names:
            at = names.index(path[0].casefold())
            inner, common = common[at]["value"]["query_node"], common[:at]
    if inner is None:
        return node, common
    if inner["type"] != "SELECT_NODE":
        raise NotSimple
    return inner, common + inner["cte_map"]["map"]


def _anded(where: Node | None) -> list[Node]:
    if where is None:
        return []
    if where["type"] != "CONJUNCTION_AND":
        return [where]
    return [one for child in where["children"] for one in _anded(child)]


def _all(conditions: Sequence[Node]) -> Node | None:
    if len(conditions) <= 1:
        return conditions[0] if conditions else None
    both = {"class": "CONJUNCTION", "type": "CONJUNCTION_AND", "alias": ""}
    return {**both, **_NOWHERE, "children": list(conditions)}


def _is_pair(condition: Node) -> bool:
    sides = (condition.get("left"), condition.get("right"))
    return condition["type"] == "COMPARE_EQUAL" and all(
        side is not None and side["class"] == "COLUMN_REF" for side in sides
    )


def _sides(condition: Node) -> list[Node]:
    """The column comes first, or second where its place and that of one constant are changed."""
    kind = condition["type"]
    if kind in _BY_SIZE:
        return [condition["left"], condition["right"]]
    if kind == "COMPARE_IN":
        return condition["children"]
    if kind == "COMPARE_BETWEEN":
        return [condition["input"], condition["lower"], condition["upper"]]
    if kind == "FUNCTION" and condition["function_name"] in _ALIKE:
        return [one["expression"] for one in condition["arguments"]]
    return []


def _column(side: Node) -> Node | None:
    if side["class"] == "COLUMN_REF":
        return side
    if side["class"] == "CAST":
        return _column(side["child"])
    if side["class"] == "FUNCTION" and side["function_name"] in _PLAIN and side["arguments"]:
        return _column(side["arguments"][0]["expression"])
    return None


def _constant(side: Node) -> str | None:
    if side["class"] == "CAST":
        return _constant(side["child"])
    if side["class"] != "CONSTANT":
        return None
    return cast("str | None", side["literal"].get("text"))


_NOWHERE = {"query_location": 2**64 - 1, "query_location_length": 0}


def _call(function: str, *arguments: Node) -> Node:
    return {
        "class": "FUNCTION",
        "type": "FUNCTION",
        "alias": "",
        **_NOWHERE,
        "function_name": function,
        "schema": "",
        "filter": None,
        "order_bys": {"type": "ORDER_MODIFIER", "orders": []},
        "distinct": False,
        "is_operator": False,
        "export_state": False,
        "catalog": "",
        "arguments": [{"name": "", "expression": one} for one in arguments],
        "qualified_name": {"path": [function]},
    }
