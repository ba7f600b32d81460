"""From the reasons of a decision to the error that its caller gets."""

from bookings.decision.assessment import Assessment
from bookings.errors import (
    CapacityExceeded,
    OperatingHoursClosed,
    OutsideBookingWindow,
    PartySizeNotAccepted,
    RequestRefused,
)
from capacity.policy import ReasonCode

_ERROR_OF_REASON: dict[ReasonCode, type[RequestRefused]] = {
    ReasonCode.PARTY_TOO_SMALL: PartySizeNotAccepted,
    ReasonCode.PARTY_TOO_LARGE: PartySizeNotAccepted,
    ReasonCode.PAST: OutsideBookingWindow,
    ReasonCode.TOO_SOON: OutsideBookingWindow,
    ReasonCode.TOO_FAR: OutsideBookingWindow,
    ReasonCode.CLOSED: OperatingHoursClosed,
    ReasonCode.OUTSIDE_SERVICE: OperatingHoursClosed,
}


def refusal_of(assessment: Assessment) -> RequestRefused:
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
    return error(messages[error], reasons=assessment.decision.reasons)


_WINDOW_MESSAGES = {
    ReasonCode.PAST: "That time has passed",
    ReasonCode.TOO_SOON: "That time is too soon to be booked online",
    ReasonCode.TOO_FAR: "That date is too far ahead",
}
