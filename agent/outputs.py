"""What a tool made for people besides rows: a chart, a file, a question. Kept in the thread."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from sync.warehouse.export_file import FileFormat

ChartKind = Literal["line", "bar", "area", "pie", "scatter"]
AxisKind = Literal["time", "number", "category"]
Point = tuple[str | float, float]
"""Where it stands (ISO 8601 on an axis of time, a number, or a category), and its value."""


class Series(BaseModel):
    """Points of one name, in order."""

    model_config = ConfigDict(frozen=True)

    name: str
    points: tuple[Point, ...]


class Chart(BaseModel):
    """A chart as data: every surface draws it anew, also after a crash."""

    model_config = ConfigDict(frozen=True)

    kind: ChartKind
    title: str
    x: str
    """Name of the column along the axis."""
    axis: AxisKind
    unit: str = ""
    series: tuple[Series, ...]
    points: int
    """In the result; more than are drawn where it was thinned."""
    left_out: bool = False
    """There are more categories than are drawn."""
    sql: str = ""
    """What gave it, as a person can read it."""

    @property
    def drawn(self) -> int:
        """How many points there are to draw."""
        return sum(len(one.points) for one in self.series)


class File(BaseModel):
    """A file that was written and waits to be handed over."""

    model_config = ConfigDict(frozen=True)

    path: str
    """Where it lies in the warehouse, for a day."""
    name: str
    """What people see."""
    format: FileFormat
    rows: int
    bytes: int
    cut: bool = False
    """There were more rows than a file may have."""
    cut_cells: int = 0
    """Texts longer than the format takes."""
    sql: str = ""


class AskUser(BaseModel):
    """A question back to whoever asked; the turn waits for the answer, which is a message."""

    model_config = ConfigDict(frozen=True)

    question: str
    choices: tuple[str, ...]
    """What may be pressed instead of written."""
