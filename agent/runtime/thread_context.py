"""Which thread a turn belongs to, and putting into it what a turn is about."""

from itertools import pairwise

from redis import Redis

from agent.conversation import ConversationHistory, Message, newest_turn
from agent.deps import AnalystDeps
from agent.runtime.config import Policy
from agent.runtime.output_parsing import sound
from agent.threads import rename_thread


def open_thread(deps: AnalystDeps, policy: Policy) -> ConversationHistory:
    """Find the log of the thread this turn is in."""
    return ConversationHistory(deps.redis, deps.thread, policy.keep_days)


def thread_is_known(redis: Redis, thread: str) -> bool:
    """Tell whether anything was said in *thread* that is still remembered."""
    return ConversationHistory(redis, thread).exists()


DELETED = "[This message was deleted by who wrote it.]"
"""What is read in place of one: a turn needs its beginning, and an answer its question."""


def change_message(
    history: ConversationHistory, policy: Policy, source_id: str, text: str, change_id: str
) -> bool:
    """Have a person's message read as *text* from now on, or as deleted where that is empty.

    What was answered stays. False where there is no such message or it says the same already. The
    same *change_id* counts once.
    """
    messages = history.messages()
    said = next((one for one in messages if one.source_id == source_id), None)
    content = _cut(text, policy) or DELETED
    if said is None or said.role != "user" or said.content == content:
        return False
    if said is next((one for one in messages if one.role == "user"), None):
        rename_thread(history.redis, history.thread, text)
    changed = {"content": content, "deleted": not text, "replaces": source_id}
    return history.append(said.model_copy(update={**changed, "source_id": change_id}))


def person_message(deps: AnalystDeps, policy: Policy, text: str, source_id: str) -> Message:
    """Make the message of a person, cut to the longest we keep."""
    content = _cut(text, policy)
    return Message(role="user", content=content, speaker=deps.caller.user, source_id=source_id)


def turn_of(history: ConversationHistory, source_id: str) -> tuple[Message, ...] | None:
    """Cut out the turn *source_id* began if a newer one has begun; None while it is the newest."""
    messages = history.messages()
    newest = newest_turn(messages)
    if newest and newest[0].source_id == source_id:
        return None
    starts = [number for number, message in enumerate(messages) if message.starts_turn]
    for start, end in pairwise(starts):
        if messages[start].source_id == source_id:
            return messages[start:end]
    return ()


def _cut(text: str, policy: Policy) -> str:
    text, limit = sound(text), policy.message_chars  # a terminal gives bytes it cannot read so
    return text if len(text) <= limit else text[:limit] + " […]"
