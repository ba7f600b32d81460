"""Defer jobs on Django's own connection: they come and go with the transaction that is open."""

from collections.abc import Iterable
from typing import Final

from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Status
from procrastinate.types import JSONDict

from config.middleware import current_request_id

MATERIALIZE_RESTAURANT: Final = "materialize_restaurant"
MATERIALIZE_RESTAURANTS: Final = "materialize_restaurants"


def defer_jobs(task_name: str, *arguments: JSONDict) -> None:
    """Defer a job for each set of arguments, under the id of the request that wants it, in 1 query.

    Inside a transaction the jobs are there if it commits, and never otherwise.
    """
    if arguments:
        request_id = current_request_id()
        origin = {"request_id": request_id} if request_id else {}
        app.configure_task(task_name).batch_defer(*({**each, **origin} for each in arguments))


def defer_materialization(*, restaurant_id: int) -> None:
    """Want the coming service days of a restaurant, unless a job that waits will see to it; 2 queries.

    Expects the open transaction to have locked the restaurant row: an equal call comes after it. A job that is taken up
    meanwhile waits for it (FOR SHARE) and so sees its rows. A queueing lock of procrastinate would be a unique index,
    and its violation would end the transaction.
    """
    defer_materializations(restaurant_ids=[restaurant_id])


def defer_materializations(*, restaurant_ids: Iterable[int]) -> None:
    """Want the coming service days of restaurants, without those for which a job waits; 2 queries."""
    wanted = list(restaurant_ids)
    # One that failed and waits for its next attempt may wait long.
    waiting = ProcrastinateJob.objects.filter(
        status=Status.TODO.value,
        task_name=MATERIALIZE_RESTAURANT,
        scheduled_at__isnull=True,
        args__restaurant_id__in=wanted,
    )
    there = set(waiting.values_list("args__restaurant_id", flat=True))
    arguments: list[JSONDict] = [{"restaurant_id": pk} for pk in wanted if pk not in there]
    defer_jobs(MATERIALIZE_RESTAURANT, *arguments)
