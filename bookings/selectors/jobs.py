"""The reads of waiting and dead jobs. They never write."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q
from django.db.models.functions import Now
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob
from procrastinate.jobs import Status

from bookings.models.queues import QUEUES
from capacity.selectors import read_clock

WAITS = Q(status=Status.TODO.value)
IS_DEAD = Q(status=Status.FAILED.value)


@dataclass(frozen=True)
class QueueState:
    """The state of a queue: the wait of its oldest job that could run, and its number of dead jobs."""

    queue: str
    lag: timedelta
    dead: int


def list_queue_states() -> list[QueueState]:
    """List every queue of the project and every other one that has such jobs, in 3 queries."""
    rows = (
        ProcrastinateJob.objects.filter(WAITS | IS_DEAD)
        .values("queue_name")
        .annotate(
            first_due=Min("scheduled_at", filter=WAITS & Q(scheduled_at__lte=Now())),
            # Keys are given in the order of deferral, near enough.
            first_id=Min("pk", filter=WAITS & Q(scheduled_at__isnull=True)),
            dead=Count("pk", filter=IS_DEAD),
        )
    )
    found = {row["queue_name"]: row for row in rows}
    deferred_at = _list_deferral_times([row["first_id"] for row in found.values() if row["first_id"]])
    now = read_clock()
    states = []
    for queue in dict.fromkeys((*QUEUES, *sorted(found))):
        row = found.get(queue, {})
        since = [at for at in (row.get("first_due"), deferred_at.get(row.get("first_id", 0))) if at]
        lag = max(timedelta(0), now - min(since)) if since else timedelta(0)
        states.append(QueueState(queue, lag, row.get("dead", 0)))
    return states


def _list_deferral_times(job_ids: list[int]) -> dict[int, datetime]:
    events = ProcrastinateEvent.objects.filter(job_id__in=job_ids, type="deferred")
    return dict(events.values_list("job_id", "at"))


def count_dead_jobs() -> int:
    """Count the dead jobs in 1 query."""
    return ProcrastinateJob.objects.filter(IS_DEAD).count()
