"""Everything the doctor looks at, put together from whatever of the settings can be used."""

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial

import redis

from app.bot_config import BotConfig
from app.doctor.checks import MAX_CHARACTERS, Check, Probe, examine
from app.doctor.machine import check_machine
from app.doctor.model import check_model
from app.doctor.oracle import Subject, check_source
from app.doctor.settings import Readable, check_settings, read_leniently, secret_values
from app.doctor.slack import check_slack
from app.doctor.state import check_redis
from app.doctor.warehouse import check_warehouse_folder
from app.logs import blotter, secrets_of
from app.settings import SettingsError, bot_toml
from app.sources import resolve_sources
from sync.plan import TableRef
from sync.state import connect_state

_SET_FIRST = "Put right what is told of settings; then run this again."
_OFFLINE = "Run it without --offline."


def examine_everything(
    environ: Mapping[str, str],
    load_config: Callable[[], BotConfig],
    *,
    asker: str,
    offline: bool = False,
    thick_ready: bool = True,
) -> list[Check]:
    """Examine all groups, in their order; *asker* is named to Oracle. Nothing is raised.

    *load_config* may raise SettingsError. *offline* leaves out what is not on this machine.
    *thick_ready* says whether this process began with Oracle's client libraries on its path, or
    needs none. No secret stands in what is found.
    """
    readable = _read(environ, load_config, thick_ready=thick_ready)
    probes = _probes(readable, asker, offline=offline)
    groups = list(dict.fromkeys(probe.group for probe in probes))
    checks = sorted(examine(probes), key=lambda check: groups.index(check.group))
    blot = blotter(secret_values(environ) | secrets_of(readable.settings))
    return [_shown(check, blot) for check in checks]


def _read(
    environ: Mapping[str, str], load_config: Callable[[], BotConfig], *, thick_ready: bool
) -> Readable:
    settings, problems, wrong = read_leniently(environ)
    config: BotConfig | None = None
    config_problems: tuple[str, ...] = ()
    try:
        config = load_config()
    except SettingsError as error:
        config_problems = tuple(error.problems)
    except OSError as error:
        config_problems = (f"bot.toml cannot be looked at: {error.strerror}",)
    ready = thick_ready or settings.oracle.client_lib_dir is None
    file = bot_toml(environ)
    return Readable(settings, config, file, tuple(problems), config_problems, wrong, ready)


def _probes(readable: Readable, asker: str, *, offline: bool) -> list[Probe]:
    settings, config = readable.settings, readable.config
    url = settings.redis_url.get_secret_value()
    client = None
    if not offline and "REDIS_URL" not in readable.wrong:
        client = connect_state(url)
    names = [source.name for source in config.source] if config else []
    found = [Probe("settings", "settings", partial(check_settings, readable))]
    if offline:
        groups = ["Slack", *(f"Oracle {name}" for name in names), "Redis", "model"]
        found += [_skip(group, "not asked, as you wished", _OFFLINE) for group in groups]
    else:
        found += _slack(readable, client)
        found += _oracle(readable, client, asker)
        if client is None:
            found.append(_skip("Redis", "REDIS_URL is wrong", _SET_FIRST))
        else:
            found.append(Probe("Redis", "Redis", partial(check_redis, client, url, names)))
        if "OPENAI_" in readable.wrong:
            found.append(_skip("model", "its settings are missing or wrong", _SET_FIRST))
        else:
            found.append(Probe("model", "key", partial(check_model, settings.model)))
    timezone = config.timezone if config else BotConfig().timezone
    return [
        *found,
        Probe(
            "warehouse", "folder", partial(check_warehouse_folder, settings.warehouse_dir, client)
        ),
        Probe("machine", "machine", partial(check_machine, timezone)),
    ]


def _slack(readable: Readable, client: "redis.Redis | None") -> list[Probe]:
    slack = readable.settings.slack
    if slack is None:
        return [_skip("Slack", "its settings are missing or wrong", _SET_FIRST)]
    schedules = readable.config.schedule if readable.config else ()
    return [Probe("Slack", "Slack", partial(check_slack, slack, client, schedules))]


def _oracle(readable: Readable, client: "redis.Redis | None", asker: str) -> list[Probe]:
    config = readable.config
    if config is None or not config.source:
        why = "bot.toml is wrong" if config is None else "bot.toml names no [[source]]"
        return [_skip("Oracle", why, _SET_FIRST)]
    reachable = {
        each.name: each for each in resolve_sources(readable.settings.oracle, config).reachable
    }
    probes: list[Probe] = []
    for section in config.source:
        group = f"Oracle {section.name}"
        guarded = reachable.get(section.name)
        if guarded is None or "ORACLE_" in readable.wrong:
            probes.append(_skip(group, "its settings are missing or wrong", _SET_FIRST))
        elif client is None:
            probes.append(
                _skip(group, "Redis, which remembers refused passwords, is not set", _SET_FIRST)
            )
        elif not readable.thick_ready:
            probes.append(
                _skip(group, "the thick driver starts only with right settings", _SET_FIRST)
            )
        else:
            offered = tuple(ref for ref in config.offered if ref.source == section.name)
            subject = Subject(guarded, offered, _decoded(config))
            probes.append(Probe(group, "login", partial(check_source, subject, client, asker)))
    return probes


def _decoded(config: BotConfig) -> set[tuple[TableRef, str]]:
    """The columns whose encoding bot.toml tells."""
    sections = [(ref, config.section(ref)) for ref in config.offered]
    return {(ref, name) for ref, section in sections if section for name in section.encoding}


def _skip(group: str, found: str, remedy: str) -> Probe:
    return Probe(group, "all", lambda: iter([Check(group, "all", "SKIP", found, remedy)]))


def _shown(check: Check, blot: Callable[[str], str]) -> Check:
    """Give the check without secrets and without signs that could move a terminal's cursor."""

    def clean(text: str) -> str:
        blotted = "".join(sign if sign.isprintable() else " " for sign in blot(text))
        return blotted if len(blotted) <= MAX_CHARACTERS else blotted[:MAX_CHARACTERS] + "…"

    found, remedy, name = clean(check.found), clean(check.remedy), clean(check.name)
    return dataclasses.replace(check, found=found, remedy=remedy, name=name)
