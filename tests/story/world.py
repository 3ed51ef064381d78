"""A running bot in a sandbox, and what its people do and see."""

import os
import re
import signal
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from redis import Redis

from sandbox.bot_process import running_bot
from sandbox.slack.payloads import buttons_of
from sandbox.slack.server import SlackStandIn
from sandbox.slack.values import BOT_USER_ID, Message
from sandbox.start import Sandbox, start_sandbox
from sync.runs import Run, recent_runs
from sync.state import connect_state
from tests.slack_rules.check import message_complaints

TEAM, DATA, SALES = "T0SANDBOX", "C0DATA", "C0SALES"
MINJI, JUNHO, ALICE, EVE = "U0MINJI", "U0JUNHO", "U0ALICE", "U0EVE"
APPROVE, REJECT = "sync.approve", "sync.reject"
SECONDS = 40.0


@dataclass(frozen=True)
class World:
    """One sandbox with one bot in it."""

    sandbox: Sandbox
    log: Path
    redis: Redis
    bot_pid: int

    def ask(self, text: str, user: str = MINJI, channel: str = DATA) -> str:
        """Mention the bot in a new thread; gives the thread's ts."""
        return self.sandbox.slack.post(user, channel, f"@Duckferry {text}")

    def reply(self, asked: str, text: str, user: str = MINJI, channel: str = DATA) -> str:
        """Mention the bot again in a thread."""
        return self.sandbox.slack.post(user, channel, f"@Duckferry {text}", asked)

    def answer(self, asked: str, saying: str = "", seconds: float = SECONDS) -> str:
        """Wait for the bot's own words in a thread; gives all that the message shows."""
        message = self.sandbox.slack.wait_for(
            lambda m: _by_bot(m, asked) and not _is_card(m) and _says(m) and saying in shown(m),
            seconds,
        )
        return shown(message)

    def card(self, asked: str, title: str = "", seconds: float = SECONDS) -> Message:
        """Wait for a card in a thread, in a state whose title contains *title*."""
        return self.sandbox.slack.wait_for(
            lambda m: _by_bot(m, asked) and _is_card(m) and title in shown(m), seconds
        )

    def open_card(self, asked: str) -> Message:
        """Wait for a card that can be decided."""
        return self.sandbox.slack.wait_for(
            lambda m: _by_bot(m, asked) and APPROVE in [one["action_id"] for one in buttons_of(m)],
            SECONDS,
        )

    def press(self, card: Message, button: str, user: str = JUNHO, version: int = -1) -> None:
        """Press a button of a card; *version* 0 is the card as it was first shown."""
        self.sandbox.slack.press(user, card.channel, card.ts, button, version)

    def whispered(self, user: str, saying: str) -> str:
        """Wait for words only *user* sees."""
        return shown(
            self.sandbox.slack.wait_for(
                lambda m: m.ephemeral_to == user and saying in shown(m), SECONDS
            )
        )

    def synced(self, table: str) -> None:
        """Have a table copied the way people do it."""
        asked = self.ask(f"{table} 테이블 동기화 해줘")
        self.press(self.open_card(asked), APPROVE)
        self.card(asked, "동기화 완료")
        self.answer(asked, "마쳤습니다")

    def until(self, is_so: Callable[[], object]) -> None:
        """Wait for what shows in Redis alone."""
        deadline = time.monotonic() + SECONDS
        while not is_so():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def said(self, asked: str) -> list[Message]:
        """All the bot has said in a thread so far, cards too."""
        return [m for m in self.sandbox.slack.messages(thread_ts=asked) if _by_bot(m, asked)]

    def kill(self) -> None:
        """Kill the bot as the kernel would, and wait until Slack has noticed."""
        os.kill(self.bot_pid, signal.SIGKILL)
        deadline = time.monotonic() + SECONDS
        while self.sandbox.slack.is_reachable():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def runs(self) -> list[Run]:
        """All runs of the team, newest first."""
        return recent_runs(self.redis, TEAM, 100)


@contextmanager
def world(
    folder: Path, environ: Mapping[str, str] | None = None, *, http: bool = False
) -> Generator[World]:
    """Start a sandbox and a bot in it, with *environ* put over the sandbox's own."""
    sandbox = start_sandbox(http=http)
    redis = connect_state(sandbox.redis.url)
    try:
        log = folder / "bot.log"
        with running_bot(sandbox, log, environ) as bot:
            yield World(sandbox, log, redis, bot.pid)
        refused = refused_by_slack(sandbox.slack)
        assert not refused, refused
    finally:
        redis.close()
        sandbox.stop()


def refused_by_slack(slack: SlackStandIn) -> list[str]:
    """What of all that the bot has said Slack would not have taken; see `tests.slack_rules`."""
    changes = [one for one in slack.changes() if one.kind in ("posted", "edited")]
    said = [one.message for one in changes if one.message.user == BOT_USER_ID]
    return [
        f"{message.text[:60]!r}: {complaint}"
        for message in (*said, *slack.ephemerals())
        if message.blocks
        for complaint in message_complaints(message.text, message.blocks)
    ]


@contextmanager
def again(old: World, folder: Path, environ: Mapping[str, str] | None = None) -> Generator[World]:
    """Start another bot in the sandbox of one that was killed."""
    with running_bot(old.sandbox, folder / "bot-again.log", environ) as bot:
        yield World(old.sandbox, old.log, old.redis, bot.pid)


def until(
    happens: Callable[[], bool], there: Callable[[], object] = str, seconds: float = SECONDS
) -> None:
    """Look again and again until something has happened; *there* says what is there instead."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, there()
        time.sleep(0.02)


def shown(message: Message) -> str:
    """All text a message shows: its blocks' words, or its plain text."""
    texts = [text for block in message.blocks for text in _texts(block)]
    return "\n".join(texts) if texts else message.text


def children(pid: int, command: str) -> list[int]:
    """Give the pids of the children of a process whose command line contains *command*."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            line = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            if command in line:
                found.append(int(child))
    return found


def _texts(node: object) -> list[str]:
    """Find the words in a block: every string under a key ``text``, in order."""
    if isinstance(node, dict):
        parts = cast("dict[str, object]", node)
        text = parts.get("text")
        if isinstance(text, str):
            return [text]
        return [found for part in parts.values() for found in _texts(part)]
    if isinstance(node, list | tuple):
        return [found for part in cast("list[object]", node) for found in _texts(part)]
    return []


def _by_bot(message: Message, asked: str) -> bool:
    return message.user == BOT_USER_ID and message.thread_ts == asked and not message.ephemeral_to


def _is_card(message: Message) -> bool:
    return any(block["type"] == "header" for block in message.blocks)


def _says(message: Message) -> bool:
    return any(block["type"] == "section" for block in message.blocks)


def no_leaks(text: str) -> bool:
    """Tell whether a person would see neither a traceback nor a raw exception."""
    return not re.search(r"Traceback|Exception|Error\(|ORA-\d+:.*\n|DPY-\d+:", text)
