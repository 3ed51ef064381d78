"""Messages that were edited or deleted after they reached the bot.

One that still waits in the inbox is answered as it stands when its turn comes, or not at all. Of
one that was answered the thread's log takes the new words, for what is asked later.
"""

from typing import cast

import redis

from agent.service import Analyst, change_words, sources_of, words_begun
from app.places import parse_place
from sync.inbox import Entry, put
from sync.state import key, run_script

_KEPT_SECONDS = 24 * 3600

_NOTE = """
local known = redis.call('HGET', KEYS[1], 'at')
if known and tonumber(known) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'at', ARGV[1], 'text', ARGV[2], 'gone', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""


def note_change(
    client: "redis.Redis", thread: str, source: str, text: str | None, *, at: str, event_id: str
) -> None:
    """Keep the newest words of a message, None where it is gone; once for each change.

    *at* is Slack's moment of the change. Changes may arrive in any order: the latest counts.
    """
    words, gone = text or "", int(text is None)
    run_script(client, _NOTE, [_changed(thread, source)], at, words, _KEPT_SECONDS, gone)
    change = f"{source}:changed:{at}"
    body = {"source": source, "text": words, "change": change, **({"gone": "1"} if gone else {})}
    put(client, "message_changed", thread, body, once=(f"event:{event_id}", change))


def words_of(client: "redis.Redis", entry: Entry) -> str | None:
    """Give the words of a waiting message as they are now; None where it was deleted.

    A turn that was begun goes on with the words it had, also where those were edited already.
    """
    source = entry.body["source"]
    begun = words_begun(client, entry.thread, source)
    if begun is not None:
        return begun
    changed = _changed(entry.thread, source)
    now, gone = cast("list[str | None]", client.hmget(changed, ["text", "gone"]))
    if now is None:
        return entry.body["text"]
    return None if gone == "1" else now


def follow_change(client: "redis.Redis", analyst: Analyst, entry: Entry) -> None:
    """Bring a change into the log of its thread, where its message is."""
    source = entry.body["source"]
    now = _newest(client, entry.thread, source)
    text = entry.body["text"] if now is None else now
    change_words(analyst, client, entry.thread, source, text, entry.body["change"])


def drop_changes(client: "redis.Redis", thread: str) -> None:
    """Forget what the messages a thread remembers were changed to."""
    keys = [_changed(thread, source) for source in sources_of(client, thread)]
    if keys:
        client.delete(*keys)


def _newest(client: "redis.Redis", thread: str, source: str) -> str | None:
    return cast("str | None", client.hget(_changed(thread, source), "text"))


def _changed(thread: str, source: str) -> str:
    return key(parse_place(thread).team, "changed", source)
