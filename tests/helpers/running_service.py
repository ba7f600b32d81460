"""A service that runs now: parties that were to begin some minutes ago, or are to come."""

from datetime import datetime, timedelta
from typing import Any

from bookings.models import Booking, BookingEvent, CapacityOverride, TableAssignment
from capacity.models import BookingSlot
from tables.models import Restaurant
from tests.helpers.dining_room import began, room_at_noon
from tests.helpers.factories import CapacityRuleFactory
from tests.helpers.planted_faults import run_audit
from tests.helpers.recount import list_faults

__all__ = ["began", "room_at_noon"]


def due(restaurant: Restaurant, in_minutes: int, *numbers: str, party_size: int = 2, **row: Any) -> Booking:
    """Make a party that is to come to tables, for 90 minutes."""
    return began(restaurant, -in_minutes, party_size, *numbers, **row)


def seated(restaurant: Restaurant, minutes_ago: int, *numbers: str, party_size: int = 2, **row: Any) -> Booking:
    """Make a party that sits at tables since its start, for 90 minutes."""
    booking = began(restaurant, minutes_ago, party_size, *numbers, status="seated", **row)
    booking.seated_at = booking.starts_at
    booking.save(update_fields=["seated_at"])
    return booking


def kept(booking: Booking) -> list[tuple[str, datetime, datetime]]:
    """Return the tables of a booking, each with the time for which it has it."""
    rows = TableAssignment.objects.filter(booking=booking).select_related("table").order_by("table__number")
    return [(row.table.number, row.during.lower, row.during.upper) for row in rows]


def minute_of(instant: datetime | None) -> datetime:
    """Return the minute in which something happened."""
    assert instant is not None
    return instant.replace(second=0, microsecond=0)


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def kinds(booking: Booking) -> list[str]:
    """Return the history of a booking, oldest first."""
    return list(BookingEvent.objects.filter(booking=booking).order_by("pk").values_list("kind", flat=True))


def latest(booking: Booking) -> BookingEvent:
    """Return the last entry of a booking's history."""
    event = BookingEvent.objects.filter(booking=booking).order_by("-pk").first()
    assert event is not None
    return event


def present_at(restaurant: Restaurant, instant: datetime) -> int:
    """Return the covers counted as present at an instant."""
    slot = BookingSlot.objects.get(restaurant=restaurant, starts_at__lte=instant, ends_at__gt=instant)
    return slot.present_covers


def limit_presence(restaurant: Restaurant, covers: int) -> None:
    """Let so many covers be present at any moment, as the rules would."""
    CapacityRuleFactory(restaurant=restaurant, occupancy_covers=covers)
    BookingSlot.objects.filter(restaurant=restaurant).update(occupancy_covers=covers)


def authorised(booking: Booking) -> set[tuple[str, int, str]]:
    """Return what was authorised for a booking: limit, amount, by whom or which mode."""
    return set(CapacityOverride.objects.filter(booking=booking).values_list("limit", "amount", "source"))


def rows_of(restaurant: Restaurant) -> list[Any]:
    """Return everything that a transition may write, to show that it wrote nothing."""
    return [
        list(Booking.objects.filter(restaurant=restaurant).order_by("pk").values()),
        list(TableAssignment.objects.filter(restaurant=restaurant).order_by("pk").values()),
        list(BookingEvent.objects.filter(restaurant=restaurant).order_by("pk").values()),
        list(CapacityOverride.objects.filter(restaurant=restaurant).order_by("pk").values()),
        list(BookingSlot.objects.filter(restaurant=restaurant).order_by("pk").values()),
    ]


def assert_all_right(restaurant: Restaurant) -> None:
    """Hold that counters, tables and excesses are what the bookings say, and that the auditor agrees."""
    assert list_faults(restaurant.pk) == []
    report = run_audit(restaurant)
    assert report.overbookings == []
    assert report.problems == []
