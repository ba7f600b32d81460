"""Refusals of the bookings app."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, ClassVar, Protocol

from capacity.policy import Reason
from config.errors import BookingConflict, DomainError, EditIsStale, InputInvalid
from config.values import counted

if TYPE_CHECKING:
    from bookings.models import Booking


class Start(Protocol):
    """A start time that may be offered."""

    @property
    def wall_time(self) -> time: ...

    @property
    def starts_at(self) -> datetime: ...

    @property
    def business_date(self) -> date: ...


class RequestRefused(DomainError):
    """The request was decided, and refused for every reason that it carries."""

    code = "CAPACITY_EXCEEDED"

    def __init__(self, message: str, *, reasons: Sequence[Reason], business_date: date | None = None) -> None:
        super().__init__(message)
        self.reasons = tuple(reasons)
        self.business_date = business_date
        self.alternatives: Sequence[Start] = ()


class CapacityExceeded(RequestRefused):
    """The committed state cannot take the party."""

    code = "CAPACITY_EXCEEDED"


class TableTaken(CapacityExceeded):
    """Somebody who cannot be moved, or a block, has a table that was chosen; the message names table and party."""


class OverrideForbidden(DomainError):
    """Booking beyond a limit, out of hours or without a table takes a right that this person does not have."""

    code = "FORBIDDEN"


class OperatingHoursClosed(RequestRefused):
    """There is no service at that time."""

    code = "OPERATING_HOURS_CLOSED"


class OutsideBookingWindow(RequestRefused):
    """The time has passed, or is too soon or too far ahead."""

    code = "OUTSIDE_BOOKING_WINDOW"


class PartySizeNotAccepted(RequestRefused):
    """The restaurant does not take parties of that size online."""

    code = "PARTY_SIZE_NOT_ACCEPTED"


class NonexistentTime(DomainError):
    """The clocks jump over that time."""

    code = "NONEXISTENT_TIME"

    def __init__(self, *, wall_time: time, following: Start | None) -> None:
        self.following = following
        hint = f"; the next is {following.wall_time:%H:%M}" if following else ""
        super().__init__(f"{wall_time:%H:%M} does not exist on that date{hint}")


class SeatingNotDecided(BookingConflict):
    """The tables could not be settled in time. Please try again."""


class IdempotencyKeyReused(DomainError):
    """That idempotency key belongs to a booking made with another request."""

    code = "IDEMPOTENCY_KEY_REUSED"


def _booking_that_is(status: str) -> str:
    return f"{'An' if status[0] in 'aeiou' else 'A'} {status} booking"


class TransitionInvalid(DomainError):
    """The booking is not in a state that allows this."""

    code = "INVALID_TRANSITION"

    def __init__(self, *, status: str, wanted: str) -> None:
        self.status = status
        self.wanted = wanted
        super().__init__(f"{_booking_that_is(status)} cannot become {wanted}")


class TransitionUntimely(TransitionInvalid):
    """It is too early, or too late, for this."""

    def __init__(self, message: str, *, status: str, wanted: str) -> None:
        super().__init__(status=status, wanted=wanted)
        self.message = message
        self.args = (message,)


class BookingNotActive(DomainError):
    """The booking is not in a state that allows this."""

    code = "INVALID_TRANSITION"

    def __init__(self, *, status: str, operation: str) -> None:
        self.status = status
        self.operation = operation
        super().__init__(f"{_booking_that_is(status)} cannot be {operation}")


class TablesMissing(DomainError):
    """The booking has no table."""

    code = "INVALID_TRANSITION"

    def __init__(self, *, reference: str) -> None:
        self.reference = reference
        super().__init__(f"{reference} has no table")


class StayOver(DomainError):
    """The time for which the booking has a table is over."""

    code = "INVALID_TRANSITION"

    def __init__(self, *, reference: str) -> None:
        self.reference = reference
        super().__init__(f"The time of {reference} is over: extend its stay first")


class TablesNotSuitable(InputInvalid):
    """The tables that were chosen cannot take the party."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__({"tableIds": [{"code": code, "message": message}]}, message)


