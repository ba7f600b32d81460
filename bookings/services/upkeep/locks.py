"""Row locks on jobs of the queue and on users, and the lock of a sign-in."""

import hashlib
from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Status

from config.gate import SIGN_IN


def lock_dead_jobs(job_ids: Iterable[int]) -> list[ProcrastinateJob]:
    """Lock those of some jobs that are dead; another retry of the same job waits and then finds it alive."""
    dead = ProcrastinateJob.objects.filter(pk__in=job_ids, status=Status.FAILED.value)
    return list(dead.select_for_update(of=("self",), no_key=True).order_by("pk"))


def lock_old_jobs(is_old: Q, *, most: int) -> list[int]:
    """Lock the first jobs that are to be deleted and return their keys; skips rows that another one locks.

    A retry at the same moment has its job: a condition that no longer holds is seen under the lock.
    """
    old = ProcrastinateJob.objects.filter(is_old).select_for_update(of=("self",), skip_locked=True)
    return list(old.order_by("pk").values_list("pk", flat=True)[:most])


def lock_stalled_jobs(silence: timedelta) -> list[ProcrastinateJob]:
    """Lock the running jobs whose worker is gone, or has been silent for so long; skips locked rows.

    `JobManager.get_stalled_jobs` asks the same without a lock. Of two calls at once the later would give back a job
    that a worker has taken up again in between.
    """
    is_abandoned = Q(worker__isnull=True) | Q(worker__last_heartbeat__lt=Now() - silence)
    running = ProcrastinateJob.objects.filter(is_abandoned, status=Status.DOING.value)
    return list(running.select_for_update(of=("self",), no_key=True, skip_locked=True).order_by("pk"))


def lock_sign_in(username: str, address: str) -> None:
    """Let the tries of one name from one address come one after the other, each until its transaction ends."""
    digest = hashlib.sha256(f"{address} {username}".encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SIGN_IN | int.from_bytes(digest[:6], "big")])


def lock_user(user_id: int) -> None:
    """Let the changes of the second factor of a user come one after the other."""
    list(User.objects.select_for_update(of=("self",), no_key=True).filter(pk=user_id).values_list("pk"))
