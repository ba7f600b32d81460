"""Cancel a booking."""

from datetime import timedelta

from bookings.choices import CANCELLABLE_STATUSES, BookingStatus, EventKind
from bookings.day import Interval
from bookings.errors import CancellationTooLate, TransitionInvalid
from bookings.locks import REACTIONS, ServiceDayClaim, service_day_ids_meeting
from bookings.models import Booking
from bookings.services.counter_updates import find_counted_stay, take_from_counters
from bookings.services.history import Actor, record_event
from capacity.locks import lock_service_days
from capacity.selectors import read_clock
from config.errors import EditIsStale, RecordNotFound
from config.transactions import ClaimTooSmall, capacity_transaction


def cancel_booking(*, booking_id: int, actor: Actor = None, expected_version: int | None = None) -> Booking:
    """Cancel a booking and free its covers and tables; a cancelled one is returned as it is.

    Locks the service days that the stay and its buffer meet. Without an `actor` a guest cancels,
    whom the restaurant's cut-off binds.

    Raises: `RecordNotFound`, `EditIsStale`, `TransitionInvalid`, `CancellationTooLate`,
    `BookingConflict`.
    """
    return _cancel_booking(booking_id=booking_id, actor=actor, expected_version=expected_version)


def _claim(*, booking_id: int, actor: Actor, expected_version: int | None) -> ServiceDayClaim:
    return _claim_of(_get_booking(booking_id))


def _claim_of(booking: Booking) -> ServiceDayClaim:
    interval = Interval(booking.starts_at, booking.ends_at + timedelta(minutes=booking.buffer_minutes))
    met = service_day_ids_meeting(booking.restaurant_id, interval)
    return ServiceDayClaim(tuple(sorted(met | {booking.service_day_id})), interval)


def _get_booking(booking_id: int) -> Booking:
    booking = Booking.objects.select_related("restaurant").filter(pk=booking_id).first()
    if booking is None:
        raise RecordNotFound
    return booking


@capacity_transaction(_claim, reactions=REACTIONS)
def _cancel_booking(claim: ServiceDayClaim, *, booking_id: int, actor: Actor, expected_version: int | None) -> Booking:
    lock_service_days(claim.service_day_ids)
    booking = _get_booking(booking_id)
    if _claim_of(booking) != claim:
        raise ClaimTooSmall
    if booking.status == BookingStatus.CANCELLED:
        return booking
    _require_cancellable(booking, actor, expected_version)
    take_from_counters(find_counted_stay(booking))
    booking.assignments.all().delete()
    _write_cancelled(booking, actor)
    return booking


def _require_cancellable(booking: Booking, actor: Actor, expected_version: int | None) -> None:
    if expected_version is not None and expected_version != booking.version:
        raise EditIsStale
    if booking.status not in CANCELLABLE_STATUSES:
        raise TransitionInvalid(status=booking.status, wanted=BookingStatus.CANCELLED)
    cutoff = timedelta(minutes=booking.restaurant.cancel_cutoff_minutes)
    if actor is None and cutoff and read_clock() > booking.starts_at - cutoff:
        raise CancellationTooLate(cutoff_minutes=booking.restaurant.cancel_cutoff_minutes)


def _write_cancelled(booking: Booking, actor: Actor) -> None:
    before = booking.status
    booking.status = BookingStatus.CANCELLED
    booking.version += 1
    booking.save(update_fields=["status", "version", "updated_at"])
    record_event(
        booking,
        EventKind.CANCELLED,
        actor=actor,
        from_value={"status": before},
        to_value={"status": BookingStatus.CANCELLED},
    )
