"""Correct the guest's details of a booking: neither its place nor its room changes, so no service day is locked."""

from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from bookings.choices import EventKind
from bookings.models import Booking
from bookings.models.booking import Actor
from bookings.services.one_booking import get_booking, require_current
from bookings.services.requests import GuestDetails, read_words
from bookings.services.rows.booking import record_event
from config.transactions import AttemptOutdated, settings_transaction


@settings_transaction
def correct_guest(
    *,
    booking_id: int,
    guest: GuestDetails,
    notes: str,
    allergies: str,
    actor: Actor = None,
    expected_version: int | None = None,
) -> Booking:
    """Correct name, phone, email, notes and allergies of a booking in any status.

    The history keeps the old ones and the new; of allergies that they changed, since they are about a person's health.

    Locks no service day, since nothing that counts changes: it compares the version as it writes, and runs again where
    somebody was faster. A correction of nothing writes nothing.

    Raises: `InputInvalid`, `RecordNotFound`, `EditIsStale`, `BookingConflict`.
    """
    booking = get_booking(booking_id)
    wanted = {
        "guest_name": guest.name,
        "guest_phone": guest.phone,
        "guest_email": guest.email,
        "notes": read_words("notes", notes),
        "allergies": read_words("allergies", allergies),
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
    told = changed.keys() - {"allergies"}
    before, after = ({name: values[name] for name in told} for values in (vars(booking), changed))
    if told != changed.keys():
        after["allergies"] = "changed"
    booking.refresh_from_db()
    record_event(booking, EventKind.CORRECTED, actor=actor, from_value=before, to_value=after)
