"""Write bot.toml: a new one that explains itself, or one more source at the end of another."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import tomlkit
import tomlkit.items
from tomlkit.exceptions import TOMLKitError

from agent.deps import ModelSees
from app.bot_config import Limits, SourceSection, check_bot_config
from app.settings import PASSWORD_OF, SettingsError
from sync.discovery import FoundTable

MODEL_SEES: dict[ModelSees, str] = {
    "rows": "everything a query gives back, so also single records and names",
    "aggregates": "figures over many rows (counts, sums, averages), and no single record",
    "schema": "names and types of tables and columns, and no value",
}
"""What each choice means, a line each."""

MAX_LEFT_OUT = 50
"""Tables whose absence is explained in the file."""


@dataclass(frozen=True)
class NewSource:
    """A source to write, with the tables that were chosen and those that cannot be copied."""

    name: str
    dsn: str
    user: str
    is_thick: bool
    schemas: tuple[str, ...]
    tables: tuple[FoundTable, ...]
    left_out: tuple[FoundTable, ...]
    owners: tuple[str, ...]
    """Slack user ids, of each of the tables."""


@dataclass(frozen=True)
class NewFile:
    """What a new bot.toml says besides its source."""

    language: str
    timezone: str
    approvers: tuple[str, ...]
    admins: tuple[str, ...]
    sees: ModelSees


def new_bot_toml(file: NewFile, source: NewSource) -> str:
    """Give the text of a new bot.toml; it holds no secret. Raises SettingsError."""
    top = [
        "# What this bot may copy, who decides, and what the model may see. Every field is told",
        "# in docs/configuration.md; `botctl config check` says what a change here would do.",
        "# It holds no secret: passwords stand in the environment.",
        "",
        "# Of what nobody asked for in a language, such as a schedule's card: ko or en.",
        f"language = {_toml(file.language)}",
        '# Where "today" and "last week" are meant.',
        f"timezone = {_toml(file.timezone)}",
        "# Slack ids of who is named where something must be set up; they may decide everything.",
        f"admins = {_toml(file.admins)}",
        "",
        "[approvals]",
        "# Slack ids of who decides about every table; a table's owners decide about theirs.",
        f"approvers = {_toml(file.approvers)}",
        "",
        "[model]",
        "# What the model may see of a table that does not say model_sees itself:",
        *(f"# {sees:<10}  {meaning}" for sees, meaning in MODEL_SEES.items()),
        f"sees = {_toml(file.sees)}",
        "",
    ]
    text = "\n".join([*top, *_source_lines(source, sees=None, name_source=False)]) + "\n"
    check_bot_config(tomllib.loads(text), "the new bot.toml")
    return text


def with_source(text: str, name: str, source: NewSource, sees: ModelSees) -> str:
    """Give the bot.toml *text* with one more source; nothing that stands there is lost.

    Tables that name no source get the name of the one there was, for now there are several.
    Raises SettingsError where that would make a file that bot and workers refuse.
    """
    before = tomllib.loads(text)
    config = check_bot_config(before, name)
    if any(source.name == each.name for each in config.source):
        raise SettingsError([f"{name} has a source {source.name} already; choose another name."])
    if config.source:
        text = _name_source(text, config.source[0].name, name)
    lines = _source_lines(source, sees=None if sees == config.model.sees else sees)
    text = text.rstrip("\n") + "\n\n" + "\n".join(lines) + "\n"
    try:
        after = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _cannot_add(name) from error
    count = len(before.get("table", ()))
    old = [{"source": config.source[0].name, **table} for table in before.get("table", ())]
    kept = {**after, "source": after["source"][:-1], "table": after.get("table", [])[:count]}
    if kept != {**before, "source": before.get("source", []), "table": old}:
        raise _cannot_add(name)
    check_bot_config(after, f"{name} with source {source.name}")
    return text


def create_file(path: Path, text: str) -> None:
    """Write a file that is not there yet; the umask says who may read it. Raises FileExistsError.

    Others run bot and workers, perhaps as other users, and there is no secret in it.
    """
    with path.open("x", encoding="utf-8") as file:
        try:
            file.write(text)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def replace_file(path: Path, text: str) -> None:
    """Put *text* in the place of a file at once, with the same mode."""
    target = path.resolve()
    fresh = target.with_name(f".{target.name}.new")
    fresh.unlink(missing_ok=True)
    create_file(fresh, text)
    fresh.chmod(target.stat().st_mode & 0o7777)
    fresh.replace(target)


def why_left_out(table: FoundTable) -> str:
    """Say why a table cannot be copied."""
    named = ", ".join(f"{column.name} ({column.oracle_type})" for column in table.uncopied)
    return f"no exact copy of {named}"


def _source_lines(
    source: NewSource, *, sees: ModelSees | None, name_source: bool = True
) -> Iterator[str]:
    variable = PASSWORD_OF + SourceSection(name=source.name).environment_name
    yield f"# A database to copy from. Its password stands in {variable},"
    yield "# or in ORACLE_PASSWORD as long as it is the only source."
    yield "[[source]]"
    yield f"name = {_toml(source.name)}"
    yield f"dsn = {_toml(source.dsn)}"
    yield f"user = {_toml(source.user)}"
    if source.is_thick:
        yield "# Older than Oracle 12.1: every process needs ORACLE_CLIENT_LIB_DIR."
        yield 'driver = "thick"'
    if source.schemas:
        yield "# The only schemas whose tables may be offered."
        yield f"schemas = {_toml(source.schemas)}"
    for table in source.tables:
        yield ""
        yield from _table_lines(table, source, sees, name_source=name_source)
    if source.left_out:
        yield ""
        for table in source.left_out[:MAX_LEFT_OUT]:
            yield _comment(f"{table} is left out: {why_left_out(table)}.")
        more = len(source.left_out) - MAX_LEFT_OUT
        if more > 0:
            yield f"# {more} more tables are left out for such columns."


def _table_lines(
    table: FoundTable, source: NewSource, sees: ModelSees | None, *, name_source: bool
) -> Iterator[str]:
    if table.uncopied:
        yield _comment(f"A sync of it is refused for now: {why_left_out(table)}.")
    yield "[[table]]"
    yield f"name = {_toml(str(table))}"
    if name_source:
        yield f"source = {_toml(source.name)}"
    yield from _rows_lines(table)
    yield from _key_lines(table)
    yield from _cursor_lines(table)
    if source.owners:
        yield f"owners = {_toml(source.owners)}"
    if sees:
        yield f"model_sees = {_toml(sees)}"


def _rows_lines(table: FoundTable) -> Iterator[str]:
    usual = Limits().max_rows
    if table.rows is not None and table.rows > usual:
        yield f"# About {table.rows:,} rows by Oracle's statistics; a sync stops above max_rows,"
        yield f"# which is limits.max_rows ({usual:,} where nothing is said) without this line:"
        yield f"# max_rows = {_rounded_up(table.rows):_}"


def _key_lines(table: FoundTable) -> Iterator[str]:
    if table.key:
        yield _comment(f"Key, as Oracle declares it: {', '.join(table.key)}")
    elif table.likely_key:
        yield "# Oracle declares no primary key; these are NOT NULL and have a unique index."
        yield f"key = {_toml(table.likely_key)}"
    else:
        yield "# Oracle declares no primary key and no unique index over NOT NULL columns."
        yield '# Where columns name a row, say so: key = ["…"]'


def _cursor_lines(table: FoundTable) -> Iterator[str]:
    if not table.cursors:
        yield '# No column looks like the time of the last change; if there is one: cursor = "…"'
        return
    best, *others = table.cursors
    facts = ["may be NULL" if best.nullable else "NOT NULL"]
    facts.append("indexed" if best.is_indexed else "not indexed")
    also = f"; or {', '.join(column.name for column in others)}" if others else ""
    yield _comment(
        f"Says when a row changed last, by its name or comment ({', '.join(facts)}{also})."
    )
    yield f"cursor = {_toml(best.name)}"


def _name_source(text: str, source: str, name: str) -> str:
    """Let each [[table]] that names no source name *source*, in a line of its own."""
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise _cannot_add(name) from error
    tables = cast("Sequence[tomlkit.items.Table]", document.get("table", ()))
    for table in tables:
        if "source" in table:
            continue
        item = cast("Any", table)["name"]
        # Appending would put it behind the comments that lead over to the next table.
        item.trivia.trail = f"\nsource = {_toml(source)}{item.trivia.trail or chr(10)}"
    return tomlkit.dumps(document)


def _cannot_add(name: str) -> SettingsError:
    problem = (
        f"{name} is written in a way to which no source can be added safely; write its sources and "
        "tables as [[source]] and [[table]], or add the source by hand."
    )
    return SettingsError([problem])


def _comment(text: str) -> str:
    return "# " + "".join(sign if sign.isprintable() else "?" for sign in text)


def _rounded_up(rows: int) -> int:
    """Give a round number with room to grow: half as much again, with two digits that count."""
    step = 10 ** (len(str(rows)) - 2)
    return -(-rows * 3 // 2 // step) * step


def _toml(value: str | Sequence[str]) -> str:
    written = value if isinstance(value, str) else list(value)
    return tomlkit.item(written).as_string()
