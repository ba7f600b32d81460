"""Jobs come and go with the transaction that wants them, carry its request's id, and are tried again."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from functools import partial
from io import StringIO

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateWorker

from bookings.errors import PeriodsOverlap
from bookings.models.queues import MOST_ATTEMPTS, QUEUES
from bookings.services import change_settings, create_restaurant, materialize_service_days, save_settings_row
from bookings.services.settings.coming_days import DAYS_AHEAD, defer_coming_days, materialize_coming_days
from bookings.services.upkeep.deferral import MATERIALIZE_RESTAURANT, defer_jobs, defer_materialization
from bookings.services.upkeep.jobs import RetriedJobs, rescue_stalled_jobs, retry_dead_jobs
from capacity.models import BookingSlot, ServiceDay
from config.logs.lines import line_formatter
from config.middleware import current_request_id, working_for
from tables.models import Restaurant
from tests.helpers.factories import RestaurantFactory, ServicePeriodFactory, open_restaurant
from tests.helpers.job_workers import SECONDS, closing_connection, jobs, run_waiting_jobs, statuses
from tests.helpers.polling import wait_until
from tests.helpers.stopping_points import count_blocked
from tests.helpers.traced_jobs import read_traces, trace_table
from tests.helpers.web_servers import test_database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queue")]


@pytest.fixture
def traces():
    with trace_table():
        yield read_traces


@pytest.fixture
def request_id():
    with working_for("a-request"):
        yield "a-request"


def make_dead(task_name="always_fails", **arguments):
    defer_jobs(task_name, arguments)
    job = jobs().latest("pk")
    jobs(pk=job.pk).update(status="doing")
    jobs(pk=job.pk).update(status="failed", attempts=MOST_ATTEMPTS)
    return job


def make_abandoned(task_name="leave_trace", *, silent=timedelta(minutes=5), attempts=0, **columns):
    """Leave a job behind, as a worker does that was killed `silent` ago, or whose row is pruned already."""
    defer_jobs(task_name, {"number": 1})
    job = jobs().latest("pk")
    worker = None
    if silent is not None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s) RETURNING id", [silent]
            )
            worker = ProcrastinateWorker.objects.get(pk=cursor.fetchone()[0])
    jobs(pk=job.pk).update(status="doing", worker=worker, attempts=attempts, **columns)
    return job


# The transaction


def test_a_job_is_there_when_its_transaction_commits():
    with transaction.atomic():
        defer_jobs("leave_trace", {"number": 1})

    assert statuses(task_name="leave_trace") == ["todo"]


def test_a_job_goes_with_a_transaction_that_is_rolled_back():
    with transaction.atomic():
        defer_jobs("leave_trace", {"number": 1})
        assert statuses() == ["todo"]
        transaction.set_rollback(True)

    assert statuses() == []


def test_a_job_that_a_running_job_defers_is_a_part_of_its_transaction(traces):
    defer_jobs("defer_and_fail", {})

    run_waiting_jobs()

    assert statuses(task_name="defer_and_fail") == ["failed"]
    assert statuses(task_name="leave_trace") == []


# The request's id


def test_a_job_runs_under_the_id_of_the_request_that_wanted_it(traces, request_id):
    defer_jobs("leave_trace", {"number": 1}, {"number": 2})

    with working_for("another"):
        run_waiting_jobs()
        assert current_request_id() == "another"

    assert traces() == [(1, request_id), (2, request_id)]


def test_a_job_that_no_request_wanted_runs_under_its_own(traces):
    defer_jobs("leave_trace", {"number": 1})

    run_waiting_jobs()

    assert traces() == [(1, f"job-{jobs().get().pk}")]


@pytest.fixture
def lines():
    """Return a function that reads what was logged so far, as the log has it."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(line_formatter("json"))
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize(
    ("task", "status", "level"),
    [
        ("always_fails", "failed", "error"),
        ("fails_and_comes_again", "todo", "warning"),
        ("fails_and_is_given_up", "aborted", "error"),
    ],
)
def test_a_failure_is_told_once_and_under_the_id_of_the_request(lines, request_id, task, status, level):
    defer_jobs(task, {})
    job = jobs().get()

    with working_for("another"):
        run_waiting_jobs()

    (told,) = [line for line in lines() if "exception" in line]
    facts = {"event": "job failed", "request_id": request_id, "job_id": job.pk, "task": task, "attempt": 1}
    assert facts | {"level": level} == {name: told[name] for name in (*facts, "level")}
    assert "ZeroDivisionError" in told["exception"]
    assert statuses() == [status]


