"""Sentences from results and events: what the tools said, in the person's language."""

from collections.abc import Callable, Sequence
from typing import Any, cast

from sandbox.model.orders import OrdersQuestion, tell_orders
from sandbox.model.phrases import Language, error_sentence, names, number, say, state_name
from sandbox.model.replies import JsonObject
from sandbox.model.scene import Outcome, table_names

MOST_LISTED = 10
MOST_RUNS = 3


def tell(outcome: Outcome, question: OrdersQuestion | None, language: Language) -> str:
    """Say what a call that went well brought."""
    if not outcome.result.keys() - {"ok", "note"}:  # the product empties old results for room
        return say("dropped_result", language)
    if outcome.result.get("status") == "waiting_for_approval" and "planned_rows" in outcome.result:
        return say("question_waiting", language, rows=number(outcome.result["planned_rows"]))
    if outcome.name == "query_table" and question is not None:
        return tell_orders(question, outcome.result, language)
    teller = _TELLERS.get(outcome.name)
    return teller(outcome.result, language) if teller else say("help", language)


def tell_event(event: JsonObject, language: Language) -> str:
    """Say what happened outside: a run that ended, or a proposal that did not become one."""
    tables = names(table_names(event))
    if "schedule" in event:
        return _tell_schedule_event(event, language)
    if "sql" in event:
        return say("question_rejected", language)
    if event["event"] != "run_ended":
        return say(
            "expired" if event["event"] == "expired" else "rejected", language, tables=tables
        )
    match event.get("state"):
        case "published":
            copies = cast("list[JsonObject]", event.get("tables") or [])
            rows = sum(int(copy.get("rows") or 0) for copy in copies)
            published = "undone" if event.get("undo") else "published"
            return say(published, language, tables=tables, rows=number(rows))
        case "cancelled" | "superseded" as state:
            return say(f"run_{state}", language, tables=tables)
        case _:
            error = error_sentence(event, language)
            return say("run_failed", language, tables=tables, error=error)


def _tell_tables(result: JsonObject, language: Language) -> str:
    tables = cast("list[JsonObject]", result.get("tables") or [])
    if not tables:
        return say("no_tables", language)
    shown = [
        say("table_synced", language, table=names([one["table"]]), rows=number(one.get("rows")))
        if one.get("synced") or one.get("imported_from") or one.get("file")
        else say("table_unsynced", language, table=names([one["table"]]))
        for one in tables
    ]
    return say(
        "tables",
        language,
        offered=len(tables),
        synced=sum(bool(one.get("synced")) for one in tables),
        listed=_listed(shown),
    )


def _tell_status(result: JsonObject, language: Language) -> str:
    runs = [
        _run(run, language)
        for run in cast("list[JsonObject]", result.get("runs") or [])[:MOST_RUNS]
    ]
    pending = [
        names(one.get("tables"))
        for one in cast("list[JsonObject]", result.get("pending_approvals") or [])
    ]
    sentences = [
        say(
            "status",
            language,
            offered=result.get("offered_tables", 0),
            synced=result.get("synced_tables", 0),
        )
    ]
    if runs:
        sentences.append(say("status_runs", language, runs=", ".join(runs)))
    if pending:
        sentences.append(say("status_pending", language, tables=_listed(pending)))
    return " ".join(sentences)


def _run(run: JsonObject, language: Language) -> str:
    words = {
        "tables": names(run.get("tables")),
        "state": state_name(run.get("state"), language),
    }
    for phrase, field in (("run_rows", "rows"), ("run_rows_so_far", "rows_so_far")):
        if run.get(field) is not None:
            return say(phrase, language, **words, rows=number(run[field]))
    return say("run", language, **words)


def _tell_stats(result: JsonObject, language: Language) -> str:
    columns = cast("list[Any]", result.get("columns") or [])
    return say(
        "stats",
        language,
        table=names([result.get("table")]),
        rows=number(result.get("rows")),
        columns=len(columns),
    )


def _tell_schedule_event(event: JsonObject, language: Language) -> str:
    name, kind = event.get("schedule"), event["event"]
    if kind != "schedule_changed":
        kind = "expired" if kind == "expired" else "rejected"
        return say(f"schedule_{kind}", language, name=name)
    match event.get("action"):
        case "pause" | "resume" | "delete" as action:
            return say(f"schedule_{action}d", language, name=name)
        case _:
            return say("schedule_saved", language, name=name, when=_when(event, language))


def _when(schedule: JsonObject, language: Language) -> str:
    after = schedule.get("after")
    parts = [
        str(schedule.get("when") or ""),
        say("schedule_after", language, tables=names(after)) if after else "",
    ]
    return ", ".join(filter(None, parts)) or f"`{schedule.get('cron')}` {schedule.get('timezone')}"


