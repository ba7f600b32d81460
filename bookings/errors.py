"""Refusals of the bookings app."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import TYPE_CHECKING, Any, ClassVar

from bookings.answers import alternatives_answer, reasons_answer
from capacity.policy import Reason, ReasonCode
from config.errors import DomainError

if TYPE_CHECKING:
    from bookings.availability import Assessment
    from bookings.models import Booking


class RequestRefused(DomainError):
    """The request was decided, and refused for every reason that it carries."""

    code = "CAPACITY_EXCEEDED"

    def __init__(self, message: str, *, assessment: "Assessment") -> None:
        super().__init__(message)
        self.assessment = assessment
        self.alternatives: Sequence[Assessment] = ()

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Return every reason that held."""
        return self.assessment.decision.reasons

    @property
    def data(self) -> dict[str, Any]:
        return {"reasons": reasons_answer(self.reasons), **alternatives_answer(self.alternatives)}


class CapacityExceeded(RequestRefused):
    """The committed state cannot take the party."""

    code = "CAPACITY_EXCEEDED"


class OperatingHoursClosed(RequestRefused):
    """There is no service at that time."""

    code = "OPERATING_HOURS_CLOSED"


class OutsideBookingWindow(RequestRefused):
    """The time has passed, or is too soon or too far ahead."""

    code = "OUTSIDE_BOOKING_WINDOW"


class PartySizeNotAccepted(RequestRefused):
    """The restaurant does not take parties of that size online."""

    code = "PARTY_SIZE_NOT_ACCEPTED"


_ERROR_OF_REASON: dict[ReasonCode, type[RequestRefused]] = {
    ReasonCode.PARTY_TOO_SMALL: PartySizeNotAccepted,
    ReasonCode.PARTY_TOO_LARGE: PartySizeNotAccepted,
    ReasonCode.PAST: OutsideBookingWindow,
    ReasonCode.TOO_SOON: OutsideBookingWindow,
    ReasonCode.TOO_FAR: OutsideBookingWindow,
    ReasonCode.CLOSED: OperatingHoursClosed,
    ReasonCode.OUTSIDE_SERVICE: OperatingHoursClosed,
}


def refusal_of(assessment: "Assessment") -> RequestRefused:
    """Return the error of a refused assessment: that of its first reason."""
    first = assessment.decision.reasons[0]
    wish = assessment.wish
    wall_time = f"{wish.wall_time:%H:%M}"
    messages: dict[type[RequestRefused], str] = {
        CapacityExceeded: f"No capacity for {wish.party_size} guests at {wall_time}",
        OperatingHoursClosed: f"No service at {wall_time} on {wish.business_date}",
        OutsideBookingWindow: _WINDOW_MESSAGES.get(first.code, "Outside the booking window"),
        PartySizeNotAccepted: f"Parties of {wish.party_size} cannot be booked online; the limit is {first.limit}",
    }
    error = _ERROR_OF_REASON.get(first.code, CapacityExceeded)
    return error(messages[error], assessment=assessment)


_WINDOW_MESSAGES = {
    ReasonCode.PAST: "That time has passed",
    ReasonCode.TOO_SOON: "That time is too soon to be booked online",
    ReasonCode.TOO_FAR: "That date is too far ahead",
}


class NonexistentTime(DomainError):
    """The clocks jump over that time."""

    code = "NONEXISTENT_TIME"

    def __init__(self, *, wall_time: time, next_time: time | None, next_starts_at: datetime | None) -> None:
        self.next_time = next_time
        self.next_starts_at = next_starts_at
        hint = f"; the next is {next_time:%H:%M}" if next_time else ""
        super().__init__(f"{wall_time:%H:%M} does not exist on that date{hint}")

    @property
    def data(self) -> dict[str, Any]:
        if self.next_time is None or self.next_starts_at is None:
            return {"alternatives": [], "alternativeSlots": []}
        wall_time = f"{self.next_time:%H:%M}"
        starts_at = self.next_starts_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "alternatives": [wall_time],
            "alternativeSlots": [{"time": wall_time, "startsAt": starts_at}],
        }


class IdempotencyKeyReused(DomainError):
    """That idempotency key belongs to a booking made with another request."""

    code = "IDEMPOTENCY_KEY_REUSED"


class TransitionInvalid(DomainError):
    """The booking is not in a state that allows this."""

    code = "INVALID_TRANSITION"

    def __init__(self, *, status: str, wanted: str) -> None:
        self.status = status
        self.wanted = wanted
        super().__init__(f"A {status} booking cannot become {wanted}")


class CancellationTooLate(DomainError):
    """It is too late to cancel online."""

    code = "OUTSIDE_BOOKING_WINDOW"

    def __init__(self, *, cutoff_minutes: int) -> None:
        self.cutoff_minutes = cutoff_minutes
        super().__init__(
            f"Bookings can be cancelled online until {cutoff_minutes} minutes before; please call the restaurant"
        )


class SettingsInvalid(DomainError):
    """The settings contradict each other."""

    code: ClassVar[str] = "VALIDATION_ERROR"


class PeriodsOverlap(SettingsInvalid):
    """Two service periods would be open at the same time."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.pairs = tuple(pairs)
        listed = "; ".join(f"{first} and {second}" for first, second in pairs)
        super().__init__(f"Service periods must not overlap: {listed}")


class TableInUse(SettingsInvalid):
    """The table has future assignments."""

    def __init__(self, *, number: str, bookings: "Sequence[Booking]") -> None:
        self.bookings = tuple(bookings)
        listed = ", ".join(booking.reference for booking in self.bookings)
        super().__init__(f"Table {number} is assigned to future bookings: {listed}")


class RecordInUse(SettingsInvalid):
    """Other records refer to this one, so it cannot be deleted."""
