"""The English sentence of a stored failure; what people read in Slack is worded by the app."""

from collections.abc import Iterator

from sync.errors import DuckferryError, Failure

_OF_ROWS = {"figure_differs": ("what", "copied", "oracle")}
"""Parameters that tell of rows, by code."""


def sentence_of(failure: Failure) -> str:
    """Word *failure* as the error it came from would; an unknown code is said as it is."""
    for error in _kinds(DuckferryError):
        # A group of errors only inherits a code.
        if vars(error).get("code") == failure.code:
            try:
                return str(error(**failure.params))
            except KeyError:  # stored by a version with other parameters
                break
    return f"It ended with {failure.code}."


def sentence_for_model(failure: Failure) -> str:
    """Word *failure* without what stands in a table: it is told in threads, whoever reads them."""
    kept = dict.fromkeys(_OF_ROWS.get(failure.code, ()), "(not shown)")
    return sentence_of(failure.model_copy(update={"params": {**failure.params, **kept}}))


def _kinds(kind: type[DuckferryError]) -> Iterator[type[DuckferryError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _kinds(below)
