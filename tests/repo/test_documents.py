"""The documents are true: links lead somewhere, named files and tests exist, fields are told.

Each rule is a function from text to faults, and is shown to find a fault before it is believed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.bot_config import BotConfig, check_bot_config

ROOT = Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.ko.md")
DOCUMENTS = sorted(
    [*READMES, "CHANGELOG.md"]
    + [path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")]
)
ADRS = sorted(path.name for path in (ROOT / "docs" / "adr").glob("0*.md"))
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for package in ("agent", "app", "sync")
    for path in (ROOT / package).rglob("*.py")
    if path.name != "__init__.py"
)
SEED_TESTS = range(300, 316)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_to_something_that_exists(document: str) -> None:
    assert list(dead_links(document, read(document))) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_and_name_in_code_type_exists(document: str) -> None:
    assert list(missing_names(read(document))) == []


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("see [a](docs/none.md)", ["docs/none.md"]),
        ("see [a](README.md#no-such-heading)", ["README.md#no-such-heading"]),
        ("see [a](LICENSE), [b](README.md#license) and [c](https://example.com)", []),
    ],
)
def test_a_dead_link_is_found(text: str, faults: list[str]) -> None:
    assert list(dead_links("README.md", text)) == faults


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("in `sync/none.py`", ["sync/none.py"]),
        ("in `agent/nowhere/`", ["agent/nowhere/"]),
        ("by `sync/plan.py::Plam`", ["sync/plan.py::Plam"]),
        ("by `sync/plan.py::Plan`, in `sync/warehouse/` and `tests/repo/`", []),
        ("`agent/runtime/config.py::SYSTEM_PROMPT` and `build/<source>/x`", []),
    ],
)
def test_a_name_that_is_not_there_is_found(text: str, faults: list[str]) -> None:
    assert list(missing_names(text)) == faults


def test_the_code_map_names_every_module_and_says_what_it_is_for() -> None:
    rows = r"^\| `((?:agent|app|sync)/[^`]+\.py)` \| \S.*\|$"
    mapped = re.findall(rows, read("docs/architecture.md"), re.MULTILINE)
    assert sorted(mapped) == MODULES


@pytest.mark.parametrize("number", SEED_TESTS)
def test_each_test_of_the_first_plan_is_mapped_to_one_of_that_number(number: int) -> None:
    rows = re.findall(rf"^\| TEST-{number} .*\|$", read("docs/architecture.md"), re.MULTILINE)
    assert len(rows) == 1
    assert f"::test_{number}_" in rows[0]


@pytest.mark.parametrize("readme", READMES)
def test_each_readme_names_every_command_and_no_other(readme: str) -> None:
    from app.cli.main import botctl

    listed = re.findall(r"^\| `botctl ([a-z-]+)` \| \S.*\|$", read(readme), re.MULTILINE)
    assert sorted(listed) == sorted(botctl.commands)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_command_that_is_shown_can_be_typed(document: str) -> None:
    from app.cli.main import botctl

    shown = re.findall(r"botctl ((?:--\S+ )*)([a-z.]+)", code_of(read(document)))
    options = {option for parameter in botctl.params for option in parameter.opts}
    for typed, command in shown:
        assert command in {*botctl.commands, ".env"}, command
        assert {word for word in typed.split() if word.startswith("--")} <= options


@pytest.mark.parametrize("readme", READMES)
def test_each_readme_shows_both_first_commands_as_lines_to_type(readme: str) -> None:
    assert re.findall(r"^(make [a-z]+)\b", read(readme), re.MULTILINE) == ["make demo", "make test"]


def test_both_readmes_have_the_same_parts_links_and_conversation() -> None:
    english, korean = (read(readme) for readme in READMES)
    assert levels(english) == levels(korean)
    own = {"README.ko.md", "README.md"}
    assert set(links(english)) - own == set(links(korean)) - own
    assert blocks("text", english) == blocks("text", korean)
    for mark in (r"^- ", r"^\| `", r"^\d\. "):
        assert len(re.findall(mark, english, re.MULTILINE)) == len(
            re.findall(mark, korean, re.MULTILINE)
        )


@pytest.mark.parametrize("name", ADRS)
def test_each_decision_has_one_form_and_is_listed(name: str) -> None:
    text = read(f"docs/adr/{name}")
    number, _, _ = name.partition("-")
    assert text.startswith(f"# {number}: ")
    assert re.search(r"^Date: \d{4}-\d{2}-\d{2}$", text, re.MULTILINE)
    assert headings(text)[1:] == ["Context", "Decision", "Consequences"]
    assert 15 <= len(text.splitlines()) <= 40
    assert f"]({name})" in read("docs/adr/README.md")


def test_the_configuration_tells_every_field_of_bot_toml_with_its_default() -> None:
    assert list(untold_fields(read("docs/configuration.md"))) == []


def test_a_field_that_is_not_told_or_told_wrongly_is_found() -> None:
    text = read("docs/configuration.md")
    without = re.sub(r"^\| `expires_hours`.*\n", "", text, flags=re.MULTILINE)
    assert list(untold_fields(without)) == ["[approvals] expires_hours is not told"]
    wrong = re.sub(r"(\| `turn_steps` \| [^|]+\| )`8`", r"\1`9`", text)
    assert list(untold_fields(wrong)) == ["[limits] turn_steps: the default is 8, not 9"]
    more = text.replace("| `turns` |", "| `typo` | text | `1` | x |\n| `turns` |")
    assert list(untold_fields(more)) == ["[limits] typo does not exist"]


def test_the_example_of_the_configuration_loads_and_shows_every_field() -> None:
    (example,) = blocks("toml", read("docs/configuration.md"))
    content = tomllib.loads(example)
    config = check_bot_config(content, "the example")
    for title, model in sections().items():
        shown = content if title == "Top level" else section_of(content, title)
        assert set(shown) == set(model.model_fields), title
    offered = ["SHOP.CUSTOMERS", "SHOP.DAILY_SALES", "SHOP.ORDERS"]
    assert [str(ref) for ref in config.offered] == offered


def test_the_figures_of_the_operations_are_those_of_the_code() -> None:
    from app.cards import LEFT_BEHIND_SECONDS
    from app.turns import LEASE_SECONDS
    from sync.jobs import KNOCK_SECONDS, RECONCILE_SECONDS
    from sync.runs import ALIVE_SECONDS
    from sync.warehouse.manifest import GENERATIONS_KEPT

    text = read("docs/operations.md")
    assert f"{ALIVE_SECONDS:g} s without a heartbeat, plus up to {RECONCILE_SECONDS:g} s" in text
    assert f"| up to {KNOCK_SECONDS + RECONCILE_SECONDS:g} s |" in text
    assert f"| {LEASE_SECONDS:g} s, plus up to 5 s |" in text
    assert f"| {LEFT_BEHIND_SECONDS:g} s |" in text
    assert {3: "the last three copies"}[GENERATIONS_KEPT] in text


def dead_links(document: str, text: str) -> Iterator[str]:
    """Yield the targets in this checkout that are not there, or have no such heading."""
    for link in links(text):
        path, _, anchor = link.partition("#")
        target = (ROOT / document).parent / path if path else ROOT / document
        if not target.exists() or (anchor and anchor not in map(slug, headings_of(target))):
            yield link


def missing_names(text: str) -> Iterator[str]:
    """Yield what is written as `folder/file.py`, or with ::name, and is not there."""
    tops = "agent|app|sync|sandbox|tests|docs|scripts|requirements|bench"
    for written in re.findall(rf"`((?:{tops})/[\w./-]*(?:::\w+)?)`", text):
        path, _, name = written.partition("::")
        target = ROOT / path
        if not target.exists() or (name and not defines(target, name)):
            yield written


def untold_fields(text: str) -> Iterator[str]:
    """Yield the fields of bot.toml whose section does not tell them, or their right default."""
    for title, model in sections().items():
        body = text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        told = dict(re.findall(r"^\| `(\w+)` \| [^|]+\| ([^|]+) \| ", body, re.MULTILINE))
        where = title.strip("`")
        for name, field in model.model_fields.items():
            if name not in told:
                yield f"{where} {name} is not told"
            elif problem := wrong_default(field, told[name]):
                yield f"{where} {name}: {problem}"
        for name in told:
            if name not in model.model_fields:
                yield f"{where} {name} does not exist"


def wrong_default(field: FieldInfo, told: str) -> str:
    """Compare a default in code type with the field's; in words, only whether there is one."""
    if field.is_required():
        return "" if told == "needed" else "it is needed"
    if told == "needed":
        return "it is not needed"
    if written := re.fullmatch(r"`(.+)`", told):
        if "." in written[1] and '"' not in written[1]:
            return ""  # the name of another field
        value = tomllib.loads(f"value = {written[1]}")["value"]
        return "" if value == field.default else f"the default is {field.default}, not {value}"
    return ""


