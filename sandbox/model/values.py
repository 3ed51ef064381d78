"""Reading values of a request, with OpenAI's words for a value of the wrong kind."""

from typing import Any, cast

from sandbox.model.replies import JsonObject

_NAMES: dict[type, str] = {
    str: "a string",
    list: "an array",
    dict: "an object",
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    type(None): "null",
}


class InvalidRequest(Exception):
    """OpenAI refuses this request with status 400."""

    def __init__(self, message: str, param: str | None = None, code: str | None = None) -> None:
        self.message = message
        self.param = param
        self.code = code
        super().__init__(message)


def expect_string(value: object, where: str) -> str:
    """Return *value* if it is a string; raises `InvalidRequest` naming *where*."""
    if not isinstance(value, str):
        raise wrong_type(value, where, _NAMES[str])
    return value


def expect_list(value: object, where: str) -> list[Any]:
    """Return *value* if it is an array; raises `InvalidRequest` naming *where*."""
    if not isinstance(value, list):
        raise wrong_type(value, where, _NAMES[list])
    return cast("list[Any]", value)


def expect_object(value: object, where: str) -> JsonObject:
    """Return *value* if it is an object; raises `InvalidRequest` naming *where*."""
    if not isinstance(value, dict):
        raise wrong_type(value, where, _NAMES[dict])
    return cast("JsonObject", value)


def expect_filled_list(value: object, where: str, most: int) -> list[Any]:
    """Return *value* if it is an array of 1 to *most* items; raises `InvalidRequest`."""
    listed = expect_list(value, where)
    if not listed:
        raise InvalidRequest(
            f"Invalid '{where}': empty array. Expected an array with minimum length 1, "
            "but got an empty array instead.",
            where,
            "empty_array",
        )
    if len(listed) > most:
        raise InvalidRequest(
            f"Invalid '{where}': array too long. Expected an array with maximum length {most}, "
            f"but got an array with length {len(listed)} instead.",
            where,
            "array_above_max_length",
        )
    return listed


def wrong_type(value: object, where: str, expected: str) -> InvalidRequest:
    """Say which JSON type was *expected*, and which one came."""
    got = _NAMES.get(type(value), "an unknown value")
    return InvalidRequest(
        f"Invalid type for '{where}': expected {expected}, but got {got} instead.",
        where,
        "invalid_type",
    )
