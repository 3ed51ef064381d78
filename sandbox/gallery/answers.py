"""What a turn says: words, rows, charts, files, questions back, limits and failures."""

from collections.abc import Iterator, Sequence

from agent.deps import Language
from agent.events import (
    Asked,
    ChartShown,
    Event,
    Failed,
    FileMade,
    GaveUp,
    Limit,
    Said,
    TableShown,
    Thought,
    ToolFinished,
    ToolStarted,
)
from agent.outputs import AskUser, Chart, ChartKind, File, Point, Series
from agent.remarks import Remark, remark
from app.views.answer import Reader, answer_message
from app.views.results import plainer
from sandbox.gallery.parts import AS_OF, BEFORE, answered, basis, failure, ref
from sandbox.gallery.pieces import Content, Piece, message
from sync.errors import TableNotSynced

READER = Reader("Asia/Seoul")
CALL = "call-1"
LIMITS: dict[Limit, float] = {
    "stopped": 0,
    "step_limit": 20,
    "repeat_limit": 3,
    "time_limit": 180,
    "user_cost_limit": 5.0,
}


def answers(language: Language, content: Content) -> Iterator[Piece]:
    """Draw what may be answered, each with the steps that led there."""
    told: dict[str, tuple[Sequence[Event], Reader]] = {
        "words": ([Said(content.said, (basis(content),))], READER),
        "table": (_shows(content, rows=content.rows), READER),
        "table_in_pages": (_shows(content, rows=max(40, content.rows)), READER),
        "in_file": (_shows(content, rows=200), Reader(has_file=lambda _: True)),
        "remarks": (_shows(content, rows=0, remarks=_remarks(content)), READER),
        "stale": (_shows(content), Reader("Asia/Seoul", is_stale=lambda _: True)),
        "suggests": (_shows(content, rows=12), Reader("Asia/Seoul", suggests=True)),
        "judged": (_shows(content), Reader("Asia/Seoul", turn="message:T1:C1:1.1")),
        "by_rule": (_by_rule(content), READER),
        "untrue": ([Said(content.said, untrue="sync")], READER),
        "asked_back": (_asks(content), READER),
        "file": (_file(content), READER),
        "failed": ([*_steps(content, ok=False), Failed(failure(content))], READER),
        "trouble": (_trouble(content), READER),
        "empty": ([*_steps(content), Said("")], READER),
    }
    for kind in ("line", "bar", "area", "pie", "scatter"):
        told[f"chart_{kind}"] = (_chart(content, kind), READER)
    for limit, most in LIMITS.items():
        told[limit] = ([*_shows(content)[:-1], GaveUp(limit, most)], READER)
    for name, (events, reader) in told.items():
        drawn = answer_message(language, events, reader)
        if drawn is not None:
            yield from answered(f"answer.{name}", language, drawn)
            if name in ("table", "table_in_pages", "chart_bar"):
                plain = type(drawn)(drawn.text, plainer(drawn.blocks))
                yield message(f"answer.{name}_plain", language, plain)


def _steps(content: Content, *, ok: bool = True) -> list[Event]:
    arguments = {"table": str(ref(content)), "where": [{"column": content.column, "op": "="}]}
    return [
        Thought(content.typed),
        ToolStarted(CALL, "query_table", arguments),
        ToolFinished(CALL, "query_table", ok=ok, result={}),
    ]


def _shows(content: Content, rows: int = 5, remarks: tuple[Remark, ...] = ()) -> list[Event]:
    named = tuple(f"{content.column}_{number}" for number in range(2, content.columns))
    table = TableShown(
        (content.column, *named, "N"),
        tuple(
            (content.cell, *(content.cell for _ in named), 1204 - number) for number in range(rows)
        ),
        truncated=rows > 100,
        basis=basis(content),
        types=("VARCHAR", *("VARCHAR" for _ in named), "BIGINT"),
        call_id=CALL,
        remarks=remarks,
    )
    return [*_steps(content), table, Said(content.said, (basis(content), basis(content, 2)))]


def _remarks(content: Content) -> tuple[Remark, ...]:
    table, column, shown = str(ref(content)), content.column, content.cell
    return (
        remark("assumed.where", conditions=f"{column} = {shown}"),
        remark("assumed.clock", columns=column),
        remark("assumed.model", text=content.said),
        remark("empty.unmet", condition=f"{column} = {shown}"),
        remark("empty.near", column=column, values=shown),
        remark("empty.range", column=column, low=shown, high=shown),
        remark("change.moments", table=table, before_at=BEFORE, after_at=AS_OF),
        remark("change.rows", table=table, added=3, removed=0, changed=12),
        remark("change.by_rule", table=table, rule=content.rule),
        remark("change.example", key=shown, changes=f"{column}: {shown} → {shown}"),
    )


def _by_rule(content: Content) -> list[Event]:
    shown = basis(content, rows=None, rule=content.rule, part=content.cell, columns=(3, 5))
    imported = basis(content, 2, imported=content.file)
    return [*_steps(content), Said(content.said, (shown, imported))]


def _asks(content: Content) -> list[Event]:
    ask = AskUser(question=content.said, choices=(content.typed[:75], content.cell[:75], "2026"))
    return [ToolStarted(CALL, "ask_user", {"question": content.said}), Asked(ask, CALL)]


def _chart(content: Content, kind: ChartKind) -> list[Event]:
    places = [f"{content.cell} {number}" for number in range(1, 6)]
    axis = "category" if kind in ("bar", "pie") else "number" if kind == "scatter" else "time"
    if axis == "time":
        places = [f"2026-11-{day:02}T00:00:00" for day in range(1, 6)]
    values = (1204.0, 980.5, 310.0, 96.0, 12.25)
    points: list[Point] = [
        (float(at) if axis == "number" else place, value)
        for at, (place, value) in enumerate(zip(places, values, strict=True))
    ]
    names = (content.title,) if kind == "pie" else (content.title, content.column)
    chart = Chart(
        kind=kind,
        title=content.title,
        x=content.column,
        axis=axis,
        unit="" if kind == "pie" else content.cell,
        series=tuple(Series(name=name, points=tuple(points)) for name in names),
        points=len(points) * len(names) + 40,
        left_out=kind == "bar",
    )
    shown = ChartShown(chart, basis(content), CALL)
    return [*_steps(content), shown, Said(content.said, (basis(content),))]


def _file(content: Content) -> list[Event]:
    file = File(
        path="exports/1",
        name=content.file,
        format="xlsx",
        rows=120_000,
        bytes=5_600_000,
        cut=True,
        cut_cells=4,
    )
    return [*_steps(content), FileMade(file, basis(content), CALL), Said(content.said)]


def _trouble(content: Content) -> list[Event]:
    missing = TableNotSynced(table=str(ref(content))).failure
    failed = ToolFinished(CALL, "query_table", ok=False, result={}, failure=missing)
    wrong = ToolFinished(CALL, "start_sync", ok=False, result={}, failure=failure(content))
    return [*_steps(content, ok=False)[:2], failed, wrong, Said(content.said)]
