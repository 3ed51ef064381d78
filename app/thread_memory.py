"""Which threads are ours, and forgetting one for those who take part in it.

"이 스레드 잊어줘", "forget this thread".
"""

import re
from pathlib import Path

import redis

from agent.deps import Language
from agent.service import forget_thread, has_thread_memory, people_of
from app.changed_messages import drop_changes
from app.feedback import forget_votes
from app.places import parse_place
from app.texts import say
from app.views.text import person
from sync.attached import forget_files
from sync.audit import note
from sync.inbox import Entry
from sync.state import key

_ASKED = re.compile(
    r"(?:please\s+|(?:can|could) you\s+(?:please\s+)?)?forget\s+(?:all\s+(?:about|of)\s+|about\s+)?"
    r"(?:this|the)\s+(?:whole\s+)?(?:thread|conversation)(?:,?\s+please)?"
    r"|(?:이|지금)\s*(?:스레드|쓰레드|대화)(?:의?\s*내용)?\s*[을를은는]?\s*(?:전부|모두|다|이제|그만)?\s*"
    r"잊어(?:버려)?\s*(?:줘|줄래|줄래요|주세요|주실래요|줘요|라)?",
    re.IGNORECASE,
)
_TOLD_SECONDS = 7 * 24 * 3600
_EXPECTED_SECONDS = 900
_MOST_NAMED = 5


def asks_to_forget(text: str) -> bool:
    """Tell whether *text* asks for that and for nothing else."""
    return bool(_ASKED.fullmatch(text.strip().rstrip(".!?~ ")))


def forget_as_asked(
    client: "redis.Redis", warehouse: Path, entry: Entry, language: Language
) -> str:
    """Forget the thread of *entry* if its person takes part in it, and give what they are told.

    The same entry again, after a crash or while Slack is away, tells the same.
    """
    place, user = parse_place(entry.thread), entry.body["user"]
    begun = key(place.team, "forgetting", entry.id)
    if not client.exists(begun):
        if not has_thread_memory(client, entry.thread):
            return say(language, "thread.unknown")
        people = people_of(client, entry.thread)
        if user not in people:
            named = ", ".join(person(one) for one in sorted(people)[:_MOST_NAMED])
            return say(language, "thread.not_yours", people=named)
        client.set(begun, "1", ex=_TOLD_SECONDS)
        note(client, place.team, "thread_forgotten", who=user, subject=entry.thread)
    forget_all(client, warehouse, entry.thread, user)
    return say(language, "thread.forgotten")


def expect_turn(client: "redis.Redis", thread: str) -> None:
    """Note that a question waits in *thread*, so that it counts as one of ours until its turn."""
    client.set(_expected(thread), "1", ex=_EXPECTED_SECONDS)


def is_ours(client: "redis.Redis", thread: str) -> bool:
    """Tell whether the agent takes part in *thread*, or is about to."""
    return bool(client.exists(_expected(thread))) or has_thread_memory(client, thread)


def forget_all(client: "redis.Redis", warehouse: Path, thread: str, who: str) -> None:
    """Forget a thread, its files and what its messages were changed to, as *who* asked.

    No turn of it may be going on.
    """
    client.delete(_expected(thread))
    drop_changes(client, thread)
    forget_votes(client, thread)
    forget_files(client, warehouse, thread, who)
    forget_thread(client, thread)


def _expected(thread: str) -> str:
    team, _, rest = thread.partition(":")
    return key(team, "expected", rest)
