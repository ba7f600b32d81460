"""What a control takes away: locks by their functions, constraints in the test database itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.db import connection
from pytest_django import Settings

from bookings.decision.touched_days import TouchedDays
from config.gate import GateLevel, _locks_of
from tests.helpers.stopping_points import Points

DEFINITION = "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s"


class Protections:
    """Takes protections away for one test."""

    def __init__(self, points: Points, settings: Settings) -> None:
        self._points = points
        self._settings = settings
        self._dropped: list[tuple[str, str, str]] = []
        self._restoring: list[str] = []

    def service_day_lock(self) -> None:
        """Let the writes of bookings lock nothing, gate included."""
        self._settings.BOOKING_GATE = False
        self._points.replace("bookings.services.writes.lock_service_days", lambda ids: [])

    def restaurant_gate(self) -> None:
        """Let whoever starts over wait for the same service days again, beside whoever wants others."""
        self._points.replace("config.gate._locks_of", lambda claimed, level: _locks_of(claimed, GateLevel.SERVICE_DAYS))

    def gate_for_everybody(self) -> None:
        """Let nobody be alone, however often it starts over."""
        self._points.replace("config.gate._has_entered_alone", lambda terms, timeout_milliseconds: False)

    def locks_of_other_services(self) -> None:
        """Let a booking lock the service day in which it starts, and none that its stay runs into."""
        from bookings.services.booking import days_of_assessment

        def own_day(book: Any, assessment: Any) -> TouchedDays:
            whole = days_of_assessment(book, assessment)
            return replace(whole, service_day_ids=frozenset({assessment.service.service_day_id}))

        self._points.replace("bookings.services.booking.days_of_stay", lambda settings, wish: None)
        self._points.replace("bookings.services.booking.days_of_assessment", own_day)

    def locks_of_moved_parties(self) -> None:
        """Let a booking lock what its own stay meets, wherever the parties sit that it moves."""
        from bookings.services.booking import days_of_assessment

        def own_days(book: Any, assessment: Any) -> TouchedDays:
            return days_of_assessment(book, replace(assessment, seating=None))

        self._points.replace("bookings.services.booking.days_of_assessment", own_days)

    def restaurant_lock(self) -> None:
        """Let changes of settings and creations of service days pass each other."""
        from tables.models import Restaurant

        self._points.replace(
            "bookings.services.settings.settings_changes.lock_restaurant_settings",
            lambda restaurant_id: Restaurant.objects.get(pk=restaurant_id),
        )
        self._points.replace(
            "bookings.services.settings.materialization.share_restaurant_settings", lambda restaurant_id: None
        )

    def lock_of_stays_counted_in_new_days(self) -> None:
        """Let service days be created from stays that somebody may just be changing."""
        self._points.replace("bookings.services.settings.materialization.lock_service_days", lambda ids: [])

    def lock_of_repairs(self) -> None:
        """Let counters be repaired while somebody may just be changing them."""
        self._points.replace("bookings.services.upkeep.counter_repair.lock_service_days", set)

    def room_for_service_days(self) -> None:
        """Let service days fill their pages, so that an update of one finds no room there."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT reloptions[1] FROM pg_class WHERE relname = 'capacity_serviceday'")
            (room,) = cursor.fetchone()
            cursor.execute("ALTER TABLE capacity_serviceday SET (fillfactor = 100)")
        self._restoring.append(f"ALTER TABLE capacity_serviceday SET ({room})")

    def constraints(self, *names: str) -> None:
        """Drop constraints."""
        for name in names:
            with connection.cursor() as cursor:
                cursor.execute(DEFINITION, [name])
                table, definition = cursor.fetchone()
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
            self._dropped.append((table, name, definition))

    def restore(self) -> None:
        """Remove the rows that no constraint would take, and put the constraints back."""
        with connection.cursor() as cursor:
            if self._dropped:
                cursor.execute("TRUNCATE tables_restaurant CASCADE")
            for table, name, definition in self._dropped:
                cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
            for statement in self._restoring:
                cursor.execute(statement)


@contextmanager
def versions_stay(table: str) -> Iterator[None]:
    """Let writes of one table, and of the tables of its combinations, raise no version."""
    tables = [table, f"{table}_tables"] if table == "tables_tablecombination" else [table]
    _set_triggers(tables, "DISABLE")
    try:
        yield
    finally:
        _set_triggers(tables, "ENABLE")


def _set_triggers(tables: list[str], state: str) -> None:
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} {state} TRIGGER USER")