def test_a_failed_audit_is_no_dead_job_and_no_two_of_them_run_at_once():
    task = app.tasks["audit"]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE bookings_auditrun RENAME TO away")
    try:
        defer_jobs("audit", {})
        run_waiting_jobs()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO bookings_auditrun")

    assert statuses() == ["aborted"]
    assert (task.lock, task.queueing_lock) == ("audit", "audit")


# Coming days


def test_a_new_restaurant_has_its_days_without_waiting_for_the_night():
    restaurant = RestaurantFactory.build(timezone="Etc/UTC")
    create_restaurant(restaurant=restaurant, change=lambda: save_period(restaurant))
    assert ServiceDay.objects.count() == 0

    run_waiting_jobs()

    days = ServiceDay.objects.filter(restaurant=restaurant).order_by("business_date")
    today = datetime.now(UTC).date()
    assert days.count() == DAYS_AHEAD
    assert (days[0].business_date, days[DAYS_AHEAD - 1].business_date) == (today, today + timedelta(days=59))
    assert BookingSlot.objects.filter(restaurant=restaurant).count() > DAYS_AHEAD


def save_period(restaurant):
    ServicePeriodFactory(restaurant=restaurant)


def test_a_restaurant_that_is_refused_leaves_no_job():
    restaurant = RestaurantFactory.build()

    def twice():
        for name in ("Dinner", "Supper"):
            ServicePeriodFactory(restaurant=restaurant, name=name)

    with pytest.raises(PeriodsOverlap):
        create_restaurant(restaurant=restaurant, change=twice)

    assert (statuses(), Restaurant.objects.count()) == ([], 0)


def test_changes_of_one_restaurant_want_one_job_and_each_restaurant_its_own():
    first, second = RestaurantFactory(), RestaurantFactory()

    for restaurant in (first, first, second):
        save_settings_row(row=restaurant)

    wanted = jobs(task_name=MATERIALIZE_RESTAURANT).values_list("args__restaurant_id", flat=True)
    assert sorted(wanted) == sorted([first.pk, second.pk])


def test_a_job_that_runs_or_waits_for_its_next_attempt_does_not_stand_for_a_new_one():
    restaurant = RestaurantFactory()
    defer_materialization(restaurant_id=restaurant.pk)
    jobs().update(status="doing")
    defer_materialization(restaurant_id=restaurant.pk)
    jobs(status="todo").update(scheduled_at=datetime.now(UTC) + timedelta(minutes=17))

    defer_materialization(restaurant_id=restaurant.pk)

    assert statuses() == ["doing", "todo", "todo"]


def test_a_change_that_is_deferred_twice_does_not_end_the_transaction():
    restaurant = RestaurantFactory()

    with transaction.atomic():
        defer_materialization(restaurant_id=restaurant.pk)
        defer_materialization(restaurant_id=restaurant.pk)
        Restaurant.objects.filter(pk=restaurant.pk).update(name="Renamed")

    assert Restaurant.objects.get().name == "Renamed"
    assert statuses() == ["todo"]


def test_a_job_that_is_taken_up_while_a_change_is_open_works_with_what_it_wrote():
    restaurant = open_restaurant()
    work = partial(materialize_coming_days, restaurant_id=restaurant.pk)
    pool = ThreadPoolExecutor(1)
    running = []

    def change():
        hours = {"start_time": time(12), "last_seating": time(13), "end_time": time(14)}
        ServicePeriodFactory(restaurant=restaurant, name="Lunch", **hours)
        running.append(pool.submit(closing_connection, work))
        assert wait_until(count_blocked, seconds=SECONDS)

    change_settings(restaurant_id=restaurant.pk, change=change, reason="Lunch is offered")
    running[0].result(timeout=SECONDS)
    pool.shutdown()

    days = ServiceDay.objects.filter(restaurant=restaurant, service_period__name="Lunch")
    assert days.count() == DAYS_AHEAD


