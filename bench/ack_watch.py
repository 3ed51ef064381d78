"""A process between Slack and the bot that takes the time of each ack at the bot's own door.

It forwards bytes and nothing else, with a clock and an interpreter of its own: what the stand-in
for Slack or the sender of the messages does meanwhile is not in its figures. An ack takes from the
moment the bytes of an envelope were handed to the bot's socket until those of its ack came back.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

_ENVELOPE = re.compile(rb'"envelope_id": ?"([0-9a-f-]{36})"')
_LONGEST_MATCH = 60
_TEXT = 1
_CHUNK = 1 << 16


@dataclass
class AckWatch:
    """The door as Slack shall see it; `seconds` is filled when the block ends."""

    address: str
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """By envelope, from its bytes to those of its ack."""


@contextmanager
def ack_watch(slack_address: str) -> Generator[AckWatch]:
    """Stand between the bot and the Slack at *slack_address* (``http://host:port``)."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.ack_watch", str(urlsplit(slack_address).port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    watch = AckWatch(f"http://127.0.0.1:{int(process.stdout.readline())}")
    try:
        yield watch
    finally:
        process.stdin.close()
        watch.seconds.update(json.loads(process.stdout.read()))
        process.wait(30)


def envelopes_of(kept: bytes) -> tuple[list[str], bytes]:
    """Give the envelopes named in bytes on their way to the bot, and what to look at again."""
    found = [match.group(1).decode() for match in _ENVELOPE.finditer(kept)]
    end = 0
    for match in _ENVELOPE.finditer(kept):
        end = match.end()
    return found, kept[max(end, len(kept) - _LONGEST_MATCH) :]


def acks_of(kept: bytes) -> tuple[list[str], bytes]:
    """Give the envelopes acknowledged in whole frames (RFC 6455, 5.2) of a bot's, and the rest."""
    found: list[str] = []
    while len(kept) >= 2:
        length, start = kept[1] & 0x7F, 2
        if length == 126:
            length, start = int.from_bytes(kept[2:4]), 4
        mask, body = kept[start : start + 4], kept[start + 4 : start + 4 + length]
        if len(kept) < start + 4 + length:
            break
        if kept[0] & 0x0F == _TEXT:
            text = bytes(byte ^ mask[at % 4] for at, byte in enumerate(body))
            found.append(str(cast("dict[str, object]", json.loads(text))["envelope_id"]))
        kept = kept[start + 4 + length :]
    return found, kept


async def _watch(port: int) -> None:
    sent: dict[str, float] = {}
    seconds: dict[str, float] = {}

    async def to_bot(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kept = b""
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            now = time.monotonic()
            found, kept = envelopes_of(kept + chunk)
            sent.update(dict.fromkeys(found, now))
        writer.close()

    async def to_slack(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        kept = b""
        while chunk := await reader.read(_CHUNK):
            now = time.monotonic()
            writer.write(chunk)
            found, kept = acks_of(kept + chunk)
            seconds.update({one: now - sent[one] for one in found if one in sent})
        writer.close()

    async def connected(bot: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        slack, words = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(to_bot(slack, answers), to_slack(bot, words))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(seconds), flush=True)


if __name__ == "__main__":
    asyncio.run(_watch(int(sys.argv[1])))
