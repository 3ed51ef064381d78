"""Which thread a turn belongs to, and putting into it what a turn is about."""

from itertools import pairwise

from redis import Redis

from agent.conversation import ConversationHistory, Message, newest_turn
from agent.deps import AnalystDeps
from agent.runtime.config import Policy


def open_thread(deps: AnalystDeps, policy: Policy) -> ConversationHistory:
    """Find the log of the thread this turn is in."""
    return ConversationHistory(deps.redis, deps.thread, policy.keep_days)


def thread_is_known(redis: Redis, thread: str) -> bool:
    """Tell whether anything was said in *thread* that is still remembered."""
    return ConversationHistory(redis, thread).exists()


def person_message(deps: AnalystDeps, policy: Policy, text: str, source_id: str) -> Message:
    """Make the message of a person, cut to the longest we keep."""
    limit = policy.message_chars
    cut = text if len(text) <= limit else text[:limit] + " […]"
    return Message(role="user", content=cut, speaker=deps.caller.user, source_id=source_id)


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
