"""The machine group: versions, memory, time zones, fonts, and the walls around queries."""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import ZoneInfo

from app.doctor.checks import ANSWER_SECONDS, Check, listed, sized
from sync.warehouse.functions import CALLABLE
from sync.warehouse.query_child import ADDRESS_SPACE_BYTES
from sync.warehouse.walls import NOBODY, Walls, walls

_check = partial(Check, "machine")

LIBRARIES = ("oracledb", "duckdb", "redis", "slack-bolt", "openai")
LEAST_MEMORY_BYTES = 1 << 30
HANGUL_FONTS = ("nanum", "notosanscjk", "notoserifcjk", "notosanskr", "notoserifkr", "malgun")
HANGUL_FONTS_TOO = ("undotum", "unbatang", "baekmuk", "d2coding", "applegothic", "pretendard")
FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("~/.fonts"))
MAX_FONT_FILES = 20_000
CGROUP_MEMORY = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def check_machine(
    timezone: str, font_folders: Sequence[Path] = FONT_FOLDERS, standing: Walls | None = None
) -> Iterator[Check]:
    """Look at the machine this runs on; *timezone* is bot.toml's, *standing* else looked up."""
    yield from _versions()
    yield _size()
    yield _time_zones(timezone)
    yield _fonts(font_folders)
    yield from _walls(standing or walls())


def _versions() -> Iterator[Check]:
    yield _check("Python", "OK", f"{platform.python_version()} on {platform.platform()}")
    found: list[str] = []
    missing: list[str] = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        remedy = "Install Duckferry with its dependencies again."
        yield _check("libraries", "FAIL", f"{listed(missing)} not installed", remedy)
    else:
        yield _check("libraries", "OK", ", ".join(found))


def _size() -> Check:
    processors = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [limit for path in CGROUP_MEMORY if (limit := _number(path))]
    memory = min([memory, *limits])
    told = f"{processors} processors, {sized(memory)} of memory"
    if memory >= LEAST_MEMORY_BYTES:
        return _check("size", "OK", told)
    return _check("size", "WARN", told, "Give it 1 GiB or more: a query may take half of that.")


def _number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return int(text) if text.isdecimal() else None


def _time_zones(timezone: str) -> Check:
    try:
        for name in ("UTC", timezone):
            ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        remedy = "Install the package tzdata."
        return _check("time zones", "FAIL", f"{timezone} is not known here", remedy)
    return _check("time zones", "OK", f"{timezone} is known")


def _fonts(folders: Sequence[Path]) -> Check:
    found = _listed_fonts() or _font_files(folders)
    if found:
        return _check("Hangul fonts", "OK", found)
    remedy = "Install a Korean font, such as the package fonts-nanum."
    return _check("Hangul fonts", "WARN", "none: Korean in charts would show as boxes", remedy)


def _listed_fonts() -> str:
    """Ask fontconfig, where it is installed, for a font that has Korean."""
    program = shutil.which("fc-list")
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, ":lang=ko", "family"],
            capture_output=True,
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = done.stdout.decode(errors="replace").splitlines()
    return lines[0].partition(",")[0].strip() if lines else ""


def _font_files(folders: Sequence[Path]) -> str:
    seen = 0
    for folder in folders:
        for path in folder.expanduser().rglob("*.*"):
            seen += 1
            if seen > MAX_FONT_FILES:
                return ""
            name = path.name.lower().replace("-", "").replace("_", "").replace(" ", "")
            if name.startswith((*HANGUL_FONTS, *HANGUL_FONTS_TOO)):
                return path.name
    return ""


def _walls(found: Walls) -> Iterator[Check]:
    yield _check(
        "wall: guard",
        "OK",
        f"of a model's SQL one SELECT is run, with {len(CALLABLE)} functions that were read",
    )
    yield _check(
        "wall: process",
        "OK",
        f"each query has a process: {sized(ADDRESS_SPACE_BYTES)} of address space, bounded CPU and "
        "time, no file written, DuckDB's external access off",
    )
    yield _files_wall(found)
    if found.root:
        remedy = "Run it as a user of its own: file modes, which guard the copies, do not bind it."
        yield _check("user", "WARN", "this runs as root", remedy)
    else:
        yield _check("user", "OK", f"number {os.geteuid()}, not root")


def _files_wall(found: Walls) -> Check:
    wall = "wall: kernel"
    kernel = "Use a kernel with Landlock (Linux 5.13; 6.7 for TCP) and do not switch it off."
    match found.files:
        case "landlock":
            told = f"Landlock, ABI {found.landlock}: a query reads one copy and writes nothing"
            if found.tcp:
                return _check(wall, "OK", f"{told}, without TCP")
            return _check(wall, "WARN", f"{told}; TCP is not closed to it", kernel)
        case "file modes":
            told = "no Landlock here: file modes keep the copies, nothing keeps TCP closed"
            return _check(wall, "WARN", told, kernel)
        case "another user":
            told = (
                f"no Landlock here: root's queries run as user {NOBODY}, who must be able to read"
            )
            return _check(wall, "WARN", f"{told} the warehouse", kernel)
        case "none":
            remedy = "Run it as a user of its own, or on a kernel with Landlock."
            return _check(wall, "FAIL", "nothing guards files from root: no query is run", remedy)
