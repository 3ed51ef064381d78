"""Why a number changed: the question behind it, asked again of two moments."""

import re

from sandbox.model.orders import query_of, read_orders_question
from sandbox.model.replies import JsonObject
from sandbox.model.scene import Outcome, Scene
from sandbox.model.understanding import FLAGS, Step

WHY = re.compile(
    r"왜\s*.*(?:바뀌|바뀐|변했|변한|달라|늘|줄)|\bwhy\b.*\b(?:chang|differ|moved?|grew|fell|dropp)",
    FLAGS,
)


def why_step(scene: Scene) -> Step | None:
    """What to do for "why did it change?": about what the same words ask, or was asked before."""
    if not WHY.search(scene.asked):
        return None
    question = read_orders_question(scene.asked, scene.today)
    arguments = {"query": query_of(question)} if question else _asked_before(scene.earlier)
    return Step((("explain_change", arguments),)) if arguments else Step(say="why_what")


def _asked_before(earlier: tuple[Outcome, ...]) -> JsonObject | None:
    for outcome in reversed(earlier):
        match outcome.name, outcome.arguments:
            case "query_table", query:
                return {"query": query}
            case "run_sql", {"sql": sql}:
                return {"sql": sql}
            case "explain_change", arguments:
                return arguments
            case "get_table_stats", {"table": table}:
                return {"query": {"table": table, "aggregates": [{"function": "count"}]}}
            case _:
                continue
    return None
