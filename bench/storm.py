"""A storm of questions: how soon Slack is answered, whether each is answered once, and in how much.

The model is scripted and answers at once. Everybody is on the same cores: Slack, model, Redis, bot.
Acks are timed at the bot's own door (`bench/ack_watch.py`): Slack, the model and whoever writes are
one process of Python here, which is late itself.
"""

import subprocess
import time
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from bench.ack_watch import AckWatch, ack_watch
from bench.figures import Figure, percentile
from bench.processes import cpu_seconds, memory_mb
from sandbox.bot_process import running_bot
from sandbox.model.replies import Text
from sandbox.model.server import start_model
from sandbox.slack.delivery import ACK_SECONDS, Delivery, NotAcknowledged
from sandbox.slack.values import BOT_USER_ID
from sandbox.start import Sandbox, start_sandbox

ACK_AIM_MS = 500.0
LONGEST_SECONDS = 1800.0
LONE, LONE_SECONDS = 20, 0.2
"""Messages before the storm, and how long after each other they come."""
PEOPLE = 1_000
"""Who write: each has a direct message, in which the bot says one thing a second at most."""


def measure_storm(scratch: Path, events: int, seconds: float) -> list[Figure]:
    """Send *events* direct messages evenly over *seconds*, each in a thread of its own."""
    model = start_model([Text("Nothing has been copied yet.")] * (events + LONE))
    sandbox = start_sandbox(model=model)
    for number in range(PEOPLE):
        name = _person(number)
        sandbox.slack.workspace.join(replace(sandbox.slack.workspace.user("U0MINJI"), id=name))
    try:
        with (
            ack_watch(sandbox.slack.base_url) as watch,
            _bot_behind(watch, sandbox, scratch) as bot,
        ):
            idle = memory_mb(bot.pid, "VmRSS")
            _answers(sandbox, _send(sandbox, LONE, LONE * LONE_SECONDS))
            began, bot_cpu, our_cpu = time.monotonic(), cpu_seconds(bot.pid), time.process_time()
            asked = _send(sandbox, events, seconds)
            sent = time.monotonic() - began
            seen = _acks(_events(sandbox)[LONE:])
            answers = _answers(sandbox, asked)
            answered = time.monotonic() - began
            bot_cpu, our_cpu = cpu_seconds(bot.pid) - bot_cpu, time.process_time() - our_cpu
            peak = memory_mb(bot.pid, "VmHWM")
        quiet, acks = _at_the_door(sandbox, watch)
        retried = sum(one.retry_attempt > 0 for one in _events(sandbox))
    finally:
        sandbox.stop()
        model.stop()
    assert answers == Counter(asked), "each is answered once"
    return [
        Figure(
            bench="storm_ack",
            value=percentile(acks, 99),
            unit="ms",
            against="peer",
            other=percentile(quiet, 99),
            detail={
                "events": events,
                "p50": percentile(acks, 50),
                "sent_in": sent,
                "all_answered_after": answered,
                "answered_once": len(answers),
                "delivered_again": retried,
                "slowest": max(acks),
                "seen_by_slack_p50": percentile(seen, 50),
                "seen_by_slack_p99": percentile(seen, 99),
                "bot_cpu": bot_cpu,
                "slack_model_and_sender_cpu": our_cpu,
                "aim": ACK_AIM_MS,
            },
        ),
        Figure(
            bench="storm_memory_bot",
            value=peak,
            unit="MiB",
            against="peer",
            other=idle,
            detail={"events": events},
        ),
    ]


def _bot_behind(
    watch: AckWatch, sandbox: Sandbox, scratch: Path
) -> "AbstractContextManager[subprocess.Popen[bytes]]":
    """A bot that finds Slack's Socket Mode where *watch* stands, and the Web API where it is."""
    sandbox.slack.state.tickets.base_url = watch.address
    return running_bot(sandbox, scratch / "storm.log")


def _at_the_door(sandbox: Sandbox, watch: AckWatch) -> tuple[list[float], list[float]]:
    """Milliseconds to each first ack, of the lone messages and of the storm."""
    first = [one for one in _events(sandbox) if one.retry_attempt == 0]
    took = [1000 * watch.seconds.get(one.envelope_id, ACK_SECONDS) for one in first]
    return took[:LONE], took[LONE:]


def _send(sandbox: Sandbox, events: int, seconds: float) -> list[str]:
    asked: list[str] = []
    began = time.monotonic()
    for number in range(events):
        due = began + number * seconds / events
        time.sleep(max(due - time.monotonic(), 0))
        person = _person(number % PEOPLE)
        asked.append(sandbox.slack.direct_message(person, f"question {number}"))
    return asked


def _person(number: int) -> str:
    return f"U0STORM{number:03}"


def _events(sandbox: Sandbox) -> list[Delivery]:
    return [one for one in sandbox.slack.deliveries() if one.kind == "events_api"]


def _acks(events: list[Delivery]) -> list[float]:
    """Milliseconds to each ack; what is delivered again was not acknowledged in time."""
    first = [one for one in events if one.retry_attempt == 0]
    return [_ack_ms(one) for one in first]


def _ack_ms(event: Delivery) -> float:
    try:
        return event.ack.result(30).latency_seconds * 1000
    except NotAcknowledged:
        return ACK_SECONDS * 1000


def _answers(sandbox: Sandbox, asked: list[str]) -> "Counter[str]":
    """How often each thread was answered, once all were."""
    deadline = time.monotonic() + LONGEST_SECONDS
    wanted = set(asked)
    while True:
        said = [one for one in sandbox.slack.messages() if one.user == BOT_USER_ID]
        found = Counter(str(one.thread_ts) for one in said if one.thread_ts in wanted)
        if len(found) == len(wanted):
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(found)} of {len(wanted)} were answered")
        time.sleep(2.0)
