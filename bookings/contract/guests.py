"""The answers to guests, and the struct of any answer, which renders it and which the schema is read from."""

from collections.abc import Callable, Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Self
from uuid import UUID

import msgspec
from msgspec import Meta, field

from bookings.choices import BookingStatus
from capacity.calendar import iso_utc, local_wall_time
from capacity.policy import LimitUse, ReasonCode, ServiceState, percent_of

if TYPE_CHECKING:
    from bookings.models import Booking
    from tables.models import Restaurant

Weekday = StrEnum("Weekday", ["mon", "tue", "wed", "thu", "fri", "sat", "sun"])


class Instant(str):
    """An instant in ISO 8601 UTC."""


class WallTime(str):
    """A time on the restaurant's clock as HH:MM."""


class Address(str):
    """An address on the web."""


_WRITTEN_BY: dict[type, Callable[[Any], str]] = {Instant: iso_utc, WallTime: "{:%H:%M}".format}


class Answer(msgspec.Struct, rename="camel"):
    """A shape: its fields stand in the order of the answer, its docstring describes it in the schema."""

    @classmethod
    def of(cls, source: object, **given: object) -> Self:
        """Take each field as it is given, or else from the attribute of its name."""
        names = zip(cls.__struct_encode_fields__, cls.__struct_fields__, strict=True)
        values = {written: given[name] if name in given else getattr(source, name) for written, name in names}
        return msgspec.convert(values, cls, from_attributes=True, dec_hook=_write)


def _write(kind: type, value: Any) -> Any:
    return kind(_WRITTEN_BY.get(kind, str)(value))


def render(answer: Any) -> Any:
    """Return an answer ready for JSON."""
    # A text of a kind of its own, such as an instant or a status, becomes plain text.
    return msgspec.to_builtins(answer, enc_hook=str)


# Capacity


class ReasonAnswer(Answer):
    """Why not: `used` of `limit` are taken, and `asked` more are wanted."""

    code: ReasonCode
    limit: int | None
    used: int | None
    asked: int | None


class SlotAnswer(Answer):
    """A start time of a restaurant."""

    wall_time: WallTime = field(name="time")
    starts_at: Instant


class AlternativeSlotAnswer(SlotAnswer):
    """Another start that really takes the party, with the business date to ask for it by."""

    business_date: date = field(name="date")


class FullestLimitAnswer(Answer):
    """The limit that this start meets and that is used most."""

    code: ReasonCode
    limit: int | None
    used: int | None
    percent: int | None


class CapacityAnswer(Answer):
    """How full the service is; null numbers: no limit, or not public."""

    period_name: str
    max_covers: int | None
    booked_covers: int | None
    remaining_covers: int | None
    utilization_percent: int | None
    fullest: FullestLimitAnswer | None


def capacity_answer(service: ServiceState | None, fullest: LimitUse | None) -> CapacityAnswer | None:
    """Shape how full a service day is; None outside service."""
    if service is None:
        return None
    return CapacityAnswer.of(
        service,
        remaining_covers=None if service.max_covers is None else max(0, service.max_covers - service.booked_covers),
        utilization_percent=percent_of(service.booked_covers, service.max_covers),
        fullest=fullest,
    )


class DateAnswer(Answer):
    """A business date of a restaurant."""

    restaurant_id: UUID
    business_date: date = field(name="date")
    timezone: str


# Availability


class TimeAvailabilityAnswer(DateAnswer):
    """One start."""

    wall_time: WallTime = field(name="time")
    starts_at: Instant
    party_size: int
    is_available: bool = field(name="available")
    capacity: CapacityAnswer | None
    reasons: list[ReasonAnswer]
    alternatives: Annotated[list[WallTime], Meta(description="At most 5, nearest first.")]
    alternative_slots: list[AlternativeSlotAnswer]


class StartAnswer(SlotAnswer):
    """One of the starts of a business date."""

    is_available: bool = field(name="available")
    utilization_percent: Annotated[int | None, Meta(description="Of the covers of its service.")]
    reasons: list[ReasonAnswer]


class PeriodStateAnswer(Answer):
    """A service of the business date."""

    period_name: str = field(name="name")
    start_time: WallTime | None
    end_time: WallTime | None
    max_covers: int | None
    booked_covers: int | None
    booked_parties: int | None


class DayAvailabilityAnswer(DateAnswer):
    """All starts of a business date, by `startsAt`."""

    party_size: int
    is_available: bool = field(name="available")
    slots: list[StartAnswer]
    periods: list[PeriodStateAnswer]
    alternatives: Annotated[list[WallTime], Meta(max_length=0)]


class AvailableDayAnswer(Answer):
    """Whether any start of a business date takes the party, and every reason that kept one from it."""

    business_date: date = field(name="date")
    is_available: bool = field(name="available")
    reasons: list[ReasonAnswer]


class AvailableDaysAnswer(Answer):
    """Business dates, in order."""

    days: list[AvailableDayAnswer]


# Bookings


class BookingAnswer(Answer):
    """A booking, for its guest."""

    public_id: UUID = field(name="id")
    reference: str
    status: BookingStatus
    restaurant_id: UUID
    business_date: date = field(name="date")
    timezone: str
    wall_time: WallTime = field(name="startTime")
    end_time: WallTime
    starts_at: Instant
    ends_at: Instant
    party_size: int
    guest_name: str = field(name="name")
    tables: Annotated[list[str], Meta(description="Empty unless the restaurant shows them.")]


def booking_answer(booking: "Booking", restaurant: "Restaurant", table_numbers: Sequence[str]) -> BookingAnswer:
    """Shape a booking for its guest; tables only if the restaurant shows them."""
    return BookingAnswer.of(
        booking,
        restaurant_id=restaurant.public_id,
        timezone=booking.timezone or restaurant.timezone,
        end_time=local_wall_time(booking.ends_at, booking.zone),
        tables=table_numbers if restaurant.shows_tables else (),
    )


class ManagedBookingAnswer(Answer):
    """A booking, for whoever holds its manage token."""

    booking: BookingAnswer


class CreatedBookingAnswer(Answer):
    """A new booking and the key to it."""

    booking: BookingAnswer
    manage_token: Annotated[str, Meta(description="For X-Manage-Token, or ?token= in links.")]
    capacity: Annotated[CapacityAnswer | None, Meta(description="With this party.")]


# Restaurants


class PartySizeRangeAnswer(Answer):
    """Party sizes that can be booked online."""

    party_size_min: int = field(name="min")
    party_size_max: int = field(name="max")


class RestaurantAnswer(Answer):
    """A restaurant that takes bookings."""

    public_id: UUID = field(name="id")
    slug: str
    name: str
    timezone: str
    slot_minutes: int
    party_size: PartySizeRangeAnswer


class RestaurantPageAnswer(Answer):
    """Restaurants by slug, and the address of the next page."""

    results: list[RestaurantAnswer]
    next: Address | None


class ServiceHoursAnswer(Answer):
    """When guests are seated: on weekdays, or on the one `date` of special hours, which replace the weekday's."""

    name: str
    days: list[Weekday]
    on_date: date | None = field(name="date")
    valid_from: date | None
    valid_to: date | None
    start_time: WallTime
    last_seating: WallTime
    end_time: WallTime


class RestaurantDetailAnswer(RestaurantAnswer):
    """A restaurant and its service periods."""

    service_periods: list[ServiceHoursAnswer]
