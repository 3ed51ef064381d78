"""Image, compose file and systemd unit, as far as they can be checked where no container runs.

compose.yaml is read by the few rules it is written in (two spaces a level, lists with a dash), so
that no YAML library is needed for it.
"""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from app.settings import NAMES, SECRETS

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = ("bot", "worker", "clock")
SERVICES = (*PROCESSES, "redis")
FORMS = NAMES | {f"{name}_FILE" for name in SECRETS}
#: What each process cannot do without, and must not be handed beyond it.
WANTED_SECRETS = {
    "bot": {
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "OPENAI_API_KEY",
        "ORACLE_PASSWORD",
        "REDIS_URL",
    },
    "worker": {"ORACLE_PASSWORD", "REDIS_URL"},
    "clock": {"REDIS_URL"},
}


# the image


def test_the_image_copies_only_what_exists_and_what_the_build_may_see() -> None:
    sources = copied(read("Dockerfile"))
    assert {"agent/", "app/", "sync/", "requirements/runtime.txt"} <= set(sources)
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert [source for source in sources if not reaches_the_build(source)] == []


@pytest.mark.parametrize(
    "path", ["sandbox/", "tests/", ".env", "secrets/", ".git/", ".venv/", "bot.toml", "warehouse/"]
)
def test_nothing_else_reaches_the_build(path: str) -> None:
    assert not reaches_the_build(path)
    assert path not in copied(read("Dockerfile"))


def test_the_packages_are_installed_by_hash_and_ours_without_the_network() -> None:
    installs = [run for run in instructions("RUN") if "-m pip " in run]
    assert len(installs) == 4
    for run in installs:
        by_hash = "--require-hashes" in run and "--only-binary=:all:" in run
        offline = "--no-deps" in run and "--no-index" in run
        assert by_hash != offline


def test_the_image_runs_as_a_number_ends_by_sigterm_and_starts_without_a_shell() -> None:
    assert instructions("USER") == ["10001:10001"]
    assert instructions("STOPSIGNAL") == ["SIGTERM"]
    assert instructions("ENTRYPOINT") == ['["botctl"]']
    (check,) = instructions("HEALTHCHECK")
    assert check.endswith('CMD ["botctl", "health"]')
    base = re.search(r"^ARG PYTHON=(\S+)$", read("Dockerfile"), re.MULTILINE)
    assert base is not None
    assert re.fullmatch(r"python:3\.1[1-3]\S*-slim\S*|python:3\.1[1-3]-slim", base[1])
    assert {line.split()[0] for line in instructions("FROM")} == {"${PYTHON}"}


def test_what_the_image_sets_is_what_the_settings_read() -> None:
    (environment,) = instructions("ENV", stage=-1)
    ours = dict(re.findall(r"([A-Z_]+)=(\S+)", environment))
    for python_own in ("PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"):
        del ours[python_own]
    assert set(ours) <= NAMES
    assert {"WAREHOUSE_DIR", "BOT_TOML", "RUNTIME_DIR"} <= set(ours)


def test_the_wheel_holds_the_product_and_no_stand_in(tmp_path: Path) -> None:
    wheel = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (entry_points,) = (name for name in names if name.endswith("entry_points.txt"))
        assert "botctl = app.cli.main:main" in archive.read(entry_points).decode()
    folders = {name.split("/")[0] for name in names}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {
        "agent",
        "app",
        "sync",
    }
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "app").rglob("*.py")}
    assert modules <= set(names)


# compose


@pytest.mark.parametrize("service", PROCESSES)
def test_every_name_a_process_is_given_is_one_it_reads(service: str) -> None:
    given = set(re.findall(r"^      ([A-Z_]+):", part(service, "environment"), re.MULTILINE))
    assert given
    assert given <= FORMS


@pytest.mark.parametrize("service", PROCESSES)
def test_secrets_come_as_files_and_only_to_who_needs_them(service: str) -> None:
    files = dict(
        re.findall(
            r"^      (\w+)_FILE: /run/secrets/(\w+)$", part(service, "environment"), re.MULTILINE
        )
    )
    assert set(files) == WANTED_SECRETS[service]
    assert all(file == name.lower() for name, file in files.items())
    assert set(items(part(service, "secrets"))) == set(files.values())
    assert not re.search(
        rf"^      ({'|'.join(SECRETS)}):", part(service, "environment"), re.MULTILINE
    )


