"""A result condition that is due: ask it of the copy of now, and tell its channel if it holds."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from app.due_desk import DueDesk
from app.failure_texts import word_failure
from app.places import Place, parse_place
from app.schedule_teller import Teller
from app.slack_gateway import SlackRefused, post
from app.texts import say
from app.views.condition_text import shown_figure, told_text
from app.views.notices import sentence
from app.views.text import channel_link, escape, with_dates
from sync.access_errors import FigureWithheld
from sync.audit import note as note_audit
from sync.errors import DuckferryError, QueryFailed, TableNotOffered
from sync.outcomes import ConditionOutcome, keep_outcome
from sync.result_condition import ResultCondition, holds, question_of
from sync.schedules import load_schedule, progress_key
from sync.standing import StandingSchedule
from sync.warehouse.query import compile_query
from sync.warehouse.query_process import QueryResult

log = logging.getLogger(__name__)


def handle_condition(desk: DueDesk, body: Mapping[str, str]) -> None:
    """Ask a schedule's condition of what is published, and tell where it holds.

    Done again it tells nothing twice, but for a kill between Slack's answer and our note of it.
    Raises `SlackAway`, to be called again.
    """
    team, name = body["team"], body["schedule"]
    schedule = load_schedule(desk.redis, team, name)
    condition = schedule.tell_if if schedule else None
    if schedule is None or condition is None:
        return
    if schedule.paused or schedule.agreed != body["agreed"]:
        log.info("the condition of schedule %s was due but has been changed since", name)
        return
    progress = progress_key(team, name)
    teller = Teller(
        desk.redis, desk.slack, desk.team, schedule.thread, progress, name, schedule.language
    )
    try:
        result, rule = _asked(desk, schedule, condition)
    except DuckferryError as error:
        reason = with_dates(word_failure(schedule.language, error.failure))
        teller.once("condition_trouble", error.code, "condition.failed", reason=reason)
        return
    teller.forget("condition_trouble")
    about = f"{schedule.agreed} {result.basis[0].generation}"
    if teller.kept("condition_told") == about:
        return
    figure = result.rows[0][0]
    holding = holds(condition, figure)
    if holding:
        _tell(desk, teller, schedule, condition, result, rule)
    teller.keep("condition_told", about)
    now = datetime.now(UTC)
    shown = shown_figure(figure)
    keep_outcome(desk.redis, team, name, ConditionOutcome(at=now, figure=shown, held=holding))
    note_audit(
        desk.redis,
        team,
        "query",
        who=f"schedule:{name}",
        subject=f"{condition.table.source}.{condition.table}",
        where=condition.channel if holding else "",
        detail=f"{question_of(condition).model_dump_json(exclude_defaults=True)}: {shown}",
    )


def _asked(
    desk: DueDesk, schedule: StandingSchedule, condition: ResultCondition
) -> tuple[QueryResult, str]:
    """Run the question on the copy of now, as its owner would in the channel that is told.

    Gives the rule too, by which it was of a part of the copy.

    Raises `FigureWithheld` where that channel's people may not all see it, and any DuckferryError.
    """
    table = condition.table
    if table not in desk.config.offered:
        raise TableNotOffered(table=str(table), hint="")
    exposure = desk.see(schedule.owner, condition.channel, None)(table)
    if exposure.private:
        raise FigureWithheld(table=str(table), rule=exposure.rule)
    entry = desk.manifest().entry(table)
    compiled = compile_query(question_of(condition), exposure.shape(entry))
    result = desk.ask(compiled, entry, exposure)
    if not result.rows:
        raise QueryFailed(reason="it gave no figure.")
    return result, exposure.rule if exposure.is_partial else ""


def _tell(
    desk: DueDesk,
    teller: Teller,
    schedule: StandingSchedule,
    condition: ResultCondition,
    result: QueryResult,
    rule: str,
) -> None:
    """Tell the channel; where Slack refuses, the schedule's own thread, and why it stands there."""
    language, figure = schedule.language, result.rows[0][0]
    text = told_text(language, schedule.name, condition, figure, result.basis[0], rule)
    if parse_place(schedule.thread).team != desk.team:
        log.info("%s", text)
        return
    try:
        post(desk.slack, Place(desk.team, condition.channel), sentence(text))
    except SlackRefused as error:
        log.warning("schedule %s could not tell %s: %s", schedule.name, condition.channel, error)
        why = say(
            language,
            "condition.untold",
            channel=channel_link(condition.channel),
            reason=escape(str(error)),
        )
        teller.tell("condition.told_here", text=text, why=why)
