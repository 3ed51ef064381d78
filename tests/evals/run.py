"""``make eval``: play the cases, tell how they went, and compare two runs."""

import argparse
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import ValidationError

from agent.llm import LLMClient, LLMError, Model, probe
from app.settings import SettingsError, read_environment
from tests.evals.case import Case, load_cases
from tests.evals.judging import judge
from tests.evals.play import play
from tests.evals.report import (
    CaseReport,
    Report,
    case_report,
    compared_lines,
    prompt_digest,
    read_report,
    report_lines,
    suite_digest,
)
from tests.evals.world import World, world

REPORTS = Path("build/evals")


def main(arguments: Sequence[str]) -> int:
    """Do what was asked for; 1 where a case fails or got worse, 2 where it cannot be done."""
    options = _parser().parse_args(arguments)
    try:
        if options.compare:
            old, new = (read_report(path) for path in options.compare)
            return _compared(old, new)
        against = read_report(options.against) if options.against else None
        report = _run(options.only, recorded=options.recorded)
    except (OSError, ValidationError, ValueError, LLMError) as error:
        print(_in_words(error), file=sys.stderr)
        return 2
    except SettingsError as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return 2
    print(*report_lines(report), sep="\n")
    path = _written(report)
    print(f"Written to {path}.")
    worse = _compared(_part(against, options.only), report) if against else 0
    return 1 if worse or report.passed < len(report.cases) else 0


def play_all(here: World, cases: Sequence[Case], model: Model | None) -> tuple[CaseReport, ...]:
    """Play cases one after another; None: with their recorded replies."""
    reports: list[CaseReport] = []
    for case in cases:
        played = play(here, case, model)
        reports.append(case_report(case, played, judge(played)))
        if model is not None:
            print("." if reports[-1].passed else "F", end="", file=sys.stderr, flush=True)
    return tuple(reports)


def _run(only: str, *, recorded: bool) -> Report:
    cases = [one for one in load_cases() if _is_meant(one, only)]
    if not cases:
        raise ValueError(
            f"No case fits {only!r}; write it as category/name, * stands for any text."
        )
    logging.getLogger("sync.perform").setLevel(logging.CRITICAL)  # some runs fail on purpose
    environ = read_environment(Path(".env"))
    recorded = recorded or not environ.get("OPENAI_API_KEY")
    with world({} if recorded else environ) as here:
        model = None if recorded else here.core.analyst.agent.llm
        name = model.name if model else "recorded replies"
        if isinstance(model, LLMClient):
            probe(model.config)  # a wrong key is told once and not by every case
        print(f"{len(cases)} cases with {name}.", flush=True)
        return Report(
            model=name,
            recorded=recorded,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            suite=suite_digest(),
            prompt=prompt_digest(),
            cases=play_all(here, cases, model),
        )


def _part(report: Report, only: str) -> Report:
    cases = tuple(case for case in report.cases if _is_meant(case, only))
    return report.model_copy(update={"cases": cases})


def _is_meant(case: Case | CaseReport, only: str) -> bool:
    return fnmatchcase(f"{case.category}/{case.name}", only)


def _written(report: Report) -> Path:
    REPORTS.mkdir(parents=True, exist_ok=True)
    moment = report.at[:19].replace(":", "").replace("-", "")
    safe = "".join(one if one.isalnum() else "-" for one in report.model)
    path = REPORTS / f"{moment}-{safe}.json"
    path.write_text(report.model_dump_json(indent=1), encoding="utf-8")
    return path


def _compared(old: Report, new: Report) -> int:
    lines = list(compared_lines(old, new))
    print(*lines, sep="\n")
    return int(any(line.startswith("worse ") for line in lines))


def _in_words(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{error.filename} is not there; reports stand in {REPORTS}/."
    if isinstance(error, ValidationError):
        return f"This is no report of a run: {error.errors()[0]['msg']}."
    return str(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make eval", description=__doc__)
    parser.add_argument("--only", default="*", help="cases as category/name, such as honesty/*")
    parser.add_argument("--recorded", action="store_true", help="also where a key is set")
    parser.add_argument("--against", type=Path, help="a report to compare this run with")
    parser.add_argument("--compare", type=Path, nargs=2, metavar=("OLD", "NEW"))
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
