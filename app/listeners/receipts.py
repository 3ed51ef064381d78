"""The button of a card that is done: its receipt in full, in a window of whoever presses it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient

from app.access import See
from app.desk import CardDesk
from app.listeners.actions import answered
from app.listeners.clicks import Answer, ClickOutcome, Pressed, opened, read_press, run_of, tell
from app.texts import Language, say
from app.views.approval_card import DETAILS
from app.views.receipt_details import Standing, TableDetails, table_details
from app.views.receipt_modal import receipt_modal
from app.views.text import escape
from app.withheld import why_not_all
from sync.approvals import Approval
from sync.errors import WarehouseDamaged
from sync.receipt import Receipt, TableReceipt
from sync.warehouse.manifest import read_manifest


def register(app: App, desk: CardDesk, on_click: Callable[[ClickOutcome], None]) -> None:
    """Listen to the button; *on_click* is told what each press led to."""

    def shown(ack: Callable[[], None], body: Mapping[str, Any], client: WebClient) -> None:
        ack()
        pressed = read_press(body)
        answer = answered(desk, client, pressed, show)
        if answer.outcome == "unknown":
            language = desk.readers_language(pressed.user) or desk.config.language
            answer = replace(answer, words=say(language, "click.receipt_gone"))
        on_click(answer.outcome)
        tell(client, pressed, answer.words)

    app.action(DETAILS)(shown)


def show(desk: CardDesk, slack: WebClient, pressed: Pressed, approval: Approval, /) -> Answer:
    """Open the receipt; anybody who sees the card may read it, each in their own language."""
    language = desk.readers_language(pressed.user) or approval.request.language
    if pressed.digest != approval.request.digest:
        return Answer("changed", say(language, "click.changed"))
    run = run_of(desk, approval)
    if run is None or run.receipt is None:
        return Answer("receipt_gone", say(language, "click.receipt_gone"))
    see = desk.see(pressed.user, pressed.channel, None)
    tables = [
        _details(language, see, table, standing)
        for table, standing in zip(run.receipt.tables, _standings(desk, run.receipt), strict=True)
    ]
    return opened(slack, pressed, approval, receipt_modal(language, tables), "receipt")


def _details(language: Language, see: See, table: TableReceipt, standing: Standing) -> TableDetails:
    """Write a table's receipt, without its values for whoever may not see all of the table."""
    why = why_not_all(language, see, table.of)
    if not why:
        return table_details(language, table, standing)
    bare = table.model_copy(update={"checks": (), "columns": (), "watermark": None})
    details = table_details(language, bare, standing)
    unsaid = say(language, "details.no_columns")
    return replace(details, facts=(escape(why), *(one for one in details.facts if one != unsaid)))


def _standings(desk: CardDesk, receipt: Receipt) -> list[Standing]:
    """Say of each copy whether it is still there: a card outlives what it made."""
    unknown: list[Standing] = ["unknown"] * len(receipt.tables)
    if desk.warehouse is None:
        return unknown
    try:
        manifest = read_manifest(desk.warehouse)
    except WarehouseDamaged:  # what was noted of the run is true all the same
        return unknown
    standings: list[Standing] = []
    for table in receipt.tables:
        entry = manifest.find(table.ref)
        if entry is not None and entry.generation == table.generation:
            standings.append("current")
        else:
            is_kept = manifest.names(table.ref, table.generation)
            standings.append("kept" if is_kept else "gone")
    return standings
