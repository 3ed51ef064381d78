"""The rules of docs/architecture.md as functions: a file's path and source in, violations out.

A path is relative to the checkout, with slashes. Each violation is a line a person can act on.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from typing import NamedTuple

PRODUCT = ("agent", "app", "sync")
#: Who may import whom; a package may always import itself.
BELOW = {"app": ("agent", "sync"), "agent": ("sync",), "sync": ()}
OWN = (*PRODUCT, "sandbox", "tests", "scripts", "bench")
#: The only places that know a vendor. Another library needs a line here, and so a decision.
HOMES: dict[str, tuple[str, ...]] = {
    "apscheduler": ("sync/schedules.py",),
    "click": ("app/cli/",),
    "croniter": ("sync/when.py",),
    "dotenv": ("app/settings.py",),
    "duckdb": ("sync/warehouse/",),
    "openai": ("agent/llm.py",),
    "oracledb": ("sync/oracle.py",),
    "prometheus_client": ("app/",),
    "pyarrow": ("sync/warehouse/", "sync/oracle.py", "sync/types.py", "sync/arrival.py"),
    "pydantic": ("",),
    "pydantic_core": ("",),
    "pytz": ("sync/warehouse/",),
    "redis": ("",),
    "rq": ("sync/jobs.py",),
    "slack_bolt": ("app/",),
    "slack_sdk": ("app/",),
    "tomlkit": ("app/bot_toml.py",),
    "vl_convert": ("app/picture_process.py",),
    "waitress": ("app/http_server.py",),
    "xlsxwriter": ("sync/warehouse/",),
}
ENVIRONMENT_READER = "app/settings.py"
ENVIRONMENT_NAMES = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
MAX_LINES = 350
#: Calls that only make a value, and so may stand where they run on import.
MAKES_A_VALUE = set(
    re.findall(
        r"\w+",
        """
    AfterValidator Annotated attrgetter auto BeforeValidator bool bool_ bytes cast compile
    ConfigDict ContextVar count dataclass date datetime Decimal decimal128 dedent dict Discriminator
    enumerate Field field field_serializer field_validator float float32 float64 Fraction
    fromhex fromkeys frozenset getLogger int int64 itemgetter items join keys large_binary
    large_string len list lru_cache MappingProxyType max min model_rebuild model_serializer
    model_validator namedtuple NewType ord overload override ParamSpec partial Path
    PlainSerializer range replace resolve set sorted split splitlines str StringConstraints
    strip Struct sum Tag timedelta timestamp timezone total_seconds tuple TypeAdapter TypeVar
    unique values with_name WithJsonSchema wraps WrapValidator zip
    """,
    )
)
BROAD = {"Exception", "BaseException"}
PATCHING = re.compile(r"^(monkeypatch\.(setattr|delattr|setitem|delitem)|(unittest\.)?mock\b.*)$")
#: Written with brackets so that this file does not hold what it looks for.
FOREIGN_TEXT = re.compile(
    r"(?<![\w.])/(?:wor[k]|far[m]|roo[t]|opt/pyp[i])/"
    r"|py[p]i\.org|python[h]osted\.org|registry\.np[m]js|index[-_]ur[l]|find-lin[k]s"
    r"|registry *= *\"htt[p]|\"resolve[d]\": *\"http|file:/[/]/",
)


class Import(NamedTuple):
    """One imported module; *lazy* when it stands inside a function."""

    line: int
    module: str
    lazy: bool


def direction(path: str, source: str) -> Iterator[str]:
    """Imports point from app to agent to sync; only app/cli may know sandbox, and lazily."""
    package = path.split("/", maxsplit=1)[0]
    for found in imports(path, source):
        target = found.module.split(".")[0]
        if target not in OWN or target == package or target in BELOW[package]:
            continue
        if target == "sandbox" and path.startswith("app/cli/") and found.lazy:
            continue
        yield f"{path}:{found.line}: {package} must not import {found.module}"


def vendor_homes(path: str, source: str) -> Iterator[str]:
    """Each vendor library is imported in its one home, and every library has a home."""
    for found in imports(path, source):
        library = found.module.split(".")[0]
        if library in sys.stdlib_module_names or library in OWN:
            continue
        homes = HOMES.get(library)
        if homes is None:
            yield f"{path}:{found.line}: {library} has no home; give it one in HOMES"
        elif not any(_is_at(path, home) for home in homes):
            yield f"{path}:{found.line}: {library} belongs to {' or '.join(homes)}"


def runtime_below_service(path: str, source: str) -> Iterator[str]:
    """What the service is made of does not know the service."""
    if path.startswith("agent/runtime/"):
        for found in imports(path, source):
            if found.module == "agent.service" or found.module.startswith("agent.service."):
                yield f"{path}:{found.line}: agent/runtime must not import agent/service.py"


def environment_reads(path: str, source: str) -> Iterator[str]:
    """Only app/settings.py reads the environment; a command line option never does."""
    if path == ENVIRONMENT_READER:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT_NAMES:
            if isinstance(node.value, ast.Name) and node.value.id == "os":
                yield f"{path}:{node.lineno}: os.{node.attr} belongs to {ENVIRONMENT_READER}"
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            for name in {alias.name for alias in node.names} & ENVIRONMENT_NAMES:
                yield f"{path}:{node.lineno}: os.{name} belongs to {ENVIRONMENT_READER}"
        elif isinstance(node, ast.keyword) and node.arg in {"envvar", "auto_envvar_prefix"}:
            yield f"{path}:{node.lineno}: {node.arg} reads the environment"


def import_effects(path: str, source: str) -> Iterator[str]:
    """Nothing happens on import: a module's top level only imports, defines and names values."""
    tree = ast.parse(source)
    own_classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith(OWN)):
            own_classes |= {alias.asname or alias.name for alias in node.names}
    allowed = MAKES_A_VALUE | {name for name in own_classes if name.lstrip("_")[:1].isupper()}
    for line, what in _effects(tree.body, allowed):
        yield f"{path}:{line}: {what} happens on import"


