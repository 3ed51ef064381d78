"""The Redis group: whether it keeps what it is given, and who works on it."""

import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, cast

import redis
from redis.connection import parse_url  # pyright: ignore[reportUnknownVariableType] -- untyped

from app.doctor.checks import Check, clock_check, listed, sized
from sync.counts import count_state, impatient
from sync.jobs import QUEUES
from sync.runs import RunState, load_run, open_runs
from sync.state import OWNER, missing_safety

_check = partial(Check, "Redis")

OLDEST = (6, 2)
SLOW_SECONDS = 0.05
"""A turn asks Redis tens of times."""
FULL_SHARE = 0.8
LISTENING_IDLE_SECONDS = 15
"""A bot asks for new entries every half second; a turn that takes all its room, less often."""
MAX_QUEUED = 1_000
_WORKERS_KEY = "rq:workers"
"""RQ's own set of its workers' keys (rq.worker_registration)."""
_START = "Start it, and check REDIS_URL, the firewall, user and password."


def check_redis(client: "redis.Redis", url: str, sources: Sequence[str]) -> Iterator[Check]:
    """Ask Redis of itself and of those who work on it; *sources* are bot.toml's."""
    with impatient(client) as quick:
        try:
            quick.ping()
        except redis.RedisError as error:
            told = f"{_place(url)} does not answer ({type(error).__name__})"
            yield _check("reachable", "FAIL", told, _START)
            return
        yield _round_trip(quick, url)
        yield from _server(quick)
        yield _safety(quick)
        yield _clock(quick)
        owner = cast("str | None", quick.get(OWNER))
        yield _check("workspace", "OK", f"serves {owner}" if owner else "serves no workspace yet")
        yield from _processes(quick, sources)


def _round_trip(quick: "redis.Redis", url: str) -> Check:
    times: list[float] = []
    for _ in range(3):
        begun = time.monotonic()
        quick.ping()
        times.append(time.monotonic() - begun)
    told = f"{_place(url)}, {min(times) * 1000:.1f} ms a round trip"
    if min(times) <= SLOW_SECONDS:
        return _check("reachable", "OK", told)
    return _check("reachable", "WARN", told, "Bring Redis nearer: a turn asks it tens of times.")


def _server(quick: "redis.Redis") -> Iterator[Check]:
    try:
        about = quick.info()
    except redis.ResponseError:
        yield _check("version", "SKIP", "INFO is forbidden here", f"Make sure it is {_oldest()}.")
        return
    version = str(about.get("redis_version", "0"))
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers >= OLDEST:
        yield _check("version", "OK", version)
    else:
        yield _check("version", "FAIL", version, f"Use {_oldest()}.")
    used, most = int(about.get("used_memory", 0)), int(about.get("maxmemory", 0))
    if most == 0:
        yield _check("memory", "OK", f"{sized(used)} used; maxmemory is not set")
    elif used < FULL_SHARE * most:
        yield _check("memory", "OK", f"{sized(used)} of {sized(most)} used")
    else:
        told = f"{sized(used)} of {sized(most)} used; when it is full, nothing new is taken in"
        yield _check("memory", "WARN", told, "Raise maxmemory.")


def _safety(quick: "redis.Redis") -> Check:
    try:
        quick.config_get("appendonly")
    except redis.ResponseError:
        remedy = "Make sure that appendonly is yes and maxmemory-policy noeviction."
        return _check("durability", "SKIP", "CONFIG is forbidden here", remedy)
    missing = missing_safety(quick)
    if missing:
        remedy = "Set appendonly yes and maxmemory-policy noeviction; see docs/operations.md."
        return _check("durability", "WARN", "; ".join(missing), remedy)
    return _check("durability", "OK", "appendonly yes, maxmemory-policy noeviction")


def _clock(quick: "redis.Redis") -> Check:
    before = time.time()
    seconds, micros = quick.time()
    return clock_check(
        "Redis", "clock difference", seconds + micros / 1e6 - (before + time.time()) / 2
    )


def _processes(quick: "redis.Redis", sources: Sequence[str]) -> Iterator[Check]:
    counts = count_state(quick)
    yield _bot(quick)
    if counts.clock_ticks:
        yield _check("clock", "OK", "ticked in the last 30 s")
    else:
        yield _check("clock", "WARN", "none runs: schedules are not due", "Start `botctl clock`.")
    served = _served(quick)
    told = f"{counts.workers} alive"
    if served:
        told += ", for " + listed([f"{name} ({number})" for name, number in served.items()])
    alone = [name for name in sources if name not in served]
    if alone:
        remedy = "Start `botctl worker` where the password of the source is."
        yield _check("workers", "WARN", f"{told}; none for {listed(alone)}", remedy)
    else:
        yield _check("workers", "OK", told)
    waiting = _unserved(quick, served)
    if waiting:
        told = f"{len(waiting)} wait for a worker of {listed(sorted(set(waiting)))}"
        yield _check("queued runs", "WARN", told, "Start a worker for that source.")
    else:
        number = counts.open_runs.get(RunState.QUEUED, 0)
        yield _check("queued runs", "OK", f"{number}, and a worker for each" if number else "none")


def _bot(quick: "redis.Redis") -> Check:
    try:
        clients = quick.client_list()
    except redis.ResponseError:
        remedy = "`botctl health bot` tells it where the bot runs."
        return _check("bot", "SKIP", "CLIENT LIST is forbidden here", remedy)
    listening = any(
        each.get("cmd") == "xreadgroup" and int(each.get("idle", 0)) <= LISTENING_IDLE_SECONDS
        for each in clients
    )
    if listening:
        return _check("bot", "OK", "at least one asks for new messages")
    return _check("bot", "WARN", "none asks for new messages", "Start `botctl bot`.")


def _served(quick: "redis.Redis") -> dict[str, int]:
    """Number of living workers of each source."""
    served: dict[str, int] = {}
    for worker in sorted(cast("set[str]", quick.smembers(_WORKERS_KEY))):
        queues = cast("str | None", quick.hget(worker, "queues"))
        for queue in (queues or "").split(","):
            name = queue.removeprefix(f"{QUEUES}-")
            if name != queue:
                served[name] = served.get(name, 0) + 1
    return served


def _unserved(quick: "redis.Redis", served: dict[str, int]) -> list[str]:
    """Sources of the queued runs that no living worker looks at."""
    runs = (load_run(quick, run_id) for run_id in open_runs(quick)[:MAX_QUEUED])
    queued = [run.approval.request.plan.source for run in runs if run and run.state == "queued"]
    return [source for source in queued if source not in served]


def _place(url: str) -> str:
    """Where it is, without user and password."""
    options = cast("dict[str, Any]", parse_url(url))
    if "path" in options:
        return str(options["path"])
    return f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"


def _oldest() -> str:
    return f"Redis {OLDEST[0]}.{OLDEST[1]} or newer"
