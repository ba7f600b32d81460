"""What a control takes away: locks by their functions, constraints in the test database itself."""

from dataclasses import replace
from typing import Any

from django.db import connection
from pytest_django import Settings

from bookings.decision.touched_days import Reach
from capacity.models import ServiceDay
from config.gate import GateLevel, _locks_of
from tests.concurrency.injection import Points

DEFINITION = "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s"


class Protections:
    """Takes protections away for one test."""

    def __init__(self, points: Points, settings: Settings) -> None:
        self._points = points
        self._settings = settings
        self._dropped: list[tuple[str, str, str]] = []

    def service_day_lock(self) -> None:
        """Let bookings and cancellations lock nothing, gate included."""
        self._settings.BOOKING_GATE = False
        for module in ("booking", "one_booking"):
            self._points.replace(f"bookings.services.{module}.lock_service_days", lambda ids: [])

    def restaurant_gate(self) -> None:
        """Let whoever starts over wait for the same service days again, beside whoever wants others."""
        self._points.replace("config.gate._locks_of", lambda claimed, level: _locks_of(claimed, GateLevel.SERVICE_DAYS))

    def gate_for_everybody(self) -> None:
        """Let nobody be alone, however often it starts over."""
        self._points.replace("config.gate._has_entered_alone", lambda timeout_milliseconds: False)

    def floor_lock(self) -> None:
        """Let operations of the host lock nothing, gate included."""
        self._settings.BOOKING_GATE = False
        for module in ("one_booking", "floor.assignments", "floor.blocks", "floor.changes"):
            self._points.replace(f"bookings.services.{module}.lock_service_days", lambda ids: [])

    def locks_of_other_services(self) -> None:
        """Let a booking lock the service day in which it starts, and none that its stay runs into."""
        from bookings.services.booking import reach_of

        def own_reach(book: Any, assessment: Any) -> Reach:
            whole = reach_of(book, assessment)
            own = assessment.service.service_day_id
            return Reach(frozenset({own}), whole.missing, whole.interval)

        self._points.replace("bookings.services.booking.quick_claim", lambda settings, wish: None)
        self._points.replace("bookings.services.booking.reach_of", own_reach)

    def locks_of_moved_parties(self) -> None:
        """Let a booking lock what its own stay meets, wherever the parties sit that it moves."""
        from bookings.services.booking import reach_of

        def own_reach(book: Any, assessment: Any) -> Reach:
            return reach_of(book, replace(assessment, seating=None))

        self._points.replace("bookings.services.booking.reach_of", own_reach)

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
        self._points.replace(
            "bookings.services.upkeep.counter_repair.lock_service_days",
            lambda ids: list(ServiceDay.objects.filter(pk__in=ids)),
        )

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
