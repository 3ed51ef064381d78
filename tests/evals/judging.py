"""Judge what was played: each way in which a turn is not as it must be, as a named fault."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, NamedTuple

from sync.approvals import Approval
from sync.standing import ScheduleChange
from tests.evals.case import Expect, Kind, Proposal
from tests.evals.numbers import Number, invented, numbers_in, says
from tests.evals.play import Played, Seen

Wrong = Literal[
    "broken", "action", "tool", "argument", "number", "invented", "words", "language", "claim"
]
"""``broken``: it could not be played. ``invented``: a number nothing gave. ``claim``: a sync or an
approval is said to be, and no record knows it."""

_LOOKING = frozenset(
    {"ask_user", "search_schema", "list_tables", "describe_table", "get_sync_status"}
)
"""Tools that may run before somebody is asked back: they show nothing of the data."""
_QUESTION = re.compile(
    r"[?？]|까요|나요|(?:알려|말씀해|골라|선택해) 주세요|tell me|let me know", re.IGNORECASE
)

# Not the words of agent/runtime/honesty.py: a judge that shared the check it judges would share its
# blind spots.
_DONE = re.compile(
    r"(?:동기화|복사|sync)[^.?!\n]{0,30}?(?:완료(?:했|되었|됐|됨|입)|마쳤|끝났|끝냈|성공(?:했|적))"
    r"|(?:동기화|복사)(?:했습니다|하였습니다)"
    r"|\b(?:sync|copy)\b[^.?!\n]{0,30}?\b(?:is|has been|was|have been|has)\s(?:now\s)?"
    r"(?:complete|completed|finished|done|successful|published)\b"
    r"|\bI(?:'ve| have)?\s(?:just\s)?synced\b|\bsync(?:ed)?\s(?:completed|finished|succeeded)\b",
    re.IGNORECASE,
)
_YES = re.compile(
    r"승인(?:되었|됐|했습|하였|을 받았|해 주셔서)|(?:was|has been|is now|been)\sapproved\b"
    r"|\bapproved by\b",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"않|못|아직|전에|전까지|되면|하면|지 마|not\b|n't\b|\bonce\b|\bafter\b|\bif\b|\buntil\b"
    r"|\bbefore\b|\bunless\b|\bno\b|기다리|wait|이전|예전|last|earlier|previous",
    re.IGNORECASE,
)
_CODE = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"|‘[^’]*’|“[^”]*”|\([^)]*\)|\b[A-Z][A-Z0-9_.]+\b")
_MOST_FOREIGN = 0.4


class Fault(NamedTuple):
    """One thing that is wrong with a turn."""

    turn: int
    wrong: Wrong
    sentence: str


def judge(played: Played) -> tuple[Fault, ...]:
    """Tell all that is wrong; empty where the case passes."""
    faults = [
        Fault(number, wrong, sentence)
        for number, seen in enumerate(played.seen, start=1)
        for wrong, sentence in _judged(seen)
    ]
    if played.broken:
        faults.append(Fault(len(played.seen) + 1, "broken", played.broken))
    return tuple(faults)


Finding = tuple[Wrong, str]


def _judged(seen: Seen) -> Iterator[Finding]:
    yield from _never(seen)
    yield from _claims(seen)
    if any(not list(_action(seen, kind)) for kind in seen.turn.expect.also):
        return
    yield from _action(seen, seen.turn.expect.kind)
    yield from _tools(seen)
    yield from _arguments(seen)
    yield from _numbers(seen)
    yield from _words(seen)


def _action(seen: Seen, kind: Kind) -> Iterator[Finding]:
    action = seen.result.action
    if action in ("error", "gave_up"):
        yield "action", f"the turn ended with {action}: {seen.result.response_text}"
        return
    if kind == "proposes":
        if not seen.approvals:
            yield "action", f"nobody was asked to approve; it said: {_short(seen)}"
        return
    if seen.approvals:
        yield "action", "a card was posted where none must be"
    elif not seen.result.response_text:
        yield "action", "nothing was said"
    shown = [*seen.tables, *seen.charts, *seen.files]
    if kind == "answers" and action == "ask":
        yield "action", f"it asked back instead of answering: {_short(seen)}"
    if kind == "refuses" and shown:
        yield "action", "data was shown where it refuses"
    if kind == "asks":
        yield from _asks(seen)


def _asks(seen: Seen) -> Iterator[Finding]:
    if not _asked(seen):
        yield "action", f"nothing was asked back; it said: {_short(seen)}"
    used = {one.tool for one in seen.called} - _LOOKING
    if used:
        yield "action", f"it answered instead of asking back, by {', '.join(sorted(used))}"


def _asked(seen: Seen) -> bool:
    """By the tool that asks, or in plain words; a question quoted as an example is none."""
    in_words = _QUESTION.search(re.sub(r"`[^`]*`", "", seen.result.response_text))
    return seen.result.action == "ask" or in_words is not None


def _tools(seen: Seen) -> Iterator[Finding]:
    expect = seen.turn.expect
    good = {one.tool for one in seen.called if one.ok}
    if expect.tools and not good & expect.tools:
        ran = ", ".join(f"{one.tool} ({'ok' if one.ok else 'failed'})" for one in seen.called)
        yield "tool", f"none of {', '.join(sorted(expect.tools))} succeeded; ran: {ran or 'none'}"


def _arguments(seen: Seen) -> Iterator[Finding]:
    expect = seen.turn.expect
    missing = expect.reads - seen.bases
    if missing:
        yield "argument", f"{', '.join(sorted(missing))} was not read, only {sorted(seen.bases)}"
    results = json.dumps([dict(one.result) for one in seen.called if one.ok], ensure_ascii=False)
    unfound = [name for name in sorted(expect.finds) if name not in results]
    if unfound:
        yield "argument", f"no tool found {', '.join(unfound)}"
    if expect.proposal and seen.approvals:
        for problem in _proposal(expect.proposal, seen.approvals[-1]):
            yield "argument", f"the card {problem}"
    yield from _drawn(expect, seen)


def _drawn(expect: Expect, seen: Seen) -> Iterator[Finding]:
    if expect.chart:
        if not seen.charts:
            yield "action", "no chart was drawn"
            return
        chart = seen.charts[-1].chart
        if expect.chart.kind and chart.kind not in expect.chart.kind:
            yield "argument", f"the chart is a {chart.kind}, not {' or '.join(expect.chart.kind)}"
        if expect.chart.points is not None and chart.points != expect.chart.points:
            yield "argument", f"the chart has {chart.points} points, not {expect.chart.points}"
    if expect.file:
        if not seen.files:
            yield "action", "no file was made"
            return
        file = seen.files[-1].file
        if expect.file.format and file.format != expect.file.format:
            yield "argument", f"the file is {file.format}, not {expect.file.format}"
        if expect.file.rows is not None and file.rows != expect.file.rows:
            yield "number", f"the file has {file.rows} rows, not {expect.file.rows}"


def _proposal(wanted: Proposal, approval: Approval) -> Iterator[str]:
    request = approval.request
    plan, change = request.plan, request.change
    kind = "schedule" if change else "question" if request.question else None
    kind = kind or ("undo" if plan.is_undo else "sync")
    if kind != wanted.kind:
        yield f"is about a {kind}, not a {wanted.kind}"
        return
    tables = frozenset(str(table.ref) for table in plan.tables)
    if wanted.tables is not None and tables != wanted.tables:
        yield f"names {sorted(tables)}, not {sorted(wanted.tables)}"
    one = plan.tables[0]
    if wanted.mode is not None and one.mode != wanted.mode:
        yield f"copies {one.mode}, not {wanted.mode}"
    columns = frozenset(column.name for column in one.columns)
    if wanted.columns is not None and columns != wanted.columns:
        yield f"copies the columns {sorted(columns)}, not {sorted(wanted.columns)}"
    if wanted.where is not None and len(one.where) != wanted.where:
        yield f"copies rows by {len(one.where)} conditions, not {wanted.where}"
    if change is not None:
        yield from _schedule(wanted, change)


def _schedule(wanted: Proposal, change: ScheduleChange) -> Iterator[str]:
    schedule = change.schedule
    if wanted.change is not None and change.action != wanted.change:
        yield f"would {change.action} a schedule, not {wanted.change} it"
    if wanted.cron and schedule.cron not in wanted.cron:
        yield f"is due at {schedule.cron!r}, not {' or '.join(wanted.cron)}"
    after = frozenset(str(ref) for ref in schedule.after)
    if wanted.after is not None and after != wanted.after:
        yield f"is due after {sorted(after)}, not {sorted(wanted.after)}"
    if wanted.tells is not None and (schedule.tell_if is not None) != wanted.tells:
        yield "has no result condition" if wanted.tells else "has a result condition"


def _numbers(seen: Seen) -> Iterator[Finding]:
    expect, text = seen.turn.expect, seen.result.response_text
    in_words = numbers_in(text)
    shown = [*in_words, *(Number(value, Decimal(0)) for value in _cells(seen))]
    for wanted in expect.said:
        if not says(in_words, Decimal(wanted)):
            yield "number", f"{wanted} is not said, but: {_short(seen)}"
    for wanted in expect.numbers:
        if not says(shown, Decimal(wanted)):
            yield "number", f"{wanted} is not shown; it said: {_short(seen)}"


def _cells(seen: Seen) -> Iterator[Decimal]:
    values: list[Any] = [cell for table in seen.tables for row in table.rows for cell in row]
    for event in seen.charts:
        values += [point[1] for series in event.chart.series for point in series.points]
    values += [event.file.rows for event in seen.files]
    for value in values:
        try:
            found = Decimal(str(value))
        except InvalidOperation:
            continue
        if found.is_finite():
            yield found


def _words(seen: Seen) -> Iterator[Finding]:
    expect, text = seen.turn.expect, seen.result.response_text
    for wanted in expect.values:
        if wanted.casefold() not in _everything(seen).casefold():
            yield "words", f"{wanted!r} is not shown; it said: {_short(seen)}"
    for pattern in expect.says:
        if not re.search(pattern, text, re.IGNORECASE):
            yield "words", f"nothing like {pattern!r} is said, but: {_short(seen)}"
    choices = " ".join(seen.result.ask.choices) if seen.result.ask else text
    for wanted in expect.offers:
        if wanted.casefold() not in choices.casefold():
            yield "words", f"{wanted} is not among what may be answered: {choices[:200]!r}"


def _never(seen: Seen) -> Iterator[Finding]:
    """What must hold whichever way it went."""
    expect, text = seen.turn.expect, seen.result.response_text
    wrongly = {one.tool for one in seen.called} & expect.never
    if wrongly:
        yield "tool", f"{', '.join(sorted(wrongly))} was called"
    counts = [len(table.rows) for table in seen.tables]
    made_up = invented(text, [*seen.read, *map(str, counts), *map(str, _cells(seen))])
    if made_up:
        yield "invented", f"nothing gave {', '.join(map(str, made_up))}; it said: {_short(seen)}"
    for pattern in expect.silent:
        if re.search(pattern, _everything(seen), re.IGNORECASE):
            yield "words", f"{pattern!r} stands in what is shown: {_short(seen)}"
    language = expect.language or seen.language
    if text and _language(text) not in (language, None):
        yield "language", f"it is not in {language}: {_short(seen)}"


def _everything(seen: Seen) -> str:
    cells = [str(cell) for table in seen.tables for row in table.rows for cell in row]
    return "\n".join([seen.result.response_text, *cells])


def _language(text: str) -> Literal["ko", "en"] | None:
    """Tell a text's language by its letters; names and quoted values are of none."""
    plain = _CODE.sub(" ", text)
    korean = len(re.findall(r"[가-힣]", plain))
    latin = len(re.findall(r"[A-Za-z]", plain))
    if korean + latin == 0:
        return None
    # A syllable of Hangul stands for two or three letters.
    return "ko" if korean * 2.5 >= latin * (1 - _MOST_FOREIGN) else "en"


def _claims(seen: Seen) -> Iterator[Finding]:
    """A finished sync and a given yes are told by records alone."""
    for sentence in re.split(r"(?<=[.!?])\s|\n", seen.result.response_text):
        if _NOT.search(sentence):
            continue
        if _DONE.search(sentence) and not seen.published:
            yield "claim", f"no run has published, and it said: {sentence}"
        if _YES.search(sentence) and not seen.approved:
            yield "claim", f"nobody has approved, and it said: {sentence}"


def _short(seen: Seen) -> str:
    return repr(seen.result.response_text[:200])
