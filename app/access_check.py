"""What access rules do, a line each, and what in them is likely a slip: for whoever wrote them."""

from collections.abc import Iterator, Mapping

from app.access import EVERYBODY, allowed_ids, is_about
from app.bot_config import BotConfig
from app.config_sections import AccessRule
from sync.plan import TableRef

_MOST_NAMED = 20

_SHOWN_AS = {
    "hidden": "left out",
    "hash": "as a hash",
    "last4": "by its last four characters",
    "null": "empty",
}


def rule_lines(config: BotConfig) -> list[str]:
    """Say of each rule whom it shows what, in the order in which they are asked."""
    lines = [f"access rule {rule.name}: {_says(config, rule)}" for rule in config.access]
    free = [ref for ref in config.offered if not _about(config, ref)]
    if config.access and free:
        lines.append(f"no access rule is about {_listed(free)}: everybody sees all of it")
    return lines


def rule_notes(config: BotConfig) -> list[str]:
    """Name the rules that are about no offered table, and those that nobody comes to."""
    notes: list[str] = []
    for number, rule in enumerate(config.access):
        fitting = [ref for ref in config.offered if is_about(rule, ref)]
        if not fitting:
            notes.append(
                f"The access rule {rule.name} is about no table that is offered "
                f"({', '.join(rule.tables)}); names are spelled as in [[table]]."
            )
        earlier = [one for one in config.access[:number] if EVERYBODY in allowed_ids(config, one)]
        if fitting and all(any(is_about(one, ref) for one in earlier) for ref in fitting):
            notes.append(
                f"Nobody comes to the access rule {rule.name}: one before it lets everybody in. "
                "The first that lets somebody in counts, so put it further up."
            )
    return notes


def column_problems(config: BotConfig, columns: Mapping[TableRef, frozenset[str]]) -> Iterator[str]:
    """Name what rules say of columns that no table has, of the tables whose columns are known.

    A rule for many tables may name a column that only some have, but filter by none that one lacks.
    """
    for rule in config.access:
        fitting = {ref: names for ref, names in columns.items() if is_about(rule, ref)}
        known = {name.casefold() for names in fitting.values() for name in names}
        for column in rule.columns:
            if fitting and column.casefold() not in known:
                yield (
                    f"{_listed(list(fitting))} has no column {column}, which the access rule "
                    f"{rule.name} names."
                )
        for ref, names in fitting.items():
            for one in rule.rows:
                if one.column not in names:
                    yield (
                        f"{ref} has no column {one.column}, by which the access rule {rule.name} "
                        "filters, so nobody whom it lets in can read it."
                    )


def _says(config: BotConfig, rule: AccessRule) -> str:
    tables = [ref for ref in config.offered if is_about(rule, ref)]
    ids = allowed_ids(config, rule)
    who = "everybody" if EVERYBODY in ids else ", ".join(sorted(ids))
    parts = [f"{_listed(tables)} is seen by {who}"]
    parts += [f"{column} {_SHOWN_AS[shown]}" for column, shown in rule.columns.items()]
    if rule.rows:
        parts.append("only rows with " + " and ".join(map(str, rule.rows)))
    return "; ".join(parts)


def _about(config: BotConfig, ref: TableRef) -> bool:
    return any(is_about(rule, ref) for rule in config.access)


def _listed(refs: list[TableRef]) -> str:
    names = [f"{ref.source}.{ref}" for ref in refs[:_MOST_NAMED]]
    more = f" and {len(refs) - _MOST_NAMED} more" if len(refs) > _MOST_NAMED else ""
    return ", ".join(names) + more if names else "no table"
