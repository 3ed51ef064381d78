"""Handing runs to worker processes over RQ, and finding again what a kill left behind.

The run's record in Redis is the truth; an RQ job is only the knock on a worker's door and carries nothing but the
run's id. So a job may be lost, delivered twice or die: the reconciler knocks again, and `sync.runs.claim` lets one in.
"""

import ctypes
import os
import signal
import threading
from collections.abc import Callable

import redis
from rq import Queue, Worker
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from sync.approvals import run_key
from sync.errors import WorkerLost
from sync.runs import RunState, abandon, end_lost_runs, finish, load_run, open_runs

QUEUE = "duckferry-runs"
MAX_HANDOVERS = 3
"""How often a queued run is handed to a worker before it is called lost."""
RECONCILE_SECONDS = 2.0
_WAITING = frozenset({JobStatus.QUEUED, JobStatus.STARTED, JobStatus.DEFERRED, JobStatus.SCHEDULED})
_PR_SET_PDEATHSIG = 1
"""From Linux's prctl.h."""


def enqueue(client: "redis.Redis", run_id: str) -> None:
    """Knock on the workers' door for a queued run; a second knock for the same run changes nothing."""
    queue = Queue(QUEUE, connection=_raw(client), serializer=JSONSerializer)
    try:
        queue.enqueue_call(
            _ENTRY_POINT, args=(run_id,), job_id=run_id, unique=True, timeout=-1, result_ttl=0
        )
    except DuplicateJobError:
        return


def reconcile(client: "redis.Redis") -> None:
    """Hand over queued runs that no worker will see otherwise, and end the runs of dead workers."""
    for run_id in open_runs(client):
        run = load_run(client, run_id)
        if run is None or run.state is not RunState.QUEUED:
            continue
        job = _job(client, run_id)
        if job is not None and job.get_status() in _WAITING:
            continue
        if job is not None:
            job.delete()
        if client.hincrby(run_key(run_id), "handovers", 1) > MAX_HANDOVERS:
            tables = run.approval.request.plan.tables
            finish(client, run, RunState.FAILED, WorkerLost(table=str(tables[0].ref)).failure)
        else:
            enqueue(client, run_id)
    end_lost_runs(client)


def reconcile_until(
    client: "redis.Redis", stop: threading.Event, on_error: Callable[[Exception], None]
) -> None:
    """Reconcile every `RECONCILE_SECONDS` until *stop*; errors (Redis away, say) are told and survived."""
    while not stop.wait(RECONCILE_SECONDS):
        try:
            reconcile(client)
        except redis.RedisError as error:
            on_error(error)


def work(url: str, client: "redis.Redis", perform: Callable[[str], None]) -> None:
    """Work on runs until SIGTERM (the run at hand is finished first) or SIGINT; each run in a process of its own.

    *perform* gets the run's id in a forked child, which dies with this worker so that a killed worker's run is not
    carried on by an orphan while another worker starts it again.
    """
    worker_pid = os.getpid()

    class RunJob(Job):
        """A job that calls *perform*, whatever function its record names: Redis cannot choose what runs."""

        @property
        def func(self) -> Callable[[str], None]:
            def run(run_id: str) -> None:
                die_with(worker_pid)
                perform(run_id)

            return run

    def horse_killed(job: Job, *_: object) -> None:
        run = load_run(client, job.id)
        if run is not None:
            abandon(client, run)
            end_lost_runs(client)

    connection = redis.Redis.from_url(url, health_check_interval=15)  # pyright: ignore[reportUnknownMemberType]
    worker = Worker(
        Queue(QUEUE, connection=connection, serializer=JSONSerializer),
        connection=connection,
        serializer=JSONSerializer,
        job_class=RunJob,
        worker_ttl=30,
        maintenance_interval=10,
        work_horse_killed_handler=horse_killed,
    )
    worker.work(logging_level="WARNING")


def die_with(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent is gone (Linux; prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        # The parent died before the kernel knew of the wish.
        os.kill(os.getpid(), signal.SIGKILL)


_ENTRY_POINT = "sync.jobs.perform"
"""RQ wants a name in the job's record; `RunJob` never looks it up."""


def _job(client: "redis.Redis", run_id: str) -> Job | None:
    try:
        return Job.fetch(run_id, connection=_raw(client), serializer=JSONSerializer)
    except NoSuchJobError:
        return None


def _raw(client: "redis.Redis") -> "redis.Redis":
    """A client of the same server that leaves bytes alone, as RQ needs it; ours decodes every reply."""
    pool = client.connection_pool
    options = pool.connection_kwargs | {"decode_responses": False}
    return redis.Redis(
        connection_pool=redis.ConnectionPool(connection_class=pool.connection_class, **options)
    )
