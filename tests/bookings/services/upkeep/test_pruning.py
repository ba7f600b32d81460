"""What is old goes at night, in batches; what somebody may still need stays."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinatePeriodicDefer

from bookings.admin.decisions import DecisionAdmin
from bookings.insight.audit.keeping import audit_capacity
from bookings.insight.verdict.reading.decisions import list_latest_alternatives
from bookings.models import AuditedDay, AuditRun, Decision
from bookings.services.upkeep import pruning
from bookings.services.upkeep.deferral import defer_jobs
from bookings.services.upkeep.pruning import prune, prune_audit_runs, prune_audited_days, prune_decisions, prune_jobs
from tests.helpers.dining_room import book, room
from tests.helpers.factories import RestaurantFactory, materialize, open_restaurant
from tests.helpers.job_workers import SECONDS, closing_connection, jobs, run_waiting_jobs, statuses
from tests.helpers.polling import wait_until
from tests.helpers.stopping_points import count_blocked
from tests.helpers.web_servers import test_database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queue")]

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def make_run(*, age, **values):
    at = datetime.now(UTC) - age
    return AuditRun.objects.create(started_at=at, finished_at=at, **({"has_overbooking": False} | values))


def make_job(*, age, status):
    defer_jobs("materialize_restaurant", {"restaurant_id": 1})
    job = jobs().latest("pk")
    jobs(pk=job.pk).update(status="doing")
    jobs(pk=job.pk).update(status=status)
    ProcrastinateEvent.objects.get_queryset().filter(job=job).update(at=Now() - age)
    return job


def test_clean_runs_are_kept_for_two_days_and_those_with_findings_for_over_a_year():
    kept = [
        make_run(age=47 * HOUR),
        make_run(age=399 * DAY, problems=1),
        make_run(age=399 * DAY, has_overbooking=True, overbookings=2),
    ]
    make_run(age=49 * HOUR)
    make_run(age=401 * DAY, has_overbooking=True, overbookings=2)

    assert prune_audit_runs() == 2

    assert list(AuditRun.objects.order_by("pk")) == kept


def test_the_latest_full_run_is_kept_however_old_it_is():
    latest = make_run(age=500 * DAY)
    make_run(age=600 * DAY)
    make_run(age=450 * DAY, restaurant=RestaurantFactory())

    assert prune_audit_runs() == 2

    assert AuditRun.objects.get() == latest


def test_what_is_known_of_service_days_that_are_over_or_gone_goes():
    house = open_restaurant()
    today = datetime.now(UTC).date()
    coming, over = (materialize(house, today + days * DAY)[0].pk for days in (-2, -5))
    for pk in (coming, over, 1_000_000):
        AuditedDay.objects.create(service_day_id=pk, version=1)

    assert prune_audited_days() == 2

    assert AuditedDay.objects.get().pk == coming


def test_jobs_that_ended_are_kept_for_three_days_and_dead_ones_for_thirty():
    for status in ("succeeded", "cancelled", "aborted"):
        make_job(age=71 * HOUR, status=status)
        make_job(age=73 * HOUR, status=status)
    make_job(age=29 * DAY, status="failed")
    make_job(age=31 * DAY, status="failed")

    assert prune_jobs() == 4

    assert statuses() == ["succeeded", "cancelled", "aborted", "failed"]


@pytest.mark.parametrize("status", ["todo", "doing"])
def test_a_job_that_has_not_ended_is_kept_however_old_it_is(status):
    make_job(age=400 * DAY, status="failed")
    jobs().update(status=status)

    assert prune_jobs() == 0
    assert statuses() == [status]


def test_a_job_counts_from_its_last_event_and_takes_its_history_along():
    failed_again = make_job(age=40 * DAY, status="failed")
    jobs().update(status="todo")
    jobs().update(status="doing")
    jobs().update(status="failed")
    assert prune_jobs() == 0
    ProcrastinateEvent.objects.get_queryset().update(at=Now() - 31 * DAY)

    assert prune_jobs() == 1

    assert not ProcrastinateEvent.objects.filter(job_id=failed_again.pk).exists()


def test_a_dead_job_that_somebody_retries_at_this_moment_stays():
    job = make_job(age=31 * DAY, status="failed")
    pool = ThreadPoolExecutor(1)

    with psycopg.connect(test_database_url()) as other:
        other.execute("UPDATE procrastinate_jobs SET status = 'todo' WHERE id = %s", [job.pk])
        pruning_now = pool.submit(closing_connection, prune_jobs)
        assert wait_until(lambda: pruning_now.done() or count_blocked(), seconds=SECONDS)
        other.commit()

    assert pruning_now.result(timeout=SECONDS) == 0
    pool.shutdown()
    assert statuses() == ["todo"]
    assert ProcrastinateEvent.objects.filter(job=job).exists()


MANY = 5000


@pytest.fixture
def ledger():
    """Keep decisions of 25 days, of which the planner knows how many there are and how old they are."""
    restaurant, now = RestaurantFactory(), datetime.now(UTC)
    facts = {"restaurant": restaurant, "party_size": 2, "business_date": now.date(), "starts_at": now, "ends_at": now}
    words = {"operation": "create", "mode": "enforce", "verdict": "accepted", "source": "web"}
    Decision.objects.create(**facts, **words, decided_at=now - DAY * 25)
    kept = ", ".join(each.column for each in Decision._meta.concrete_fields if each.name not in ("id", "decided_at"))
    with connection.cursor() as cursor:
        # PostgreSQL copies a row five thousand times in the time that five thousand objects take to be made.
        cursor.execute(
            f"INSERT INTO bookings_decision (decided_at, {kept})"  # noqa: S608 - columns of the model
            f" SELECT decided_at + number * %s, {kept} FROM bookings_decision, generate_series(1, %s) AS number",
            [DAY * 25 / MANY, MANY - 1],
        )
        cursor.execute("ANALYZE bookings_decision")


@pytest.mark.parametrize(("is_vacuumed", "least", "most"), [(True, 0.9, 1.1), (False, 1.2, 2.0)])
@pytest.mark.usefixtures("ledger")
def test_the_ledger_does_not_grow_by_being_filled_and_pruned_where_vacuum_comes(settings, is_vacuumed, least, most):
    sizes = []
    for days in range(24, 14, -1):
        settings.LEDGER_DAYS = days
        write_a_day()
        assert prune_decisions() > 0
        if is_vacuumed:
            with connection.cursor() as cursor:
                cursor.execute("VACUUM bookings_decision")
        sizes.append(size_of_ledger())

    assert least < sizes[-1] / sizes[0] < most


def write_a_day():
    """Write as many decisions of this moment as the ledger has of each day."""
    columns = ", ".join(each.column for each in Decision._meta.concrete_fields if each.name not in ("id", "decided_at"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO bookings_decision (decided_at, {columns})"  # noqa: S608 - columns of the model
            f" SELECT now(), {columns} FROM bookings_decision LIMIT %s",
            [MANY // 25],
        )


def size_of_ledger():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('bookings_decision')")
        return cursor.fetchone()[0]


def test_vacuum_comes_for_the_decisions_of_one_day():
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions FROM pg_class WHERE oid = 'bookings_decision'::regclass")
        assert "autovacuum_vacuum_scale_factor=0.005" in cursor.fetchone()[0]


def show_page():
    list(Decision.objects.order_by(*DecisionAdmin.ordering)[: DecisionAdmin.list_per_page])


@pytest.mark.parametrize(
    ("look", "avoided"),
    [
        (prune_decisions, ("Seq Scan on bookings_decision", "bookings_decision_pkey", "Sort")),
        (show_page, ("Seq Scan on bookings_decision", "Sort")),
        # It may sort what it has read, which is a day.
        (list_latest_alternatives, ("Seq Scan on bookings_decision",)),
    ],
)
@pytest.mark.usefixtures("ledger")
def test_whoever_looks_at_the_ledger_by_time_reads_no_more_of_it_than_is_wanted(look, avoided):
    with CaptureQueriesContext(connection) as asked:
        look()

    plan = "\n".join(plan_of(query["sql"]) for query in asked if "bookings_decision" in query["sql"])
    assert "decision_in_order" in plan, plan
    assert [step for step in avoided if step in plan] == []


def plan_of(statement):
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + statement)
        return "\n".join(line for (line,) in cursor.fetchall())


def test_what_is_looked_at_to_be_deleted_is_asked_again_when_it_is(settings):
    settings.LEDGER_DAYS = 10
    old = book(room(2))
    Decision.objects.filter(booking=old).update(decided_at=datetime.now(UTC) - 11 * DAY)

    with CaptureQueriesContext(connection) as asked:
        assert prune_decisions() == 1

    (deletion,) = [query["sql"] for query in asked if query["sql"].startswith("DELETE")]
    assert '"decided_at" < ' in deletion


def test_decisions_are_kept_as_long_as_is_asked_for(settings):
    settings.LEDGER_DAYS = 10
    house = room(2, 2)
    young, old = book(house), book(house, at="20:00")
    for booking, age in ((young, 9 * DAY), (old, 11 * DAY)):
        Decision.objects.filter(booking=booking).update(decided_at=datetime.now(UTC) - age)

    assert prune_decisions() == 1

    assert Decision.objects.get().booking == young


def test_the_command_says_what_it_deleted():
    make_run(age=10 * DAY)
    make_run(age=HOUR)
    out = StringIO()

    call_command("prune_history", stdout=out)

    assert out.getvalue() == "0 decisions deleted\n1 audit runs deleted\n0 audited days deleted\n0 jobs deleted\n"


def test_a_dry_run_says_the_same_and_deletes_nothing():
    make_run(age=10 * DAY)
    make_run(age=HOUR)
    make_job(age=4 * DAY, status="succeeded")
    make_job(age=4 * DAY, status="failed")
    out = StringIO()

    call_command("prune_history", "--dry-run", stdout=out)

    said = (
        "0 decisions would be deleted\n1 audit runs would be deleted\n0 audited days would be deleted\n"
        "1 jobs would be deleted\n"
    )
    assert (out.getvalue(), AuditRun.objects.count(), statuses()) == (said, 2, ["succeeded", "failed"])


def test_more_than_a_batch_goes_in_batches(monkeypatch):
    monkeypatch.setattr(pruning, "BATCH_SIZE", 2)
    for _ in range(5):
        make_run(age=10 * DAY)
    newest = make_run(age=HOUR)

    assert prune_audit_runs() == 5
    assert AuditRun.objects.get() == newest


def test_a_step_that_fails_does_not_stop_those_after_it(monkeypatch):
    make_run(age=10 * DAY)
    audit_capacity()

    def prune_nothing(*, is_dry_run=False):
        raise ZeroDivisionError

    monkeypatch.setattr(pruning, "STEPS", (prune_nothing, prune_audit_runs))

    with pytest.raises(ZeroDivisionError):
        prune()

    assert AuditRun.objects.count() == 1


def test_the_command_says_what_was_deleted_before_and_after_a_step_that_failed():
    make_run(age=10 * DAY)
    make_run(age=HOUR)
    out = StringIO()
    rename_table("bookings_decision", "away")

    try:
        with pytest.raises(CommandError, match=r'^Not all was looked at: \[42P01\] relation "bookings_decision"'):
            call_command("prune_history", stdout=out)
    finally:
        rename_table("away", "bookings_decision")

    assert out.getvalue() == "1 audit runs deleted\n0 audited days deleted\n0 jobs deleted\n"


def rename_table(name, to):
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {name} RENAME TO {to}")


def test_the_nightly_job_prunes_and_keeps_what_tells_that_it_ran():
    make_run(age=10 * DAY)
    latest = make_run(age=HOUR)
    defer_jobs("prune", {})

    run_waiting_jobs()

    assert AuditRun.objects.get() == latest
    assert statuses(task_name="prune") == ["succeeded"]


def test_the_last_night_is_remembered_so_that_it_does_not_run_twice():
    night = {"task_name": "prune", "periodic_id": "", "defer_timestamp": 1}
    job = make_job(age=DAY, status="succeeded")
    ProcrastinatePeriodicDefer.objects.bulk_create([ProcrastinatePeriodicDefer(job_id=job.pk, **night)])

    prune_jobs()

    remembered = ProcrastinatePeriodicDefer.objects.filter(**night)
    assert remembered.exists()
    remembered.delete()
