"""Handing runs to worker processes over RQ, and finding again what a kill left behind.

The run's record in Redis is the truth; an RQ job is only the knock on a worker's door and carries
nothing but the run's id. So a job may be lost, delivered twice or die: the reconciler knocks again,
and `sync.runs.claim` lets one in.
"""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

import redis
from rq import Queue, Worker
from rq.exceptions import DuplicateJobError, InvalidJobOperation, NoSuchJobError
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer

from sync.dispatch import USUAL_LIMITS, RunLimits, handed_over, take_places
from sync.errors import DuckferryError
from sync.leases import abandon
from sync.orphans import die_with
from sync.repair import repair_records
from sync.run_scripts import handovers_key, knock_key
from sync.runs import (
    Backoff,
    Published,
    Run,
    RunState,
    end_lost_runs,
    finish,
    load_run,
    usual_backoff,
    worker_lost,
)
from sync.state import raw_client

log = logging.getLogger(__name__)

QUEUES = "duckferry-runs"
"""Begins the name of each source's queue: a worker serves the sources it can reach."""
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
_ENTRY_POINT = "sync.jobs.perform"
"""RQ wants a name in the job's record; nobody looks it up."""


def hand_over(client: "redis.Redis", limits: RunLimits) -> None:
    """Knock on the workers' doors for the queued runs that *limits* let through now, by fairness.

    Called wherever a run is decided or ends; the reconciler does what a kill leaves undone.
    """
    runs = take_places(client, limits)
    if runs:
        with raw_client(client) as raw:
            for run in runs:
                _knock(client, raw, run)


def reconcile(
    client: "redis.Redis",
    published: Published = lambda _: None,
    limits: RunLimits = USUAL_LIMITS,
    backoff: Backoff = usual_backoff,
) -> None:
    """Hand over queued runs that no worker will see otherwise, and settle those of dead workers.

    *published* says what a dead worker has still made visible. Any number may reconcile at once.
    """
    waiting = handed_over(client)
    if waiting:
        with raw_client(client) as raw:
            for run in waiting:
                _knock(client, raw, run)
    hand_over(client, limits)
    repair_records(client, published)
    if end_lost_runs(client, published, backoff):
        hand_over(client, limits)


def reconcile_until(
    client: "redis.Redis",
    stop: threading.Event,
    on_error: Callable[[Exception], None],
    published: Published = lambda _: None,
    limits: RunLimits = USUAL_LIMITS,
    backoff: Backoff = usual_backoff,
) -> None:
    """Reconcile every `RECONCILE_SECONDS` until *stop*; errors (Redis away) are told, survived."""
    while not stop.wait(RECONCILE_SECONDS):
        try:
            reconcile(client, published, limits, backoff)
        except Exception as error:  # the job's edge: whatever happens, lost runs are looked for
            on_error(error)


def work(
    url: str,
    client: "redis.Redis",
    sources: Sequence[str],
    perform: Callable[[str], None],
    published: Published = lambda _: None,
    alive: Callable[[], None] = lambda: None,
    limits: RunLimits = USUAL_LIMITS,
    backoff: Backoff = usual_backoff,
) -> None:
    """Work on runs of *sources* until SIGTERM or SIGINT, each in a process.

    The run at hand is finished first. When one has ended, those that waited for its place are
    handed over at once.

    *perform* gets the run's id in a forked child, which dies with this worker so that a killed
    worker's run is not carried on by an orphan while another worker starts it again. *alive* is
    called at least every 30 s while Redis answers, and every minute while it does not.
    """
    worker_pid = os.getpid()

    class RunJob(_PlainJob):
        """A job that calls *perform* in a process that dies with this worker."""

        def perform(self) -> None:
            die_with(worker_pid)
            perform(self.id)
            _hand_over_next(client, limits)

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
                end_lost_runs(client, published, backoff)
            except (DuckferryError, OSError) as error:
                log.warning("run %s is left to the reconciler: %s", job.id, error)
            _hand_over_next(client, limits)

    connection = redis.Redis.from_url(url, health_check_interval=15)
    worker = RunWorker(
        [_queue(connection, source) for source in sources],
        connection=connection,
        serializer=JSONSerializer,
        job_class=RunJob,
        worker_ttl=30,
        maintenance_interval=10,
        work_horse_killed_handler=horse_killed,
    )
    worker.work(logging_level="WARNING")


class _PlainJob(Job):
    """A job of which only its being there counts: Redis cannot choose what runs.

    So a record that cannot be read stops no worker either.
    """

    @classmethod
    def fetch(cls, id: str, *arguments: Any, **named: Any) -> Job:  # noqa: A002 -- RQ's name for it
        try:
            return super().fetch(id, *arguments, **named)
        except (ValueError, TypeError, redis.ResponseError) as error:
            raise NoSuchJobError(f"job {id!r} cannot be read") from error

    def restore(self, raw_data: Any) -> None:
        origin = raw_data.get(b"origin", b"").decode(errors="replace").encode()
        content = self.serializer.dumps((_ENTRY_POINT, None, [self.id], {}))
        record: dict[str, str | int] = {
            "status": "queued",
            "timeout": MAX_RUN_SECONDS,
            "result_ttl": 0,
            "failure_ttl": _FAILED_JOB_SECONDS,
        }
        known = {name.encode(): str(value).encode() for name, value in record.items()}
        super().restore({**known, b"origin": origin, b"data": content})


def _hand_over_next(client: "redis.Redis", limits: RunLimits) -> None:
    try:
        hand_over(client, limits)
    except redis.RedisError as error:
        log.warning("the next run is left to the reconciler: %s", type(error).__name__)


def _knock(client: "redis.Redis", raw: "redis.Redis", run: Run) -> None:
    """Have the job of a run that has its place wait for a worker; a second knock is none."""
    if not client.set(knock_key(run.id), "1", ex=KNOCK_SECONDS, nx=True):
        return  # somebody has just knocked
    queue = _queue(raw, run.approval.request.plan.source)
    job = _job(queue, run.id)
    if job is not None and queue.get_job_position(run.id) is not None:
        return  # it waits for a worker
    if job is not None:
        _forget(job)  # of an attempt before, or a worker took it and died before it claimed the run
    if _handovers(client, run.id) > 1 + MAX_HANDOVERS:
        finish(client, run, RunState.FAILED, worker_lost(run), only_if_lost=True, parked=True)
    else:
        _push(queue, run.id)


def _forget(job: Job) -> None:
    try:
        job.delete()
    except InvalidJobOperation:  # a record without a state
        job.connection.delete(job.key)


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
    """The job of a run; one whose record cannot be read is removed and none."""
    try:
        return _PlainJob.fetch(run_id, connection=queue.connection, serializer=JSONSerializer)
    except NoSuchJobError:
        queue.connection.delete(Job.key_for(run_id))
        return None


def _handovers(client: "redis.Redis", run_id: str) -> int:
    counter = handovers_key(run_id)
    pipeline = client.pipeline()
    pipeline.incr(counter)
    pipeline.expire(counter, 24 * 3600)
    return int(pipeline.execute()[0])


def _queue(raw: "redis.Redis", source: str) -> Queue:
    """The queue of a source, over a client that leaves bytes alone, as RQ needs it."""
    return Queue(f"{QUEUES}-{source}", connection=raw, serializer=JSONSerializer)
