"""The English sentence of a stored failure, for the model; people's words are the app's."""

from collections.abc import Iterator

from sync.errors import DuckferryError, Failure


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


def _kinds(kind: type[DuckferryError]) -> Iterator[type[DuckferryError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _kinds(below)
