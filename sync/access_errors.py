"""The branch of `sync.errors` for what a rule of bot.toml keeps from somebody.

NotAllowed
├── TableHidden
├── ColumnHidden
├── FigureWithheld
├── ChannelShared
├── ChannelUnknown
├── GroupUnknown
└── MaskKeyMissing
"""

from sync.errors import DuckferryError


class NotAllowed(DuckferryError):
    """Somebody may not see something: said by the rule's name, never shown as no rows."""


class TableHidden(NotAllowed):
    """No rule about the table lets them in."""

    code = "table_hidden"
    message = "{table} is not shown to this person: the rule {rule} does not let them in. {why}"


class ColumnHidden(NotAllowed):
    """The rule that lets them in leaves the column out."""

    code = "column_hidden"
    message = "{column} of {table} is not shown to this person: the rule {rule} hides it."


class FigureWithheld(NotAllowed):
    """A figure is to be told in a channel whose people may not all see its table."""

    code = "figure_withheld"
    message = (
        "Figures of {table} are not told in this channel: the rule {rule} lets only some of its "
        "people see them."
    )


class ChannelShared(NotAllowed):
    """Another organisation reads the channel, and no rule names it."""

    code = "channel_shared"
    message = (
        "{table} is not shown here: the channel is shared with another organisation, and no "
        "[[access]] of bot.toml names it. Ask in a direct message."
    )


class ChannelUnknown(NotAllowed):
    """Slack does not say whether another organisation reads the channel."""

    code = "channel_unknown"
    message = (
        "{table} is not shown here: Slack does not say whether the channel is shared with another "
        "organisation. Ask in a direct message, or again in a minute."
    )


class GroupUnknown(NotAllowed):
    """Slack does not say who is in a user group."""

    code = "group_unknown"
    message = (
        "Whether the rule {rule} lets this person see {table} is not known: Slack does not say who "
        "is in {group}. Ask again in a minute."
    )


class MaskKeyMissing(NotAllowed):
    """A rule hashes a column, and there is no key."""

    code = "mask_key_missing"
    message = (
        "{table} is not shown: the rule {rule} hashes a column of it, and MASK_KEY is not set. An "
        "admin must set it."
    )
