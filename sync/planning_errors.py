"""The branch of `sync.errors` for what keeps a wish from becoming a plan.

PlanningError
├── BadFilter
├── BadCursor
├── BackfillImpossible
├── TrialNameTaken
└── SchemaFrozen
"""

from sync.errors import DuckferryError


class PlanningError(DuckferryError):
    """What was asked for cannot be planned."""


class BadFilter(PlanningError):
    """A filter of a sync compares a column with what it cannot hold."""

    code = "bad_filter"
    message = "{column} of {table} cannot be filtered like this: {reason}."


class BadCursor(PlanningError):
    """The column that should order changes cannot."""

    code = "bad_cursor"
    message = (
        "{column} of {table} ({oracle_type}) cannot order changes. The cursor must be a date, a "
        "timestamp or a number; set another one in bot.toml."
    )


class BackfillImpossible(PlanningError):
    """A range cannot be read again where there is no copy it would fit into."""

    code = "backfill_impossible"
    message = (
        "A range of {table} cannot be read again: there is no copy it fits into ({because}). "
        "Sync all of it first."
    )


class TrialNameTaken(PlanningError):
    """A table is really called what the trial of another would be."""

    code = "trial_name_taken"
    message = (
        "There is no trial of {table}: {taken} is a table of its own. Ask for a copy of some rows "
        "(where) in its place."
    )


class SchemaFrozen(PlanningError):
    """bot.toml keeps a table's columns as they are, and Oracle has changed one."""

    code = "schema_frozen"
    message = (
        "Column {column} of {table} was {was} and is {became} in Oracle, but bot.toml freezes its "
        "columns. Set drift to ask or evolve for this table, then sync it again."
    )
