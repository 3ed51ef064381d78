"""bot.toml: what may be copied, who may approve, what is due when, and all limits.

Without a bot.toml nothing is offered and nobody may approve.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError, model_validator

from agent.deps import ModelSees
from agent.ledger import PRICES, Price, Prices
from app.config_sections import (
    AccessRule,
    AgentSection,
    Alerts,
    Approvals,
    Limits,
    ModelSection,
    PriceSection,
    RoleName,
    Rule,
    Section,
    SlackId,
    SourceSection,
    TableSection,
)
from app.settings import PASSWORD_OF, SettingsError
from sync.blackout import blackout_problem
from sync.columns import ColumnChoices
from sync.errors import DuckferryError
from sync.names import resolve_table
from sync.plan import IMPORTED, TableRef
from sync.planning import TableSettings
from sync.schedules import Schedule
from sync.when import cron_problem

T = TypeVar("T")

_SLACK_ID = re.compile(r"[UWSCG][A-Z0-9]{2,}")


class BotConfig(Section):
    """All of bot.toml."""

    admins: frozenset[str] = frozenset()
    """Slack user ids: who is named where something must be set up, and may decide everything."""
    language: Literal["ko", "en"] = "ko"
    """For what nobody asked in a language, such as a schedule's card."""
    timezone: str = "Asia/Seoul"
    """In which "today" and "last week" are meant."""
    source: tuple[SourceSection, ...] = ()
    table: tuple[TableSection, ...] = ()
    schedule: tuple[Schedule, ...] = ()
    approvals: Approvals = Approvals()
    rule: tuple[Rule, ...] = ()
    roles: dict[RoleName, tuple[SlackId, ...]] = Field(default_factory=dict)
    """People, user groups and channels under one name, for access rules."""
    access: tuple[AccessRule, ...] = ()
    alerts: Alerts = Alerts()
    model: ModelSection = ModelSection()
    agent: AgentSection = AgentSection()
    price: tuple[PriceSection, ...] = ()
    limits: Limits = Limits()

    @property
    def offered(self) -> tuple[TableRef, ...]:
        """The tables that may be copied, in the order of the file."""
        return tuple(_ref(table, self.source) for table in self.table)

    @property
    def prices(self) -> Prices:
        """What models cost: those we know, and over them those of the file."""
        said = {one.model: Price(one.prompt, one.completion, one.cached) for one in self.price}
        return {**PRICES, **said}

    def max_rows(self, ref: TableRef) -> int:
        """Give the row ceiling of a table."""
        section = self.section(ref)
        return (section and section.max_rows) or self.limits.max_rows

    def section(self, ref: TableRef) -> TableSection | None:
        """Give what is said of an offered table."""
        return self._sections.get(ref)

    def settings(self, ref: TableRef) -> TableSettings | None:
        """Give what a table's plan is made by; None where it is not offered."""
        section = self.section(ref)
        if section is None:
            return None
        return TableSettings(
            max_rows=self.max_rows(ref),
            key=section.key,
            mode=section.mode,
            cursor=section.cursor,
            lag=section.lag_seconds,
            where=section.where,
            include=section.include,
            select=section.select,
            choices=ColumnChoices(section.columns, section.lob_limit, section.encoding),
            proof=section.proof,
            deletes=section.deletes,
            delete_limit_percent=section.delete_limit_percent,
            drift=section.drift,
        )

    def select_of(self, ref: TableRef) -> str:
        """Give the statement that is read in place of a table; empty where there is none."""
        section = self.section(ref)
        return section.select if section else ""

    @cached_property
    def _sections(self) -> dict[TableRef, TableSection]:
        return {_ref(table, self.source): table for table in self.table}

    def model_sees(self, ref: TableRef) -> ModelSees:
        """Say what the model may see of a table."""
        if ref.is_imported:
            return self.model.sees_imported or self.model.sees
        section = self.section(ref)
        return (section and section.model_sees) or self.model.sees

    def stale_hours(self, ref: TableRef) -> float:
        """Say how old a copy may be before an answer offers to refresh it."""
        section = self.section(ref)
        return (section and section.stale_hours) or self.limits.stale_hours

    def deciders(self, refs: Iterable[TableRef]) -> frozenset[str]:
        """Who may decide about a copy of these tables: approvers, admins, owners of all of them."""
        nobody = frozenset[str]()
        owners = [section.owners if (section := self.section(ref)) else nobody for ref in refs]
        common = nobody.union(*owners).intersection(*owners)
        return self.approvals.approvers | self.admins | common

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "BotConfig":
        problems = [
            *_source_problems(self),
            *_table_problems(self),
            *_schedule_problems(self),
            *_access_problems(self),
            *(f"price of {model} is listed twice" for model in _twice(_priced(self))),
        ]
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
    problems = [f"source {name} is listed twice" for name in _twice(names)]
    if IMPORTED in names:
        problems.append(
            f"no source can be called {IMPORTED}: so are called the tables of `botctl warehouse "
            "import`; give it another name"
        )
    variables = [source.environment_name for source in config.source]
    problems += [
        f"two sources would read their password from {PASSWORD_OF}{name}; rename one"
        for name in _twice(variables)
        if len({source.name for source in config.source if source.environment_name == name}) > 1
    ]
    problems += [
        f"source {source.name} would read its password from {PASSWORD_OF}{source.environment_name},"
        " which is the name of a secret file; rename it"
        for source in config.source
        if source.environment_name == "FILE" or source.environment_name.endswith("_FILE")
    ]
    reached = [(source.dsn, source.user) for source in config.source if source.dsn is None]
    if len(reached) > 1:
        problems.append("only one source may leave out its dsn, which ORACLE_DSN then gives")
    for source in config.source:
        problem = blackout_problem(source.blackout, config.timezone)
        if problem:
            problems.append(f"source {source.name}: {problem}")
    return problems


