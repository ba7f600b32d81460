"""The running of jobs in this process until a signal to stop."""

import asyncio
import logging
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.db import Error, connection
from procrastinate import App, PsycopgConnector
from procrastinate.contrib.django import app, connector_params
from procrastinate.exceptions import ConnectorException

from bookings.services.upkeep.jobs import rescue_stalled_jobs, silence_of_the_dead

logger = logging.getLogger(__name__)

# Of the queue itself: fetching, finishing, heartbeats. Jobs have Django's connections, one each while they run.
QUEUE_CONNECTIONS = 2


@dataclass(frozen=True)
class WorkerTerms:
    """The terms of a worker process: its queues, its number of jobs at once, its way to hear of new ones.

    A worker that listens is told at once, and still looks every `poll_seconds`.
    """

    queues: tuple[str, ...]
    concurrency: int
    poll_seconds: float
    is_listening: bool
    heartbeat_seconds: float


def run_worker(terms: WorkerTerms, *, until_idle: bool = False) -> None:
    """Run jobs until SIGINT or SIGTERM, or until none waits, and return after the end of those begun.

    Raises: `ConnectorException` if the database goes away, `psycopg_pool.PoolTimeout` if it does not come in time.
    """
    asyncio.run(_run(terms, until_idle=until_idle))


async def _run(terms: WorkerTerms, *, until_idle: bool) -> None:
    worker_app = _worker_app()
    async with worker_app.open_async():
        rescue = asyncio.create_task(_rescue_again_and_again())
        working = asyncio.create_task(
            worker_app.run_worker_async(
                name="+".join(terms.queues),
                queues=list(terms.queues),
                concurrency=terms.concurrency,
                wait=not until_idle,
                fetch_job_polling_interval=terms.poll_seconds,
                listen_notify=terms.is_listening,
                update_heartbeat_interval=terms.heartbeat_seconds,
                stalled_worker_timeout=silence_of_the_dead().total_seconds(),
            )
        )
        await _until_either_ends(working, rescue)


async def _until_either_ends(working: asyncio.Task[None], rescue: asyncio.Task[None]) -> None:
    """Wait until one of the two ends, end the other as well, and raise the error of either.

    The rescue has no end of its own: without it the jobs of dead workers would stay where they are, unnoticed.
    """
    both = (working, rescue)
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in both:
            # procrastinate takes it for a wish to stop, and lets the jobs that have begun end.
            task.cancel()
        await asyncio.wait(both)
    for task in (rescue, working):
        if not task.cancelled():
            task.result()


def _worker_app() -> App:
    """Return an app of the same tasks with connections of its own for taking jobs, since Django's cannot wait.

    `replace_connector` does not serve here: the jobs that a running job defers would leave its transaction.
    """
    pool = PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=QUEUE_CONNECTIONS)
    worker_app = app.with_connector(pool)
    worker_app.periodic_defaults = app.periodic_defaults
    return worker_app


async def _rescue_again_and_again() -> None:
    """Give back the jobs of lost workers, at the start and from then on.

    The rescue is no job itself: it would wait behind running jobs, and could be left behind as well.
    """
    while True:
        try:
            await sync_to_async(_rescue, thread_sensitive=False)()
        # procrastinate, by which a job is retried, makes its own of what Django raises.
        except (Error, ConnectorException):
            logger.exception("stalled jobs could not be looked for")
        await asyncio.sleep(silence_of_the_dead().total_seconds())


def _rescue() -> None:
    try:
        rescue_stalled_jobs()
    finally:
        connection.close()
