"""The error of a refused decision, made from its reasons for the caller."""

from bookings.decision.assessment import Assessment
from bookings.errors import (
    CapacityExceeded,
    OperatingHoursClosed,
    OutsideBookingWindow,
    PartySizeNotAccepted,
    RequestRefused,
)
from capacity.calendar.wall_clock import shown_time
from capacity.policy import ReasonCode
from capacity.wording import refusal_message

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
    at = shown_time(wish.starts_at, assessment.case.day.window.zone)
    message = refusal_message(first, party_size=wish.party_size, at=at, business_date=wish.business_date)
    if wish.belongs_to is not None:
        message += f": {at} belongs to the service of {wish.belongs_to:%A}, {wish.belongs_to}"
    error = _ERROR_OF_REASON.get(first.code, CapacityExceeded)
    return error(message, reasons=assessment.decision.reasons, business_date=wish.business_date)
