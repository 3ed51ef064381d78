"""What the bot does with one entry of the inbox: take a turn, or ask for a due schedule's sync."""

import logging
from dataclasses import dataclass

from slack_sdk import WebClient

from agent.deps import Caller
from agent.events import ApprovalRequested, Event
from agent.service import run_analyst_approval, run_analyst_turn
from app.core import Core, approval_seconds, deps_for, plan_sync
from app.places import Place, parse_place
from app.slack_gateway import NotDelivered, note, post
from app.texts import Language, language_of, say, word_failure
from app.views.answer import answer_message
from sync.approvals import Request, load_approval, request_approval, show_card
from sync.errors import DuckferryError
from sync.inbox import Entry
from sync.names import resolve_table
from sync.runs import load_run
from sync.state import derived_id, key

log = logging.getLogger(__name__)

_DELIVERED_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class Office:
    """What answering needs: the product, Slack, and the team the bot works for."""

    core: Core
    slack: WebClient
    team: str


def handle(office: Office, entry: Entry) -> None:
    """Do an entry's work; done again after a crash it goes on where it stopped."""
    match entry.kind:
        case "message":
            _answer_message(office, entry)
        case "rejected" | "expired" | "run_ended":
            _answer_outcome(office, entry)
        case "schedule_due":
            _ask_for_schedule(office, entry)


def give_up(office: Office, entry: Entry, error: DuckferryError) -> None:
    """Tell the people of an entry that failed for good."""
    if entry.kind == "schedule_due":
        place = _schedule_place(office, entry.body["schedule"])
        language = office.core.config.language
    else:
        place = parse_place(entry.thread)
        language = language_of(entry.body.get("text", ""), office.core.config.language)
    if place is None:
        return
    try:
        post(office.slack, place, note(word_failure(language, error.failure)))
    except NotDelivered as refusal:
        log.warning("could not tell %s of an error: %s", place, refusal)


def _answer_message(office: Office, entry: Entry) -> None:
    place, text = parse_place(entry.thread), entry.body["text"]
    language = language_of(text, office.core.config.language)
    if not text:
        _deliver(office, entry, place, language, [], otherwise=say(language, "answer.hello"))
        return
    caller = Caller(place.team, entry.body["user"], place.channel)
    deps = deps_for(office.core, caller, entry.thread, language)
    events: list[Event] = []
    run_analyst_turn(office.core.analyst, deps, text, entry.body["source"], events.append)
    _deliver(office, entry, place, language, events)


def _answer_outcome(office: Office, entry: Entry) -> None:
    if entry.kind == "run_ended":
        outcome = load_run(office.core.redis, entry.body["run"])
        request = outcome.approval.request if outcome else None
    else:
        outcome = load_approval(office.core.redis, entry.body["approval"])
        request = outcome.request if outcome else None
    # A schedule's card tells its end by itself: nobody in its channel asked a question.
    if (
        outcome is None
        or request is None
        or request.schedule
        or not _is_ours(office, request.thread)
    ):
        return
    place = parse_place(request.thread)
    caller = Caller(place.team, request.requested_by, place.channel)
    deps = deps_for(office.core, caller, request.thread, request.language)
    events: list[Event] = []
    # With its state: a run that was called lost may still turn out to have been published.
    source = f"{entry.kind}:{request.id}:{outcome.state}"
    run_analyst_approval(office.core.analyst, deps, outcome, source, events.append)
    _deliver(office, entry, place, request.language, events)


def _ask_for_schedule(office: Office, entry: Entry) -> None:
    config = office.core.config
    name, due = entry.body["schedule"], entry.body["due"]
    found = [schedule for schedule in config.schedule if schedule.name == name]
    place = _schedule_place(office, name)
    if not found or place is None:
        log.warning("schedule %s was due but is no longer in bot.toml", name)
        return
    try:
        refs = tuple(resolve_table(table, config.offered) for table in found[0].tables)
        request = Request(
            id=derived_id(office.team, "schedule", name, due),
            plan=plan_sync(office.core, refs, f"schedule {name}"),
            requested_by=f"schedule:{name}",
            thread=str(place),
            language=config.language,
            schedule=name,
        )
        approval = request_approval(
            office.core.redis, request, expires_seconds=approval_seconds(config)
        )
        show_card(office.core.redis, approval.id)
    except DuckferryError as error:
        words = say(
            config.language,
            "schedule.failed",
            name=name,
            reason=word_failure(config.language, error.failure),
        )
        post(office.slack, place, note(words))


def _deliver(
    office: Office,
    entry: Entry,
    place: Place,
    language: Language,
    events: list[Event],
    otherwise: str = "",
) -> None:
    """Post a turn's message once, however often it is worked on, then the cards it asks for."""
    message = answer_message(language, events)
    if message is None and otherwise:
        message = note(otherwise)
    delivered = key(office.team, "delivered", entry.id)
    try:
        if message is not None and not office.core.redis.exists(delivered):
            post(office.slack, place, message)
            office.core.redis.set(delivered, "1", ex=_DELIVERED_SECONDS)
    finally:
        # A card is kept true by a thread of its own, which tries again as long as Slack is away.
        for event in events:
            if isinstance(event, ApprovalRequested):
                show_card(office.core.redis, event.approval.id)


def _schedule_place(office: Office, name: str) -> Place | None:
    channels = [
        schedule.channel for schedule in office.core.config.schedule if schedule.name == name
    ]
    return Place(office.team, channels[0]) if channels else None


def _is_ours(office: Office, thread: str) -> bool:
    return parse_place(thread).team == office.team