class SwapImpossible(InputInvalid):
    """These two bookings have no tables to swap with each other."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__({"otherBookingId": [{"code": code, "message": message}]}, message)


class CancellationTooLate(DomainError):
    """It is too late to cancel online."""

    code = "OUTSIDE_BOOKING_WINDOW"

    def __init__(self, *, cutoff_minutes: int) -> None:
        self.cutoff_minutes = cutoff_minutes
        notice = counted(cutoff_minutes, "minute")
        super().__init__(f"Bookings can be cancelled online until {notice} before; please call the restaurant")


class SettingsInvalid(DomainError):
    """The settings contradict each other."""

    code: ClassVar[str] = "VALIDATION_ERROR"


class ZoneChangeRefused(SettingsInvalid):
    """Another zone would move bookings that nobody has decided about; `may_keep_wall_clock` if to say so is enough."""

    def __init__(self, said: str, bookings: "Mapping[Booking, str]", *, may_keep_wall_clock: bool = False) -> None:
        self.bookings = tuple(bookings)
        self.may_keep_wall_clock = may_keep_wall_clock
        lines = (_line_of(booking, note) for booking, note in bookings.items())
        super().__init__("\n".join((f"{said}:", *lines)))

    @classmethod
    def unsaid(cls, old: str, new: str, bookings: "Sequence[Booking]") -> "ZoneChangeRefused":
        """Ask for the meaning of a change that moves bookings."""
        said = (
            f"The zone would change from {old} to {new}, and these bookings were made by the clock of {old}. "
            "Say that the wall clock stays (--keep-wall-clock), then they keep date and time, and tell the guests"
        )
        return cls(said, dict.fromkeys(bookings, ""), may_keep_wall_clock=True)

    @classmethod
    def running(cls, bookings: "Sequence[Booking]") -> "ZoneChangeRefused":
        """Refuse while parties are in the house, or due."""
        return cls("The zone cannot change while parties are here or due", dict.fromkeys(bookings, ""))

    @classmethod
    def without_place(cls, reasons: "Mapping[Booking, str]") -> "ZoneChangeRefused":
        """Refuse where bookings have no place on the other clock, each for a reason."""
        return cls("On the clock of the other zone these bookings have no place: change or cancel them first", reasons)


def _line_of(booking: "Booking", note: str) -> str:
    # By the clock that it was booked by: that of the restaurant is changing.
    when = f"{booking.business_date:%a %-d %b %Y} {booking.wall_time:%H:%M}"
    line = f"{booking.reference}, {booking.guest_name}, {when}, party of {booking.party_size}"
    return f"{line}: {note}" if note else line


class PeriodsOverlap(SettingsInvalid):
    """Two service periods would be open at the same time."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.pairs = tuple(pairs)
        listed = "; ".join(f"{first} and {second}" for first, second in pairs)
        super().__init__(f"Service periods must not overlap: {listed}")


class FloorPlanChanged(EditIsStale):
    """Somebody has placed these tables otherwise meanwhile."""

    def __init__(self, *, numbers: Sequence[str]) -> None:
        self.numbers = tuple(numbers)
        super().__init__(f"Somebody has placed {', '.join(self.numbers)} otherwise meanwhile, so nothing was saved")


class TableInUse(SettingsInvalid):
    """The table has future assignments."""

    def __init__(self, *, number: str, bookings: "Sequence[Booking]") -> None:
        self.bookings = tuple(bookings)
        listed = ", ".join(booking.reference for booking in self.bookings)
        super().__init__(f"Table {number} is assigned to future bookings: {listed}")


class RecordInUse(SettingsInvalid):
    """Other records refer to this one, so it cannot be deleted."""
