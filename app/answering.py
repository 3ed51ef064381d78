"""What the bot does with one entry of the inbox: take a turn, or see to a due schedule."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain

from slack_sdk import WebClient

from agent.deps import AnalystDeps, Caller
from agent.events import ApprovalRequested, Basis, Event, ToolFinished
from agent.service import run_analyst_approval, run_analyst_turn
from app.access import SeeIn, see_whole
from app.bot_config import BotConfig
from app.changed_messages import follow_change, words_of
from app.core import Core, deps_for, look_at_tables, plan_sync
from app.desk import ask_after_drift, make_desk
from app.due import handle_due, place_of_due
from app.due_conditions import remember_published
from app.due_desk import DueDesk
from app.failure_texts import word_failure
from app.forgetting import asks_to_forget, forget_as_asked
from app.groups import Members
from app.handing_over import attachments, hand_over
from app.incidents import Desk, tell_incidents
from app.pictures import Pictures
from app.places import Place, parse_place
from app.policy import Groups
from app.result_conditions import handle_condition
from app.slack_gateway import NotDelivered, Posted, note, post, post_answer
from app.texts import Language, language_of, say
from app.verified_answers import AnswerDesk, note_answers_due, rerun_verified
from app.views.answer import Reader, answer_message
from app.views.approval_card import Message
from app.views.card_parts import duration, names_of
from app.views.chart import native_charts
from app.views.text import (
    FALLBACK_CHARACTERS,
    MESSAGE_BLOCKS,
    channel_link,
    context,
    cut,
    escape,
    person,
    section,
)
from app.whole_results import call_to_write, whole_results
from sync.approvals import Approval, load_approval, show_card
from sync.errors import DuckferryError, TooManyDeletes, WarehouseDamaged
from sync.inbox import Entry
from sync.plan import plainly
from sync.runs import Run, RunState, load_run
from sync.schedules import fire_published
from sync.state import key
from sync.warehouse.manifest import read_manifest

log = logging.getLogger(__name__)

_DELIVERED_SECONDS = 7 * 24 * 3600
DRIFTS_FOLLOWED = 3
"""So often in a row a changed table is asked for anew by itself; then a person has to."""
CALL_AFTER_SECONDS = 30
"""Who waited longer than this for a run is mentioned when it ends."""


@dataclass(frozen=True)
class Office:
    """What answering needs: the product, Slack, and the team the bot works for."""

    core: Core
    slack: WebClient
    team: str
    see: SeeIn
    on_turn: Callable[[Entry, Sequence[Event]], None] = lambda _entry, _events: None
    """Told of each turn once, when its message stands in Slack."""
    on_given_up: Callable[[Entry], None] = lambda _: None
    owner_is_gone: Callable[[str], bool] = lambda _: False
    groups: Groups = lambda _: frozenset[str]()
    members: Members = lambda _: None
    pictures: Pictures = field(default_factory=Pictures)


def handle(office: Office, entry: Entry) -> None:
    """Do an entry's work; done again after a crash it goes on where it stopped."""
    match entry.kind:
        case "message":
            _answer_message(office, entry)
        case "message_changed":
            follow_change(office.core.redis, office.core.analyst, entry)
        case "rejected" | "expired" | "run_ended" | "schedule_changed" | "question_approved":
            _answer_outcome(office, entry)
        case "schedule_due":
            handle_due(_due_desk(office), entry.body)
        case "condition_due":
            handle_condition(_due_desk(office), entry.body)
        case "answers_due":
            _rerun_answers(office, entry)


def give_up(office: Office, entry: Entry, error: DuckferryError) -> None:
    """Tell the people of an entry that failed for good."""
    office.on_given_up(entry)
    if entry.kind in ("schedule_due", "condition_due"):
        place = place_of_due(_due_desk(office), entry.body)
        language = office.core.config.language
    elif entry.kind in ("answers_due", "message_changed"):
        log.warning("%s was not done: %s", entry.kind, error)
        return
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
    place, text = parse_place(entry.thread), words_of(office.core.redis, entry)
    if text is None:
        return
    language = language_of(text, office.core.config.language)
    hello = "answer.hello" if office.core.analyst.has_model else "command.hello"
    words = "" if text else say(language, hello)
    if asks_to_forget(text):
        words = forget_as_asked(office.core.redis, entry, language)
    if words:
        _deliver(office, entry, place, language, [], deps=None, otherwise=words)
        return
    caller = Caller(place.team, entry.body["user"], place.channel)
    told = entry.body.get("shared")
    see = office.see(caller.user, place.channel, told == "yes" if told else None)
    deps = deps_for(office.core, caller, entry.thread, language, see)
    events: list[Event] = []
    run_analyst_turn(office.core.analyst, deps, text, entry.body["source"], events.append)
    _deliver(office, entry, place, language, events, deps)


