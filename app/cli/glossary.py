"""`botctl glossary`: commands, options, and what they do."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from app.cli.session import Session

MOST_CODES = 50
"""A column with more different values holds no codes."""
MOST_CODE_CHARACTERS = 100


@click.group()
def glossary() -> None:
    """Keep the team's words: what they mean, and which values they stand for."""


@glossary.command()
@click.argument("column")
@click.pass_obj
def learn(session: "Session", column: str) -> None:
    """Add the stored values of COLUMN (TABLE.COLUMN) to the glossary, for you to fill in words.

    They are read from the copy. Only of a table whose rows the model may see, for what stands in
    the glossary is shown to it.
    """
    from agent.glossary import Code
    from app.cli.naming import current_copy
    from app.core import query_limits
    from app.glossary_file import glossary_path, with_codes
    from sync.errors import BadQuery
    from sync.warehouse.query import Aggregate, Order, Query, compile_query, find_column
    from sync.warehouse.query_process import open_queries
    from sync.warehouse.walls import keep_memory_private

    keep_memory_private()
    settings, config = session.settings(), session.config()
    path = glossary_path(settings.bot_toml)
    table, _, name = column.rpartition(".")
    entry = current_copy(settings.warehouse_dir, config, table, None)
    of = entry.receipt.of
    if config.model_sees(of) != "rows":
        raise BadQuery(
            reason=f"the model may see {config.model_sees(of)} of {of}, and what stands in the "
            "glossary is shown to it. Write those codes that it may read by hand."
        )
    found = find_column(entry, name)
    query = Query(
        table=entry.ref.table,
        group_by=[found.name],
        aggregates=[Aggregate(function="count", alias="rows")],
        order_by=[Order(column="rows", direction="desc")],
        limit=MOST_CODES + 1,
    )
    limits = query_limits(config).model_copy(update={"rows": MOST_CODES + 1})
    with open_queries(settings.warehouse_dir, limits) as queries:
        rows = queries.run(compile_query(query, entry), entry).rows
    values = [str(value) for value, _ in rows if value is not None]
    if len(rows) > MOST_CODES or any(len(value) > MOST_CODE_CHARACTERS for value in values):
        raise BadQuery(
            reason=f"{found.name} has more than {MOST_CODES} different values, or long ones, so "
            "it holds no codes."
        )
    added = with_codes(
        path, [Code(table=str(entry.ref), column=found.name, value=value) for value in values]
    )
    known = len(values) - added
    click.echo(f"{added} codes of {found.name} were added to {path}; {known} stood there already.")
    if added:
        click.echo("Fill in the words people use for each, then start the bot again.")
