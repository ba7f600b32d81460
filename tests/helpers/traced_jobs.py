"""Tasks of tests: each leaves a row of what it did, in a table that the test makes."""

from contextlib import contextmanager

from django.db import connection, transaction

from bookings.jobs.tasks import job
from bookings.models.queues import RETRIES, SLOTS
from bookings.services.upkeep.deferral import defer_jobs
from config.middleware import current_request_id


@contextmanager
def trace_table():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE job_traces (number int NOT NULL, request_id text NOT NULL)")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE job_traces")


@job("leave_trace", queue=SLOTS, retry=RETRIES)
def leave_trace(*, number, seconds=0.0):
    """Write a row, then take some time before the job counts as done: killed in between, it is done twice."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO job_traces VALUES (%s, %s)", [number, current_request_id()])
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


@job("always_fails", queue=SLOTS)
def always_fails():
    raise ZeroDivisionError


@job("fails_and_comes_again", queue=SLOTS, retry=RETRIES)
def fails_and_comes_again():
    raise ZeroDivisionError


@job("fails_and_is_given_up", queue=SLOTS, is_given_up=True)
def fails_and_is_given_up():
    raise ZeroDivisionError


@job("defer_and_fail", queue=SLOTS)
def defer_and_fail():
    with transaction.atomic():
        defer_jobs("leave_trace", {"number": 1})
        raise ZeroDivisionError


def read_traces():
    with connection.cursor() as cursor:
        cursor.execute("SELECT number, request_id FROM job_traces ORDER BY number, request_id")
        return cursor.fetchall()
