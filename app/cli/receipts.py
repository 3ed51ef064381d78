"""receipt: what is noted of a kept copy and its proof, from WAREHOUSE_DIR alone."""

import json
import logging
from typing import Any

import click

from app.cli.naming import current_copy
from app.cli.session import Session
from app.logs import start_logging
from app.terminal import details_lines
from app.views.card_life import note_lines
from app.views.receipt_details import Standing, table_details
from app.views.schedule_lines import to_plain
from sync.warehouse.kept import look_up
from sync.warehouse.manifest import ManifestEntry


def tell_receipt(
    session: Session, table: str, source: str | None, generation: str | None, *, as_json: bool
) -> None:
    """Print the receipt of the copy that is meant."""
    settings = session.settings()
    start_logging(settings, logging.WARNING)
    root = settings.warehouse_dir
    current = current_copy(root, session.config(), table, source)
    entry = look_up(root, current, generation or current.generation)
    standing: Standing = "current" if entry.generation == current.generation else "kept"
    if as_json:
        click.echo(json.dumps(_as_json(entry, standing), ensure_ascii=False))
        return
    for line in details_lines(table_details("en", entry.receipt, standing)):
        click.echo(line)


def _as_json(entry: ManifestEntry, standing: Standing) -> dict[str, Any]:
    """The receipt as it is stored, with what follows from it said as well."""
    receipt = entry.receipt
    words = [to_plain(line) for line in note_lines("en", receipt)]
    return {
        **receipt.model_dump(mode="json"),
        "published_at": entry.published_at,
        "is_current": standing == "current",
        "key": entry.key,
        "checks": [
            {
                "what": check.what,
                "oracle": check.oracle,
                "copy": check.copy_value,
                "agrees": check.agrees,
            }
            for check in receipt.checks
        ],
        "notes": [
            {**note.model_dump(mode="json"), "words": said}
            for note, said in zip(receipt.notes, words, strict=True)
        ],
    }
