"""The answer to a command, worded from the result of its tool."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from agent.events import Commanded
from app.failure_texts import word_failure
from app.texts import Language, say
from app.views.text import cut, number, size

_NAME_CHARACTERS = 100
_NAMES_CHARACTERS = 1000

Shown = Callable[[str], str]
Moment = Callable[[datetime], str]
Who = Callable[[str], str]


def command_lines(
    language: Language, told: Commanded, shown: Shown, moment: Moment, who: Who
) -> Sequence[str]:
    """Word one: *shown* makes text harmless where it is read, *moment* and *who* write the rest."""
    if told.failure is not None:
        return [shown(word_failure(language, told.failure))]
    if not told.ok:
        code = str(told.result.get("code", ""))
        return [say(language, "command.refused", code=shown(cut(code, _NAME_CHARACTERS)))]
    match told.command:
        case "list":
            return list(_tables(language, told.result, shown, moment))
        case "stats":
            return list(_stats(language, told.result, shown))
        case "status" | "sync":
            return list(_status(language, told.result, shown, moment))
        case "pending":
            return list(_pending(language, told.result, shown, moment, who))
        case "runs":
            return list(_runs(language, told.result, shown, moment))
        case "schedules":
            return list(_schedules(language, told.result, shown, moment))


def _tables(
    language: Language, result: Mapping[str, Any], shown: Shown, moment: Moment
) -> Iterator[str]:
    for line in result["tables"]:
        at = line.get("as_of") or line.get("imported_at")
        phrase = "command.no_copy" if not at else "command.table"
        yield say(
            language,
            "command.imported" if line.get("imported_at") else phrase,
            table=_name(line["table"], shown),
            rows=_rows(language, line.get("rows")),
            when=moment(datetime.fromisoformat(at)) if at else "",
            file=_name(line.get("imported_from", ""), shown),
        )
    if not result["tables"]:
        yield say(language, "command.no_table")
    if result.get("left_out"):
        yield say(language, "command.left_out", count=result["left_out"])
    hidden = sum(one["tables"] for one in result.get("not_shown_to_this_person", ()))
    if hidden:
        yield say(language, "command.hidden", count=hidden)


def _stats(language: Language, result: Mapping[str, Any], shown: Shown) -> Iterator[str]:
    yield say(
        language,
        "command.stats",
        table=_name(result["table"], shown),
        rows=_rows(language, result.get("rows")),
    )
    columns: Sequence[str] = result["columns"]
    count = len(columns) + result.get("left_out", 0)
    yield say(language, "command.columns", count=count, names=_names(columns, shown))
    if result.get("key"):
        yield say(language, "command.key", names=_names(result["key"], shown))
    if result.get("bytes"):
        yield say(language, "command.size", size=size(result["bytes"]))


def _status(
    language: Language, result: Mapping[str, Any], shown: Shown, moment: Moment
) -> Iterator[str]:
    synced, offered = result["synced_tables"], result["offered_tables"]
    yield say(language, "command.copies", synced=synced, offered=offered)
    for line in result["pending_approvals"]:
        when = moment(datetime.fromisoformat(line["expires_at"]))
        yield say(language, "command.waits", tables=_names(line["tables"], shown), when=when)
    yield from _runs(language, result, shown, moment)


def _pending(
    language: Language, result: Mapping[str, Any], shown: Shown, moment: Moment, who: Who
) -> Iterator[str]:
    for line in result["pending_approvals"]:
        when = moment(datetime.fromisoformat(line["expires_at"]))
        names, asker = _names(line["tables"], shown), who(line["requested_by"])
        yield say(language, "command.waits_of", tables=names, who=asker, when=when)
    if not result["pending_approvals"]:
        yield say(language, "command.no_pending")


def _runs(
    language: Language, result: Mapping[str, Any], shown: Shown, moment: Moment
) -> Iterator[str]:
    for line in result["runs"]:
        yield _run(language, line, shown, moment)
    if not result["runs"]:
        yield say(language, "command.no_run")


def _schedules(
    language: Language, result: Mapping[str, Any], shown: Shown, moment: Moment
) -> Iterator[str]:
    for line in result["schedules"]:
        name, tables = _name(line["name"], shown), _names(line["tables"], shown)
        parts = [say(language, "command.schedule", name=name, tables=tables)]
        if line.get("when"):
            parts.append(shown(line["when"]))
        if line.get("after"):
            parts.append(say(language, "schedule.after", tables=_names(line["after"], shown)))
        if line.get("paused"):
            parts.append(say(language, "schedule.paused"))
        if line.get("next_at"):
            at = moment(datetime.fromisoformat(line["next_at"]))
            parts.append(say(language, "command.next", when=at))
        yield " · ".join(parts)
    if not result["schedules"]:
        yield say(language, "command.no_schedule")


def _run(language: Language, line: Mapping[str, Any], shown: Shown, moment: Moment) -> str:
    state = say(language, f"card.{line['state']}")
    parts = [say(language, "command.run", state=state, tables=_names(line["tables"], shown))]
    rows = line["rows_so_far"] if line["rows"] is None else line["rows"]
    if rows is not None:
        parts.append(say(language, "command.run_rows", rows=number(rows)))
    if line["finished_at"]:
        parts.append(moment(datetime.fromisoformat(line["finished_at"])))
    return " · ".join(parts)


def _rows(language: Language, rows: int | None) -> str:
    """Count the rows; a caller who is shown only some of them is told no figure."""
    return say(language, "answer.some") if rows is None else number(rows)


def _names(names: Sequence[str], shown: Shown) -> str:
    return cut(", ".join(_name(name, shown) for name in names), _NAMES_CHARACTERS)


def _name(name: str, shown: Shown) -> str:
    return cut(shown(" ".join(name.split())), _NAME_CHARACTERS)
