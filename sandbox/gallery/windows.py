"""The windows that open before a person: forms, the SQL of an answer, a receipt in full."""

from collections.abc import Iterator
from dataclasses import replace

from agent.deps import Language
from app.views.ask_form import ask_form, quoted
from app.views.feedback import why_form
from app.views.modals import About, edit_form, reject_form, sql_view
from app.views.receipt_details import table_details
from app.views.receipt_modal import receipt_modal
from app.views.sync_form import sync_form
from sandbox.gallery.parts import (
    CHANNEL,
    REQUEST_ID,
    approval,
    incremental,
    noted,
    plan,
    receipt,
    ref,
    request,
    undo,
    went_back,
)
from sandbox.gallery.pieces import Content, Piece, window
from sync.receipt import Receipt

ABOUT = About(
    approval=REQUEST_ID,
    digest="0" * 64,
    channel=CHANNEL,
    thread="1795309323.000100",
    card="1795309330.000200",
)


def windows(language: Language, content: Content) -> Iterator[Piece]:
    """Draw each of them."""
    asked = approval(request(content, language))
    one = approval(request(content, language, plan(replace(content, tables=1))))
    yield window("window.reject", language, reject_form(asked, ABOUT))
    limits = [table.max_rows for table in asked.request.plan.tables]
    yield window("window.edit", language, edit_form(asked, ABOUT, limits))
    yield window("window.edit_one", language, edit_form(one, ABOUT, [1_000_000]))
    yield window("window.sql", language, sql_view(language, content.sql))
    yield window("window.sql_long", language, sql_view(language, content.sql * 400))
    yield window("window.why", language, why_form(language, "0123456789ab"))
    about = quoted(CHANNEL, "1795309323.000100", content.typed)
    yield window("window.ask", language, ask_form(language, about))
    names = [str(ref(content, number)) for number in range(1, content.tables + 1)]
    yield window("window.sync", language, sync_form(language, names, CHANNEL))
    many = [str(ref(content, number)) for number in range(1, 150)]
    yield window("window.sync_many", language, sync_form(language, many))
    whole = receipt(content, plan(content))
    back = receipt(content, undo(content), undone=went_back(), scn=None)
    imported = receipt(content, plan(content), imported=content.file, proof="none")
    yield window("window.receipt", language, _receipt(language, whole))
    yield window(
        "window.receipt_noted", language, _receipt(language, noted(content, incremental(content)))
    )
    yield window("window.receipt_undone", language, _receipt(language, back))
    yield window("window.receipt_imported", language, _receipt(language, imported))


def _receipt(language: Language, given: Receipt) -> dict[str, object]:
    tables = [table_details(language, table, "current") for table in given.tables]
    return receipt_modal(language, tables)
