"""Free holds that are over."""

from collections.abc import Iterable

from bookings.choices import BookingStatus, EventKind
from bookings.models import Booking
from bookings.services.rows.counters import find_counted_stay, take_from_counters
from bookings.services.rows.events import ENGINE, record_event
from config.transactions import require_atomic


def expire_holds(booking_ids: Iterable[int]) -> None:
    """Expire holds whose service days the caller has locked: their tables and covers are free at once."""
    require_atomic()
    for hold in Booking.objects.filter(pk__in=list(booking_ids), status=BookingStatus.HELD).order_by("pk"):
        take_from_counters(find_counted_stay(hold))
        hold.assignments.all().delete()
        hold.status = BookingStatus.EXPIRED
        hold.version += 1
        hold.save(update_fields=["status", "version", "updated_at"])
        record_event(
            hold,
            EventKind.EXPIRED,
            label=ENGINE,
            from_value={"status": BookingStatus.HELD},
            to_value={"status": BookingStatus.EXPIRED},
        )
