"""The demo model as the keeper of a conversation's memory: what people asked it to remember.

It keeps sentences by their words, and the newest SQL. A language model weighs what matters; this
only shows what the product does with a summary.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from sandbox.model.replies import Calls, JsonObject, call
from sandbox.model.scene import text_of

KEEP_SUMMARY = "keep_summary"
_LISTS = {
    "constraints": re.compile(r"\b(never|must not|only ever)\b|절대|반드시|금지", re.IGNORECASE),
    "preferences": re.compile(r"\b(always|prefer|from now on)\b|항상|선호|앞으로", re.IGNORECASE),
    "open_tasks": re.compile(r"\b(later|to-?do|tomorrow)\b|나중에|할 일|내일", re.IGNORECASE),
    "durable_facts": re.compile(r"\b(remember|note that)\b|기억|참고로", re.IGNORECASE),
}
_KEPT = 20
_SQL_KEPT = 5


def summarise(messages: Sequence[JsonObject]) -> Calls:
    """Merge what was kept before with what people have said since."""
    record: dict[str, Any] = json.loads(text_of(messages[-1]))
    kept: dict[str, list[Any]] = {name: [] for name in _LISTS} | {"sql_artefacts": []}
    kept |= record.get("kept_before") or {}
    for line in record["since"]:
        for name, words in _LISTS.items():
            if words.search(line.get("said", "")):
                kept[name].append(f"{line['person']}: {line['said']}")
                break
        if line.get("sql"):
            kept["sql_artefacts"].append({"about": "", "sql": line["sql"]})
    for name in _LISTS:
        kept[name] = list(dict.fromkeys(kept[name]))[-_KEPT:]
    kept["sql_artefacts"] = kept["sql_artefacts"][-_SQL_KEPT:]
    return Calls(call(KEEP_SUMMARY, kept))
