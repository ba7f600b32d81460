"""Migrating while the released code serves: what it needs stays, and a lock that is not to be had is given up."""

import os
import subprocess
import sys
from datetime import timedelta

import psycopg
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import IntegrityError, OperationalError
from django.utils import timezone

from bookings.models import ApiKey, Booking, CapacityOverride
from config.env import BASE_DIR
from tables.models import TableBlock
from tests.helpers.factories import ClosureFactory, SectionFactory, TableCombinationFactory
from tests.helpers.race_houses import House, dinner_house
from tests.helpers.released_schemas import RELEASED, Schema, list_breaks, read_schema, released_models, write_again
from tests.helpers.web_servers import test_database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_database")]

PROJECT = ("tables", "capacity", "bookings")


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def full_house() -> House:
    """Return a restaurant with a row in every table that the released code writes."""
    house = dinner_house(tables=2)
    house.booking()()
    restaurant, (day,) = house.restaurant, house.days
    numbers = list(restaurant.tables.all())
    SectionFactory(restaurant=restaurant)
    TableCombinationFactory(restaurant=restaurant, tables=numbers)
    ClosureFactory(restaurant=restaurant, from_date=house.business_date + timedelta(days=1))
    now = timezone.now()
    TableBlock.objects.create(
        restaurant=restaurant, table=numbers[0], starts_at=now, ends_at=now + timedelta(hours=1), reason="Painted"
    )
    ApiKey.objects.create(restaurant=restaurant, name="till", key_hash="0" * 64)
    CapacityOverride.objects.create(
        restaurant=restaurant, service_day=day, limit="max_covers", amount=1, source="staff", reason="A wedding"
    )
    call_command("audit_capacity")
    return house


def migrate_to_released() -> Schema:
    """Unapply what came after the release; return the schema that it left."""
    # Bookings first: what follows in one app may stand on what follows in another.
    for app, name in reversed(RELEASED):
        call_command("migrate", app, name, verbosity=0)
    return read_schema()


def test_what_the_released_code_knows_is_there_and_takes_what_it_took() -> None:
    released = migrate_to_released()
    call_command("migrate", verbosity=0)

    assert list_breaks(released, read_schema()) == []
    assert {"booking_slots", "bookings_booking", "table_inventory"} <= set(released)


def test_the_released_code_reads_and_writes_every_row_of_the_schema_of_today() -> None:
    house = full_house()
    models = [model for model in released_models().get_models() if model._meta.app_label in PROJECT]

    written = write_again(models)

    without_rows = {name for name, count in written.items() if not count}
    assert without_rows <= {"capacity.EnforcementSwitch"}
    assert Booking.objects.get().status == "confirmed"
    assert house.booking(party_size=2)().booking.status == "confirmed"


@pytest.mark.parametrize(
    ("statement", "breaks"),
    [
        (
            "ALTER TABLE bookings_booking ADD mood text NOT NULL",
            ["bookings_booking.mood is new, not null and without a default of the database"],
        ),
        ("ALTER TABLE bookings_booking DROP guest_name", ["bookings_booking.guest_name is gone"]),
        (
            "ALTER TABLE bookings_booking RENAME source TO origin",
            [
                "bookings_booking.origin is new, not null and without a default of the database",
                "bookings_booking.source is gone",
            ],
        ),
        (
            "ALTER TABLE bookings_booking ALTER expires_at SET NOT NULL",
            ["bookings_booking.expires_at takes less than it did"],
        ),
        (
            "ALTER TABLE table_inventory ALTER number TYPE varchar(10)",
            ["table_inventory.number takes less than it did"],
        ),
        ("ALTER TABLE table_inventory ALTER x TYPE smallint", ["table_inventory.x takes less than it did"]),
        ("DROP TABLE booking_table_assignments", ["booking_table_assignments is gone"]),
        ("ALTER TABLE bookings_booking ADD mood text", []),
        ("ALTER TABLE bookings_booking ADD mood text NOT NULL DEFAULT 'good'", []),
        ("ALTER TABLE table_inventory ALTER number TYPE varchar(40)", []),
        ("ALTER TABLE table_inventory ALTER number TYPE text", []),
        ("ALTER TABLE table_inventory ALTER x TYPE bigint", []),
        ("CREATE TABLE moods (id int NOT NULL)", []),
    ],
)
def test_what_would_stop_the_released_code_is_named(statement: str, breaks: list[str]) -> None:
    before = read_schema()
    execute(statement)

    assert list_breaks(before, read_schema()) == breaks


def test_a_constraint_that_the_released_code_cannot_know_stops_its_rows() -> None:
    """The control of the rewriting: columns alone do not show this one."""
    full_house()
    execute("ALTER TABLE bookings_booking ADD mood text")
    execute("UPDATE bookings_booking SET mood = 'good'")
    execute("ALTER TABLE bookings_booking ADD CONSTRAINT mood_given CHECK (mood IS NOT NULL)")

    with pytest.raises(IntegrityError, match="mood_given"), transaction.atomic():
        write_again([apps.get_model("bookings", "Booking")])


def migrate_by_command(**environment: str) -> "subprocess.CompletedProcess[str]":
    """Migrate as operations.md says, in a process of its own."""
    settings = {"DATABASE_URL": test_database_url(), "DJANGO_SETTINGS_MODULE": "config.settings"}
    return subprocess.run(
        [sys.executable, "manage.py", "migrate", "--no-input"],
        cwd=BASE_DIR,
        env=os.environ | settings | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def list_constraints(table: str) -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, table))


def test_a_lock_that_is_not_to_be_had_is_given_up_and_the_next_try_goes_on() -> None:
    call_command("migrate", "capacity", "0002", verbosity=0)
    constraint = "service_period_times_are_whole_minutes"
    connection.close()

    with psycopg.connect(test_database_url()) as reader:
        reader.execute("SELECT FROM capacity_serviceperiod")
        refused = migrate_by_command(DATABASE_LOCK_TIMEOUT_SECONDS="0.3")
        still_there = list_constraints("capacity_serviceperiod")
    again = migrate_by_command(DATABASE_LOCK_TIMEOUT_SECONDS="0.3")

    assert refused.returncode == 1
    assert "canceling statement due to lock timeout" in refused.stderr
    assert constraint not in still_there
    assert (again.returncode, constraint in list_constraints("capacity_serviceperiod")) == (0, True), again.stderr


def test_a_constraint_that_is_validated_later_waits_for_no_writer() -> None:
    """The recipe of operations.md; added in one step it would keep everybody out until the rows are read."""
    dinner_house(tables=1)
    execute("ALTER TABLE table_inventory ADD CONSTRAINT at_most_999 CHECK (capacity <= 999) NOT VALID")

    with psycopg.connect(test_database_url()) as writer:
        writer.execute("UPDATE table_inventory SET priority = 1")
        execute("SET lock_timeout = '200ms'")
        execute("ALTER TABLE table_inventory VALIDATE CONSTRAINT at_most_999")
        with pytest.raises(OperationalError, match="lock timeout"):
            execute("ALTER TABLE table_inventory ADD CONSTRAINT at_most_998 CHECK (capacity <= 998)")

    assert {"at_most_999", "at_most_998"} & list_constraints("table_inventory") == {"at_most_999"}
