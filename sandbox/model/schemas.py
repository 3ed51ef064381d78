"""The rules OpenAI keeps for the tools of a request: names, and schemas a function can have."""

import re
from collections.abc import Callable, Iterator
from typing import Any, cast

from sandbox.model.replies import JsonObject
from sandbox.model.values import InvalidRequest, expect_filled_list, expect_object, expect_string

FUNCTION_NAME = re.compile(r"[a-zA-Z0-9_-]+")
LONGEST_NAME = 64
LONGEST_DESCRIPTION = 1024
MAX_TOOLS = 128
MAX_DEPTH = 20
JSON_TYPES = ("string", "number", "integer", "boolean", "object", "array", "null")


def check_tools(request: JsonObject) -> None:
    """Refuse tools OpenAI would refuse, and options that need tools where there are none."""
    tools = request.get("tools")
    if tools is None:
        for option in ("tool_choice", "parallel_tool_calls"):
            if request.get(option) is not None:
                raise InvalidRequest(
                    f"Invalid value for '{option}': '{option}' is only allowed when 'tools' are "
                    "specified.",
                    option,
                )
        return
    listed = expect_filled_list(tools, "tools", MAX_TOOLS)
    for index, value in enumerate(listed):
        _check_tool(expect_object(value, f"tools[{index}]"), f"tools[{index}]")


def _check_tool(tool: JsonObject, where: str) -> None:
    if tool.get("type") != "function":
        raise InvalidRequest(
            f"Invalid value: '{tool.get('type')}'. Supported values are: 'function' and 'custom'.",
            f"{where}.type",
            "invalid_value",
        )
    here = f"{where}.function"
    function = expect_object(tool.get("function"), here)
    name = expect_string(function.get("name"), f"{here}.name")
    if not FUNCTION_NAME.fullmatch(name):
        raise InvalidRequest(
            f"Invalid '{here}.name': string does not match pattern. Expected a string that matches "
            "the pattern '^[a-zA-Z0-9_-]+$'.",
            f"{here}.name",
            "invalid_value",
        )
    for key, longest in (("name", LONGEST_NAME), ("description", LONGEST_DESCRIPTION)):
        length = len(expect_string(function.get(key, ""), f"{here}.{key}"))
        if length > longest:
            raise InvalidRequest(
                f"Invalid '{here}.{key}': string too long. Expected a string with maximum length "
                f"{longest}, but got a string with length {length} instead.",
                f"{here}.{key}",
                "string_above_max_length",
            )
    if "parameters" in function:
        _check_parameters(function, name, f"{here}.parameters")


def _check_parameters(function: JsonObject, name: str, where: str) -> None:
    schema = expect_object(function["parameters"], where)
    definitions = cast("JsonObject", schema.get("$defs", {}))
    strict = function.get("strict") is True

    def refuse(context: tuple[str, ...], problem: str) -> InvalidRequest:
        place = f"In context={context}, " if context else ""
        return InvalidRequest(
            f"Invalid schema for function '{name}': {place}{problem}",
            where,
            "invalid_function_parameters",
        )

    kind = schema.get("type")
    if kind != "object":
        raise refuse(
            (), f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
        )
    for context, value in _nodes(schema, ()):
        if isinstance(value, bool):
            continue
        if not isinstance(value, dict):
            raise refuse(context, f"{value!r} is not of type 'object', 'boolean'.")
        node = cast("JsonObject", value)
        _check_node(node, context, definitions, refuse)
        if strict and node.get("type") == "object":
            _check_strict_object(node, context, refuse)


def _nodes(value: Any, context: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every schema inside a schema, itself first, with the way that leads to it."""
    yield context, value
    if not isinstance(value, dict) or len(context) > MAX_DEPTH:
        return
    node = cast("JsonObject", value)
    for key in ("properties", "$defs"):
        for child, inner in cast("JsonObject", node.get(key, {})).items():
            yield from _nodes(inner, (*context, key, child))
    for key in ("anyOf", "oneOf", "allOf"):
        for number, inner in enumerate(cast("list[Any]", node.get(key, []))):
            yield from _nodes(inner, (*context, key, str(number)))
    if "items" in node:
        yield from _nodes(node["items"], (*context, "items"))


Refuse = Callable[[tuple[str, ...], str], InvalidRequest]


def _check_node(
    node: JsonObject, context: tuple[str, ...], definitions: JsonObject, refuse: Refuse
) -> None:
    given = node.get("type", [])
    kinds = [given] if isinstance(given, str) else cast("list[str]", given)
    for kind in kinds:
        if kind not in JSON_TYPES:
            raise refuse(context, f"'{kind}' is not valid under any of the given schemas.")
    reference = node.get("$ref")
    if reference is not None and str(reference).removeprefix("#/$defs/") not in definitions:
        raise refuse(context, f"reference to component '{reference}' which was not found.")
    if "array" in kinds and "items" not in node:
        raise refuse(context, "array schema missing items.")


def _check_strict_object(node: JsonObject, context: tuple[str, ...], refuse: Refuse) -> None:
    if node.get("additionalProperties") is not False:
        raise refuse(context, "'additionalProperties' is required to be supplied and to be false.")
    properties = set(cast("JsonObject", node.get("properties", {})))
    differing = properties ^ set(cast("list[str]", node.get("required", [])))
    if differing:
        raise refuse(
            context,
            "'required' is required to be supplied and to be an array including every key in "
            f"properties. Missing '{min(differing)}'.",
        )
