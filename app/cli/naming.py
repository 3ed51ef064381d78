"""Which copy an operator means by the name of a table."""

from pathlib import Path

from app.bot_config import BotConfig
from sync.names import resolve_table
from sync.warehouse.manifest import ManifestEntry, read_manifest


def current_copy(root: Path, config: BotConfig, table: str, source: str | None) -> ManifestEntry:
    """The copy that is meant: of what bot.toml offers, or of what was copied, such as a trial.

    Raises any error of `sync.names`, `TableNotSynced` and `WarehouseDamaged`.
    """
    manifest = read_manifest(root)
    copied = [entry.ref for entry in manifest.entries]
    known = dict.fromkeys([*copied, *config.offered])
    ref = resolve_table(table, [each for each in known if source in (None, each.source)])
    return manifest.entry(ref)
