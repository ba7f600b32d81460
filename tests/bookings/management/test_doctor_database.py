"""What the doctor says of the database: each check is made to go red in a transaction that is rolled back."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from django.db import connection

from bookings.management.doctor import clocks, schema, server
from bookings.management.doctor.findings import Deployment
from tests.helpers.doctor_findings import OK, PROBLEM, WARNING, levels, said
from tests.helpers.factories import RestaurantFactory

pytestmark = pytest.mark.django_db


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_a_server_that_is_too_old_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    assert levels(server.check_version) == [OK]
    monkeypatch.setattr(server, "OLDEST_VERSION", 99)

    assert levels(server.check_version) == [PROBLEM]


def test_transactions_that_only_read_are_a_problem() -> None:
    assert levels(server.check_writable) == [OK]
    run("SET TRANSACTION READ ONLY")

    assert levels(server.check_writable) == [PROBLEM]


@pytest.mark.parametrize("name", list(server.TIMEOUTS))
def test_a_wait_without_an_end_is_a_problem_with_the_setting_that_ends_it(name: str) -> None:
    assert levels(server.check_timeouts) == [OK]
    run(f"SET LOCAL {name} = 0")

    assert levels(server.check_timeouts) == [PROBLEM]
    assert f"Set {server.TIMEOUTS[name]} to more than 0" in said(server.check_timeouts)


def test_behind_a_pooler_the_timeout_is_set_on_the_role(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "DISABLE_SERVER_SIDE_CURSORS", True)
    run("SET LOCAL lock_timeout = 0")

    assert "ALTER ROLE " in said(server.check_timeouts)
    assert " SET lock_timeout = '10s';" in said(server.check_timeouts)


@pytest.mark.parametrize(("limit", "level"), [(20, PROBLEM), (21, WARNING), (25, WARNING), (26, OK)])
def test_more_connections_than_the_server_gives_are_a_problem(
    monkeypatch: pytest.MonkeyPatch, limit: int, level: str
) -> None:
    monkeypatch.setenv("DATABASE_POOL_SIZE", "4")
    run(f"ALTER ROLE CURRENT_USER CONNECTION LIMIT {limit}")

    assert levels(server.check_connections, Deployment(workers=2)) == [level]


def test_the_limit_of_the_server_itself_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_POOL_SIZE", "16")

    assert levels(server.check_connections, Deployment(workers=1000)) == [PROBLEM]


def test_a_missing_extension_is_a_warning_if_migrate_may_create_it() -> None:
    assert levels(schema.check_extension) == [OK, OK]
    run("DROP EXTENSION btree_gist CASCADE", "DROP EXTENSION pg_trgm CASCADE")

    assert levels(schema.check_extension) == [WARNING, WARNING]
    assert "manage.py migrate" in said(schema.check_extension)


def test_a_missing_extension_is_a_problem_if_the_role_may_not_create_it() -> None:
    run("DROP EXTENSION btree_gist CASCADE", "CREATE ROLE doctor_guest", "SET LOCAL ROLE doctor_guest")

    # The other one is there.
    assert levels(schema.check_extension) == [PROBLEM, OK]
    assert "CREATE EXTENSION btree_gist" in said(schema.check_extension)


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("booking_table_assignments", "assignment_no_double_seating"),
        ("bookings_booking", "booking_party_size_positive"),
        ("bookings_booking", "booking_idempotency_key_unique_in_restaurant"),
        ("table_inventory", "table_capacity_positive"),
    ],
)
def test_a_constraint_that_was_dropped_is_a_problem(table: str, name: str) -> None:
    assert levels(schema.check_constraints) == [OK]
    run(f"ALTER TABLE {table} DROP CONSTRAINT {name}")

    assert levels(schema.check_constraints) == [PROBLEM]
    assert f"missing: {name} on {table} " in said(schema.check_constraints)


@pytest.mark.parametrize("how", ["NOT VALID", "NOT ENFORCED"])
def test_a_constraint_that_does_not_hold_is_a_problem(how: str) -> None:
    run(
        "ALTER TABLE table_inventory DROP CONSTRAINT table_capacity_positive",
        f"ALTER TABLE table_inventory ADD CONSTRAINT table_capacity_positive CHECK (capacity > 0) {how}",
    )

    assert levels(schema.check_constraints) == [PROBLEM]
    assert "not valid: table_capacity_positive on table_inventory" in said(schema.check_constraints)


def test_a_constraint_of_that_name_on_another_table_does_not_count() -> None:
    run(
        "ALTER TABLE table_inventory DROP CONSTRAINT table_capacity_positive",
        "ALTER TABLE tables_section ADD CONSTRAINT table_capacity_positive CHECK (true)",
    )

    assert levels(schema.check_constraints) == [PROBLEM]


def test_pending_migrations_are_a_problem() -> None:
    assert levels(schema.check_migrations) == [OK]
    run("DELETE FROM django_migrations WHERE app = 'bookings' AND name <> '0001_btree_gist'")

    assert levels(schema.check_migrations) == [PROBLEM]
    assert said(schema.check_migrations).endswith("-> manage.py migrate")


def test_a_database_ahead_of_the_code_is_a_warning() -> None:
    run("INSERT INTO django_migrations (app, name, applied) VALUES ('bookings', '9999_of_tomorrow', now())")

    assert levels(schema.check_migrations) == [WARNING]
    assert "bookings.9999_of_tomorrow" in said(schema.check_migrations)


@pytest.mark.parametrize(("seconds", "level"), [(0, OK), (-5, WARNING), (5, WARNING), (-40, PROBLEM), (40, PROBLEM)])
def test_clocks_that_are_apart_are_named(seconds: int, level: str) -> None:
    found = list(clocks.check_clock(Deployment(), lambda: datetime.now(UTC) + timedelta(seconds=seconds)))

    assert [finding.level for finding in found] == [level]


def test_a_zone_that_the_database_does_not_know_is_a_problem() -> None:
    RestaurantFactory(timezone="Europe/Lisbon")
    assert levels(clocks.check_zones) == [OK]
    RestaurantFactory(timezone="Mars/Phobos")

    assert levels(clocks.check_zones) == [PROBLEM, PROBLEM]
    assert "this machine does not know: Mars/Phobos " in said(clocks.check_zones)
    assert "the database does not know: Mars/Phobos " in said(clocks.check_zones)


@pytest.mark.parametrize("name", ["localtime", "Factory"])
def test_a_name_that_only_a_machine_calls_a_zone_is_a_problem(name: str) -> None:
    RestaurantFactory(timezone=name)

    assert f"this machine does not know: {name} -> Correct the zone" in said(clocks.check_zones)


@pytest.mark.parametrize("unknown", [ZoneInfoNotFoundError, ValueError])
def test_a_zone_that_this_machine_alone_does_not_know_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, unknown: type[Exception]
) -> None:
    def old_data(name: str) -> ZoneInfo:
        raise unknown

    RestaurantFactory(timezone="Europe/Lisbon")
    monkeypatch.setattr(clocks, "ZoneInfo", old_data)

    assert levels(clocks.check_zones) == [PROBLEM]
    assert "this machine does not know: Europe/Lisbon -> Correct the zone" in said(clocks.check_zones)


def test_a_zone_with_other_hours_in_the_database_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    RestaurantFactory(timezone="Europe/Lisbon")
    monkeypatch.setattr(clocks, "ZoneInfo", lambda name: ZoneInfo("Europe/Paris"))  # as of old zone data here

    assert levels(clocks.check_zones) == [PROBLEM]
    assert "other hours in the database than here: Europe/Lisbon " in said(clocks.check_zones)