def sections() -> dict[str, type[BaseModel]]:
    """Return each heading of the configuration and the model of its fields."""
    found: dict[str, type[BaseModel]] = {"Top level": BotConfig}
    for name, field in BotConfig.model_fields.items():
        lists = get_args(field.annotation)
        for kind in lists or (field.annotation,):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found[f"`[[{name}]]`" if lists else f"`[{name}]`"] = kind
    return found


def section_of(content: dict[str, Any], title: str) -> dict[str, Any]:
    """Return all that a section of the example sets; of a list, what any of its entries sets."""
    found: dict[str, Any] | list[dict[str, Any]] = content[title.strip("`[]")]
    entries = found if isinstance(found, list) else [found]
    return {name: value for entry in entries for name, value in entry.items()}


def links(text: str) -> list[str]:
    found = re.findall(r"\]\(([^)\s]+)\)", text)
    return [link for link in found if not link.startswith(("https://", "http://"))]


def defines(path: Path, name: str) -> bool:
    return bool(
        re.search(
            rf"^\s*(?:(?:def|class) {name}\b|{name}\s*(?::[^=]+)?=)",
            path.read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    )


def headings_of(path: Path) -> list[str]:
    return headings(path.read_text(encoding="utf-8")) if path.suffix == ".md" else []


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ (.+)$", without_blocks(text), re.MULTILINE)


def levels(text: str) -> list[int]:
    return [len(sign) for sign in re.findall(r"^(#+) ", without_blocks(text), re.MULTILINE)]


def slug(heading: str) -> str:
    """Write a heading as the anchor its link uses."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def blocks(language: str, text: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def without_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def code_of(text: str) -> str:
    """Return what is written in code type, a line each."""
    inline = re.findall(r"`([^`\n]+)`", without_blocks(text))
    fenced = re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return "\n".join([*inline, *fenced])


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")
