"""What the bot does with one entry of the inbox: take a turn, or see to a due schedule."""

import logging
from dataclasses import replace

from agent.deps import Caller, Language
from agent.events import Event
from agent.service import run_analyst_approval, run_analyst_turn
from app.access import See, see_whole
from app.asked_elsewhere import language_of_entry, pose
from app.attachments import has_files, korean_names, take_files
from app.changed_messages import follow_change, words_of
from app.core import Core, deps_for, look_at_tables, plan_sync
from app.delivering import deliver
from app.desk import ask_after_drift, make_desk
from app.due import handle_due, place_of_due
from app.due_conditions import remember_published
from app.due_desk import DueDesk
from app.failure_texts import word_failure
from app.incidents import Desk, tell_incidents
from app.live import live_turn, streamed_into
from app.office import Office
from app.openers import find_openers
from app.places import Place, parse_place
from app.result_conditions import handle_condition
from app.slack_gateway import SlackRefused, replace_or_post, whisper
from app.standing import show_answered, show_failed, show_outcome
from app.thread_memory import asks_to_forget, forget_as_asked
from app.verified_answers import AnswerDesk, note_answers_due, rerun_verified
from app.views.feedback import can_be_judged
from app.views.notices import ended_call, sentence
from app.views.opening import hello
from app.views.text import with_dates
from sync.approvals import Approval, load_approval, show_card
from sync.attached import forget_files
from sync.errors import DuckferryError, TooManyDeletes, WarehouseDamaged
from sync.inbox import Entry
from sync.plan import plainly
from sync.runs import Run, RunState, load_run
from sync.schedules import fire_published
from sync.warehouse.manifest import read_manifest

log = logging.getLogger(__name__)

DRIFTS_FOLLOWED = 3
"""So often in a row a changed table is asked for anew by itself; then a person has to."""
CALL_AFTER_SECONDS = 30
"""Who waited longer than this for a run is mentioned when it ends."""


def handle(office: Office, entry: Entry) -> None:
    """Do an entry's work; done again after a crash it goes on where it stopped."""
    match entry.kind:
        case "message":
            _answer_message(office, entry)
        case "asked":
            pose(office, entry)
        case "message_changed":
            _follow_change(office, entry)
        case "file_deleted":
            file_id = entry.body["file"]
            forget_files(
                office.core.redis, office.core.warehouse, entry.thread, "", file_id=file_id
            )
        case "rejected" | "expired" | "run_ended" | "schedule_changed" | "question_approved":
            _answer_outcome(office, entry)
        case "schedule_due":
            handle_due(_due_desk(office), entry.body)
        case "condition_due":
            handle_condition(_due_desk(office), entry.body)
        case "answers_due":
            _rerun_answers(office, entry)


def give_up(office: Office, entry: Entry, error: DuckferryError) -> None:
    """Tell the people of an entry that failed for good. Raises `SlackAway`, to be called again."""
    if entry.kind in ("schedule_due", "condition_due"):
        place = place_of_due(_due_desk(office), entry.body)
        language = office.core.config.language
    elif entry.kind == "asked":  # there may be no thread of theirs yet
        place = Place(office.team, entry.body["user"])
        language = language_of_entry(office, entry, entry.body["text"])
    elif entry.kind in ("answers_due", "message_changed", "file_deleted"):
        log.warning("%s was not done: %s", entry.kind, error)
        place, language = None, office.core.config.language
    else:
        place = parse_place(entry.thread)
        language = language_of_entry(office, entry, entry.body.get("text", ""))
    if place is not None:
        words = sentence(with_dates(word_failure(language, error.failure)))
        # Words of the turn that have been shown already are no answer, and are not left standing.
        begun = streamed_into(office.core.redis, office.team, entry.id)
        try:
            replace_or_post(office.slack, place, begun, words)
        except SlackRefused as refusal:
            log.warning("could not tell %s of an error: %s", place, refusal)
            if user := entry.body.get("user"):
                whisper(office.slack, "", user, "", words.text)
        if entry.kind == "message":
            show_failed(office.signs, place, entry.body["source"])
    office.on_given_up(entry)


def _follow_change(office: Office, entry: Entry) -> None:
    """Follow a change; a message that is gone takes its files along."""
    core = office.core
    follow_change(core.redis, core.analyst, entry)
    if "gone" in entry.body:
        forget_files(core.redis, core.warehouse, entry.thread, "", message=entry.body["source"])


def _answer_message(office: Office, entry: Entry) -> None:
    place, text = parse_place(entry.thread), words_of(office.core.redis, entry)
    if text is None:
        return
    language = language_of_entry(office, entry, text or korean_names(entry))
    events: list[Event] = []
    caller = Caller(place.team, entry.body["user"], place.channel)
    told = entry.body.get("shared")
    see = office.see(caller.user, place.channel, told == "yes" if told else None)
    words = "" if text or has_files(entry) else _hello(office, language, see)
    if asks_to_forget(text):
        words = forget_as_asked(office.core.redis, office.core.warehouse, entry, language)
    elif has_files(entry):
        words = take_files(
            office, entry, deps_for(office.core, caller, entry.thread, language, see)
        )
    if words:
        deliver(office, entry, place, language, [], deps=None, otherwise=words)
        show_answered(office.core.redis, office.signs, place, entry.body["source"], events)
        return
    deps = deps_for(office.core, caller, entry.thread, language, see)
    with live_turn(office, entry, place, caller.user, language) as live:
        deps = replace(deps, on_text=live.on_text, is_stopped=live.is_stopped)

        def hear(event: Event) -> None:
            events.append(event)
            live.on_event(event)

        run_analyst_turn(office.core.analyst, deps, text, entry.body["source"], hear)
    judged = entry.body["source"] if can_be_judged(events, was_asked=True) else ""
    deliver(office, entry, place, language, events, deps, into=live.message, judged=judged)
    show_answered(office.core.redis, office.signs, place, entry.body["source"], events)


def _hello(office: Office, language: Language, see: See) -> str:
    core = office.core
    openers = find_openers(core.config, core.warehouse, see)
    return hello(language, openers, has_model=core.analyst.has_model)


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
    judged = source if can_be_judged(events, was_asked=False) else ""
    calling = _call(outcome)
    deliver(office, entry, place, request.language, events, deps, calling=calling, judged=judged)
    show_outcome(office.core.redis, office.signs, place, outcome, events)


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
    seconds = (outcome.finished_ms - outcome.queued_ms) / 1000
    return ended_call(outcome, seconds) if seconds > CALL_AFTER_SECONDS else ""


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
