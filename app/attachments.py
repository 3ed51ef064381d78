"""Files that people share with the bot: fetched, read, kept with their thread, and told of."""

import logging
from dataclasses import replace
from http.client import HTTPException
from typing import Any, cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from agent.deps import AnalystDeps
from agent.service import note_exchange
from agent.tools.copies import copies
from app.office import Office
from app.places import parse_place
from app.shared_files import SharedFile, fetch, read_files
from app.slack_gateway import post
from app.texts import language_of, say
from app.views.notices import sentence
from app.views.shared_files import Joint, files_words, noted_words, questions
from sync.attach_errors import FileIsWorkbook, FilesNotTaken, FileTooLarge
from sync.attached import (
    Attached,
    digest_of,
    files_of,
    find_file,
    keep_file,
    require_place,
    sweep_files,
)
from sync.errors import DuckferryError, Failure
from sync.inbox import Entry
from sync.plan import TableRef
from sync.state import key
from sync.warehouse.attaching import Wanted, attach, table_name_of

log = logging.getLogger(__name__)

_TOLD_SECONDS = 7 * 24 * 3600


def has_files(entry: Entry) -> bool:
    """Whether a message came with files that may be tables."""
    return bool(entry.body.get("files"))


def file_names(entry: Entry) -> str:
    """Name the files of a message."""
    return ", ".join(one.name for one in read_files(entry.body.get("files", "")))


def korean_names(entry: Entry) -> str:
    """Name the files where that tells a language; a Latin name is everybody's."""
    names = file_names(entry)
    return names if language_of(names, "en") == "ko" else ""


def take_files(office: Office, entry: Entry, deps: AnalystDeps) -> str:
    """Read the files of a message into its thread, and give all that is to be answered to it.

    Safe mrkdwn; empty where its question is to be answered now, of which the files are told here.
    Where one could not be read, a question is not answered without it. A file that is read already
    is only told of. *deps* are those of whoever shared them. Raises `NotDelivered`.
    """
    core, told = office.core, list[Attached | Failure]()
    for shared in read_files(entry.body["files"]):
        try:
            found = find_file(core.redis, core.warehouse, entry.thread, shared.id)
            told.append(found or _taken(office, entry, deps, shared))
        except DuckferryError as error:
            log.info("a file of %s is not read: %s", entry.thread, error.failure.code)
            told.append(error.failure)
    taken = [one for one in told if isinstance(one, Attached)]
    is_whole = len(taken) == len(told)
    if entry.body["text"] and is_whole:
        _tell_once(office, entry, files_words(deps.language, told))
        return ""
    last = taken[-1] if is_whole else None
    asked = questions(deps.language, last.entry.columns, _joint(deps, last)) if last else ()
    said = entry.body["text"] or say(deps.language, "shared.shared", files=file_names(entry))
    noted = noted_words(deps.language, told)
    note_exchange(office.core.analyst, deps, said, noted, entry.body["source"])
    return files_words(deps.language, told, asked)


def _tell_once(office: Office, entry: Entry, words: str) -> None:
    name = key(office.team, "files_told", entry.id)
    if not office.core.redis.exists(name):
        post(office.slack, parse_place(entry.thread), sentence(words))
        office.core.redis.set(name, "1", ex=_TOLD_SECONDS)


def _taken(office: Office, entry: Entry, deps: AnalystDeps, shared: SharedFile) -> Attached:
    """Raises any `AttachFailed`, `QueriesUnguarded` and `DiskFull`."""
    core, limits, thread = office.core, office.core.config.limits, entry.thread
    if shared.kind == "workbook":
        raise FileIsWorkbook(file=shared.name)
    if not limits.file_mb:
        raise FilesNotTaken(file=shared.name)
    if shared.size > limits.file_mb * 1_000_000:
        raise FileTooLarge(file=shared.name, most=limits.file_mb)
    sweep_files(core.redis, core.warehouse, office.team)
    require_place(
        core.redis,
        core.warehouse,
        thread,
        most_files=limits.thread_files,
        most_mb=limits.files_total_mb,
    )
    data = fetch(office.slack, shared, limits.file_mb)
    user, others = deps.caller.user, files_of(core.redis, thread)
    same = [one.entry.ref for one in others if (one.file, one.user) == (shared.name, user)]
    files = [one.entry.ref for one in others if one.entry.ref not in same]  # the rest is replaced
    known = (*_open_tables(deps), *files)
    wanted = Wanted(
        thread=digest_of(thread),
        file=shared.name,
        by=_name_of(office.slack, user),
        table=table_name_of(shared.name, (ref.table for ref in known)),
    )
    written, reading = attach(core.warehouse, core.queries.walls, wanted, data)
    file = Attached(
        id=shared.id,
        message=entry.body["source"],
        user=user,
        entry=written,
        reading=reading,
    )
    keep_file(core.redis, core.warehouse, thread, file, core.analyst.policy.keep_days)
    return file


def _open_tables(deps: AnalystDeps) -> list[TableRef]:
    """The tables all may know of who read the thread: a file's name gives away no other."""
    of = dict.fromkeys(deps.offered) | {
        ref: entry.receipt.of for ref, entry in copies(replace(deps, files=())).items()
    }
    return [ref for ref, table in of.items() if not deps.exposure(table or ref).private]


def _name_of(slack: WebClient, user: str) -> str:
    """What people call somebody; their id where Slack does not say."""
    try:
        answer = slack.users_info(user=user)
    except (SlackClientError, OSError, HTTPException):
        return user
    found = cast("dict[str, Any]", answer.get("user") or {})
    profile = cast("dict[str, Any]", found.get("profile") or {})
    names = (profile.get("display_name"), found.get("real_name"), found.get("name"))
    return next((str(one)[:80] for one in names if one), user)


def _joint(deps: AnalystDeps, file: Attached) -> Joint | None:
    """A column of the file that a copied table has too, where all may see it who read this."""
    own = {one.name.casefold(): one.name for one in file.entry.columns}
    for ref, entry in copies(deps).items():
        exposure = deps.exposure(entry.receipt.of)
        if ref.is_attached or exposure.private:
            continue
        for column in exposure.shape(entry).columns:
            if column.name.casefold() in own:
                return Joint(column.name, str(ref))
    return None
