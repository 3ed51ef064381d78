"""The glossary file beside bot.toml: read, checked, and added to."""

import json
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from agent.glossary import Code, Glossary, tables_in
from app.bot_config import BotConfig
from app.bot_toml import create_file, replace_file
from app.settings import SettingsError
from sync.errors import DuckferryError
from sync.names import listed, nearest_first, resolve_table
from sync.plan import TableRef
from sync.warehouse.manifest import Manifest

FILE_NAME = "glossary.toml"
MAX_FILE_BYTES = 2_000_000
_REMEDY = (
    "No bot starts while {0} is wrong, for it would take the team's words for others; a worker or "
    "a clock by itself does. Correct it, or move it away to do without."
)


def glossary_path(bot_toml: Path) -> Path:
    """Say where the glossary is: beside bot.toml."""
    return bot_toml.with_name(FILE_NAME)


def load_glossary(bot_toml: Path) -> Glossary:
    """Read the glossary; empty where there is none. Raises SettingsError with each fault.

    A bot does not answer without one that it was given: it would take the team's words for others.
    """
    path = glossary_path(bot_toml)
    try:
        return _checked(_text(path), path)
    except SettingsError as error:
        raise SettingsError([*error.problems, _REMEDY.format(path.name)]) from error


def glossary_problems(glossary: Glossary, config: BotConfig, manifest: Manifest) -> Iterator[str]:
    """Name entries about tables that are not there, or about columns their copies do not have."""
    known = tuple(dict.fromkeys([*config.offered, *(one.ref for one in manifest.entries)]))
    for term in glossary.term:
        for name in term.tables:
            yield from _table_problem(f"term {term.words[0]}", name, known)
    for code in glossary.code:
        about = f"code {code.value} of {code.table}.{code.column}"
        problem = next(_table_problem(about, code.table, known), None)
        if problem:
            yield problem
            continue
        entry = manifest.find(resolve_table(code.table, known))
        names = [one.name for one in entry.columns] if entry else []
        if names and code.column not in names:
            near = listed(nearest_first(code.column, names)[:3])
            yield f"glossary, {about}: there is no such column in its copy ({near}?)"
    for example in glossary.example:
        if not tables_in(example.sql, known):
            yield f"glossary, example {example.question!r}: its SQL names no table of this bot"


def with_codes(path: Path, found: Sequence[Code]) -> int:
    """Add stubs for those codes of *found* that the file has not; how many. Raises SettingsError.

    What stands in the file stays as it is, with its comments.
    """
    text = _text(path)
    there = {_key(one) for one in _checked(text, path).code}
    new = [one for one in found if _key(one) not in there]
    if new:
        added = text.rstrip() + "\n\n" + "\n".join(map(_stub, new)) if text.strip() else _first(new)
        _checked(added, path)
        try:
            if path.exists():
                replace_file(path, added)
            else:
                create_file(path, added)
        except OSError as error:
            raise SettingsError([f"{path} cannot be written: {error.strerror}"]) from error
    return len(new)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SettingsError([f"{path} is larger than {MAX_FILE_BYTES:,} bytes"])
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path} cannot be read: {error}"]) from error


def _checked(text: str, path: Path) -> Glossary:
    try:
        return Glossary.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{path} is not valid TOML: {error}"]) from error
    except ValidationError as error:
        raise SettingsError(
            [
                f"{path}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}"
                for problem in error.errors()
            ]
        ) from error


def _table_problem(about: str, name: str, known: Iterable[TableRef]) -> Iterator[str]:
    try:
        resolve_table(name, known)
    except DuckferryError as error:
        yield f"glossary, {about}: {error}"


def _key(code: Code) -> tuple[str, str, str]:
    return code.table.casefold(), code.column.casefold(), code.value


def _first(codes: Iterable[Code]) -> str:
    return "# Words of this team; docs/glossary.md tells each field.\n\n" + "\n".join(
        map(_stub, codes)
    )


def _stub(code: Code) -> str:
    """Write a code whose words a person fills in."""
    words = ", ".join(map(_toml, code.words))
    return (
        f"[[code]]\ntable = {_toml(code.table)}\ncolumn = {_toml(code.column)}\n"
        f"value = {_toml(code.value)}\nwords = [{words}]\n"
    )


def _toml(text: str) -> str:
    # JSON's strings are TOML's but for one character (TOML 1.0, "String").
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