def _answer_outcome(office: Office, entry: Entry) -> None:
    if entry.kind in ("run_ended", "schedule_changed"):
        _follow_published(office.core)
    if entry.kind == "run_ended":
        outcome = load_run(office.core.redis, entry.body["run"])
        request = outcome.approval.request if outcome else None
        if outcome:
            remember_published(office.core.redis, outcome)
            note_answers_due(office.core.redis, office.team, office.core.glossary, outcome)
        if outcome and _is_ours(office, outcome.approval.request.thread):
            desk = Desk(office.core.redis, office.slack, office.core.config, office.see)
            tell_incidents(desk, outcome)
            # The stream of cards is bounded, this inbox is not trimmed: the end is always drawn.
            show_card(office.core.redis, outcome.approval.id)
            _ask_after_drift(office, outcome)
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
    see = office.see(caller.user, place.channel, None)
    deps = deps_for(office.core, caller, request.thread, request.language, see)
    events: list[Event] = []
    # With its state: a run that was called lost may still turn out to have been published.
    source = f"{entry.kind}:{request.id}:{outcome.state}"
    run_analyst_approval(office.core.analyst, deps, outcome, source, events.append)
    _deliver(office, entry, place, request.language, events, deps, calling=_call(outcome))


def _rerun_answers(office: Office, entry: Entry) -> None:
    run = load_run(office.core.redis, entry.body["run"])
    if run is None:
        return
    core = office.core
    desk = AnswerDesk(
        redis=core.redis,
        slack=office.slack,
        team=office.team,
        config=core.config,
        glossary=core.glossary,
        run=lambda sql, refs: core.queries.run_sql(sql, refs, see_whole),
    )
    rerun_verified(desk, run)


def _ask_after_drift(office: Office, run: Run) -> None:
    """Ask anew for a run whose tables changed; where Oracle cannot be asked, its card can be."""
    if run.state is not RunState.SUPERSEDED:
        return
    if run.approval.request.revision > DRIFTS_FOLLOWED:
        log.warning("run %s is not asked for anew: its tables change all the time", run.id)
        return
    try:
        gone = run.failure is not None and run.failure.code == TooManyDeletes.code
        ask_after_drift(make_desk(office.core), run.approval, in_full=gone)
    except DuckferryError as error:
        log.warning("run %s is not asked for anew: %s", run.id, error)


def _call(outcome: Run | Approval) -> str:
    """Mention who waited long for a run; a card that changes notifies nobody."""
    if not isinstance(outcome, Run) or outcome.finished_ms is None:
        return ""
    request, seconds = outcome.approval.request, (outcome.finished_ms - outcome.queued_ms) / 1000
    if seconds <= CALL_AFTER_SECONDS:
        return ""
    return say(
        request.language,
        "system.ended",
        who=person(request.requested_by),
        title=say(request.language, f"card.{outcome.state}"),
        tables=names_of(request.plan),
        time=duration(request.language, seconds),
    )


def _called(words: str, message: Message | None) -> Message:
    if message is None:
        return Message(words, [section(words)])
    blocks = [section(words), *message.blocks][:MESSAGE_BLOCKS]
    return Message(cut(f"{words}\n{message.text}", FALLBACK_CHARACTERS), blocks)


