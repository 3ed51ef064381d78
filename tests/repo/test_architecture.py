"""The rules every file keeps; each is shown to catch a breach before it is believed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.repo import architecture as rules

ROOT = Path(__file__).resolve().parents[2]
Rule = Callable[[str, str], Iterator[str]]

#: The outer edges: the only places that may catch everything, each with its reason.
OUTER_EDGES = {
    "app/doctor/checks.py _collect": "the doctor: one broken check does not stop the others",
    "agent/tools/registry.py ToolRegistry.call": "every call of a model is answered",
    "app/cards.py _redraw": "the cards: one that cannot be drawn does not stop the others",
    "app/cli/main.py main": "the terminal: a named error is one line, others show as they are",
    "app/listeners/actions.py guarded": "the listener: every click is answered",
    "app/later.py Later._work": "the listeners' whispers: one that fails does not stop the others",
    "app/turns.py Turns._work": "the turn: whatever happens, the person gets an answer or a reason",
    "sync/jobs.py reconcile_until": "the job: whatever happens, lost runs are looked for",
    "sync/perform.py perform_run": "the job: whatever happens, the run ends in a final state",
    "sync/warehouse/query_child.py serve": "the query child: whatever happens, the parent is told",
}
# Put together here, so that a search for the real ones does not find these.
BROAD = "Exception"
PATCH = "monkeypatch." + "setattr"
MOCK = "Magic" + "Mock"


@pytest.mark.parametrize(
    ("rule", "path", "source", "breach"),
    [
        (rules.direction, "sync/a.py", "import agent.loop", "sync must not import agent.loop"),
        (rules.direction, "sync/a.py", "from app import wiring", "not import app.wiring"),
        (rules.direction, "agent/a/b.py", "from ...app import x", "not import app.x"),
        (rules.direction, "agent/a.py", "def f():\n    import app.cli", "not import app.cli"),
        (rules.direction, "app/cli/demo.py", "import sandbox.demo", "not import sandbox.demo"),
        (rules.direction, "app/bolt.py", "def f():\n    import sandbox", "not import sandbox"),
        (rules.direction, "sync/a.py", "from tests.x import y", "not import tests.x.y"),
        (rules.vendor_homes, "sync/jobs.py", "import oracledb", "belongs to sync/oracle.py"),
        (rules.vendor_homes, "app/bolt.py", "from duckdb import sql", "belongs to sync/warehouse/"),
        (rules.vendor_homes, "sync/jobs_more.py", "import rq", "belongs to sync/jobs.py"),
        (rules.vendor_homes, "agent/loop.py", "import slack_sdk.web", "belongs to app/"),
        (rules.vendor_homes, "sync/plan.py", "import pandas", "pandas has no home"),
        (rules.environment_reads, "sync/a.py", "import os\nx = os.environ['A']", "os.environ"),
        (rules.environment_reads, "app/a.py", "from os import getenv", "os.getenv"),
        (rules.environment_reads, "app/cli/a.py", "option('--x', envvar='X')", "envvar reads"),
        (rules.import_effects, "sync/a.py", "import redis\nr = redis.Redis()", "redis.Redis()"),
        (rules.import_effects, "sync/a.py", "x = [open('a') for _ in 'b']", "open()"),
        (rules.import_effects, "sync/a.py", "def f(now=time()): ...", "time()"),
        (rules.import_effects, "sync/a.py", "class A:\n    now = time()", "time()"),
        (rules.import_effects, "sync/a.py", "@app.event('x')\ndef f(): ...", "app.event()"),
        (rules.import_effects, "sync/a.py", "for x in y: ...", "for statement"),
        (rules.import_effects, "sync/a.py", "setup_logging()", "setup_logging()"),
        (rules.import_effects, "agent/a.py", "from openai import OpenAI\nc = OpenAI()", "OpenAI()"),
        (rules.broad_excepts, "a.py", f"def f():\n try: x\n except {BROAD}: y", "a.py f"),
        (rules.broad_excepts, "a.py", "try: x\nexcept: y", "a.py"),
        (rules.broad_excepts, "a.py", f"try: x\nexcept (OSError, {BROAD}): y", "a.py"),
        (rules.broad_excepts, "a.py", f"with contextlib.suppress({BROAD}): y", "a.py"),
        (
            rules.runtime_below_service,
            "agent/runtime/a.py",
            "from agent import service",
            "not import",
        ),
        (
            rules.runtime_below_service,
            "agent/runtime/a.py",
            "from ..service import x",
            "not import",
        ),
        (rules.too_long, "a.py", "x = 1\n" * 351, "351 lines"),
        (rules.patching, "a.py", f"def test(): {PATCH}(a, 'b', c)", PATCH),
        (rules.patching, "a.py", f"from unittest.mock import {MOCK}", MOCK),
        (rules.patching, "a.py", "from unittest import mock", "unittest.mock"),
        (rules.patching, "a.py", "def test(mocker): ...", "mocker"),
        (rules.foreign_text, "a.md", "cd /wor" + "k/main", "/wor" + "k/"),
        (rules.foreign_text, "a.txt", "--extra-index" + "-url x", "index" + "-url"),
        (
            rules.foreign_text,
            "a.lock",
            'url = "https' + "://files.python" + 'hosted.org"',
            "hosted",
        ),
    ],
)
def test_a_breach_is_found(rule: Rule, path: str, source: str, breach: str) -> None:
    assert any(breach in found for found in rule(path, source))


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (rules.direction, "app/a.py", "import agent.loop, sync.plan\nfrom . import b"),
        (rules.direction, "app/cli/demo.py", "def f():\n    import sandbox.demo"),
        (rules.vendor_homes, "sync/warehouse/a.py", "import duckdb, pyarrow, json, sync.plan"),
        (rules.vendor_homes, "agent/a.py", "from pydantic import BaseModel"),
        (rules.environment_reads, "app/settings.py", "import os\nx = os.environ"),
        (rules.environment_reads, "app/a.py", "def f(environ): return environ['A']"),
        (rules.import_effects, "sync/a.py", "import re\nX = re.compile('a')\nY: int = 3"),
        (rules.import_effects, "sync/a.py", "from sync.plan import TableRef\nT = TableRef('a')"),
        (rules.import_effects, "sync/a.py", "def f():\n    return open('a')"),
        (rules.import_effects, "sync/a.py", "if __name__ == '__main__':\n    main()"),
        (
            rules.import_effects,
            "app/cli/a.py",
            "@click.command()\n@click.option('-x')\ndef f(): ...",
        ),
        (rules.broad_excepts, "a.py", f"try: x\nexcept Base{BROAD}:\n    undo()\n    raise"),
        (rules.broad_excepts, "a.py", "try: x\nexcept ValueError: y"),
        (rules.patching, "a.py", "def test(monkeypatch): monkeypatch.chdir('a')"),
        (rules.foreign_text, "a.md", "the network/ and homework/ folders"),
    ],
)
def test_what_is_allowed_is_left_alone(rule: Rule, path: str, source: str) -> None:
    assert list(rule(path, source)) == []


@pytest.mark.parametrize("package", [*rules.PRODUCT, "sandbox"])
def test_each_package_stands_in_the_repository(package: str) -> None:
    assert list((ROOT / package).glob("*.py"))


def test_imports_point_from_app_to_agent_to_sync() -> None:
    assert breaches(rules.direction, rules.PRODUCT) == []


def test_each_vendor_has_one_home() -> None:
    assert breaches(rules.vendor_homes, rules.PRODUCT) == []


def test_only_the_settings_read_the_environment() -> None:
    assert breaches(rules.environment_reads, (*rules.PRODUCT, "sandbox", "scripts")) == []


def test_top_levels_only_define() -> None:
    assert breaches(rules.import_effects, rules.PRODUCT) == []


def test_the_runtime_does_not_know_the_service() -> None:
    assert breaches(rules.runtime_below_service, ("agent",)) == []


def test_everything_is_caught_only_at_the_outer_edges() -> None:
    assert set(breaches(rules.broad_excepts, rules.PRODUCT)) == set(OUTER_EDGES)


def test_each_file_can_be_read_in_one_sitting() -> None:
    assert breaches(rules.too_long, (*rules.PRODUCT, "sandbox", "scripts")) == []


def test_tests_pass_replacements_and_patch_nothing() -> None:
    assert breaches(rules.patching, ("tests",)) == []


def test_no_file_names_the_machine_or_a_package_index() -> None:
    found: list[str] = []
    for path in repository_files():
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or another binary file
        found += rules.foreign_text(path, text)
    assert found == []


#: Imports every module named on standard input, with an empty environment, and stops at the first
#: thing an import should not do. Vendors come first: what they do when imported is not ours.
IMPORT_ALL = """
import importlib, sys, threading
root, *modules = sys.stdin.read().split("\\n")
sys.path.insert(0, root)
for vendor in sys.argv[1:]:
    importlib.import_module(vendor)
