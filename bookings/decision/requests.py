"""The wish of a party, and the length of its stay."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from bookings.errors import NonexistentTime
from capacity.calendar import ONE_DAY, RequestedTime, resolve_instant, resolve_time, turn_minutes
from capacity.calendar.wall_clock import minute_on, to_local
from capacity.policy import (
    ONLINE,
)
from capacity.selectors import ServiceSettings
from config.errors import InputInvalid
from tables.seating import SeatingRequest
from tables.spans import TimeSpan


class StartTime(NamedTuple):
    """A start on the restaurant's wall, its instant in UTC, and the business date of its service."""

    wall_time: time
    starts_at: datetime
    business_date: date


@dataclass(frozen=True, slots=True)
class Wish:
    """The wish of a party: a start on a business date, perhaps a seating type, by a way in.

    Staff may name the minutes of the stay, the tables, and by `seated_as` the way in whose tables may be given. A
    booking that is changed and `keeps_start` is not asked again whether it may start then; one that `asks_no_more` room
    either is not asked whether there is still a service. One that has begun needs tables `seated_from` now on. A time
    outside the services of its date `belongs_to` the date whose service holds it. Where a person `answers_for` it,
    tables are settled all the same; one that `is_outside_hours` is of the nearest service.
    """

    party_size: int
    business_date: date
    starts_at: datetime
    wall_time: time
    period_id: int | None
    seating: str | None = None
    channel: str = ONLINE
    turn_minutes: int | None = None
    table_ids: tuple[int, ...] | None = None
    keeps_start: bool = False
    asks_no_more: bool = False
    seated_from: datetime | None = None
    seated_as: str | None = None
    belongs_to: date | None = None
    answers_for: bool = False
    is_outside_hours: bool = False


def read_wish(
    settings: ServiceSettings,
    *,
    party_size: int,
    business_date: date,
    wall_time: time | None = None,
    starts_at: datetime | None = None,
    seating: str | None = None,
    channel: str = ONLINE,
) -> Wish:
    """Turn a wall time, an instant or both into a wish.

    Of a repeated wall time the first instant is meant unless `starts_at` names the other.

    Raises: `InputInvalid` for a time off its grid or an instant against the wall time,
    `NonexistentTime` for a time that the clocks jump over.
    """
    requested = _requested_time(settings, business_date, wall_time, starts_at)
    if not requested.exists:
        following = _following_start(settings, business_date, requested)
        raise NonexistentTime(wall_time=requested.wall_time, following=following)
    if not requested.on_grid:
        raise _off_grid(settings, requested, "startsAt" if wall_time is None else "time")
    return Wish(
        party_size=party_size,
        business_date=business_date,
        starts_at=requested.starts_at,
        wall_time=requested.wall_time,
        period_id=requested.period.period_id if requested.period and requested.is_bookable else None,
        seating=seating,
        channel=channel,
        belongs_to=None if requested.period else _date_of_service(settings, business_date, requested.starts_at),
    )


def _following_start(settings: ServiceSettings, business_date: date, requested: RequestedTime) -> StartTime | None:
    if requested.next_existing is None:
        return None
    other = None if requested.period else _date_of_service(settings, business_date, requested.starts_at)
    return StartTime(requested.next_existing, requested.starts_at, other or business_date)


def _date_of_service(settings: ServiceSettings, business_date: date, starts_at: datetime) -> date | None:
    """Return the date beside a business date whose service holds an instant: past midnight that of the day before."""
    local = to_local(starts_at, settings.zone)
    for beside in (business_date - ONE_DAY, business_date + ONE_DAY):
        minute = minute_on(beside, local)
        if any(period.holds(minute) for period in settings.periods_on(beside)):
            return beside
    return None


def _requested_time(
    settings: ServiceSettings, business_date: date, wall_time: time | None, starts_at: datetime | None
) -> RequestedTime:
    periods = settings.periods_on(business_date)
    slot_minutes = settings.restaurant.slot_minutes
    if wall_time is None:
        if starts_at is None:
            raise ValueError("a wish names a wall time or an instant")
        return resolve_instant(periods, business_date, starts_at, settings.zone, slot_minutes)
    by_wall_time = resolve_time(periods, business_date, wall_time, settings.zone, slot_minutes)
    if starts_at is None or not by_wall_time.exists or starts_at == by_wall_time.starts_at:
        return by_wall_time
    if starts_at != by_wall_time.second_starts_at:
        raise InputInvalid.of_field(
            "startsAt", "mismatch", "startsAt is another instant than date and time in the restaurant's zone."
        )
    return resolve_instant(periods, business_date, starts_at, settings.zone, slot_minutes)


def _off_grid(settings: ServiceSettings, requested: RequestedTime, field: str) -> InputInvalid:
    start = requested.period.start_time if requested.period else requested.wall_time
    message = f"Start times run every {settings.restaurant.slot_minutes} minutes from {start:%H:%M}."
    return InputInvalid.of_field(field, "off_grid", message)


def stay_interval(settings: ServiceSettings, wish: Wish) -> TimeSpan:
    """Return the stay that a wish leads to, without the buffer."""
    minutes = wish.turn_minutes or turn_minutes(settings.bands, wish.period_id, wish.party_size)
    return TimeSpan(wish.starts_at, wish.starts_at + timedelta(minutes=minutes))


def blocked_interval(settings: ServiceSettings, wish: Wish) -> TimeSpan:
    """Return the time that a table is kept for a wish: the stay and the buffer."""
    stay = stay_interval(settings, wish)
    return TimeSpan(stay.starts_at, stay.ends_at + timedelta(minutes=settings.restaurant.buffer_minutes))


def seating_request(settings: ServiceSettings, wish: Wish) -> SeatingRequest:
    """Return the request of a wish to the planner: a seat for the stay, or for the rest of it, and its buffer."""
    blocked = blocked_interval(settings, wish)
    return SeatingRequest(
        party_size=wish.party_size,
        starts_at=wish.seated_from or blocked.starts_at,
        ends_at=blocked.ends_at,
        seating=wish.seating,
        channel=wish.seated_as or wish.channel,
        table_ids=wish.table_ids,
    )
