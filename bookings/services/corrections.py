"""Correct the guest's details of a booking: neither its place nor its room changes, so no service day is locked."""

from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from bookings.choices import EventKind
from bookings.models import Booking
from bookings.services.one_booking import get_booking, require_current
from bookings.services.rows.booking import GuestDetails
from bookings.services.rows.events import Actor, record_event
from config.transactions import AttemptOutdated, settings_transaction


@settings_transaction
def correct_guest(
    *, booking_id: int, guest: GuestDetails, notes: str, actor: Actor = None, expected_version: int | None = None
) -> Booking:
    """Correct name, phone, email and notes of a booking in any status; the history keeps the old ones and the new.

    Locks no service day, since nothing that counts changes: it compares the version as it writes, and runs again where
    somebody was faster. A correction of nothing writes nothing.

    Raises: `RecordNotFound`, `EditIsStale`, `BookingConflict`.
    """
    booking = get_booking(booking_id)
    wanted = {
        "guest_name": guest.name,
        "guest_phone": guest.phone,
        "guest_email": guest.email,
        "notes": notes,
    }
    changed = {name: value for name, value in wanted.items() if getattr(booking, name) != value}
    if changed:
        require_current(booking, expected_version)
        _write(booking, changed, actor)
    return booking


def _write(booking: Booking, changed: dict[str, Any], actor: Actor) -> None:
    as_read = Booking.objects.filter(pk=booking.pk, version=booking.version)
    if not as_read.update(**changed, version=F("version") + 1, updated_at=Now()):
        # Somebody has changed the booking between read and write.
        raise AttemptOutdated
    before = {name: getattr(booking, name) for name in changed}
    booking.refresh_from_db()
    record_event(booking, EventKind.CORRECTED, actor=actor, from_value=before, to_value=changed)