def test_every_secret_and_volume_that_is_used_is_declared() -> None:
    declared = set(
        re.findall(r"^  (\w+):\n    file: \./secrets/\1$", section("secrets"), re.MULTILINE)
    )
    used = {name for service in SERVICES for name in items(part(service, "secrets"))}
    assert declared == used
    volumes = {
        item.split(":")[0]
        for service in SERVICES
        for item in items(part(service, "volumes"))
        if not item.startswith("./")
    }
    assert volumes == set(re.findall(r"^  (\w+):", section("volumes"), re.MULTILINE))


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_can_write_its_root_or_gain_rights_or_grow_without_end(service: str) -> None:
    text = service_text(service) + (section("x-process") if service in PROCESSES else "")
    for line in ("read_only: true", "cap_drop:\n", "- ALL\n", "- no-new-privileges:true", "tmpfs:"):
        assert line in text, line
    assert re.search(r'user: "[1-9]\d*:[1-9]\d*"', text)
    for limit in ("pids_limit", "mem_limit", "stop_grace_period", "max-size"):
        assert re.search(rf"{limit}: ?\S*\d", text) or "*logging" in text, limit
    assert "ports:" not in text
    assert "privileged: true" not in text


def test_only_the_worker_can_write_the_copies_and_nobody_bot_toml() -> None:
    for service in PROCESSES:
        mounts = items(part(service, "volumes"))
        assert "./bot.toml:/etc/duckferry/bot.toml:ro" in mounts
        warehouse = next(mount for mount in mounts if mount.startswith("warehouse:"))
        assert warehouse.endswith(":ro") == (service != "worker")


def test_redis_forgets_nothing_and_is_reached_by_nobody_else() -> None:
    command = " ".join(items(part("redis", "command"))).replace('"', "")
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command
    assert "redis:/data" in items(part("redis", "volumes"))
    assert "test:" in part("redis", "healthcheck")
    assert "networks: [state]" in service_text("redis")
    assert "  state:\n    internal: true" in section("networks")


@pytest.mark.parametrize("service", PROCESSES)
def test_each_service_is_a_command_and_waits_for_redis(service: str) -> None:
    from app.cli.main import botctl

    assert f'command: ["{service}"]' in service_text(service)
    assert service in botctl.commands
    assert "condition: service_healthy" in service_text(service)


# systemd


def test_every_name_the_unit_sets_is_one_the_settings_read() -> None:
    unit = read("deploy/duckferry.service")
    assert set(re.findall(r"^Environment=([A-Z_]+)=", unit, re.MULTILINE)) == {
        "WAREHOUSE_DIR",
        "BOT_TOML",
        "RUNTIME_DIR",
    }


def test_systemd_accepts_the_unit_and_finds_it_well_confined(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed on this machine")
    unit = tmp_path / "duckferry.service"
    there = read("deploy/duckferry.service").replace("/srv/duckferry/.venv/bin/botctl", "/bin/true")
    unit.write_text(there, encoding="utf-8")
    done = analyze(program, "verify", str(unit))
    assert (done.returncode, done.stderr) == (0, "")
    unit.write_text(there + "\nUnknown=1\n[Service]\nProtectSistem=strict\n", encoding="utf-8")
    assert "ProtectSistem" in analyze(program, "verify", str(unit)).stderr


def analyze(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


# reading


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def instructions(name: str, *, stage: int | None = None) -> list[str]:
    """The arguments of every such instruction of the Dockerfile, or of one of its stages."""
    text = read("Dockerfile").replace("\\\n", " ")
    if stage is not None:
        text = re.split(r"^FROM ", text, flags=re.MULTILINE)[stage]
    return re.findall(rf"^{name} (.+)$", text, re.MULTILINE)


def copied(dockerfile: str) -> list[str]:
    """What the Dockerfile copies from the checkout."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def reaches_the_build(path: str) -> bool:
    """Apply .dockerignore's rules; the last that fits decides."""
    reaches = True
    for line in read(".dockerignore").splitlines():
        if line and not line.startswith("#"):
            rule = line.removeprefix("!").rstrip("/").removeprefix("**/")
            if fnmatch.fnmatch(path.rstrip("/"), rule):
                reaches = line.startswith("!")
    return reaches


def section(name: str) -> str:
    """A part of compose.yaml that begins at the margin."""
    found = re.search(rf"^{name}:[^\n]*\n((?:(?:[ #].*)?\n)*)", read("compose.yaml"), re.MULTILINE)
    assert found is not None, name
    return found[1]


def service_text(name: str) -> str:
    found = re.search(rf"^  {name}:\n((?:(?:    .*)?\n)*)", section("services"), re.MULTILINE)
    assert found is not None, name
    return found[1]


def part(service: str, name: str) -> str:
    """What stands below a key of a service."""
    found = re.search(
        rf"^    {name}:[^\n]*\n((?:      .*\n)*)", service_text(service), re.MULTILINE
    )
    assert found is not None, f"{service}.{name}"
    return found[1]


def items(text: str) -> list[str]:
    return re.findall(r"^ *- (.+)$", text, re.MULTILINE)