def test_the_night_makes_one_job_for_a_hundred_active_restaurants(monkeypatch):
    monkeypatch.setattr("bookings.services.settings.coming_days.RESTAURANTS_A_JOB", 2)
    first, second, third = (RestaurantFactory() for _ in range(3))
    RestaurantFactory(active=False)

    defer_coming_days()

    wanted = jobs(task_name="materialize_restaurants").order_by("pk").values_list("args__restaurant_ids", flat=True)
    assert list(wanted) == [[first.pk, second.pk], [third.pk]]


def test_one_restaurant_that_fails_keeps_no_other_back(monkeypatch):
    broken, sound = RestaurantFactory(timezone="Etc/UTC"), open_restaurant()

    def create(*, restaurant_id, **dates):
        if restaurant_id == broken.pk:
            raise OSError("the network is down")
        return materialize_service_days(restaurant_id=restaurant_id, **dates)

    monkeypatch.setattr("bookings.services.settings.coming_days.materialize_service_days", create)
    defer_jobs("materialize_all", {})

    for _ in ("the night's", "for a hundred restaurants", "for the broken one"):
        run_waiting_jobs()

    assert ServiceDay.objects.filter(restaurant=sound).count() == DAYS_AHEAD
    job = jobs(args__restaurant_id=broken.pk).get()
    assert (job.status, job.attempts) == ("todo", 1)
    assert job.scheduled_at > datetime.now(UTC)


def test_days_of_a_restaurant_are_created_once_however_often_they_are_wanted():
    restaurant = open_restaurant()

    created = [materialize_coming_days(restaurant_id=restaurant.pk).days_created for _ in range(2)]

    assert created == [DAYS_AHEAD, 0]


def test_a_restaurant_that_is_gone_wants_nothing():
    assert materialize_coming_days(restaurant_id=1_000_000).days_created == 0


def test_a_change_of_settings_takes_two_queries_for_its_job_and_one_if_there_is_one():
    period = ServicePeriodFactory()
    save_settings_row(row=period)
    jobs().delete()
    with CaptureQueriesContext(connection) as first:
        save_settings_row(row=period)
    with CaptureQueriesContext(connection) as again:
        save_settings_row(row=period)

    assert [sum("procrastinate" in query["sql"] for query in queries) for queries in (first, again)] == [2, 1]


# Attempts


def test_an_attempt_that_fails_comes_again_later_and_later_until_the_job_is_dead():
    task = app.tasks[MATERIALIZE_RESTAURANT]
    defer_jobs(MATERIALIZE_RESTAURANT, {"restaurant_id": 1})
    job = jobs().get().procrastinate_job

    now = datetime.now(UTC)
    decisions = [
        task.get_retry_exception(ValueError(), job.evolve(attempts=attempts)) for attempts in range(MOST_ATTEMPTS + 1)
    ]

    waits = [round((each.retry_decision.retry_at - now).total_seconds()) for each in decisions[:-1]]
    assert waits == [4, 16, 64, 256, 1024]
    assert decisions[-1] is None


def test_no_task_has_both_retries_and_a_queueing_lock():
    own = [task for name, task in app.tasks.items() if not name.startswith(("builtin", "procrastinate"))]

    assert {task.name for task in own} >= {"audit", "prune", "materialize_all", "materialize_restaurant"}
    assert [task.name for task in own if task.retry_strategy and task.queueing_lock] == []
    assert {task.queue for task in own} <= set(QUEUES)


