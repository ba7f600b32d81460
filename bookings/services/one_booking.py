"""One booking: read with its tables, locked with its service days, held against what its caller saw."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from bookings.decision import Interval
from bookings.decision.touched_days import ServiceDayClaim, service_day_ids_meeting
from bookings.models import Booking, TableAssignment
from capacity.locks import lock_service_days
from config.errors import EditIsStale, RecordNotFound
from config.transactions import ClaimTooSmall
from tables.seating import natural_key


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


def claim_booking(booking_id: int) -> ServiceDayClaim:
    """Name the service days in which one booking counts or has a table.

    Raises: `RecordNotFound`.
    """
    booking = get_booking(booking_id)
    days = tuple(sorted(service_days_of(booking)))
    return ServiceDayClaim(booking.restaurant_id, days, blocked_interval_of(booking))


def lock_booking(claim: ServiceDayClaim, booking_id: int) -> Booking:
    """Lock the claimed service days, then read the booking: what it says now holds until the commit.

    Raises: `RecordNotFound`; `ClaimTooSmall`, and the call runs again.
    """
    lock_service_days(claim.service_day_ids)
    booking = get_booking(booking_id)
    if not service_days_of(booking).issubset(claim.service_day_ids):
        raise ClaimTooSmall
    return booking


def require_current(booking: Booking, expected_version: int | None) -> None:
    """Raise `EditIsStale` where somebody has changed a booking since the caller looked."""
    if expected_version is not None and expected_version != booking.version:
        raise EditIsStale


def service_days_of(booking: Booking) -> frozenset[int]:
    """Find the service days in which a booking counts or has a table, in 1 query."""
    reach = Interval.around([blocked_interval_of(booking), *kept_intervals_of(booking)])
    return service_day_ids_meeting(booking.restaurant_id, reach) | {booking.service_day_id}


def blocked_interval_of(booking: Booking) -> Interval:
    """Return how long a booking keeps its tables: its stay and its buffer."""
    return Interval(booking.starts_at, booking.ends_at + timedelta(minutes=booking.buffer_minutes))


def kept_intervals_of(booking: Booking) -> Iterator[Interval]:
    """Yield for how long it has each of its tables, which a person may have changed."""
    for assignment in booking.assignments.all():
        yield Interval(assignment.during.lower, assignment.during.upper)


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
