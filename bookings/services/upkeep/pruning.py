"""Delete rows that have been kept long enough, in batches: no statement takes long, and none waits for a booking."""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob
from procrastinate.jobs import Status

from bookings.models import AuditedDay, AuditRun, Decision
from bookings.selectors import get_latest_audit
from bookings.services.upkeep.locks import lock_old_jobs
from capacity.models import ServiceDay
from capacity.selectors import read_clock

logger = logging.getLogger(__name__)

BATCH_SIZE = 1000
# Of a run each minute these are 2,880; the alerts look back no further.
KEPT_AUDITS = timedelta(days=2)
# Over a year, to compare a season with the one before.
KEPT_AUDITS_WITH_FINDINGS = timedelta(days=400)
KEPT_JOBS = timedelta(days=3)
# An audit begins with yesterday, on any wall.
AUDITED_DAYS = timedelta(days=3)
# A person has to look at them first.
KEPT_DEAD_JOBS = timedelta(days=30)

Tell = Callable[[str, int], None]


class Step(Protocol):
    """A step of the pruning: it deletes the old rows of one kind, or only counts them, and returns their number."""

    __name__: str

    def __call__(self, *, is_dry_run: bool = False) -> int: ...


def prune(*, is_dry_run: bool = False, tell: Tell | None = None) -> None:
    """Run every step, and tell the number of rows that each deleted, or would.

    Raises: the error of the first failed step, once all others have run.
    """
    with ExitStack() as others_first:
        for step in reversed(STEPS):
            others_first.callback(_run, step, is_dry_run, tell)


def _run(step: Step, is_dry_run: bool, tell: Tell | None) -> None:
    name = step.__name__.removeprefix("prune_")
    count = step(is_dry_run=is_dry_run)
    if not is_dry_run:
        logger.info("pruned %d %s", count, name)
    if tell:
        tell(name, count)


def prune_audit_runs(*, is_dry_run: bool = False) -> int:
    """Delete old runs of the auditor, those with findings much later; never the latest full one."""
    now, latest = read_clock(), get_latest_audit()
    is_clean = Q(has_overbooking=False, problems=0)
    old = AuditRun.objects.filter(
        Q(is_clean, finished_at__lt=now - KEPT_AUDITS) | Q(finished_at__lt=now - KEPT_AUDITS_WITH_FINDINGS)
    )
    rows = old.exclude(pk=latest.pk) if latest else old
    return rows.count() if is_dry_run else _delete(rows, "pk")


def prune_audited_days(*, is_dry_run: bool = False) -> int:
    """Delete what is known of service days that no audit looks at any more: they are over, or gone."""
    coming = ServiceDay.objects.filter(pk=OuterRef("pk"), business_date__gte=read_clock().date() - AUDITED_DAYS)
    over = AuditedDay.objects.filter(~Exists(coming))
    return over.count() if is_dry_run else _delete(over, "pk")


def prune_jobs(*, is_dry_run: bool = False) -> int:
    """Delete jobs that ended long ago, with their events; dead ones later. Locks the jobs.

    A job that is retried at this moment stays: under the lock it is no longer dead.
    """
    now = read_clock()
    done = Q(status__in=[Status.SUCCEEDED.value, Status.CANCELLED.value, Status.ABORTED.value])
    dead = Q(status=Status.FAILED.value)
    is_old = done & _silent_since(now - KEPT_JOBS) | dead & _silent_since(now - KEPT_DEAD_JOBS)
    if is_dry_run:
        return ProcrastinateJob.objects.filter(is_old).count()
    deleted = 0
    while batch := _delete_jobs(is_old):
        deleted += batch
    return deleted


def prune_decisions(*, is_dry_run: bool = False) -> int:
    """Delete the decision records that are older than LEDGER_DAYS.

    The oldest go first, by the index on time: the last look, which finds nothing, reads one page of it.
    """
    old = Decision.objects.filter(decided_at__lt=read_clock() - timedelta(days=settings.LEDGER_DAYS))
    return old.count() if is_dry_run else _delete(old, "decided_at", "pk")


# The steps of the nightly job, one after the other.
STEPS: tuple[Step, ...] = (prune_decisions, prune_audit_runs, prune_audited_days, prune_jobs)


def _delete(rows: QuerySet[Any], *order: str) -> int:
    deleted = 0
    while batch := list(rows.order_by(*order).values_list("pk", flat=True)[:BATCH_SIZE]):
        # Of two that prune at once only one counts a row.
        deleted += rows.filter(pk__in=batch).delete()[0]
    return deleted


def _delete_jobs(is_old: Q) -> int:
    with transaction.atomic():
        batch = lock_old_jobs(is_old, most=BATCH_SIZE)
        # The read-only manager of procrastinate's models refuses `delete`, its querysets do not.
        ProcrastinateJob.objects.filter(pk__in=batch).delete()
    return len(batch)


def _silent_since(at: datetime) -> Q:
    return ~Q(Exists(ProcrastinateEvent.objects.filter(job=OuterRef("pk"), at__gte=at)))
