"""The request to change a booking: its named fields change, all else stays."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import Enum
from typing import Final

from bookings.choices import CHANNELS, BookingSource, BookingStatus
from bookings.decision import Wish, blocked_interval, read_wish
from bookings.decision.changes import asks_no_more
from bookings.errors import BookingNotActive, StayOver
from bookings.models import Booking
from bookings.models.booking import Actor
from bookings.services.one_booking import tables_of
from capacity.calendar import this_minute, turn_minutes
from capacity.policy import IN_HOUSE
from capacity.selectors import ServiceSettings
from config.errors import InputInvalid
from config.values import LARGEST_PARTY, OUT_OF_YEARS, is_within_years

LONGEST_STAY_MINUTES = 24 * 60
COME_STATUSES = (BookingStatus.ARRIVED, BookingStatus.SEATED)


class Unchanged(Enum):
    """The value for "leave the seating wish as it is", where None is "no wish"."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True)
class ChangeRequest:
    """The wanted fields of a booking; None and UNCHANGED leave a field as it is, no tables its tables."""

    booking_id: int
    actor: Actor
    business_date: date | None = None
    wall_time: time | None = None
    starts_at: datetime | None = None
    party_size: int | None = None
    seating: str | Unchanged | None = UNCHANGED
    turn_minutes: int | None = None
    table_ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        _require_within("partySize", self.party_size, LARGEST_PARTY)
        _require_within("turnMinutes", self.turn_minutes, LONGEST_STAY_MINUTES)
        for field, day in (("date", self.business_date), ("startsAt", self.starts_at and self.starts_at.date())):
            if day is not None and not is_within_years(day):
                raise InputInvalid.of_field(field, "out_of_range", OUT_OF_YEARS)

    def keeps_start(self, booking: Booking) -> bool:
        """Say whether the booking keeps its start."""
        return (
            self.business_date in (None, booking.business_date)
            and self.wall_time in (None, booking.wall_time)
            and self.starts_at in (None, booking.starts_at)
        )


def has_come(booking: Booking) -> bool:
    """Say whether a party is in the house."""
    return booking.status in COME_STATUSES


def wish_of(settings: ServiceSettings, booking: Booking, change: ChangeRequest) -> Wish:
    """Return the wish of the booking if it were made now, by the staff unless a guest asks.

    Raises: `InputInvalid`, `NonexistentTime` for a start; `StayOver` where nothing is left of the stay;
    `BookingNotActive` where a party that is in the house should start at another time.
    """
    if change.keeps_start(booking):
        return _wish_of_same_start(settings, booking, change)
    if has_come(booking):
        raise BookingNotActive(status=booking.status, operation="moved to another time")
    asks_by_instant = change.wall_time is None and change.starts_at is not None
    wish = read_wish(
        settings,
        party_size=change.party_size or booking.party_size,
        business_date=change.business_date or booking.business_date,
        wall_time=None if asks_by_instant else change.wall_time or booking.wall_time,
        starts_at=change.starts_at,
        seating=_seating(booking, change),
        channel=_channel(booking, change),
    )
    return replace(wish, turn_minutes=change.turn_minutes)


def changes_nothing(booking: Booking, wish: Wish) -> bool:
    """Say whether a booking is already as a change wants it: the second click of a double click."""
    return (
        wish.keeps_start
        and (wish.party_size, wish.seating or "") == (booking.party_size, booking.seating)
        and wish.turn_minutes == stay_minutes(booking)
        and wish.table_ids in (None, tables_of(booking))
    )


def stay_minutes(booking: Booking) -> int:
    """Return the minutes that a booking stays, also where a person has moved its end."""
    return int((booking.ends_at - booking.starts_at).total_seconds() // 60)


def _wish_of_same_start(settings: ServiceSettings, booking: Booking, change: ChangeRequest) -> Wish:
    party_size = change.party_size or booking.party_size
    wish = Wish(
        party_size=party_size,
        business_date=booking.business_date,
        starts_at=booking.starts_at,
        wall_time=booking.wall_time,
        period_id=booking.service_day.service_period_id,
        seating=_seating(booking, change),
        channel=_channel(booking, change),
        turn_minutes=change.turn_minutes or _same_or_new_turn(settings, booking, party_size),
        keeps_start=True,
    )
    wish = replace(wish, asks_no_more=asks_no_more(settings, wish, booking, booking.ends_at))
    return replace(wish, seated_from=_seated_from(settings, booking, wish))


def _same_or_new_turn(settings: ServiceSettings, booking: Booking, party_size: int) -> int | None:
    """Return the minutes of the stay, None for the turn of a larger party."""
    # A party in the house has an end that the staff knows; to all others the turn of the new size applies.
    if has_come(booking) or party_size == booking.party_size:
        return stay_minutes(booking)
    if party_size > booking.party_size:
        return None
    turn = turn_minutes(settings.bands, booking.service_day.service_period_id, party_size)
    # Fewer guests ask for no longer stay, whatever the turn times have become since.
    return min(turn, stay_minutes(booking))


def _seated_from(settings: ServiceSettings, booking: Booking, wish: Wish) -> datetime | None:
    now = this_minute(settings.now)
    if now <= wish.starts_at:
        return None
    if now >= blocked_interval(settings, wish).ends_at:
        raise StayOver(reference=booking.reference)
    return now


def _seating(booking: Booking, change: ChangeRequest) -> str | None:
    return (booking.seating if isinstance(change.seating, Unchanged) else change.seating) or None


def _channel(booking: Booking, change: ChangeRequest) -> str:
    return CHANNELS[BookingSource(booking.source)] if change.actor is None else IN_HOUSE


def _require_within(field: str, number: int | None, most: int) -> None:
    if number is not None and not 1 <= number <= most:
        raise InputInvalid.of_field(field, "out_of_range", f"From 1 to {most}.")
