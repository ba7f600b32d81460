"""Delete what has been kept long enough, in batches: no statement takes long, and none waits for a booking."""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max, Q, QuerySet
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Status

from bookings.models import AuditRun, Decision
from bookings.selectors import get_latest_audit
from capacity.selectors import read_clock

logger = logging.getLogger(__name__)

BATCH_SIZE = 1000
# Of a run each minute these are 2,880; the alerts look back no further.
KEPT_AUDITS = timedelta(days=2)
# Over a year, to compare a season with the one before.
KEPT_AUDITS_WITH_FINDINGS = timedelta(days=400)
KEPT_JOBS = timedelta(days=3)
# Somebody has to look at them first.
KEPT_DEAD_JOBS = timedelta(days=30)


def prune() -> dict[str, int]:
    """Run every step and say how many rows each deleted.

    Raises: what the first step raised that failed, once all others have run.
    """
    deleted: dict[str, int] = {}
    with ExitStack() as others_first:
        for step in reversed(STEPS):
            others_first.callback(_run, step, deleted)
    return deleted


def _run(step: Callable[[], int], deleted: dict[str, int]) -> None:
    name = step.__name__.removeprefix("prune_")
    deleted[name] = step()
    logger.info("pruned %d %s", deleted[name], name)


def prune_audit_runs() -> int:
    """Delete old runs of the auditor, those with findings much later; never the latest full one."""
    now, latest = read_clock(), get_latest_audit()
    is_clean = Q(has_overbooking=False, problems=0)
    old = AuditRun.objects.filter(
        Q(is_clean, finished_at__lt=now - KEPT_AUDITS) | Q(finished_at__lt=now - KEPT_AUDITS_WITH_FINDINGS)
    )
    return _delete(old.exclude(pk=latest.pk) if latest else old)


def prune_jobs() -> int:
    """Delete jobs that ended long ago, with their events; dead ones later."""
    now = read_clock()
    ended = ProcrastinateJob.objects.annotate(last_at=Max("procrastinateevent__at"))
    done = Q(status__in=[Status.SUCCEEDED.value, Status.CANCELLED.value, Status.ABORTED.value])
    dead = Q(status=Status.FAILED.value)
    return _delete(ended.filter(done & Q(last_at__lt=now - KEPT_JOBS) | dead & Q(last_at__lt=now - KEPT_DEAD_JOBS)))


def prune_decisions() -> int:
    """Delete the decisions of the ledger that are older than LEDGER_DAYS.

    The oldest first, by the index on time, which names pages and not rows: a night's portion is read once.
    """
    return _delete(Decision.objects.filter(decided_at__lt=read_clock() - timedelta(days=settings.LEDGER_DAYS)))


# What the nightly job runs, one after the other.
STEPS: tuple[Callable[[], int], ...] = (prune_decisions, prune_audit_runs, prune_jobs)


def _delete(rows: QuerySet[Any]) -> int:
    deleted = 0
    while batch := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH_SIZE]):
        # The read-only manager of procrastinate's models refuses `delete`, its querysets do not.
        rows.model._default_manager.filter(pk__in=batch).delete()
        deleted += len(batch)
    return deleted
