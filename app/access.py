"""Who may see what of which table: bot.toml's access rules, judged for one asker. Pure.

A table that no rule is about is seen whole by everybody. Of any other, the first rule in the order
of the file that lets the asker in says what they see; where none does, they see nothing of it and
are told so by name. In a channel that another organisation reads too, only rules that name the
channel count, and without one nothing is seen. What cannot be known lets nobody in.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Literal

from app.bot_config import BotConfig
from app.config_sections import AccessRule
from app.groups import Members
from app.settings import Settings
from sync.access_errors import (
    ChannelShared,
    ChannelUnknown,
    GroupUnknown,
    MaskKeyMissing,
    NotAllowed,
    TableHidden,
)
from sync.plan import TableRef
from sync.warehouse.exposure import WHOLE, Exposure, Mask

See = Callable[[TableRef], Exposure]
"""Says what somebody may see of a table. Raises `NotAllowed` where that is nothing."""

SeeIn = Callable[[str, str, bool | None], See]
"""Of a user, a channel, and whether another organisation reads it, where Slack told that with the
question."""

EVERYBODY = "*"


@dataclass(frozen=True)
class Asker:
    """Who asks, and where."""

    user: str
    channel: str = ""
    """Empty where nobody else reads, as in a direct message (D…)."""
    is_shared: bool | None = False
    """Whether another organisation reads the channel too; None where Slack does not say."""

    @property
    def is_alone(self) -> bool:
        """Whether nobody else reads the answer."""
        return not self.channel or self.channel.startswith("D")


def see_whole(_: TableRef) -> Exposure:
    """Everything, for whoever has the machine and so the files."""
    return WHOLE


def everywhere_whole(_user: str, _channel: str, _shared: bool | None = None) -> See:  # noqa: FBT001 -- as SeeIn has it
    """The same of anybody anywhere, where there are no rules."""
    return see_whole


def seen_by(config: BotConfig, asker: Asker, members: Members, mask_key: str) -> See:
    """What *asker* may see; *members* may ask Slack, once for each group it comes to."""
    return partial(_seen, config, asker, members, mask_key)


def see_in(
    config: BotConfig, members: Members, is_shared: Callable[[str], bool | None], mask_key: str
) -> SeeIn:
    """Make the function that says what somebody may see who asks in a channel of Slack."""

    def see(user: str, channel: str, shared: bool | None = None) -> See:  # noqa: FBT001 -- as SeeIn has it
        asker = Asker(user, channel, is_shared=shared)
        if shared is None:
            asker = replace(asker, is_shared=False if asker.is_alone else is_shared(channel))
        return seen_by(config, asker, members, mask_key)

    return see


def split(
    refs: Iterable[TableRef], see: See
) -> tuple[tuple[TableRef, ...], dict[TableRef, NotAllowed]]:
    """Those of *refs* that are seen, in their order, and why the others are not."""
    seen: list[TableRef] = []
    hidden: dict[TableRef, NotAllowed] = {}
    for ref in refs:
        try:
            see(ref)
        except NotAllowed as error:
            hidden[ref] = error
        else:
            seen.append(ref)
    return tuple(seen), hidden


def is_about(rule: AccessRule, ref: TableRef) -> bool:
    """Whether a rule is about a table."""
    names = (str(ref), f"{ref.source}.{ref}")
    return any(fnmatchcase(name, pattern) for pattern in rule.tables for name in names)


def allowed_ids(config: BotConfig, rule: AccessRule) -> frozenset[str]:
    """The Slack ids a rule lets in, those of its roles too, and ``*``."""
    return frozenset(member for one in rule.allow for member in config.roles.get(one, (one,)))


def mask_key_problem(settings: Settings, config: BotConfig) -> str | None:
    """Say that MASK_KEY is needed and not set."""
    rules = [rule.name for rule in config.access if "hash" in rule.columns.values()]
    if not rules or settings.mask_key:
        return None
    return (
        f"MASK_KEY is not set, and the access rule {', '.join(rules)} hashes a column; make one "
        "with `openssl rand -hex 32`, the same for all bots."
    )


def _seen(
    config: BotConfig, asker: Asker, members: Members, mask_key: str, ref: TableRef
) -> Exposure:
    rules = [rule for rule in config.access if is_about(rule, ref)]
    if asker.is_shared or (asker.is_shared is None and rules):
        rules = [rule for rule in rules if asker.channel in allowed_ids(config, rule)]
        if not rules:
            raise (ChannelShared if asker.is_shared else ChannelUnknown)(table=str(ref))
    for rule in rules:
        way = _way_in(config, rule, asker, members, ref)
        if way:
            return _exposure(rule, ref, mask_key, private=way == "person" and not asker.is_alone)
    if not rules:
        return WHOLE
    names = ", ".join(rule.name for rule in rules)
    raise TableHidden(table=str(ref), rule=names, why=rules[0].why)


def _way_in(
    config: BotConfig, rule: AccessRule, asker: Asker, members: Members, ref: TableRef
) -> Literal["place", "person"] | None:
    """Whether a rule lets all in who read where it is asked, or the asker, or nobody of them."""
    ids = allowed_ids(config, rule)
    if EVERYBODY in ids or asker.channel in ids:
        return "place"
    if asker.user in ids:
        return "person"
    for group in sorted(one for one in ids if one.startswith("S")):
        found = members(group)
        if found is None:
            raise GroupUnknown(table=str(ref), rule=rule.name, group=group)
        if asker.user in found:
            return "person"
    return None


def _exposure(rule: AccessRule, ref: TableRef, mask_key: str, *, private: bool) -> Exposure:
    masks: dict[str, Mask] = {
        name: shown for name, shown in rule.columns.items() if shown != "hidden"
    }
    if "hash" in masks.values() and not mask_key:
        raise MaskKeyMissing(table=str(ref), rule=rule.name)
    return Exposure(
        hidden={name: rule.name for name, shown in rule.columns.items() if shown == "hidden"},
        masks=masks,
        where=rule.rows,
        key=mask_key,
        rule=rule.name,
        private=private,
    )
