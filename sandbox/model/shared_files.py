"""Questions about a file that somebody shared in the thread, alone or with the shop's ORDERS."""

import re

from sandbox.model.orders import CUSTOMER, STATUS, query_of, read_orders_question
from sandbox.model.replies import JsonObject
from sandbox.model.scene import Scene
from sandbox.model.understanding import FLAGS, Step

ABOUT = re.compile(r"파일|\bfile\b|\blist I (?:sent|shared)\b", FLAGS)
_HOW_MANY = re.compile(r"몇\s*(?:행|건|줄|개|명)|\bhow many\b|\bcount\b", FLAGS)
_JOINED = re.compile(
    r"있는\s+(\S+?)의\s+(\S+\.\S+)\s+행|rows of (\S+) have an? (\S+) that is in", FLAGS
)
_ROWS = 10


def file_step(scene: Scene) -> Step | None:
    """What to do for words about "this file", the newest of the thread; None for any others.

    Customers in it are found among the orders by a column of the same name.
    """
    if not scene.files or not ABOUT.search(scene.asked):
        return None
    file = scene.files[-1]
    joined = _JOINED.search(scene.asked)
    if joined:
        column, table = (joined[1], joined[2]) if joined[1] else (joined[4], joined[3])
        sql = (
            f'SELECT count(*) AS n FROM {table} WHERE "{column}" IN (SELECT "{column}" FROM {file})'
        )
        return _run(sql)
    question = read_orders_question(scene.asked, scene.today)
    if question is None:
        many = _HOW_MANY.search(scene.asked)
        return _run(f"SELECT count(*) AS n FROM {file}" if many else f"FROM {file} LIMIT {_ROWS}")
    measure = question.measure
    conditions = [f"{CUSTOMER} IN (SELECT {CUSTOMER} FROM {file})"]
    asked = query_of(question).get("where", [])
    conditions += [f"{one['column']} {one['op']} '{one['value']}'" for one in asked]
    figure = f"{measure.function}({measure.column}) AS {measure.alias}"
    by = f"{question.group}, " if question.group == STATUS else ""
    grouped = f" GROUP BY {STATUS} ORDER BY {STATUS}" if by else ""
    return _run(f"SELECT {by}{figure} FROM ORDERS WHERE {' AND '.join(conditions)}{grouped}")


def _run(sql: str) -> Step:
    arguments: JsonObject = {"sql": sql}
    return Step((("run_sql", arguments),))
