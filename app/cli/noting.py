"""Note in the audit what was done at the terminal, for a command that also works without Redis."""

import click
import redis

from app.cli.local import OPERATOR, TEAM
from app.cli.oracle_login import redis_is_there
from app.settings import Settings
from sync.audit import What, note
from sync.state import OWNER, connect_state


def note_by_operator(settings: Settings, what: What, subject: str, detail: str) -> None:
    """Note it for whoever asks later, where there is a Redis to note it in."""
    client = connect_state(settings.redis_url.get_secret_value())
    try:
        if not redis_is_there(client):
            return
        team = str(client.get(OWNER) or TEAM)
        note(client, team, what, who=OPERATOR, subject=subject, detail=detail)
    except redis.RedisError as error:
        click.echo(f"This is not in the audit: Redis failed ({type(error).__name__}).", err=True)
