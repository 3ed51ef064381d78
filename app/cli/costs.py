"""`botctl costs`: what the model was asked and what that cost, from the ledger in Redis."""

from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from agent.ledger import LedgerLine
    from app.cli.session import Session

By = Literal["day", "user", "model"]
_COUNTED = (
    "calls",
    "unpriced_calls",
    "prompt_tokens",
    "cached_tokens",
    "completion_tokens",
    "nano_usd",
)


@click.command()
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=30,
    show_default=True,
    help="How many, up to today.",
)
@click.option(
    "--by",
    type=click.Choice(["day", "user", "model"]),
    multiple=True,
    help="Add up by this alone; can be repeated.  [default: all three]",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def costs(session: "Session", *, days: int, by: tuple[By, ...], as_json: bool) -> None:
    """List the tokens and the cost of the model by day, user and model."""
    import json
    import logging
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    from agent.ledger import read_ledger
    from app.cli.local import teams
    from app.logs import start_logging
    from sync.state import OWNER, connect_state

    settings, config = session.settings(), session.config()
    start_logging(settings, logging.WARNING)
    client = connect_state(settings.redis_url.get_secret_value())
    today = datetime.now(ZoneInfo(config.timezone)).date()
    lines = [
        line
        for team in teams(client.get(OWNER))
        for line in read_ledger(client, team, today - timedelta(days=days - 1), today)
    ]
    by = by or ("day", "user", "model")
    groups: dict[tuple[str, ...], list[LedgerLine]] = {}
    for line in lines:
        groups.setdefault(tuple(str(getattr(line, name)) for name in by), []).append(line)
    for names in sorted(groups):
        counts = _added_up(groups[names])
        if as_json:
            usd = counts.pop("nano_usd") / 1e9
            told = {**dict(zip(by, names, strict=True)), **counts, "usd": usd}
            click.echo(json.dumps(told, ensure_ascii=False))
        else:
            click.echo(_as_line("  ".join(names), counts))
    if as_json:
        return
    if not lines:
        click.echo(f"The model was not called in the last {days} days.")
    elif len(groups) > 1:
        click.echo(_as_line("total", _added_up(lines)))
    unpriced = sorted({line.model for line in lines if line.unpriced_calls})
    if unpriced:
        click.echo(
            f"No price was known of {', '.join(unpriced)}, so calls of it count as $0: add a "
            "[[price]] to bot.toml."
        )


def _added_up(lines: "list[LedgerLine]") -> dict[str, int]:
    return {name: sum(getattr(line, name) for line in lines) for name in _COUNTED}


def _as_line(title: str, counts: dict[str, int]) -> str:
    cost = f"${counts['nano_usd'] / 1e9:,.4f}"
    if counts["unpriced_calls"]:
        cost += f" ({counts['unpriced_calls']:,} calls without a price)"
    parts = (
        title,
        f"{counts['calls']:,} calls",
        f"{counts['prompt_tokens']:,} read ({counts['cached_tokens']:,} cached)",
        f"{counts['completion_tokens']:,} written",
        cost,
    )
    return "  ".join(parts)