def _table_problems(config: BotConfig) -> list[str]:
    if not config.source:
        return []
    names = {source.name: source for source in config.source}
    problems = [
        f"table {table.name} names the source {table.source!r}, which is not a [[source]]"
        for table in config.table
        if table.source is not None and table.source not in names
    ]
    problems += [
        f"table {table.name} does not name its source, and there are several"
        for table in config.table
        if table.source is None and len(config.source) > 1
    ]
    if problems:
        return problems
    for table in config.table:
        source, schema_name = names[_ref(table, config.source).source], table.name.partition(".")[0]
        if source.schemas and schema_name not in source.schemas:
            problems.append(
                f"table {table.name} is outside the schemas of source {source.name} "
                f"({', '.join(sorted(source.schemas))})"
            )
    problems += [
        f"table {ref if len(names) == 1 else f'{ref.source}.{ref}'} is listed twice"
        for ref in _twice(config.offered)
    ]
    return problems


def _twice(values: Sequence[T]) -> list[T]:
    return sorted((value for value, count in Counter(values).items() if count > 1), key=str)


def _access_problems(config: BotConfig) -> list[str]:
    names = [rule.name for rule in config.access]
    problems = [f"access rule {name} is listed twice" for name in _twice(names)]
    problems += [
        f"access rule {rule.name} allows {one!r}, which is neither a Slack id (U…, W…, S…, C…, "
        "G…), nor a name in [roles], nor *"
        for rule in config.access
        for one in rule.allow
        if one != "*" and one not in config.roles and not _SLACK_ID.fullmatch(one)
    ]
    return problems


def _priced(config: BotConfig) -> list[str]:
    return [one.model for one in config.price]


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
        sources: set[str] = set()
        for table in schedule.tables:
            try:
                sources.add(resolve_table(table, config.offered).source)
            except DuckferryError as error:
                problems.append(f"schedule {schedule.name}: {error}")
        if len(sources) > 1:
            problems.append(
                f"schedule {schedule.name} names tables of more than one source; make it one each"
            )
    problem = cron_problem("0 0 * * *", config.timezone)
    if problem:
        problems.append(problem)
    return problems