def broad_excepts(path: str, source: str) -> Iterator[str]:
    """Yield `path function` for each place that catches everything and does not raise it again."""
    tree = ast.parse(source)
    for function, node in _with_function(tree, ""):
        if isinstance(node, ast.ExceptHandler):
            if _names(node.type) & BROAD or node.type is None:
                last = node.body[-1]
                if not (isinstance(last, ast.Raise) and last.exc is None):
                    yield f"{path} {function}"
        elif (
            isinstance(node, ast.Call)
            and dotted(node.func).endswith("suppress")
            and any(_names(argument) & BROAD for argument in node.args)
        ):
            yield f"{path} {function}"


def too_long(path: str, source: str) -> Iterator[str]:
    """A file can be read in one sitting."""
    lines = len(source.splitlines())
    if lines > MAX_LINES:
        yield f"{path}: {lines} lines, at most {MAX_LINES}"


def patching(path: str, source: str) -> Iterator[str]:
    """Tests pass replacements as arguments and never change code that runs."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and PATCHING.match(dotted(node)):
            yield f"{path}:{node.lineno}: {dotted(node)}"
        elif isinstance(node, ast.arg) and node.arg == "mocker":
            yield f"{path}:{node.lineno}: the fixture mocker"
    for found in imports(path, source):
        if found.module.startswith(("unittest.mock", "mock.", "pytest_mock")):
            yield f"{path}:{found.line}: {found.module}"


def foreign_text(path: str, source: str) -> Iterator[str]:
    """No path of the machine it was written on, no host of a package index."""
    for number, line in enumerate(source.splitlines(), 1):
        if found := FOREIGN_TEXT.search(line):
            yield f"{path}:{number}: {found.group()}"


def imports(path: str, source: str) -> Iterator[Import]:
    """Yield every imported module, `from a import b` as a.b, relative ones made absolute."""
    for function, node in _with_function(ast.parse(source), ""):
        lazy = function != ""
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name, lazy)
        elif isinstance(node, ast.ImportFrom):
            base = path.split("/")[: -node.level] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield Import(node.lineno, f"{module}.{alias.name}", lazy)


def dotted(node: ast.expr) -> str:
    """Write an expression such as a.b.c as text; what is no name becomes nothing."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _is_at(path: str, home: str) -> bool:
    """Tell whether *path* is the file *home*, or in it where it is a folder; "" is everywhere."""
    return path.startswith(home) if home.endswith("/") or not home else path == home


def _effects(body: list[ast.stmt], allowed: set[str]) -> Iterator[tuple[int, str]]:
    """Yield what a block of statements does beyond naming things."""
    for node in body:
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Pass():
                pass
            case ast.If(test=test) if "TYPE_CHECKING" in dotted(test):
                yield from _effects(node.body, allowed)
            case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
                pass
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                defaults = [*node.args.defaults, *node.args.kw_defaults]
                for part in (*node.decorator_list, *defaults):
                    yield from _calls(part, allowed)
            case ast.ClassDef():
                for part in (*node.decorator_list, *node.bases):
                    yield from _calls(part, allowed)
                yield from _effects(node.body, allowed)
            case ast.Assign(value=value) | ast.AnnAssign(value=value) | ast.Expr(value=value):
                yield from _calls(value, allowed)
            case _:
                yield node.lineno, f"{type(node).__name__.lower()} statement"


def _calls(value: ast.expr | None, allowed: set[str]) -> Iterator[tuple[int, str]]:
    """Yield the calls in an expression that do more than make a value; lambdas run later."""
    if value is None or isinstance(value, ast.Lambda):
        return
    if isinstance(value, ast.Call):
        name = dotted(value.func) or ast.unparse(value.func)
        if name.split(".")[-1] not in allowed and not _is_click(name):
            yield value.lineno, f"{name}()"
    for child in ast.iter_child_nodes(value):
        if isinstance(child, ast.expr):
            yield from _calls(child, allowed)
        elif isinstance(child, ast.keyword):
            yield from _calls(child.value, allowed)
        elif isinstance(child, ast.comprehension):
            yield from _calls(child.iter, allowed)


def _is_click(name: str) -> bool:
    """Tell whether a decorator declares a command or an option."""
    return name.startswith("click.") or name.endswith((".command", ".group"))


def _with_function(node: ast.AST, function: str) -> Iterator[tuple[str, ast.AST]]:
    """Yield every node with the dotted name of the function or class around it."""
    for child in ast.iter_child_nodes(node):
        yield function, child
        inner = function
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{function}.{child.name}".lstrip(".")
        yield from _with_function(child, inner)


def _names(node: ast.expr | None) -> set[str]:
    """Return the last parts of the names in an except clause or an argument."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node] if node else []
    return {dotted(part).split(".")[-1] for part in parts}