FORBIDDEN = ("socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.exec", "os.fork",
             "os.posix_spawn", "os.mkdir", "os.remove", "os.rename")
def guard(event, arguments):
    if event in FORBIDDEN:
        raise RuntimeError(f"{event} {arguments} on import")
    if event == "open":
        path, mode, flags = arguments
        writes = isinstance(mode, str) and set(mode) & set("wax+")
        ours = str(path).startswith(root) and not str(path).startswith(root + "/.venv")
        if writes or (ours and not str(path).endswith((".py", ".pyc"))):
            raise RuntimeError(f"open {arguments} on import")
threads = threading.active_count()
sys.addaudithook(guard)
for module in modules:
    importlib.import_module(module)
    if threading.active_count() > threads:
        raise RuntimeError(f"{module} starts a thread on import")
"""


def test_importing_any_module_touches_nothing() -> None:
    done = import_in_a_new_process(ROOT, [module_name(path) for path in sources(rules.PRODUCT)])
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(
    "source",
    [
        "open('left-behind', 'w')",
        "import socket; socket.socket().connect(('127.0.0.1', 9))",
        "import subprocess; subprocess.run(['true'])",
        "import threading as t; t.Thread(target=t.Event().wait, daemon=True).start()",
        "import os; os.environ['SLACK_BOT_TOKEN']",
        "import pathlib; pathlib.Path(__file__).with_name('data.txt').read_text()",
    ],
)
def test_an_import_that_does_something_is_stopped(tmp_path: Path, source: str) -> None:
    (tmp_path / "data.txt").write_text("x", encoding="utf-8")
    (tmp_path / "planted.py").write_text(source, encoding="utf-8")
    done = import_in_a_new_process(tmp_path, ["planted"])
    assert done.returncode == 1
    assert "on import" in done.stderr or "KeyError" in done.stderr


def import_in_a_new_process(root: Path, modules: list[str]) -> subprocess.CompletedProcess[str]:
    vendors = sorted(rules.HOMES) if root == ROOT else []
    return subprocess.run(
        [sys.executable, "-B", "-c", IMPORT_ALL, *vendors],
        input="\n".join([str(root), *modules]),
        env={},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def breaches(rule: Rule, packages: Iterable[str]) -> list[str]:
    return [
        breach
        for path in sources(packages)
        for breach in rule(path, (ROOT / path).read_text(encoding="utf-8"))
    ]


def sources(packages: Iterable[str]) -> list[str]:
    return sorted(
        path.relative_to(ROOT).as_posix()
        for package in packages
        for path in (ROOT / package).rglob("*.py")
    )


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def repository_files() -> list[str]:
    """Return what git keeps or would keep; without git (an unpacked archive), what stands there."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.splitlines()
        return [path for path in listed if (ROOT / path).is_file()]
    built = {".venv", "__pycache__", ".pytest_cache", ".ruff_cache", "uv.lock"}
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return [path.as_posix() for path in paths if not built & set(path.parts)]