def test_a_dead_job_runs_again_when_somebody_says_so():
    job = make_dead()

    assert retry_dead_jobs(job_ids=[job.pk]) == RetriedJobs(retried=1, superseded=0)

    assert statuses() == ["todo"]
    run_waiting_jobs()
    assert statuses() == ["failed"]
    kinds = list(ProcrastinateEvent.objects.filter(job=job).order_by("pk").values_list("type", flat=True))
    assert kinds[-4:] == ["scheduled", "retried", "started", "failed"]


@pytest.mark.parametrize("status", ["todo", "doing", "succeeded", "cancelled"])
def test_a_job_that_is_not_dead_is_not_retried(status):
    defer_jobs("leave_trace", {"number": 1})
    jobs().update(status=status)

    assert retry_dead_jobs(job_ids=jobs().values_list("pk", flat=True)) == RetriedJobs(retried=0, superseded=0)
    assert statuses() == [status]


def test_a_dead_job_is_not_retried_while_its_twin_waits_and_others_are():
    dead, other = make_dead("audit"), make_dead()
    defer_jobs("audit", {})

    assert retry_dead_jobs(job_ids=[dead.pk, other.pk]) == RetriedJobs(retried=1, superseded=1)
    assert statuses(pk__in=[dead.pk, other.pk]) == ["failed", "todo"]


# Workers that are gone


def test_a_job_of_a_worker_that_is_silent_waits_again():
    job = make_abandoned()

    assert rescue_stalled_jobs() == 1

    job.refresh_from_db()
    assert (job.status, job.attempts) == ("todo", 1)


def test_a_job_of_a_worker_whose_row_is_gone_waits_again():
    make_abandoned(silent=None)

    assert rescue_stalled_jobs() == 1
    assert statuses() == ["todo"]


def test_a_job_of_a_worker_that_spoke_lately_is_left_to_it(settings):
    settings.WORKER_HEARTBEAT_SECONDS = 10
    make_abandoned(silent=timedelta(seconds=25))

    assert rescue_stalled_jobs() == 0
    assert statuses() == ["doing"]


def test_a_job_that_was_left_behind_too_often_is_dead():
    make_abandoned(attempts=MOST_ATTEMPTS)

    assert rescue_stalled_jobs() == 1
    assert statuses() == ["failed"]


def test_a_job_that_was_left_behind_is_given_up_if_its_twin_waits():
    job = make_abandoned("audit")
    defer_jobs("audit", {})

    assert rescue_stalled_jobs() == 1
    assert statuses(pk=job.pk) == ["aborted"]
    assert statuses(task_name="audit", status="todo") == ["todo"]


def test_a_job_that_another_one_is_giving_back_is_skipped_without_waiting():
    job = make_abandoned()

    with locked_elsewhere(job):
        assert rescue_stalled_jobs() == 0

    assert rescue_stalled_jobs() == 1


def test_two_people_who_retry_a_dead_job_retry_it_once():
    job = make_dead()

    with ThreadPoolExecutor(2) as pool:
        with locked_elsewhere(job):
            retries = [pool.submit(closing_connection, partial(retry_dead_jobs, job_ids=[job.pk])) for _ in range(2)]
            assert wait_until(lambda: count_blocked() == 2, seconds=SECONDS)
        outcomes = [retry.result(timeout=SECONDS) for retry in retries]

    assert sorted(outcome.retried for outcome in outcomes) == [0, 1]
    job.refresh_from_db()
    assert (job.status, job.attempts) == ("todo", MOST_ATTEMPTS + 1)


@contextmanager
def locked_elsewhere(job):
    """Hold the row of a job by another connection."""
    with psycopg.connect(test_database_url()) as other:
        other.execute("SELECT 1 FROM procrastinate_jobs WHERE id = %s FOR UPDATE", [job.pk])
        yield


# Threads


def test_no_connection_of_a_job_stays_open(traces):
    defer_jobs("leave_trace", *({"number": number} for number in range(8)))
    before = connections_open()

    run_waiting_jobs()

    assert len(traces()) == 8
    # Of a connection that is closed the server's process ends a moment later.
    assert wait_until(lambda: connections_open() == before, seconds=SECONDS)


def connections_open():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]
