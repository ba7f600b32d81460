"""Bring jobs back: those that a killed worker left behind, and dead ones that a person wants tried again."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from procrastinate import sql
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status
from procrastinate.utils import utcnow

from bookings.models.queues import MOST_ATTEMPTS
from bookings.services.upkeep.locks import lock_dead_jobs, lock_stalled_jobs

logger = logging.getLogger(__name__)

# Heartbeats that a worker may miss before it counts as gone.
MISSED_HEARTBEATS = 3


@dataclass(frozen=True)
class RetriedJobs:
    """The number of jobs that wait again, and of those that do not because an equal one waits already."""

    retried: int
    superseded: int


def retry_dead_jobs(*, job_ids: Iterable[int]) -> RetriedJobs:
    """Let dead jobs run once more, at once; those of the given ones that are not dead stay as they are.

    Locks the jobs.
    """
    retried = superseded = 0
    with transaction.atomic():
        for job in lock_dead_jobs(job_ids):
            if _retry(job):
                retried += 1
            else:
                superseded += 1
    return RetriedJobs(retried, superseded)


def silence_of_the_dead() -> timedelta:
    """Return the time without a heartbeat after which a worker counts as gone."""
    return timedelta(seconds=MISSED_HEARTBEATS * settings.WORKER_HEARTBEAT_SECONDS)


def rescue_stalled_jobs() -> int:
    """Give back the jobs of workers that are gone, and return their number.

    A job that has been tried too often is dead: it may be the one that kills the workers. Locks the jobs.
    """
    with transaction.atomic():
        stalled = lock_stalled_jobs(silence_of_the_dead())
        for job in stalled:
            outcome = _rescue(job)
            logger.warning("job %s of a worker that is gone: %s", job.procrastinate_job.call_string, outcome)
    return len(stalled)


def _rescue(job: ProcrastinateJob) -> str:
    if job.attempts >= MOST_ATTEMPTS:
        _finish(job, Status.FAILED)
        return "tried too often, dead"
    if _retry(job):
        return "waits again"
    _finish(job, Status.ABORTED)
    return "left to an equal one that waits"


def _retry(job: ProcrastinateJob) -> bool:
    """Put a job back into its queue; False if one with its queueing lock waits there already."""
    try:
        # A savepoint: the violation would end the whole transaction.
        with transaction.atomic():
            app.job_manager.retry_job_by_id(job.pk, utcnow(), job.priority, job.queue_name, job.lock)
    except UniqueViolation:
        return False
    return True


def _finish(job: ProcrastinateJob, status: Status) -> None:
    # As `JobManager.finish_job_by_id_async`, of which there is no synchronous twin.
    connector = app.job_manager.connector.get_sync_connector()
    connector.execute_query(sql.queries["finish_job"], job_id=job.pk, status=status.value, delete_job=False)
