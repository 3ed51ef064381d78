"""What a run came to: a JSON file, lines for people, and how it differs from another."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from agent.runtime.config import SYSTEM_PROMPT
from agent.service import make_analyst
from tests.evals.case import Case
from tests.evals.judging import Fault
from tests.evals.models import Recorded
from tests.evals.play import Played


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Told(_Value):
    """One fault."""

    turn: int
    wrong: str
    sentence: str


class CaseReport(_Value):
    """How one case went."""

    name: str
    category: str
    passed: bool
    faults: tuple[Told, ...]
    answers: tuple[str, ...]
    """What was said in each turn."""
    tools: tuple[str, ...]
    """What was called, in order."""
    seconds: float
    calls: int
    """Of the model."""
    prompt_tokens: int
    completion_tokens: int


class Report(_Value):
    """How one run went."""

    model: str
    recorded: bool
    at: str
    """ISO 8601, UTC."""
    suite: str
    """Beginning of the SHA-256 of the cases, their bot.toml and the judge."""
    prompt: str
    """Beginning of the SHA-256 of the instructions and of all that the model is told of tools."""
    cases: tuple[CaseReport, ...]

    @property
    def passed(self) -> int:
        """How many cases passed."""
        return sum(case.passed for case in self.cases)


def prompt_digest() -> str:
    """Tell one wording of the prompt and the tools from another."""
    schemas = make_analyst(Recorded()).agent.registry.schemas()
    return hashlib.sha256(f"{SYSTEM_PROMPT}{schemas}".encode()).hexdigest()[:12]


def suite_digest() -> str:
    """Tell one state of the cases and of the judge from another."""
    here = Path(__file__).parent
    files = [*sorted(here.glob("cases/*.toml")), here / "bot.toml", here / "judging.py"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def case_report(case: Case, played: Played, faults: Iterable[Fault]) -> CaseReport:
    """Sum up a case."""
    told = tuple(Told(turn=one.turn, wrong=one.wrong, sentence=one.sentence) for one in faults)
    return CaseReport(
        name=case.name,
        category=case.category,
        passed=not told,
        faults=told,
        answers=tuple(seen.result.response_text for seen in played.seen),
        tools=tuple(called.tool for seen in played.seen for called in seen.called),
        seconds=round(played.seconds, 3),
        calls=played.calls,
        prompt_tokens=played.prompt_tokens,
        completion_tokens=played.completion_tokens,
    )


def report_lines(report: Report) -> Iterator[str]:
    """Tell a run: a line a category, then what is wrong, then what it cost."""
    names = list(dict.fromkeys(case.category for case in report.cases))
    width = max(map(len, names), default=0)
    for name in names:
        cases = [case for case in report.cases if case.category == name]
        good = sum(case.passed for case in cases)
        yield f"{name:<{width}}  {good:>3} of {len(cases):>3}"
    for case in report.cases:
        for fault in case.faults:
            where = f"{case.category}/{case.name} turn {fault.turn}"
            yield f"FAILED {where}: {fault.wrong}: {fault.sentence}"
    tokens = sum(case.prompt_tokens + case.completion_tokens for case in report.cases)
    yield (
        f"{report.passed} of {len(report.cases)} cases pass; "
        f"{sum(case.seconds for case in report.cases):.0f} s, "
        f"{sum(case.calls for case in report.cases)} calls of {report.model}, {tokens:,} tokens, "
        f"prompt {report.prompt}."
    )


def read_report(path: Path) -> Report:
    """Read a run's file. Raises ValueError and OSError."""
    return Report.model_validate_json(path.read_bytes())


def compared_lines(old: Report, new: Report) -> Iterator[str]:
    """Tell what got better and worse from *old* to *new*, case by case, then by category."""
    yield f"old: {_head(old)}"
    yield f"new: {_head(new)}"
    if old.suite != new.suite:
        yield "The cases or the judge have changed in between, so not all of this is the model's."
    before = {case.name: case for case in old.cases}
    after = {case.name: case for case in new.cases}
    both = [(before[name], case) for name, case in after.items() if name in before]
    better = [new_ for old_, new_ in both if new_.passed and not old_.passed]
    worse = [new_ for old_, new_ in both if old_.passed and not new_.passed]
    for case in better:
        yield f"better  {case.category}/{case.name}"
    for case in worse:
        faults = "; ".join(f"{one.wrong}: {one.sentence}" for one in case.faults)
        yield f"worse   {case.category}/{case.name}  {faults}"
    for name in sorted(after.keys() - before.keys()):
        yield f"added   {after[name].category}/{name}  {_how(after[name])}"
    for name in sorted(before.keys() - after.keys()):
        yield f"gone    {before[name].category}/{name}"
    yield from _by_category(both)
    same = len(both) - len(better) - len(worse)
    yield f"{len(better)} better, {len(worse)} worse, {same} as before."


def _by_category(both: Sequence[tuple[CaseReport, CaseReport]]) -> Iterator[str]:
    for name in dict.fromkeys(new.category for _, new in both):
        pairs = [(old.passed, new.passed) for old, new in both if new.category == name]
        was, now = sum(old for old, _ in pairs), sum(new for _, new in pairs)
        if was != now:
            yield f"{name}: {was} of {len(pairs)} -> {now} of {len(pairs)}"


def _head(report: Report) -> str:
    return (
        f"{report.model}{' (recorded)' if report.recorded else ''} at {report.at}, "
        f"prompt {report.prompt}, {report.passed} of {len(report.cases)}"
    )


def _how(case: CaseReport) -> str:
    return "passes" if case.passed else "fails"
