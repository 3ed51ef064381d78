"""A table whose copies fail: told once, repeats in the same thread, and its recovery there too."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

import redis
from pydantic import BaseModel, ConfigDict
from slack_sdk import WebClient

from app.access import SeeIn, everywhere_whole
from app.bot_config import BotConfig
from app.failure_texts import word_withheld
from app.places import Place, parse_place
from app.slack_gateway import NotDelivered, SlackAway, SlackRefused, post, update
from app.views.approval_card import Message
from app.views.notices import incident_head, sentence
from app.views.text import with_dates
from app.withheld import rules_for_readers
from sync.plan import TableRef
from sync.runs import Run, RunState
from sync.state import key, team_of

log = logging.getLogger(__name__)

_TOLD_SECONDS = 30 * 24 * 3600


class Incident(BaseModel):
    """A table that has failed since it was last published, and where that is told."""

    model_config = ConfigDict(frozen=True)

    channel: str
    ts: str
    """Of the message at the head of its thread."""
    since: datetime
    count: int = 1
    """Failed runs."""
    last: str = ""
    """The newest of them, which is counted once however often it is told."""


@dataclass(frozen=True)
class Desk:
    """What telling needs."""

    redis: "redis.Redis"
    slack: WebClient
    config: BotConfig
    see: SeeIn = everywhere_whole


def tell_incidents(desk: Desk, run: Run) -> None:
    """Bring what is told of an ended run's tables up to date, once for each end.

    In ``[alerts] channel`` of bot.toml, or where its schedule lives; without either nothing is told
    here, since a person's own thread tells them. Raises `SlackAway`, to be called again.
    """
    if run.state not in (RunState.FAILED, RunState.PUBLISHED):
        return
    for table in run.approval.request.plan.tables:
        told = key(team_of(run.id), "incident-told", run.id, run.state.value, str(table.ref))
        if desk.redis.exists(told):
            continue
        try:
            _tell(desk, run, table.ref)
        except SlackAway:
            raise
        except NotDelivered as error:
            log.warning("an incident of %s could not be told: %s", table.ref, error)
        desk.redis.set(told, "1", ex=_TOLD_SECONDS)


def _tell(desk: Desk, run: Run, ref: TableRef) -> None:
    team = team_of(run.id)
    where = key(team, "incident", ref.source, str(ref))
    stored = desk.redis.get(where)
    known = Incident.model_validate_json(str(stored)) if stored else None
    if run.state is RunState.PUBLISHED:
        if known:
            minutes = round((datetime.now(UTC) - known.since).total_seconds() / 60)
            _updated(desk, ref, known, _head(desk, ref, known, minutes))
            desk.redis.delete(where)
        return
    incident = _counted(known, run) if known else None
    if incident is None or not _updated(desk, ref, incident, _head(desk, ref, incident)):
        channel = _channel(desk.config, run)
        if not channel:
            return
        incident = Incident(channel=channel, ts="", since=datetime.now(UTC), last=run.id)
        ts = post(desk.slack, Place(team, channel), _head(desk, ref, incident))
        incident = incident.model_copy(update={"ts": ts})
    desk.redis.set(where, incident.model_dump_json())
    language = desk.config.language
    rules = rules_for_readers(language, desk.see, incident.channel, "", [ref])
    if run.failure:
        thread = Place(team, incident.channel, incident.ts)
        post(desk.slack, thread, sentence(with_dates(word_withheld(language, run.failure, rules))))


def _counted(known: Incident, run: Run) -> Incident:
    if known.last == run.id:
        return known
    return known.model_copy(update={"count": known.count + 1, "last": run.id})


def _updated(desk: Desk, ref: TableRef, incident: Incident, head: Message) -> bool:
    """Bring the head of an incident up to date; False where it is gone for good."""
    try:
        update(desk.slack, incident.channel, incident.ts, head)
    except SlackRefused as error:
        log.warning("the message that copies of %s fail is gone: %s", ref, error)
        return False
    return True


def _channel(config: BotConfig, run: Run) -> str:
    request = run.approval.request
    return config.alerts.channel or (
        parse_place(request.thread).channel if request.schedule else ""
    )


def _head(desk: Desk, ref: TableRef, incident: Incident, minutes: int | None = None) -> Message:
    return incident_head(desk.config.language, ref, incident.since, incident.count, minutes)
