"""init: the first bot.toml, or one more source in it, from what Oracle's catalog shows."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from agent.deps import ModelSees
from app.bot_config import BotConfig, SourceSection, check_bot_config, load_bot_config
from app.bot_toml import (
    MODEL_SEES,
    NewFile,
    NewSource,
    create_file,
    new_bot_toml,
    replace_file,
    with_source,
)
from app.cli.asking import ask, ask_one
from app.cli.choosing import Chosen, choose_tables, find_tables
from app.cli.oracle_login import open_for_operator
from app.cli.session import Session
from app.settings import Settings, SettingsError, load_settings
from app.sources import resolve_sources
from sync.oracle_errors import OracleTooOld
from sync.sources import GuardedSource
from sync.when import cron_problem

THIN_SINCE = (12, 1)
"""The oldest release the thin driver talks to."""


@dataclass(frozen=True)
class Given:
    """The options of ``botctl init``; None or empty where one is not given."""

    source: str | None
    dsn: str | None
    user: str | None
    schemas: tuple[str, ...]
    tables: tuple[str, ...]
    all_tables: bool
    approvers: tuple[str, ...]
    admins: tuple[str, ...]
    owners: tuple[str, ...]
    sees: ModelSees | None
    timezone: str | None
    language: str | None
    output: Path | None
    add_source: bool


def set_up(session: Session, given: Given) -> None:
    """Ask what the options do not say, where a terminal is there to ask at; then write the file.

    Raises click's errors: exit code 1 for a file that is there already, 2 for a missing option.
    """
    settings = _settings(session)
    path = given.output or settings.bot_toml
    before = _before(path, given)
    at_terminal = sys.stdin.isatty()
    _check_options(given, settings, before, at_terminal=at_terminal)
    guarded = _source(given, settings, before, at_terminal=at_terminal)
    try:
        with open_for_operator(settings, guarded, action="init") as oracle:
            version = tuple(int(part) for part in oracle.connection.version.split(".")[:2])
            found = find_tables(oracle, given.schemas, given.tables, at_terminal=at_terminal)
    except OracleTooOld as error:
        hint = "Here ORACLE_CLIENT_LIB_DIR is enough: init then writes the driver itself."
        raise click.ClickException(f"{error} {hint}") from error
    chosen = choose_tables(found, asks=at_terminal and not given.all_tables)
    is_thick = settings.oracle.client_lib_dir is not None and version < THIN_SINCE
    source = _new_source(given, guarded, chosen, at_terminal=at_terminal, is_thick=is_thick)
    if before:
        sees = _sees(given, before.model.sees, at_terminal=at_terminal)
        text = with_source(path.read_text(encoding="utf-8"), str(path), source, sees)
    else:
        text = new_bot_toml(_new_file(given, at_terminal=at_terminal), source)
    if at_terminal and not click.confirm(f"Write {path}?", default=True):
        raise click.Abort
    _write(path, text, is_new=before is None)
    _tell(path, text, source, settings)


def _settings(session: Session) -> Settings:
    settings = load_settings(session.environ)
    if settings.oracle.client_lib_dir is not None:
        session.load_client_libraries(settings)
    return settings


def _before(path: Path, given: Given) -> BotConfig | None:
    """Read the file that gets one more source; None where a new one is to be written."""
    if given.add_source:
        if not path.is_file():
            raise click.ClickException(
                f"{path} is not there, so there is nothing to add a source to; leave --add-source "
                "out to write a new one."
            )
        return load_bot_config(path)
    if path.exists() or path.is_symlink():
        raise click.ClickException(
            f"{path} is there already and is never overwritten. Add another source to it with "
            "--add-source, or write elsewhere with --output."
        )
    if not path.absolute().parent.is_dir():
        raise click.ClickException(f"There is no folder {path.parent} to write {path.name} in.")
    return None


def _check_options(
    given: Given, settings: Settings, before: BotConfig | None, *, at_terminal: bool
) -> None:
    people = [*given.approvers, *given.admins, *given.owners]
    problems = [_people_problem(person) for person in people]
    problems.append(_source_problem(given.source, before) if given.source else None)
    problems.append(_timezone_problem(given.timezone) if given.timezone else None)
    if given.tables and given.all_tables:
        problems.append("--table and --all-tables say different things; give one of them.")
    if before and (given.approvers or given.admins or given.timezone or given.language):
        problems.append(
            "--approver, --admin, --timezone and --language are of the whole file, which says them "
            "already; change them there."
        )
    told = [problem for problem in problems if problem]
    if not at_terminal:
        missing = _missing(given, settings, before)
        if missing:
            told.append(f"There is no terminal to ask at; give also {', '.join(missing)}.")
    if told:
        raise click.UsageError("\n".join(told))


def _missing(given: Given, settings: Settings, before: BotConfig | None) -> list[str]:
    needed = {
        "--source": given.source,
        "--dsn (or ORACLE_DSN)": given.dsn or _own_dsn(settings, before),
        "--user (or ORACLE_USER)": given.user or settings.oracle.user,
        "--schema": given.schemas or given.tables,
        "--table or --all-tables": given.tables or given.all_tables,
        "--model-sees": given.sees,
        "--approver, --admin or --owner": before or given.approvers or given.admins or given.owners,
    }
    return [option for option, value in needed.items() if not value]


def _own_dsn(settings: Settings, before: BotConfig | None) -> str | None:
    """Give ORACLE_DSN where it is not the place of a source that is there already."""
    taken = [source.dsn or settings.oracle.dsn for source in before.source] if before else []
    return None if settings.oracle.dsn in taken else settings.oracle.dsn


def _source(
    given: Given, settings: Settings, before: BotConfig | None, *, at_terminal: bool
) -> GuardedSource:
    name, dsn = given.source, given.dsn or _own_dsn(settings, before)
    user = given.user or settings.oracle.user
    if at_terminal:
        default = "" if before and before.source else "main"
        name = name or ask(
            "Name of the source, as people will read it",
            default,
            lambda answer: _source_problem(answer, before),
        )
        if not given.dsn:
            dsn = ask("Where it is (host:port/service)", dsn or "", _said)
        if not given.user:
            user = ask("Log in as (a user who may only read)", user or "", _said)
    driver = "thick" if settings.oracle.client_lib_dir else "thin"
    section = SourceSection(name=name or "", dsn=dsn, user=user, driver=driver)
    sources = [*(before.source if before else ()), section]
    timezone = before.timezone if before else given.timezone or BotConfig().timezone
    content = {"source": [each.model_dump() for each in sources], "timezone": timezone}
    resolved = resolve_sources(settings.oracle, check_bot_config(content, "With the new source"))
    for source in resolved.reachable:
        if source.name == section.name:
            return source
    named = re.compile(rf"source {re.escape(section.name)}(?![a-z0-9_-])", re.IGNORECASE)
    raise SettingsError([problem for problem in resolved.problems if named.search(problem)])


def _new_source(
    given: Given, guarded: GuardedSource, chosen: Chosen, *, at_terminal: bool, is_thick: bool
) -> NewSource:
    owners = given.owners
    if at_terminal and not owners and chosen.tables:
        owners = _ask_people("Owners: they decide about these tables as an approver does")
    return NewSource(
        name=guarded.name,
        dsn=guarded.source.dsn,
        user=guarded.source.user,
        is_thick=is_thick,
        schemas=chosen.schemas,
        tables=chosen.tables,
        left_out=chosen.left_out,
        owners=owners,
    )


def _new_file(given: Given, *, at_terminal: bool) -> NewFile:
    defaults = BotConfig()
    approvers, admins = given.approvers, given.admins
    timezone, language = given.timezone, given.language
    if at_terminal:
        approvers = approvers or _ask_people("Approvers: they decide about every table")
        admins = admins or _ask_people("Admins: named for help, and they may decide everything")
    sees = _sees(given, defaults.model.sees, at_terminal=at_terminal)
    if at_terminal:
        languages = (("ko", "Korean"), ("en", "English"))
        language = language or ask_one(
            "The language of what nobody asked for, such as a schedule's card:",
            languages,
            defaults.language,
        )
        timezone = timezone or ask("Time zone", defaults.timezone, _timezone_problem)
    return NewFile(
        language=language or defaults.language,
        timezone=timezone or defaults.timezone,
        approvers=approvers,
        admins=admins,
        sees=sees,
    )


def _sees(given: Given, default: ModelSees, *, at_terminal: bool) -> ModelSees:
    if given.sees or not at_terminal:
        return given.sees or default
    choices = [(str(sees), meaning) for sees, meaning in MODEL_SEES.items()]
    answer = ask_one("What the model may see of these tables:", choices, default)
    return next(sees for sees in MODEL_SEES if sees == answer)


def _ask_people(title: str) -> tuple[str, ...]:
    def problem(answer: str) -> str | None:
        return next(filter(None, map(_people_problem, _words(answer))), None)

    return tuple(dict.fromkeys(_words(ask(f"{title}. Slack ids; Enter for nobody", "", problem))))


def _words(text: str) -> Sequence[str]:
    return text.replace(",", " ").split()


def _people_problem(person: str) -> str | None:
    if re.fullmatch(r"[UW][A-Z0-9]{2,}", person):
        return None
    return (
        f"{person} is not a Slack user id such as U0123ABCD; in Slack it stands in the person's "
        "profile, under More (⋮), Copy member ID."
    )


def _source_problem(name: str, before: BotConfig | None) -> str | None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,31}", name):
        return f"A source's name is 1 to 32 of a-z 0-9 _ -, which {name!r} is not."
    if before and any(source.name == name for source in before.source):
        return f"There is a source {name} already; choose another name."
    return None


def _timezone_problem(name: str) -> str | None:
    return cron_problem("0 0 * * *", name)


def _said(answer: str) -> str | None:
    return None if answer else "This is needed to look at the tables."


def _write(path: Path, text: str, *, is_new: bool) -> None:
    try:
        if is_new:
            create_file(path, text)
        else:
            replace_file(path, text)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error


def _tell(path: Path, text: str, source: NewSource, settings: Settings) -> None:
    """Say what was written and what comes next."""
    import tomllib

    config = check_bot_config(tomllib.loads(text), str(path))
    count = len(source.tables)
    click.echo(f"Wrote {path}: source {source.name} with {count} table{'s' * (count != 1)}.")
    for table in source.tables:
        if table.uncopied:
            click.echo(f"  {table}: a sync is refused for now, see the comment in the file.")
    click.echo("Passwords are not in it; they stay in the environment.")
    for problem in resolve_sources(settings.oracle, config).problems:
        click.echo(f"  {problem}")
    everywhere = config.approvals.approvers | config.admins
    if not everywhere and any(not table.owners for table in config.table):
        click.echo("Of some tables nobody may approve a sync yet: add approvers, or owners.")
    click.echo("Next: `botctl config check`, then `botctl sync <table>` or `botctl run`.")
