"""bot.toml: what may be copied, who may approve, what is due when, and all limits.

Without a bot.toml nothing is offered and nobody may approve.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.settings import SettingsError
from sync.errors import DuckferryError
from sync.names import resolve_table
from sync.plan import TableRef
from sync.schedules import Schedule, cron_problem


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceSection(_Section):
    """A database to copy from; ORACLE_DSN, ORACLE_USER and ORACLE_PASSWORD say how to reach it."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]


class TableSection(_Section):
    """A table that may be copied."""

    name: Annotated[str, Field(pattern=r"^[^.]+\.[^.]+$")]
    """``SCHEMA.TABLE`` as Oracle's dictionary spells it."""
    source: str | None = None
    """Name of its source; may be left out where there is only one."""
    max_rows: Annotated[int, Field(gt=0)] | None = None


class Approvals(_Section):
    """Who decides about what is proposed."""

    approvers: frozenset[str] = frozenset()
    """Slack user ids."""
    self_approval: bool = True
    """Whether an approver may approve what they asked for themselves."""
    expires_hours: Annotated[float, Field(gt=0, le=24 * 14)] = 24


class Limits(_Section):
    """The bounds of everything that could run away."""

    max_rows: Annotated[int, Field(gt=0)] = 10_000_000
    """Rows a table may have in Oracle before its sync stops."""
    query_seconds: Annotated[float, Field(gt=0, le=600)] = 20
    query_rows: Annotated[int, Field(gt=0, le=100)] = 100
    turn_steps: Annotated[int, Field(gt=0, le=50)] = 8
    """Model calls of one turn."""
    turns: Annotated[int, Field(gt=0, le=64)] = 8
    """Turns at the same time in one bot."""


class BotConfig(_Section):
    """All of bot.toml."""

    language: Literal["ko", "en"] = "ko"
    """For what nobody asked in a language, such as a schedule's card."""
    timezone: str = "Asia/Seoul"
    """In which "today" and "last week" are meant."""
    source: tuple[SourceSection, ...] = ()
    table: tuple[TableSection, ...] = ()
    schedule: tuple[Schedule, ...] = ()
    approvals: Approvals = Approvals()
    limits: Limits = Limits()

    @property
    def offered(self) -> tuple[TableRef, ...]:
        """The tables that may be copied, in the order of the file."""
        return tuple(_ref(table, self.source) for table in self.table)

    def max_rows(self, ref: TableRef) -> int:
        """Give the row ceiling of a table."""
        for table in self.table:
            if _ref(table, self.source) == ref and table.max_rows:
                return table.max_rows
        return self.limits.max_rows

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "BotConfig":
        problems = [*_source_problems(self), *_schedule_problems(self)]
        if problems:
            raise ValueError("; ".join(problems))
        return self


def load_bot_config(path: Path) -> BotConfig:
    """Read and check bot.toml; a missing file is empty. Raises SettingsError with each fault."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return BotConfig()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path} cannot be read: {error}"]) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{path} is not valid TOML: {error}"]) from error
    return check_bot_config(content, str(path))


def check_bot_config(content: dict[str, Any], name: str) -> BotConfig:
    """Check the content of a bot.toml called *name*. Raises SettingsError with every problem."""
    try:
        return BotConfig.model_validate(content)
    except ValidationError as error:
        raise SettingsError(
            [f"{name}: {_where(problem['loc'])}{problem['msg']}" for problem in error.errors()]
        ) from error


def _where(location: tuple[int | str, ...]) -> str:
    return f"{'.'.join(str(part) for part in location)}: " if location else ""


def _ref(table: TableSection, sources: tuple[SourceSection, ...]) -> TableRef:
    schema_name, _, name = table.name.partition(".")
    return TableRef(source=table.source or sources[0].name, schema_name=schema_name, table=name)


def _source_problems(config: BotConfig) -> list[str]:
    names = [source.name for source in config.source]
    if config.table and not names:
        return ["there are tables but no [[source]]; add one with a name"]
    if len(names) > 1:
        return ["only one [[source]] is supported so far; remove the others"]
    problems = [
        f"table {table.name} names the source {table.source!r}, which is not a [[source]]"
        for table in config.table
        if table.source is not None and table.source not in names
    ]
    if not problems:
        refs = config.offered
        problems = [
            f"table {ref} is listed twice"
            for ref in sorted(set(refs), key=str)
            if refs.count(ref) > 1
        ]
    return problems


def _schedule_problems(config: BotConfig) -> list[str]:
    problems: list[str] = []
    names = [schedule.name for schedule in config.schedule]
    problems += [
        f"schedule {name} is listed twice" for name in sorted(set(names)) if names.count(name) > 1
    ]
    for schedule in config.schedule:
        problem = cron_problem(schedule.cron, schedule.timezone)
        if problem:
            problems.append(f"schedule {schedule.name}: {problem}")
        if not config.source:
            continue
        for table in schedule.tables:
            try:
                resolve_table(table, config.offered)
            except DuckferryError as error:
                problems.append(f"schedule {schedule.name}: {error}")
    problem = cron_problem("0 0 * * *", config.timezone)
    if problem:
        problems.append(problem)
    return problems
