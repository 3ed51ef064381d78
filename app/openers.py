"""What somebody may ask first, or a channel: names of tables they may see, by rule (ADR 0022)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.access import See, split
from app.bot_config import BotConfig
from sync.errors import WarehouseDamaged
from sync.names import shown_names
from sync.warehouse.manifest import Manifest, ManifestEntry, read_manifest


@dataclass(frozen=True)
class Openers:
    """Names of tables, each as a command understands it."""

    fresh: tuple[str, ...] = ()
    """With a copy that is not old, the newest first."""
    stale: tuple[str, ...] = ()
    """With a copy to be refreshed, the oldest first."""
    uncopied: tuple[str, ...] = ()
    """Offered, without a copy, in the order of bot.toml."""

    @property
    def copied(self) -> tuple[str, ...]:
        """What can be asked about now."""
        return self.fresh + self.stale

    @property
    def all(self) -> tuple[str, ...]:
        """Every table there is to ask about or to copy."""
        return self.copied + self.uncopied


def find_openers(config: BotConfig, warehouse: Path | None, see: See) -> Openers:
    """Name the tables that *see* shows; where the list of copies is damaged, none has a copy."""
    try:
        manifest = read_manifest(warehouse) if warehouse else Manifest()
    except WarehouseDamaged:
        manifest = Manifest()
    return openers_of(config, manifest, see, datetime.now(UTC))


def openers_of(config: BotConfig, manifest: Manifest, see: See, now: datetime) -> Openers:
    """Sort the tables that *see* shows by how their copies are. Pure but for what *see* asks."""
    refs = (*config.offered, *manifest.imported)
    seen, _ = split(refs, see)
    # A command is words with a space between: a name with a space in it cannot be in one.
    names = {ref: name for ref, name in shown_names(refs).items() if " " not in name}
    entries = [entry for ref in seen if ref in names and (entry := manifest.find(ref)) is not None]
    is_old = _age_of(config, now)
    newest = sorted(entries, key=lambda entry: entry.as_of, reverse=True)
    return Openers(
        fresh=tuple(names[entry.ref] for entry in newest if not is_old(entry)),
        stale=tuple(names[entry.ref] for entry in reversed(newest) if is_old(entry)),
        uncopied=tuple(names[ref] for ref in seen if ref in names and manifest.find(ref) is None),
    )


def _age_of(config: BotConfig, now: datetime) -> Callable[[ManifestEntry], bool]:
    def is_old(entry: ManifestEntry) -> bool:
        age = now - datetime.fromisoformat(entry.as_of)
        limit = timedelta(hours=config.stale_hours(entry.ref))
        return age > limit and not entry.ref.is_imported

    return is_old
