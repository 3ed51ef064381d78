"""Write docs/oracle-errors.md from the table of codes: ``python scripts/oracle_errors.py``."""

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sync.oracle_codes import REACHING, Kind  # noqa: E402 -- found by the line above
from sync.oracle_errors import CLASSES  # noqa: E402
from sync.oracle_read_codes import READING  # noqa: E402

PAGE = ROOT / "docs" / "oracle-errors.md"
HEAD = """\
# Codes of Oracle and its driver

What a code of Oracle (`ORA-`) or of its driver (`DPY-`, `DPI-`) means for a copy, what people are
told in Slack (in Korean there, too), and whether the run is tried again by itself: three times at
most, with a pause between. A refused password is never tried again. Any other code is told as it
is, and not tried again. Where the driver puts a code of its own over the database's, and where a
code only says where it happened (`ORA-00604`, `ORA-02063`, `ORA-06512`, `ORA-12801`), the one that
says what happened counts.

This page is written by `python scripts/oracle_errors.py` from `sync/oracle_codes.py` and
`sync/oracle_read_codes.py`.
"""


def page() -> str:
    """The whole page."""
    reaching, reading = (["", *_table(kinds), ""] for kinds in (REACHING, READING))
    return "\n".join([HEAD, "## Reaching the database", *reaching, "## Reading", *reading])


def _table(kinds: tuple[Kind, ...]) -> Iterator[str]:
    yield "| codes | what is said | tried again |"
    yield "|---|---|---|"
    for each in kinds:
        again = "yes" if CLASSES[each.group].transient else "no"
        yield f"| {', '.join(each.codes)} | {each.sentence} | {again} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
