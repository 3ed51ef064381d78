"""Many threads at once: each is answered in order, a turn at a time, from its own words alone."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from redis import Redis

from agent.conversation import ConversationHistory
from agent.deps import AnalystDeps, Caller
from agent.llm import LLMResponse, OnText, Usage
from agent.service import make_analyst, run_analyst_turn
from app.turns import Turns
from sync.errors import DuckferryError
from sync.inbox import Entry, put

SECONDS = 120.0
PEOPLE = ("U0MINJI", "U0JUNHO")


class Echo:
    """A model that says which words of people it was shown, the last of them first."""

    name = "echo"

    def complete(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        on_text: OnText | None = None,
    ) -> LLMResponse:
        del tools, on_text
        said = [str(message["content"]) for message in messages if message["role"] == "user"]
        return LLMResponse(text=" < ".join(reversed(said)), usage=Usage(1, 1))


@pytest.mark.parametrize(("count", "each"), [(4, 3), pytest.param(32, 12, marks=pytest.mark.sweep)])
def test_threads_of_two_people_do_not_cross(
    redis: Redis, make_deps: Callable[..., AnalystDeps], count: int, each: int
) -> None:
    threads = [f"T1:C0DATA:1700.{number:04}" for number in range(count)]
    analyst, running, crossed = make_analyst(Echo()), Counter[str](), list[str]()
    left, ended = [count * each], threading.Event()
    lock = threading.Lock()

    def handle(entry: Entry) -> None:
        with lock:
            running[entry.thread] += 1
            if running[entry.thread] > 1:
                crossed.append(entry.thread)
        caller = Caller("T1", entry.body["user"], "C0DATA")
        deps = make_deps(thread=entry.thread, caller=caller)
        source = entry.body["source"]
        run_analyst_turn(analyst, deps, entry.body["text"], source, lambda _: None)
        with lock:
            running[entry.thread] -= 1
            left[0] -= 1
            if not left[0]:
                ended.set()

    def give_up(entry: Entry, error: DuckferryError) -> None:
        crossed.append(f"{entry.thread}: {error}")
        ended.set()

    for number in range(each):
        for thread in threads:
            text = f"{thread[-4:]}-{number}"
            body = {"user": PEOPLE[number % 2], "text": text, "source": text}
            put(redis, "message", thread, body)
    stop = threading.Event()
    turns = Turns(redis, "bot", workers=8, handle=handle, give_up=give_up)
    working = threading.Thread(target=turns.run, args=(stop,))
    working.start()
    assert ended.wait(SECONDS)
    stop.set()
    working.join(SECONDS)
    assert crossed == []
    for thread in threads:
        told = ConversationHistory(redis, thread).messages()
        words = [f"{thread[-4:]}-{number}" for number in range(each)]
        assert [(one.speaker, one.content) for one in told if one.role == "user"] == [
            (PEOPLE[number % 2], word) for number, word in enumerate(words)
        ]
        assert [one.content for one in told if one.role == "assistant"] == [
            " < ".join(reversed(words[: number + 1])) for number in range(each)
        ]
