"""Handing runs to worker processes over RQ, and finding again what a kill left behind.

The run's record in Redis is the truth; an RQ job is only the knock on a worker's door and carries
nothing but the run's id. So a job may be lost, delivered twice or die: the reconciler knocks again,
and `sync.runs.claim` lets one in.
"""

import ctypes
import logging
import os
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import redis
from rq import Queue, Worker
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer

from sync.errors import DuckferryError
from sync.leases import abandon
from sync.runs import (
    Published,
    Run,
    RunState,
    end_lost_runs,
    finish,
    load_run,
    open_runs,
    worker_lost,
)
from sync.state import key, raw_client, team_of

log = logging.getLogger(__name__)

QUEUE = "duckferry-runs"
MAX_HANDOVERS = 3
"""How often a queued run is handed to a worker again before it is called lost."""
KNOCK_SECONDS = 10
"""A knock counts for this long: a worker that has taken the job claims the run in less."""
MAX_RUN_SECONDS = 24 * 3600
"""A run that takes longer is stopped; Oracle's own timeouts end a silent one far earlier."""
RECONCILE_SECONDS = 2.0
MAX_REDIS_WAIT_SECONDS = 3.0
"""Between a worker's tries to find Redis again; RQ's own grow to a minute."""
_FAILED_JOB_SECONDS = 3600
_PR_SET_PDEATHSIG = 1
"""From Linux's prctl.h."""
_ENTRY_POINT = "sync.jobs.perform"
"""RQ wants a name in the job's record; nobody looks it up."""


def enqueue(client: "redis.Redis", run_id: str) -> None:
    """Knock on the workers' door for a queued run; a second knock for it changes nothing."""
    client.set(_knock(run_id), "1", ex=KNOCK_SECONDS)
    with _queue(client) as queue:
        _push(queue, run_id)


def reconcile(client: "redis.Redis", published: Published = lambda _: None) -> None:
    """Hand over queued runs that no worker will see otherwise, and end the runs of dead workers.

    *published* says what a dead worker has still made visible. Any number may reconcile at once.
    """
    with _queue(client) as queue:
        for run_id in open_runs(client):
            run = load_run(client, run_id)
            if run is not None and run.state is RunState.QUEUED:
                _knock_again(client, queue, run)
    end_lost_runs(client, published)


def reconcile_until(
    client: "redis.Redis",
    stop: threading.Event,
    on_error: Callable[[Exception], None],
    published: Published = lambda _: None,
) -> None:
    """Reconcile every `RECONCILE_SECONDS` until *stop*; errors (Redis away) are told, survived."""
    while not stop.wait(RECONCILE_SECONDS):
        try:
            reconcile(client, published)
        except Exception as error:  # the job's edge: whatever happens, lost runs are looked for
            on_error(error)


def work(
    url: str,
    client: "redis.Redis",
    perform: Callable[[str], None],
    published: Published = lambda _: None,
    alive: Callable[[], None] = lambda: None,
) -> None:
    """Work on runs until SIGTERM or SIGINT; the run at hand is finished first, each in a process.

    *perform* gets the run's id in a forked child, which dies with this worker so that a killed
    worker's run is not carried on by an orphan while another worker starts it again. *alive* is
    called at least every 30 s while Redis answers, and every minute while it does not.
    """
    worker_pid = os.getpid()

    class RunJob(Job):
        """A job that calls *perform*, whatever its record says: Redis cannot choose what runs."""

        def perform(self) -> None:
            die_with(worker_pid)
            perform(self.id)

        def restore(self, raw_data: Any) -> None:
            super().restore(raw_data)
            self._success_callback_name = None
            self._failure_callback_name = None
            self._stopped_callback_name = None
            self.webhooks = []

    class RunWorker(Worker):
        """A worker whose loop is seen from outside, and whose run outlives an absence of Redis."""

        max_connection_wait_time = MAX_REDIS_WAIT_SECONDS

        def heartbeat(self, *arguments: Any, **named: Any) -> None:
            alive()
            super().heartbeat(*arguments, **named)

        def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
            try:
                super().maintain_heartbeats(job, execution)
            except redis.RedisError as error:
                # The run has a heartbeat of its own; RQ's only says that its worker lives.
                log.warning("heartbeat of the worker missed: %s", type(error).__name__)

    def horse_killed(job: Job, pid: int, *_: object) -> None:
        run = load_run(client, job.id)
        if run is not None and abandon(client, run, pid):
            try:
                end_lost_runs(client, published)
            except (DuckferryError, OSError) as error:
                log.warning("run %s is left to the reconciler: %s", job.id, error)

    connection = redis.Redis.from_url(url, health_check_interval=15)
    worker = RunWorker(
        Queue(QUEUE, connection=connection, serializer=JSONSerializer),
        connection=connection,
        serializer=JSONSerializer,
        job_class=RunJob,
        worker_ttl=30,
        maintenance_interval=10,
        work_horse_killed_handler=horse_killed,
    )
    worker.work(logging_level="WARNING")


def die_with(parent_pid: int, how: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send this process *how* when its parent is gone (Linux; prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, how)
    if os.getppid() != parent_pid:
        # The parent died before the kernel knew of the wish.
        os.kill(os.getpid(), how)


def _knock_again(client: "redis.Redis", queue: Queue, run: Run) -> None:
    if not client.set(_knock(run.id), "1", ex=KNOCK_SECONDS, nx=True):
        return  # somebody has just knocked
    job = _job(queue, run.id)
    if job is not None and queue.get_job_position(run.id) is not None:
        return  # it waits for a worker
    if job is not None:
        job.delete()  # a worker took it and died before it claimed the run
    if _handovers(client, run.id) > MAX_HANDOVERS:
        finish(client, run, RunState.FAILED, worker_lost(run), only_if_lost=True)
    else:
        _push(queue, run.id)


def _push(queue: Queue, run_id: str) -> None:
    try:
        queue.enqueue_call(
            _ENTRY_POINT,
            args=(run_id,),
            job_id=run_id,
            unique=True,
            timeout=MAX_RUN_SECONDS,
            result_ttl=0,
            failure_ttl=_FAILED_JOB_SECONDS,
        )
    except DuplicateJobError:
        return


def _job(queue: Queue, run_id: str) -> Job | None:
    try:
        return Job.fetch(run_id, connection=queue.connection, serializer=JSONSerializer)
    except NoSuchJobError:
        return None


def _handovers(client: "redis.Redis", run_id: str) -> int:
    counter = key(team_of(run_id), "handovers", run_id)
    pipeline = client.pipeline()
    pipeline.incr(counter)
    pipeline.expire(counter, 24 * 3600)
    return int(pipeline.execute()[0])


def _knock(run_id: str) -> str:
    return key(team_of(run_id), "knock", run_id)


@contextmanager
def _queue(client: "redis.Redis") -> Generator[Queue]:
    """The queue over a client that leaves bytes alone, as RQ needs it."""
    with raw_client(client) as raw:
        yield Queue(QUEUE, connection=raw, serializer=JSONSerializer)
