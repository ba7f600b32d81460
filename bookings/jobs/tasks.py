"""The tasks of the worker: each is one call of a service, and may run twice."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import JobAborted
from procrastinate.tasks import Task

from bookings.insight.audit.keeping import audit_changes
from bookings.models.queues import AUDITS, RETRIES, SLOTS, UPKEEP
from bookings.services.settings.coming_days import (
    defer_coming_days,
    materialize_coming_days,
    materialize_coming_days_of,
)
from bookings.services.upkeep.deferral import MATERIALIZE_RESTAURANT, MATERIALIZE_RESTAURANTS
from bookings.services.upkeep.pruning import prune
from config.middleware import working_for

logger = structlog.stdlib.get_logger(__name__)

JobTask = Task[..., None, ...]


def job(
    name: str,
    *,
    queue: str,
    retry: RetryStrategy | bool = False,
    lock: str | None = None,
    queueing_lock: str | None = None,
    is_given_up: bool = False,
) -> Callable[[Callable[..., object]], JobTask]:
    """Make a function a task that runs under the id of the deferring request, else under its own.

    The name is stored with each job: it must not change while jobs wait. A job that fails for good is dead and waits
    for a person, unless it `is_given_up`.
    """

    def decorate(call: Callable[..., object]) -> JobTask:
        @wraps(call)
        def run(context: JobContext, *, request_id: str = "", timestamp: int = 0, **arguments: Any) -> None:
            with working_for(request_id or f"job-{context.job.id}", job_id=context.job.id, task=name):
                try:
                    call(**arguments)
                # Whatever it is, it is told under the id, which procrastinate does not know.
                except Exception as error:
                    _tell(error, context)
                    if is_given_up:
                        raise JobAborted from error
                    raise

        make = app.task(name=name, queue=queue, pass_context=True, retry=retry, lock=lock, queueing_lock=queueing_lock)
        task: JobTask = make(run)
        return task

    return decorate


def _tell(error: Exception, context: JobContext) -> None:
    is_last = context.task.get_retry_exception(error, context.job) is None
    level = logging.ERROR if is_last else logging.WARNING
    logger.log(level, "job failed", attempt=context.job.attempts + 1, exc_info=error)


@job(MATERIALIZE_RESTAURANT, queue=SLOTS, retry=RETRIES)
def materialize_restaurant(*, restaurant_id: int) -> None:
    """Create the coming service days and slots of one restaurant."""
    materialize_coming_days(restaurant_id=restaurant_id)


@job(MATERIALIZE_RESTAURANTS, queue=SLOTS, retry=RETRIES)
def materialize_restaurants(*, restaurant_ids: list[int]) -> None:
    """Create the coming service days and slots of some restaurants."""
    materialize_coming_days_of(restaurant_ids=restaurant_ids)


@app.periodic(cron="15 2 * * *")
@job("materialize_all", queue=SLOTS, retry=RETRIES)
def materialize_all() -> None:
    """Defer `materialize_restaurants` for all that are active."""
    defer_coming_days()


# No retry: the next minute is one, and so nobody needs to see to one that failed. One at a time, since two would
# read the same and store it twice.
@app.periodic(cron="* * * * *")
@job("audit", queue=AUDITS, lock="audit", queueing_lock="audit", is_given_up=True)
def audit() -> None:
    """Audit what has changed, and in the course of a day everything; store the run."""
    audit_changes()


@app.periodic(cron="45 3 * * *")
@job("prune", queue=UPKEEP, retry=RETRIES)
def prune_old_rows() -> None:
    """Delete the rows that are past their time."""
    prune()
