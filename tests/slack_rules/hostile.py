"""Words that data, people or a model might say to break a message, or to act in it."""

import random
from collections.abc import Mapping
from typing import Any

from agent.deps import Language
from sandbox.gallery.pieces import CALM, Content

PIECES = (
    *("<!channel>", "<!here>", "<!everyone>", "<@U0MINJI>", "<#C0DATA>", "<!subteam^S0DATA>"),
    *("<https://evil.example|click me>", "https://evil.example", "<!date^0^{date}|now>"),
    *("```", "`", "*", "_", "~", ">", "<", "&", "&lt;", "&amp;lt;", "|", "\n", "\n\n\n", "\t", " "),
    *("{table}", "{0}", "%s", '"', "'", "\\", "[a](https://evil.example)", "# ", "- ", "@here"),
    *("\x00", "\x07", "\u202e", "\u200f", "\u200b", "\ufeff", "\u2028", "﷽", "e\u0301" * 30),
    *(
        "가",
        "나" * 700,
        "😀" * 300,
        "👩‍👩‍👧‍👦",
        "漢" * 90,
        "a" * 3000,
        "&" * 1000,
        "<" * 800,
        "**",
        ":siren:",
    ),
    *("-1", "1e309", "2026-11-22T01:02:03Z", "null", "None", ""),
)
SHAPES: tuple[dict[str, int], ...] = (
    {"tables": 1, "columns": 3, "rows": 1},
    {"tables": 40, "columns": 4, "rows": 12},
    {"tables": 2, "columns": 200, "rows": 5},
    {"tables": 2, "columns": 20, "rows": 10_000},
)
NAME_CHARACTERS = 900
"""Oracle takes 128; what is imported may have longer names."""
WORDS = tuple(name for name, kind in Content.__annotations__.items() if kind in (str, "str"))


def everywhere(word: str, **shape: int) -> dict[Language, Content]:
    """The same word wherever data, people or a model may say one."""
    return _said(dict.fromkeys(WORDS, word), shape)


def at_random(seed: int) -> dict[Language, Content]:
    """Another mixture in each place."""
    rng = random.Random(seed)  # noqa: S311 -- the same mixtures each time
    return _said({name: _mixture(rng) for name in WORDS}, SHAPES[seed % len(SHAPES)])


def _said(words: Mapping[str, str], shape: Mapping[str, int]) -> dict[Language, Content]:
    given: dict[str, Any] = {**words, **shape, "sql": f"SELECT {words['sql']}"}
    given |= {name: words[name][:NAME_CHARACTERS] for name in ("schema", "table")}
    return dict.fromkeys(CALM, Content(**given))


def _mixture(rng: random.Random) -> str:
    return "".join(rng.choices(PIECES, k=rng.choice((1, 2, 5, 12))))
