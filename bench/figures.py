"""One figure: what was measured, beside the bound or the peer measured in the same run."""

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast


@dataclass(frozen=True)
class Figure:
    """A value and what it is held against, both in `unit`."""

    bench: str
    value: float
    unit: str
    against: Literal["bound", "peer"]
    other: float
    """The bound nothing can beat, or what the peer took."""
    detail: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def ratio(self) -> float:
        """Bound / value, where 1 is the best there can be; value / peer, where 1 is the peer."""
        return self.other / self.value if self.against == "bound" else self.value / self.other

    def line(self) -> str:
        """One JSON object."""
        told = {
            "bench": self.bench,
            "value": _rounded(self.value),
            "unit": self.unit,
            "ratio": _rounded(self.ratio),
            self.against: _rounded(self.other),
            **{name: _rounded(value) for name, value in self.detail.items()},
        }
        return json.dumps(told)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of *values* that at least *percent* percent of them do not exceed."""
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(int(rank), 1) - 1]


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def interleaved(
    measures: Mapping[str, Callable[[], float]], repetitions: int
) -> dict[str, list[float]]:
    """Call every measure once a round, each round beginning with another one.

    What slows the machine down for a while then meets all of them.
    """
    names = list(measures)
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(repetitions):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(measures[name]())
    return found


def _rounded(value: object) -> object:
    if isinstance(value, list):
        return [_rounded(one) for one in cast("list[object]", value)]
    return round(value, 3) if isinstance(value, float) else value
