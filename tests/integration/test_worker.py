"""The real worker: jobs killed in the middle run again, nothing is lost, nothing is left running."""

import os
import signal
from collections import Counter

import psutil
import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateWorker

from bookings.models import AuditRun
from bookings.services.upkeep.deferral import defer_jobs
from tests.helpers.job_workers import SECONDS, child_of, jobs, running_worker, statuses
from tests.helpers.polling import wait_until
from tests.helpers.traced_jobs import read_traces, trace_table

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queue", "table")]

MANY = 36


@pytest.fixture
def table():
    with trace_table():
        yield


def defer_traces(count, *, seconds):
    defer_jobs("leave_trace", *({"number": number, "seconds": seconds} for number in range(count)))


def traced():
    return Counter(number for number, _ in read_traces())


def all_ended(count):
    return statuses(task_name="leave_trace", status="succeeded") == ["succeeded"] * count


def test_jobs_of_a_worker_killed_twice_are_all_done_and_only_what_ran_at_that_moment_twice():
    defer_traces(MANY, seconds=0.1)

    with running_worker() as worker:
        for share in (5, 20):
            assert wait_until(lambda share=share: len(traced()) >= share, seconds=SECONDS)
            child_of(worker, "slots").kill()
        assert wait_until(lambda: all_ended(MANY), seconds=SECONDS), statuses()

    assert set(traced()) == set(range(MANY))
    attempts = {job.args["number"]: job.attempts for job in jobs(task_name="leave_trace")}
    assert all(traced()[number] <= attempts[number] for number in range(MANY))
    assert 1 <= sum(count - 1 for count in attempts.values()) <= 4


def test_a_supervisor_that_is_killed_takes_its_processes_along_and_the_next_one_finishes():
    defer_traces(MANY, seconds=0.1)
    with running_worker() as worker:
        assert wait_until(lambda: len(traced()) >= 5, seconds=SECONDS)
        processes = [child_of(worker, "slots"), child_of(worker, "audits")]
        worker.kill()
        gone, alive = psutil.wait_procs(processes, timeout=SECONDS)

    assert (len(gone), alive) == (2, [])
    assert statuses(status="doing") == []
    with running_worker():
        assert wait_until(lambda: all_ended(MANY), seconds=SECONDS), statuses()
    assert traced() == dict.fromkeys(range(MANY), 1)


@pytest.mark.parametrize("options", [(), ("--queues", "slots")])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_worker_that_is_told_to_stop_finishes_what_it_has_begun_and_leaves_the_rest(number, options):
    defer_traces(MANY, seconds=0.5)
    with running_worker(*options) as worker:
        assert wait_until(traced, seconds=SECONDS)
        # A terminal sends Ctrl-C to every process of the group in its foreground.
        os.killpg(worker.pid, number) if number == signal.SIGINT else worker.send_signal(number)

        assert worker.wait(timeout=SECONDS) == 0

    done = set(statuses(task_name="leave_trace"))
    assert done == {"succeeded", "todo"}
    assert len(traced()) == len(jobs(task_name="leave_trace", status="succeeded"))
    assert list(ProcrastinateWorker.objects.all()) == []


def test_the_auditor_looks_while_every_other_thread_is_busy():
    defer_traces(4, seconds=20)

    with running_worker() as worker:
        assert wait_until(lambda: len(traced()) == 2, seconds=SECONDS)
        assert wait_until(lambda: AuditRun.objects.exists(), seconds=SECONDS)
        assert statuses(task_name="leave_trace", status="doing") == ["doing"] * 2
        child_of(worker, "slots").kill()
        worker.kill()
    run = AuditRun.objects.latest("pk")
    assert (run.restaurant_id, run.from_date, run.to_date) == (None, None, None)


def test_without_listening_jobs_are_found_by_looking():
    with running_worker("--queues", "slots", "--no-listen") as worker:
        assert wait_until(lambda: ProcrastinateWorker.objects.exists(), seconds=SECONDS)
        defer_traces(3, seconds=0)

        assert wait_until(lambda: all_ended(3), seconds=SECONDS)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )
            assert cursor.fetchone() == (0,)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=SECONDS) == 0


def test_a_worker_needs_few_connections_and_gives_back_those_of_its_jobs():
    before = connections_open()
    defer_traces(20, seconds=0.05)

    with running_worker():
        assert wait_until(lambda: all_ended(20), seconds=SECONDS)
        # Two of each queue, one that listens, one of the periodic tasks; an audit may be running.
        assert wait_until(lambda: connections_open() - before <= 9, seconds=SECONDS), connections_open() - before


def test_a_worker_whose_connections_are_cut_goes_on():
    with running_worker():
        assert wait_until(lambda: ProcrastinateWorker.objects.count() == 2, seconds=SECONDS)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert cursor.fetchone()[0] >= 2
        defer_traces(5, seconds=0)

        assert wait_until(lambda: all_ended(5), seconds=SECONDS), statuses()


def test_a_job_that_the_database_does_not_let_be_given_back_is_given_back_later(refused_retries):
    defer_traces(1, seconds=0)
    jobs().update(status="doing")

    with running_worker("--queues", "slots") as worker:
        assert wait_until(refused_retries, seconds=SECONDS)
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER refuse_retries ON procrastinate_jobs")

        assert wait_until(lambda: all_ended(1), seconds=SECONDS), statuses()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=SECONDS) == 0


@pytest.fixture
def refused_retries():
    """Let the database refuse every retry; return a function that says whether it has refused one."""
    with connection.cursor() as cursor:
        # A sequence remembers what is rolled back.
        cursor.execute("""
            CREATE SEQUENCE refusals;
            CREATE FUNCTION refuse_retries() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM nextval('refusals');
                RAISE EXCEPTION 'not now';
            END $$;
            CREATE TRIGGER refuse_retries BEFORE UPDATE ON procrastinate_jobs
                FOR EACH ROW WHEN (NEW.status = 'todo') EXECUTE FUNCTION refuse_retries();
        """)

        def has_refused():
            cursor.execute("SELECT is_called FROM refusals")
            return cursor.fetchone()[0]

        yield has_refused
        cursor.execute("DROP FUNCTION refuse_retries CASCADE; DROP SEQUENCE refusals")


def connections_open():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]