def _deliver(
    office: Office,
    entry: Entry,
    place: Place,
    language: Language,
    events: list[Event],
    deps: AnalystDeps | None,
    otherwise: str = "",
    calling: str = "",
) -> None:
    """Post a turn's message once, however often it is worked on, then the cards it asks for.

    What is for the asker alone goes to them directly, and a line in the thread says so. *deps* are
    those of the turn.
    """
    asker = deps.caller.user if deps else ""
    rules = _private_rules(events)
    reader = _reader(office.core.config, asked_in=str(place) if rules else "")
    message = answer_message(language, events, reader)
    if message is None and otherwise:
        message = note(otherwise)
    alone = message if rules else None
    if message is not None and rules:
        told = say(language, "answer.private", who=person(asker), rule=escape(rules))
        message = Message(told, [section(told)])
    if calling:
        message = _called(calling, message)
    delivered = key(office.team, "delivered", entry.id)
    try:
        posted = _read_posted(office.core.redis.get(delivered))
        if posted is None:
            posted = Posted("", "")
            if alone is not None:
                posted = _tell_alone(office, place, asker, alone, language, rules)
            if message is not None:
                shown = post_answer(office.slack, place, message)
                posted = shown if alone is None else posted
            value = json.dumps(asdict(posted))
            office.core.redis.set(delivered, value, ex=_DELIVERED_SECONDS)
            if events:
                office.on_turn(entry, events)
        timezone = office.core.config.timezone
        drawn = native_charts(language, events, timezone) if not posted.is_plain else {}
        beside = attachments(language, events, frozenset(drawn), timezone, office.pictures)
        whole = whole_results(language, events, deps) if deps else ()
        where = Place(office.team, posted.channel) if rules else place
        hand_over(office.slack, office.core.redis, where, delivered, language, chain(beside, whole))
    finally:
        # A card is kept true by a thread of its own, which tries again as long as Slack is away.
        for event in events:
            if isinstance(event, ApprovalRequested):
                show_card(office.core.redis, event.approval.id)


def _reader(config: BotConfig, asked_in: str) -> Reader:
    """Say how the people of this bot read an answer at this moment."""
    now = datetime.now(UTC)

    def is_stale(basis: Basis) -> bool:
        known = [ref for ref in config.offered if basis.table in (str(ref), f"{ref.source}.{ref}")]
        age = now - datetime.fromisoformat(basis.as_of)
        is_old = bool(known) and age > timedelta(hours=config.stale_hours(known[0]))
        return is_old and not basis.imported

    def has_file(events: Sequence[Event]) -> bool:
        return call_to_write(events, config.timezone) is not None

    return Reader(config.timezone, is_stale, has_file, asked_in)


def _private_rules(events: Sequence[Event]) -> str:
    """Name the rules by which an answer is for the asker alone; empty where it is for all."""
    found = [event.private for event in events if isinstance(event, ToolFinished)]
    return ", ".join(dict.fromkeys(filter(None, found)))


def _tell_alone(
    office: Office, place: Place, user: str, message: Message, language: Language, rules: str
) -> Posted:
    """Send an answer to the asker, who can read it there again: what is ephemeral is lost."""
    head = say(language, "answer.asked_in", channel=channel_link(place.channel), rule=escape(rules))
    blocks = [context(head), *message.blocks][:MESSAGE_BLOCKS]
    return post_answer(office.slack, Place(office.team, user), Message(message.text, blocks))


def _read_posted(value: object) -> Posted | None:
    """Where an answer was delivered to; None for one that was not."""
    return Posted(**json.loads(value)) if isinstance(value, str) else None


def _due_desk(office: Office) -> DueDesk:
    return DueDesk(
        redis=office.core.redis,
        config=office.core.config,
        slack=office.slack,
        team=office.team,
        plan=lambda refs, asker: plan_sync(office.core, plainly(refs), asker),
        owner_is_gone=office.owner_is_gone,
        groups=office.groups,
        members=office.members,
        look=lambda plan, asker: look_at_tables(office.core, plan, asker),
        ask=office.core.queries.run,
        see=office.see,
        manifest=lambda: read_manifest(office.core.warehouse),
    )


def _follow_published(core: Core) -> None:
    """Note the schedules that are due after what has been published; the clock looks too."""
    try:
        fire_published(core.redis, read_manifest(core.warehouse))
    except WarehouseDamaged as error:
        log.warning("schedules that follow tables wait: %s", error)


def _is_ours(office: Office, thread: str) -> bool:
    return parse_place(thread).team == office.team