def _tell_schedules(result: JsonObject, language: Language) -> str:
    schedules = cast("list[JsonObject]", result.get("schedules") or [])
    shown = [
        say(
            "schedule_paused_line" if one.get("paused") else "schedule",
            language,
            name=one.get("name"),
            tables=names(one.get("tables")),
            when=_when(one, language),
            next=one.get("next_at") or "-",
        )
        for one in schedules
    ]
    sentence = (
        say("schedules", language, count=len(shown), listed=_listed(shown))
        if shown
        else say("no_schedules", language)
    )
    stopped = result.get("clock_running") is False
    return f"{sentence} {say('clock_stopped', language)}" if stopped else sentence


def _tell_schedule_proposal(result: JsonObject, language: Language) -> str:
    if str(result.get("status")).startswith("already_"):
        return say("schedule_already", language, name=result.get("name"))
    return say("schedule_waiting", language, name=result.get("name"), when=_when(result, language))


def _tell_found(result: JsonObject, language: Language) -> str:
    matches = cast("list[JsonObject]", result.get("matches") or [])
    shown = [
        say(
            "table_synced" if one.get("copied") else "table_unsynced",
            language,
            table=names([one["table"]]) + (f": {one['comment']}" if one.get("comment") else ""),
            rows=number(one.get("rows")),
        )
        for one in matches
    ]
    terms = cast("list[JsonObject]", result.get("glossary") or [])
    meant = [f"{', '.join(one['words'])}: {one['means']}" for one in terms]
    found = say("found", language, count=len(matches), listed=_listed(shown))
    sentence = found if matches else say("nothing_found", language)
    away = any(one.get("away") for one in cast("list[JsonObject]", result.get("oracle") or []))
    more = [say("found_oracle_away", language)] if away else []
    return "\n".join([sentence, *more, *(say("means", language, means=one) for one in meant)])


def _tell_description(result: JsonObject, language: Language) -> str:
    columns = cast("list[JsonObject]", result.get("columns") or [])
    shown = [
        f"{one['name']} {one.get('type') or one.get('oracle')}"
        + (f" ({one['comment']})" if one.get("comment") else "")
        for one in columns
    ]
    table = names([result.get("table")])
    return say("described", language, table=table, count=len(columns), listed=_listed(shown))


def _tell_profile(result: JsonObject, language: Language) -> str:
    return say(
        "profile",
        language,
        column=result.get("column"),
        table=names([result.get("table")]),
        distinct=number(result.get("distinct")),
    )


def _tell_sql(result: JsonObject, language: Language) -> str:
    rows = cast("list[list[Any]]", result.get("rows") or [])
    if len(rows) == 1 and len(rows[0]) == 1:
        return say("figure", language, value=number(rows[0][0], 2))
    return say("sql_rows", language, count=number(len(rows) or result.get("row_count")))


def _tell_change(result: JsonObject, language: Language) -> str:
    rows = cast("list[list[Any]]", result.get("rows") or [])
    if not result.get("figures_that_moved"):
        return say("not_moved", language)
    slots = [f"{{{result.get('name')}.{column}}}" for column in result.get("columns") or ()]
    first = rows[0] if rows else slots  # the values are kept from a model
    what, before, after, _ = ("–" if one is None else one for one in first)
    return say("moved", language, what=what, before=number(before, 2), after=number(after, 2))


def _tell_rows(result: JsonObject, language: Language) -> str:
    rows = cast("list[Any]", result.get("rows") or [])
    if not rows:
        return say("no_rows", language)
    sentence = say("rows", language, table=names([result.get("table")]), count=number(len(rows)))
    return f"{sentence} {say('more_rows', language)}" if result.get("truncated") else sentence


def _tell_chart(result: JsonObject, language: Language) -> str:
    return say("chart" if result.get("drawn") else "no_rows", language, points=result["points"])


def _tell_file(result: JsonObject, language: Language) -> str:
    return say("file", language, file=result.get("file"), rows=number(result.get("rows")))


def _tell_proposal(result: JsonObject, language: Language) -> str:
    return say("waiting", language, tables=names(result.get("tables")))


def _tell_undo(result: JsonObject, language: Language) -> str:
    return say("undo_waiting", language, tables=names(result.get("tables")))


_TELLERS: dict[str, Callable[[JsonObject, Language], str]] = {
    "list_tables": _tell_tables,
    "get_sync_status": _tell_status,
    "get_table_stats": _tell_stats,
    "get_scheduler_status": _tell_schedules,
    "list_schedules": _tell_schedules,
    "create_schedule": _tell_schedule_proposal,
    "change_schedule": _tell_schedule_proposal,
    "query_table": _tell_rows,
    "search_schema": _tell_found,
    "describe_table": _tell_description,
    "profile_column": _tell_profile,
    "run_sql": _tell_sql,
    "make_chart": _tell_chart,
    "export_result": _tell_file,
    "explain_change": _tell_change,
    "start_sync": _tell_proposal,
    "undo_sync": _tell_undo,
}


def _listed(parts: Sequence[str]) -> str:
    more = f" (+{len(parts) - MOST_LISTED})" if len(parts) > MOST_LISTED else ""
    return ", ".join(parts[:MOST_LISTED]) + more
