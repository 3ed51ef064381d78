"""threads forget: find the thread, ask, and forget it while no turn of it goes on."""

import logging
import re
import secrets
import sys
from urllib.parse import parse_qs, urlsplit

import click

from agent.service import has_thread_memory, people_of
from app.cli.local import OPERATOR, TEAM
from app.cli.session import Session
from app.logs import start_logging
from app.places import Place
from app.thread_memory import forget_all
from app.turns import hold_thread, let_go_of_thread
from sync.audit import note
from sync.state import OWNER, connect_state

_LINKED = re.compile(r"/archives/([A-Z0-9]+)/p(\d{10})(\d{6})")
_NAMED = re.compile(r"([A-Z0-9]+):(\d{10}\.\d{6})")


def forget_here(session: Session, named: str, *, yes: bool) -> None:
    """Ask, forget, and tell. Exit code 1 if nothing was forgotten, 2 if *named* is no thread."""
    settings = session.settings()
    start_logging(settings, logging.WARNING)
    client = connect_state(settings.redis_url.get_secret_value())
    place = read_thread(named, str(client.get(OWNER) or TEAM))
    if place is None:
        raise click.BadParameter(
            "copy the link of a message of the thread in Slack, or write CHANNEL:TS, as in "
            "C0DATA:1795309323.000100",
            param_hint="THREAD",
        )
    thread = str(place)
    if not has_thread_memory(client, thread):
        click.echo(
            f"Nothing is remembered of {place.channel}:{place.thread_ts}. A thread is named by its "
            "first message."
        )
        sys.exit(1)
    people = ", ".join(sorted(people_of(client, thread))) or "nobody"
    click.echo(
        f"{place.channel}:{place.thread_ts}, in which {people} wrote to the bot. Cards that came "
        "of it can still be decided. This cannot be undone."
    )
    if not yes and not click.confirm("Forget it?"):
        click.echo("Nothing was forgotten.")
        sys.exit(1)
    holder = f"{OPERATOR}-{secrets.token_hex(4)}"
    if not hold_thread(client, thread, holder):
        click.echo("The bot is answering in this thread just now. Try again in a moment.")
        sys.exit(1)
    try:
        # First, so that nothing is ever forgotten without a note of who did it.
        note(client, place.team, "thread_forgotten", who=OPERATOR, subject=thread, where="terminal")
        forget_all(client, settings.warehouse_dir, thread, OPERATOR)
    finally:
        let_go_of_thread(client, thread, holder)
    click.echo("Forgotten.")


def read_thread(named: str, team: str) -> Place | None:
    """Read a link that Slack copies, or CHANNEL:TS; None for anything else."""
    parts = urlsplit(named.strip())
    linked = _LINKED.fullmatch(parts.path)
    if linked:
        root = parse_qs(parts.query).get("thread_ts", [f"{linked[2]}.{linked[3]}"])
        return Place(team, linked[1], root[0])
    written = _NAMED.fullmatch(named.strip())
    return Place(team, written[1], written[2]) if written else None
