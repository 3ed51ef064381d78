"""Answers to commands, which no model words."""

from collections.abc import Iterator
from typing import Any

from agent.deps import Language
from agent.events import Command, Commanded
from app.views.answer import answer_message
from sandbox.gallery.parts import AS_OF, ASKER, answered, basis, columns, failure, ref
from sandbox.gallery.pieces import Content, Piece


def commands(language: Language, content: Content) -> Iterator[Piece]:
    """Draw each command's answer, and the ways it may be refused."""
    told: dict[str, Commanded] = {
        "list": _ok("list", _listed(content)),
        "list_empty": _ok("list", {"tables": []}),
        "stats": Commanded("stats", ok=True, result=_stats(content), basis=(basis(content),)),
        "status": _ok("status", _status(content)),
        "sync": _ok("sync", _status(content)),
        "pending": _ok("pending", _status(content)),
        "runs": _ok("runs", _status(content)),
        "schedules": _ok("schedules", _schedules(content)),
        "pending_nothing": _ok("pending", _nothing()),
        "schedules_nothing": _ok("schedules", {"schedules": []}),
        "status_nothing": _ok("status", _nothing()),
        "refused": Commanded("list", ok=False, result={"code": content.failure}),
        "failed": Commanded("sync", ok=False, result={}, failure=failure(content)),
    }
    for name, one in told.items():
        drawn = answer_message(language, [one])
        if drawn is not None:
            yield from answered(f"command.{name}", language, drawn)


def _ok(command: Command, result: dict[str, Any]) -> Commanded:
    return Commanded(command, ok=True, result=result)


def _listed(content: Content) -> dict[str, Any]:
    first, rest = str(ref(content)), range(2, content.tables + 1)
    return {
        "tables": [
            {"table": first, "rows": 99_812, "as_of": AS_OF},
            *({"table": str(ref(content, one)), "rows": None, "as_of": None} for one in rest),
            {"table": first, "rows": 3, "imported_from": content.file, "imported_at": AS_OF},
        ],
        "left_out": 2,
        "not_shown_to_this_person": [{"tables": 3, "because": content.rule}],
    }


def _stats(content: Content) -> dict[str, Any]:
    return {
        "table": str(ref(content)),
        "rows": 99_812,
        "columns": [column.name for column in columns(content)],
        "left_out": 3,
        "key": ["ID"],
        "bytes": 5_600_000,
    }


def _status(content: Content) -> dict[str, Any]:
    names = [str(ref(content, number)) for number in range(1, content.tables + 1)]
    ended: dict[str, Any] = {"tables": names, "rows_so_far": None, "finished_at": AS_OF}
    return {
        "runs": [
            {**ended, "state": "published", "rows": 99_812},
            {**ended, "state": "failed", "rows": None},
            {
                "tables": names,
                "state": "running",
                "rows": None,
                "rows_so_far": 25_000,
                "finished_at": None,
            },
        ],
        "pending_approvals": [{"tables": names, "requested_by": ASKER, "expires_at": AS_OF}],
        "synced_tables": 2,
        "offered_tables": 5,
    }


def _schedules(content: Content) -> dict[str, Any]:
    named = {"name": content.schedule, "tables": [str(ref(content))]}
    return {
        "schedules": [
            {**named, "when": "06:00 (Asia/Seoul)", "next_at": AS_OF},
            {**named, "after": [str(ref(content, 2))], "paused": True},
        ]
    }


def _nothing() -> dict[str, Any]:
    return {"runs": [], "pending_approvals": [], "synced_tables": 0, "offered_tables": 5}
