"""What `feedback` does: list the votes, show one, note that it is done, begin a case from it."""

import json
import logging
import sys

import click
import redis

from app.cli.local import TEAM
from app.cli.session import Session
from app.feedback import Vote, keep_vote, list_votes, load_vote
from app.logs import start_logging
from app.views.text import CONTROL
from sync.state import OWNER, connect_state

_LINE_CHARACTERS = 80
_NOTE_CHARACTERS = 1000


def list_here(session: Session, *, everything: bool, as_json: bool) -> None:
    """Print the votes that wait, or all, newest first."""
    client, team = _open(session)
    votes = list_votes(client, team)
    shown = [vote for vote in votes if everything or not (vote.good or vote.is_done)]
    for vote in shown:
        click.echo(vote.model_dump_json() if as_json else _line(vote))
    if as_json:
        return
    good = sum(vote.good for vote in votes)
    open_ones = sum(not (vote.good or vote.is_done) for vote in votes)
    click.echo(
        f"{len(votes)} votes are kept: {good} helpful, {len(votes) - good} not, of which "
        f"{open_ones} wait to be looked into."
    )


def show_here(session: Session, named: str) -> None:
    """Print all that is kept of a vote. Exit code 1 if there is none."""
    client, team = _open(session)
    vote = _found(client, team, named)
    click.echo(_line(vote))
    told = [
        ("question", "forgotten with its thread" if vote.is_forgotten else vote.question),
        ("answer", vote.answer),
        *(("SQL", sql) for sql in vote.sql),
        *(
            ("copy", f"{one.table} as of {one.as_of} {one.generation}".strip())
            for one in vote.copies
        ),
        ("says", vote.words),
        ("thread", vote.thread.partition(":")[2]),
        ("message", vote.where),
        ("note", vote.note),
    ]
    for name, text in told:
        if text:
            click.echo(f"  {name}: {_plain(text)}")


def finish_here(session: Session, named: str, note: str) -> None:
    """Note that a vote is done. Exit code 1 if there is none."""
    client, team = _open(session)
    vote = _found(client, team, named)
    update = {"is_done": True, "note": note[:_NOTE_CHARACTERS] or vote.note}
    keep_vote(client, team, vote.model_copy(update=update))
    click.echo(f"{vote.id} is done.")


def export_here(session: Session, named: str) -> None:
    """Print a case for `make eval` that asks the same. Exit code 1 if there is nothing to ask."""
    client, team = _open(session)
    vote = _found(client, team, named)
    if not vote.question:
        click.echo(f"Of {vote.id} no question is kept.", err=True)
        sys.exit(1)
    about = " ".join(filter(None, (vote.reason, vote.words)))
    copies = ", ".join(one.table for one in vote.copies)
    lines = [
        "[[case]]",
        f"name = {_toml(f'feedback-{vote.id}')}",
        *([f"about = {_toml(about)}"] if about else []),
        "[[case.turn]]",
        f"says = {_toml(vote.question)}",
        "# What an ideal model says, and what must come of it: docs/evals.md.",
        *([f"# It answered from {_plain(copies)}:"] if copies else []),
        *(f"#   {line}" for sql in vote.sql for line in _plain(sql).splitlines()),
        "replies = []",
        'expect = { kind = "answers" }',
    ]
    click.echo("\n".join(lines))


def _open(session: Session) -> "tuple[redis.Redis, str]":
    settings = session.settings()
    start_logging(settings, logging.WARNING)
    client = connect_state(settings.redis_url.get_secret_value())
    return client, str(client.get(OWNER) or TEAM)


def _found(client: "redis.Redis", team: str, named: str) -> Vote:
    vote = load_vote(client, team, named)
    if vote is None:
        click.echo(f"There is no vote {_plain(named)}. `botctl feedback list --all` names them.")
        sys.exit(1)
    return vote


def _line(vote: Vote) -> str:
    asked = " ".join(_plain(vote.question).split()) or "(nothing is kept of the question)"
    parts = (
        vote.id,
        vote.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        vote.user,
        "helpful" if vote.good else vote.reason or "not helpful",
        *(["done"] if vote.is_done else []),
        asked if len(asked) <= _LINE_CHARACTERS else asked[: _LINE_CHARACTERS - 1] + "…",
    )
    return "  ".join(parts)


def _plain(text: str) -> str:
    """Leave out of what people and models wrote what would command the terminal."""
    return CONTROL.sub("", text)


def _toml(text: str) -> str:
    """Write a string as TOML reads it: a basic string, whose escapes JSON's are."""
    return json.dumps(_plain(text), ensure_ascii=False)
