"""How often Slack lets an app call its methods; nobody is refused before `enforce`.

Tiers: java-slack-sdk's MethodsRateLimits and https://docs.slack.dev/apis/web-api/rate-limits. A
tier is so many calls in any minute; of messages, one a second and channel, five of them at once.
"""

import time
from collections import Counter, deque
from collections.abc import Callable
from math import ceil

MINUTE = 60.0
PER_MINUTE = {
    "apps.connections.open": 1,
    "chat.startStream": 20,
    "chat.stopStream": 20,
    "conversations.list": 20,
    "reactions.remove": 20,
    "usergroups.list": 20,
    "usergroups.users.list": 20,
    "chat.appendStream": 100,
    "chat.postEphemeral": 100,
    "conversations.members": 100,
    "files.getUploadURLExternal": 100,
    "files.completeUploadExternal": 100,
    "users.info": 100,
    "views.open": 100,
    "views.publish": 100,
    "views.push": 100,
    "views.update": 100,
    "assistant.threads.setStatus": 100,
    "assistant.threads.setSuggestedPrompts": 100,
}
OTHERS_PER_MINUTE = 50
POSTS_AT_ONCE = 5
UNLIMITED = ("auth.test", "api.test")


class Tiers:
    """What was called when; used by the server's one thread, read by any."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._enforced = False
        self._taken: dict[str, deque[float]] = {}
        self._full_at: dict[str, float] = {}
        self.refused: Counter[str] = Counter()
        """Calls by method that came too soon."""

    def enforce(self) -> None:
        """Refuse from now on what comes too soon."""
        self._enforced = True

    @property
    def is_enforced(self) -> bool:
        """Whether anything is refused."""
        return self._enforced

    def retry_after_seconds(self, method: str, channel: str) -> int:
        """Count a call, or say how many seconds too soon it comes."""
        if method in UNLIMITED:
            return 0
        early = (
            self._early_post(channel) if method == "chat.postMessage" else self._early_call(method)
        )
        self.refused[method] += early > 0
        return ceil(early)

    def _early_call(self, method: str) -> float:
        taken, now = self._taken.setdefault(method, deque()), self._now()
        while taken and now - taken[0] >= MINUTE:
            taken.popleft()
        if len(taken) >= PER_MINUTE.get(method, OTHERS_PER_MINUTE):
            return MINUTE - (now - taken[0])
        taken.append(now)
        return 0.0

    def _early_post(self, channel: str) -> float:
        now = self._now()
        full_at = max(self._full_at.get(channel, 0.0), now)
        if full_at - now > POSTS_AT_ONCE - 1:
            return full_at - now - (POSTS_AT_ONCE - 1)
        self._full_at[channel] = full_at + 1
        return 0.0
