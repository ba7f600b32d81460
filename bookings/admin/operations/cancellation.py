"""The cancellation of a booking by its guest."""

from datetime import datetime

from django.contrib.auth.models import User

from bookings.admin.operations.base import Operation, OperationForm
from bookings.choices import CANCELLABLE_STATUSES
from bookings.models import Booking
from bookings.services import FloorOutcome, cancel_booking


class Cancel(Operation):
    """The guest does not want the booking any more."""

    name = "cancel"
    label = "Cancel booking"
    icon = "cancel"
    submit = "Cancel the booking"
    is_dangerous = True
    statuses = CANCELLABLE_STATUSES

    def question(self, booking: Booking, now: datetime) -> str:
        return "Cancel this booking? Its covers and tables become free at once. It cannot be undone."

    def write(self, booking: Booking, form: OperationForm, actor: User) -> FloorOutcome:
        return FloorOutcome(cancel_booking(booking_id=booking.pk, actor=actor, expected_version=form.version))

    def done(self, outcome: FloorOutcome) -> str:
        return f"Booking {outcome.booking.reference} is cancelled. Its covers and tables are free."
