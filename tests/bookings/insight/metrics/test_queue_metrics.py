"""The age of what waits, and the number of dead jobs, by queue."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateEvent

from bookings.insight.metrics.queue import QueueQuestion
from bookings.selectors.jobs import list_queue_states
from bookings.services.upkeep.deferral import defer_jobs
from tests.helpers.job_workers import jobs

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queue")]


def make_job(task_name="materialize_restaurant", *, seconds_ago=0, scheduled_in=None, status="todo"):
    defer_jobs(task_name, {})
    job = jobs().latest("pk")
    ProcrastinateEvent.objects.get_queryset().filter(job=job).update(at=Now() - timedelta(seconds=seconds_ago))
    scheduled_at = None if scheduled_in is None else Now() + timedelta(seconds=scheduled_in)
    jobs(pk=job.pk).update(status=status, scheduled_at=scheduled_at)


def lag(queue):
    return next(round(state.lag.total_seconds()) for state in list_queue_states() if state.queue == queue)


def test_without_jobs_every_queue_has_no_lag_and_none_dead():
    samples = {
        (sample.name, sample.labels["queue"]): sample.value
        for family in QueueQuestion().ask()
        for sample in family.samples
    }

    assert samples == {
        (name, queue): 0
        for name in ("booking_queue_lag_seconds", "booking_jobs_dead")
        for queue in ("audits", "slots", "upkeep")
    }


def test_the_lag_is_the_age_of_the_oldest_job_that_could_run():
    make_job(seconds_ago=90)
    make_job(seconds_ago=30)
    make_job("audit", seconds_ago=45)

    assert (lag("slots"), lag("audits"), lag("upkeep")) == (90, 45, 0)


def test_a_job_that_waits_for_its_next_attempt_counts_from_the_time_it_was_to_run():
    make_job(seconds_ago=900, scheduled_in=-20)
    make_job(seconds_ago=900, scheduled_in=60)

    assert lag("slots") == 20


@pytest.mark.parametrize("status", ["doing", "succeeded", "failed", "cancelled", "aborted"])
def test_a_job_that_was_begun_or_ended_has_no_lag(status):
    make_job(seconds_ago=90, status=status)

    assert lag("slots") == 0


def test_dead_jobs_are_counted_by_queue_also_in_queues_that_are_no_more():
    for status in ("failed", "failed", "succeeded", "todo"):
        make_job(status=status)
    make_job("audit", status="failed")
    jobs(task_name="audit").update(queue_name="of-an-earlier-release")

    assert {state.queue: state.dead for state in list_queue_states()} == {
        "audits": 0,
        "slots": 2,
        "upkeep": 0,
        "of-an-earlier-release": 1,
    }


def test_it_takes_three_queries_and_reads_no_job_that_was_done():
    make_job()
    with CaptureQueriesContext(connection) as queries:
        list_queue_states()
    with connection.cursor() as cursor:
        # As many done ones as a week leaves, and statistics that know of them.
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status)"
            " SELECT 'slots', 'materialize_restaurant', 'succeeded' FROM generate_series(1, 5000)"
        )
        cursor.execute("ANALYZE procrastinate_jobs")
        cursor.execute(f"EXPLAIN {queries[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert len(queries) == 3
    assert "job_dead_by_queue" in plan
    assert "Seq Scan" not in plan


def test_the_page_of_metrics_shows_them(client):
    make_job(status="failed")

    page = client.get("/metrics").content.decode()

    assert 'booking_jobs_dead{queue="slots"} 1.0' in page
    assert 'booking_queue_lag_seconds{queue="audits"} 0.0' in page
