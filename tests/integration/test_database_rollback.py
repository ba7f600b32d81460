"""The reverse migrations, there and back, each on a database of its own."""

import threading
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from psycopg.errors import LockNotAvailable

from bookings.models import Booking, Decision, RolloutChange, RolloutNote, TableAssignment
from config.migration_guard import RefuseToDrop, TableNotGuarded, TablesHoldRows, list_guarded_tables
from tables.models import Table
from tests.helpers.polling import wait_until
from tests.helpers.race_houses import House, dinner_house
from tests.helpers.web_servers import test_database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_database")]

GUARDED = [
    *("booking_slots", "booking_table_assignments", "bookings_booking"),
    *("bookings_decision", "bookings_rolloutchange", "bookings_rolloutnote", "table_inventory"),
]
# What the owner's plan drops, in its order.
DROPPED = ["booking_table_assignments", "booking_slots", "table_inventory"]
ROWS = {
    "booking_slots": 1,
    "booking_table_assignments": 1,
    "bookings_booking": 1,
    "bookings_decision": 1,
    "table_inventory": 2,
}
LOG_DROPS = """
CREATE TABLE public.drops (number bigserial, name text);
CREATE FUNCTION log_drops() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.drops (name)
    SELECT object_name FROM pg_event_trigger_dropped_objects() WHERE object_type = 'table' AND original;
END $$;
CREATE EVENT TRIGGER log_drops ON sql_drop EXECUTE FUNCTION log_drops();
"""
GUARD = RefuseToDrop("booking_table_assignments")
INSERT_ASSIGNMENT = """
INSERT INTO booking_table_assignments
SELECT * FROM jsonb_populate_record(NULL::booking_table_assignments, %s::jsonb)
"""
CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
"""


@pytest.fixture
def house() -> House:
    """Return a restaurant with two tables and one booking at one of them."""
    house = dinner_house(tables=2)
    house.booking()()
    return house


def roll_back(**options: Any) -> None:
    call_command("migrate", "tables", "zero", verbosity=0, **options)


def list_applied() -> set[tuple[str, str]]:
    return set(MigrationRecorder(connection).applied_migrations())


def list_tables() -> set[str]:
    return set(connection.introspection.table_names())


def query(statement: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def book() -> None:
    """Take a booking by the service, in a restaurant made for it."""
    dinner_house(tables=1).booking()()
    assert (Booking.objects.count(), TableAssignment.objects.count()) == (1, 1)


def test_the_owners_tables_the_bookings_and_what_a_verdict_rests_on_are_guarded() -> None:
    assert list_guarded_tables() == GUARDED


def test_tables_with_rows_are_not_dropped_and_nothing_is_unapplied(house: House) -> None:
    applied = list_applied()

    with pytest.raises(TablesHoldRows) as refusal:
        roll_back()

    assert refusal.value.rows == ROWS
    assert str(refusal.value).splitlines() == [
        "Not unapplied: tables would be dropped that hold rows.",
        "  bookings_decision: 1",
        "  bookings_booking: 1",
        "  booking_table_assignments: 1",
        "  booking_slots: 1",
        "  table_inventory: 2",
        "Turning enforcement off needs no migration; see docs/operations.md, Dropping the tables.",
        "To drop them with all their rows, set",
        "ALLOW_DROP_TABLES=bookings_decision,bookings_booking,booking_table_assignments,booking_slots,table_inventory",
    ]
    assert list_applied() == applied
    assert (Booking.objects.count(), TableAssignment.objects.count(), Table.objects.count()) == (1, 1, 2)
    assert house.booking()().booking.status == "confirmed"


def test_empty_tables_are_dropped_in_the_owners_order_and_come_back_whole() -> None:
    constraints = set(query(CONSTRAINTS))
    tables = list_tables()
    with connection.cursor() as cursor:
        cursor.execute(LOG_DROPS)

    roll_back()

    assert [name for (name,) in query("SELECT name FROM drops ORDER BY number") if name in DROPPED] == DROPPED
    assert not list_tables() & set(GUARDED)
    assert not {app for app, _ in list_applied()} & {"tables", "capacity"}
    with connection.cursor() as cursor:
        cursor.execute("DROP EVENT TRIGGER log_drops; DROP FUNCTION log_drops; DROP TABLE drops")
    call_command("migrate", verbosity=0)
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    assert list_tables() == tables
    assert set(query(CONSTRAINTS)) == constraints
    assert {"assignment_no_double_seating", "service_day_covers_within_limit"} <= {name for _, name, _ in constraints}
    book()


@pytest.fixture
def evidence(house: House) -> None:
    """Have what a verdict on the house rests on: a decision, a change of its mode, a note."""
    who = {"restaurant": house.restaurant, "actor_label": "Manager"}
    RolloutChange.objects.create(**who, action="set", from_value="shadow", to_value="enforce", reason="Trusted")
    RolloutNote.objects.create(**who, tickets=2)


@pytest.mark.parametrize(
    ("target", "lost"),
    [
        ("0005", {"bookings_rolloutchange": 1, "bookings_rolloutnote": 1}),
        ("0004", {"bookings_rolloutchange": 1, "bookings_rolloutnote": 1, "bookings_decision": 1}),
    ],
)
def test_a_few_migrations_back_evidence_is_not_dropped_unless_it_is_named(
    evidence: None, settings: Any, target: str, lost: dict[str, int]
) -> None:
    applied = list_applied()

    with pytest.raises(TablesHoldRows) as refusal:
        call_command("migrate", "bookings", target, verbosity=0)

    assert (refusal.value.rows, list_applied()) == (lost, applied)
    settings.ALLOW_DROP_TABLES = list(lost)
    call_command("migrate", "bookings", target, verbosity=0)
    assert not list_tables() & set(lost)
    call_command("migrate", verbosity=0)
    assert (Booking.objects.count(), list_applied()) == (1, applied)


def test_tables_that_are_named_are_dropped_with_their_rows(house: House, settings: Any) -> None:
    settings.ALLOW_DROP_TABLES = GUARDED

    roll_back()

    assert not list_tables() & {*GUARDED, "tables_restaurant"}
    call_command("migrate", verbosity=0)
    book()


def test_whoever_names_some_tables_is_told_the_others_and_the_whole_line(house: House, settings: Any) -> None:
    settings.ALLOW_DROP_TABLES = ["booking_slots", "table_inventory"]
    applied = list_applied()

    with pytest.raises(TablesHoldRows) as refusal:
        roll_back()

    assert refusal.value.rows == {"bookings_decision": 1, "bookings_booking": 1, "booking_table_assignments": 1}
    assert str(refusal.value).endswith(
        "\nALLOW_DROP_TABLES=booking_slots,table_inventory,bookings_decision,bookings_booking,booking_table_assignments"
    )
    assert list_applied() == applied


def test_a_name_that_nothing_guards_is_refused_and_not_passed_over(house: House, settings: Any) -> None:
    settings.ALLOW_DROP_TABLES = [*GUARDED, "booking_slot"]

    with pytest.raises(CommandError, match="ALLOW_DROP_TABLES names booking_slot, which no migration guards"):
        roll_back()
    with pytest.raises(TableNotGuarded, match="guarded are booking_slots, "):
        roll_back(skip_checks=True)

    assert Booking.objects.count() == 1


def test_a_table_without_rows_needs_no_name() -> None:
    dinner_house(tables=2)

    with pytest.raises(TablesHoldRows) as refusal:
        roll_back()

    assert refusal.value.rows == {"table_inventory": 2, "booking_slots": 1}


def test_a_table_that_is_gone_already_holds_nothing(house: House) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE booking_table_assignments")

    with pytest.raises(TablesHoldRows) as refusal:
        roll_back()

    assert "booking_table_assignments" not in refusal.value.rows


def test_the_operation_refuses_by_itself_where_no_signal_asks_first(house: House) -> None:
    executor = MigrationExecutor(connection)
    Decision.objects.all().delete()

    with pytest.raises(TablesHoldRows) as refusal:
        executor.migrate([("tables", None)])

    assert refusal.value.rows == {"bookings_booking": 1, "booking_table_assignments": 1}
    assert ("bookings", "0002_bookings_begin") in list_applied()
    assert Booking.objects.count() == 1


def test_a_row_that_was_being_written_is_waited_for_and_counted(house: House) -> None:
    assignment = query("DELETE FROM booking_table_assignments RETURNING to_jsonb(booking_table_assignments)::text")
    outcome: list[TablesHoldRows | None] = []

    with psycopg.connect(test_database_url()) as writer:
        writer.execute(INSERT_ASSIGNMENT, assignment[0])
        dropping = threading.Thread(target=pass_guard, args=(outcome,))
        dropping.start()
        waiting = wait_until(list_relations_waited_for, seconds=30)
        writer.commit()
        dropping.join(timeout=30)

    assert waiting == ["booking_table_assignments"]
    assert outcome[0] is not None
    assert outcome[0].rows == {"booking_table_assignments": 1}


def test_no_row_comes_in_between_the_count_and_the_drop(house: House) -> None:
    assignment = query("DELETE FROM booking_table_assignments RETURNING to_jsonb(booking_table_assignments)::text")

    with connection.schema_editor() as editor, psycopg.connect(test_database_url()) as writer:
        GUARD.database_backwards("bookings", editor, ProjectState(), ProjectState())
        writer.execute("SET lock_timeout = '50ms'")
        with pytest.raises(LockNotAvailable):
            writer.execute(INSERT_ASSIGNMENT, assignment[0])


def pass_guard(outcome: list[TablesHoldRows | None]) -> None:
    """Ask the guard as a reverse migration does; keep its refusal, or None."""
    try:
        with connection.schema_editor() as editor:
            GUARD.database_backwards("bookings", editor, ProjectState(), ProjectState())
        outcome.append(None)
    except TablesHoldRows as refusal:
        outcome.append(refusal)
    finally:
        connections.close_all()


def list_relations_waited_for() -> list[str]:
    waits = query(
        "SELECT relation::regclass::text FROM pg_locks INNER JOIN pg_database ON pg_locks.database = pg_database.oid"
        " WHERE relation IS NOT NULL AND NOT granted AND datname = current_database()"
    )
    return [name for (name,) in waits]


def test_a_plan_and_its_sql_are_shown_without_a_refusal(house: House) -> None:
    plan, statements = StringIO(), StringIO()

    roll_back(plan=True, stdout=plan)
    call_command("sqlmigrate", "tables", "0001", backwards=True, stdout=statements)

    assert "    Refuse to drop table_inventory with rows\n" in plan.getvalue().replace("Undo ", "")
    assert 'DROP TABLE "table_inventory" CASCADE;' in statements.getvalue()
    assert Booking.objects.count() == 1


def test_a_faked_rollback_is_asked_as_well_and_drops_nothing(house: House, settings: Any) -> None:
    applied = list_applied()

    with pytest.raises(TablesHoldRows):
        roll_back(fake=True)
    settings.ALLOW_DROP_TABLES = GUARDED
    roll_back(fake=True)

    assert Booking.objects.count() == 1
    assert not {app for app, _ in list_applied()} & {"tables", "capacity"}
    call_command("migrate", fake=True, verbosity=0)
    assert list_applied() == applied


def test_without_their_bookings_service_days_stay_and_are_counted_afresh(house: House, settings: Any) -> None:
    settings.ALLOW_DROP_TABLES = ["bookings_booking", "booking_table_assignments", "bookings_decision"]

    call_command("migrate", "bookings", "zero", verbosity=0)
    call_command("migrate", verbosity=0)
    still_counted = house.days[0].booked_covers
    call_command("rebuild_counters", verbosity=0)

    assert (still_counted, house.days[0].booked_covers) == (4, 0)
    assert Table.objects.count() == 2
