"""One booking: read with its tables, written with its service days locked, compared with its caller's version."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bookings.decision.touched_days import TouchedDays, stored_days_meeting
from bookings.models import Booking, TableAssignment
from bookings.models.booking import Actor
from bookings.services.writes import Draft, PlannedWrite, R
from config.errors import EditIsStale, RecordNotFound
from tables.seating import TimeBudget, natural_key
from tables.spans import TimeSpan


@dataclass(frozen=True, kw_only=True)
class BookingDraft(Draft):
    """A booking as it was read, with its restaurant, service day and tables."""

    booking: Booking


@dataclass(kw_only=True)
class BookingWrite(PlannedWrite[BookingDraft, R]):
    """A write of one booking and no other: it locks the service days in which that counts or has a table."""

    booking_id: int
    actor: Actor = None
    expected_version: int | None = None

    def draft(self, budget: TimeBudget, before: BookingDraft | None) -> BookingDraft:
        """Read the booking.

        Raises: `RecordNotFound`.
        """
        return as_it_is(get_booking(self.booking_id))


def as_it_is(booking: Booking) -> BookingDraft:
    """Return the draft of a write that asks no planner, in 1 query."""
    return BookingDraft(touched=days_of_booking(booking), booking=booking)


def get_bookings(booking_ids: Sequence[int]) -> tuple[Booking, ...]:
    """Get bookings of one restaurant with their service days and tables, in the order of their ids as given.

    Runs 3 queries, 2 where none has a table.

    Raises: `RecordNotFound`.
    """
    found = Booking.objects.select_related("restaurant", "service_day").prefetch_related("assignments__table")
    by_id = found.in_bulk(list(booking_ids))
    bookings = tuple(by_id[booking_id] for booking_id in booking_ids if booking_id in by_id)
    if len(bookings) != len(booking_ids) or len({booking.restaurant_id for booking in bookings}) != 1:
        raise RecordNotFound
    return bookings


def get_booking(booking_id: int) -> Booking:
    """Get one booking; see `get_bookings`."""
    return get_bookings([booking_id])[0]


def require_current(booking: Booking, expected_version: int | None) -> None:
    """Raise `EditIsStale` where a booking was changed since the caller looked."""
    if expected_version is not None and expected_version != booking.version:
        raise EditIsStale


def days_of_booking(booking: Booking) -> TouchedDays:
    """Find the service days in which a booking counts or has a table, in 1 query."""
    span = TimeSpan.around([blocked_interval_of(booking), *kept_intervals_of(booking)])
    own = TouchedDays(booking.restaurant_id, frozenset({booking.service_day_id}))
    return own | stored_days_meeting(booking.restaurant_id, span)


def blocked_interval_of(booking: Booking) -> TimeSpan:
    """Return the time for which a booking keeps its tables: its stay and its buffer."""
    return TimeSpan(booking.starts_at, booking.ends_at + timedelta(minutes=booking.buffer_minutes))


def kept_intervals_of(booking: Booking) -> Iterator[TimeSpan]:
    """Yield the time for which a booking has each of its tables, which a person may have changed."""
    for assignment in booking.assignments.all():
        yield TimeSpan(assignment.during.lower, assignment.during.upper)


def tables_of(booking: Booking) -> tuple[int, ...]:
    """Return the ids of the tables that a booking has, sorted."""
    return tuple(sorted(assignment.table_id for assignment in booking.assignments.all()))


def numbers_of(assignments: Iterable[TableAssignment]) -> list[str]:
    """Return the numbers of tables in the order of people."""
    return sorted((assignment.table.number for assignment in assignments), key=natural_key)


def is_pinned(booking: Booking) -> bool:
    """Say whether no planner may move a booking: it has tables, and every one is pinned."""
    assignments = booking.assignments.all()
    return bool(assignments) and all(assignment.pinned for assignment in assignments)


def seating_of(booking: Booking) -> tuple[tuple[int, ...], bool]:
    """Return the tables of a booking, and whether it is pinned to them."""
    return tables_of(booking), is_pinned(booking)
