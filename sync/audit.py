"""The audit stream: who asked, decided, was refused, ran and read what, when and where.

Append-only: nothing of ours changes or deletes an entry. Decisions write theirs in the same step
(`sync.approval_scripts`, `sync.runs`), so there is no decision without one.
"""

from collections.abc import Iterator
from typing import Literal, cast

import redis
from pydantic import BaseModel, ConfigDict

from sync.state import key

AUDIT_KEPT = 1_000_000
"""Entries a team's stream holds; about 250 MB. Export it before it is that long."""

What = Literal[
    "requested",
    "approved",
    "rejected",
    "withdrawn",
    "expired",
    "replaced",
    "click_refused",
    "schedule_changed",
    "run_started",
    "run_ended",
    "run_retried",
    "run_cancel_asked",
    "schedule_due",
    "schedule_skipped",
    "source_switched",
    "proof_repeated",
    "imported",
    "dropped",
    "thread_forgotten",
    "file_shared",
    "files_removed",
    "query",
]


class AuditEntry(BaseModel):
    """One thing that happened. All of it is text, as it was when it happened."""

    model_config = ConfigDict(frozen=True)

    id: str
    """Milliseconds since 1970 by Redis, a dash and a number."""
    what: str
    who: str
    """A Slack user id, ``operator``, ``schedule:<name>``, or nothing."""
    subject: str
    """The approval, run or schedule it is about."""
    digest: str = ""
    where: str = ""
    """A channel and a message in Slack, or a terminal."""
    detail: str = ""


def audit_key(team: str) -> str:
    """Name the key of a team's audit stream."""
    return key(team, "audit")


def note(
    client: "redis.Redis",
    team: str,
    what: What,
    *,
    who: str,
    subject: str,
    where: str = "",
    detail: str = "",
) -> None:
    """Append an entry for what no script of ours decides, such as a query."""
    client.xadd(
        audit_key(team),
        {
            "what": what,
            "who": who,
            "subject": subject,
            "digest": "",
            "where": where,
            "detail": detail[:1000],
        },
        maxlen=AUDIT_KEPT,
        approximate=True,
    )


def read_audit(
    client: "redis.Redis", team: str, *, since_ms: int = 0, page: int = 1000
) -> Iterator[AuditEntry]:
    """Read a team's entries from a moment on, oldest first, however many there are."""
    start = f"{since_ms}-0"
    while True:
        found = client.xrange(audit_key(team), min=start, count=page)
        entries = cast("list[tuple[str, dict[str, str]]]", found)
        for entry_id, fields in entries:
            yield AuditEntry.model_validate({"id": entry_id, **fields})
        if len(entries) < page:
            return
        start = f"({entries[-1][0]}"
