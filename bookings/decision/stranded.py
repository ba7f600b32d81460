"""A live booking that could not be made again as it is, and why: the one definition, for settings and for every list.

A booking is looked at as if it were made now by the way it came, for the start, the stay and the tables that it has.
Not asked again are the booking window, which its making has answered, and limits, of which an excess is authorised.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import NamedTuple

from bookings.choices import BookingStatus
from capacity.calendar import PeriodHours, service_times
from capacity.calendar.wall_clock import shown_time
from capacity.policy import ONLINE, WALK_IN
from capacity.selectors import ServiceSettings
from tables.choices import TableStatus
from tables.seating import natural_key
from tables.spans import TimeSpan


class ProblemCode(StrEnum):
    """The reason for which a booking could not be made again as it is."""

    RESTAURANT_INACTIVE = "restaurant_inactive"
    PARTY_SIZE = "party_size"
    NO_SERVICE = "no_service"
    CLOSED = "closed"
    BEFORE_FIRST_SEATING = "before_first_seating"
    AFTER_LAST_SEATING = "after_last_seating"
    OFF_GRID = "off_grid"
    SLOT_CLOSED = "slot_closed"
    TABLE_OUT_OF_SERVICE = "table_out_of_service"
    TABLE_RETIRED = "table_retired"
    TABLE_BLOCKED = "table_blocked"
    TABLES_NOT_SUITABLE = "tables_not_suitable"
    NO_TABLE = "no_table"


TABLE_PROBLEMS = frozenset(
    {
        ProblemCode.TABLE_OUT_OF_SERVICE,
        ProblemCode.TABLE_RETIRED,
        ProblemCode.TABLE_BLOCKED,
        ProblemCode.TABLES_NOT_SUITABLE,
    }
)


HOURS_PROBLEMS = frozenset(
    {
        ProblemCode.NO_SERVICE,
        ProblemCode.CLOSED,
        ProblemCode.BEFORE_FIRST_SEATING,
        ProblemCode.AFTER_LAST_SEATING,
        ProblemCode.OFF_GRID,
        ProblemCode.SLOT_CLOSED,
    }
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a booking, in words for people; `tables` are the numbers of those that it is about."""

    code: ProblemCode
    words: str
    tables: str = ""

    @property
    def key(self) -> str:
        """Return the name under which a person keeps a booking in spite of it."""
        return f"{self.code} {self.tables}".rstrip()


def in_words(problems: Iterable[Problem]) -> str:
    """Say all problems of a booking in one line."""
    return "; ".join(problem.words for problem in problems)


class HeldTable(NamedTuple):
    """A table that a booking has in [starts_at, ends_at), buffer included, whether or not it is given out any more."""

    table_id: int
    number: str
    status: str
    is_pinned: bool
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class LiveBooking(TimeSpan):
    """A live booking with its tables, as a span from its start to its end; `channel` is the way in that decides it.

    `blocked_until` is its end with the buffer.
    """

    booking_id: int
    period_id: int
    period_name: str
    business_date: date
    wall_time: time
    party_size: int
    seating: str | None
    source: str
    channel: str
    status: str
    blocked_until: datetime
    tables: tuple[HeldTable, ...] = ()

    @property
    def is_seated(self) -> bool:
        """Say whether the party sits: neither hours nor sizes matter to it any more."""
        return self.status == BookingStatus.SEATED

    @property
    def numbers(self) -> str:
        """Name its tables in the order of people."""
        return " + ".join(sorted((table.number for table in self.tables), key=natural_key))


@dataclass(frozen=True)
class Obstacles:
    """The rows, beside the settings, that keep bookings from being made again: blocks by table, and closed slots."""

    blocks: Mapping[int, Sequence[TimeSpan]]
    closed_slots: Collection[datetime]


def find_problems(settings: ServiceSettings, booking: LiveBooking, obstacles: Obstacles) -> tuple[Problem, ...]:
    """Return why a live booking could not be made again as it is; nothing if it could."""
    return (*_standing_problems(settings, booking, obstacles), *_table_problems(settings, booking, obstacles))


def lacks_table(settings: ServiceSettings, booking: LiveBooking) -> bool:
    """Say whether a booking should have a table and has none: whether one can be found, the planner says."""
    is_needed = settings.is_enforced and settings.needs_tables(booking.period_id)
    return is_needed and not booking.is_seated and not booking.tables


NO_TABLE_LEFT = Problem(ProblemCode.NO_TABLE, "has no table, and none can be found")
NO_TABLE_IN_TIME = Problem(ProblemCode.NO_TABLE, "has no table, and none was found in time")


def _standing_problems(settings: ServiceSettings, booking: LiveBooking, obstacles: Obstacles) -> Iterator[Problem]:
    if booking.is_seated:
        return
    if not settings.restaurant.active:
        yield Problem(ProblemCode.RESTAURANT_INACTIVE, "the restaurant takes no bookings any more")
    if booking.channel == ONLINE:
        yield from _size_problems(settings, booking)
    period = next((p for p in settings.periods_on(booking.business_date) if p.period_id == booking.period_id), None)
    if period is None:
        yield Problem(ProblemCode.NO_SERVICE, f"no {booking.period_name} on that date any more")
    elif settings.is_closed(booking.period_id, booking.business_date, booking.wall_time, booking.channel):
        yield Problem(ProblemCode.CLOSED, "closed at that time")
    # A party at the door starts at any minute.
    elif booking.channel != WALK_IN:
        yield from _start_problems(settings, booking, period, obstacles)


def _size_problems(settings: ServiceSettings, booking: LiveBooking) -> Iterator[Problem]:
    window = settings.window
    if booking.party_size < window.party_size_min:
        yield Problem(ProblemCode.PARTY_SIZE, f"smaller than the {window.party_size_min} that are taken online")
    if booking.party_size > window.party_size_max:
        yield Problem(ProblemCode.PARTY_SIZE, f"larger than the {window.party_size_max} that are taken online")


def _start_problems(
    settings: ServiceSettings, booking: LiveBooking, period: PeriodHours, obstacles: Obstacles
) -> Iterator[Problem]:
    """Yield why a start is none of its service: by the instant, as a wall time may come twice."""
    minutes = settings.restaurant.slot_minutes
    slots = service_times(period, booking.business_date, settings.zone, minutes).slots
    if not slots or booking.starts_at < slots[0].starts_at:
        yield Problem(ProblemCode.BEFORE_FIRST_SEATING, f"before the first seating, {period.start_time:%H:%M}")
    elif booking.starts_at > slots[-1].starts_at:
        last = shown_time(slots[-1].starts_at, settings.zone)
        yield Problem(ProblemCode.AFTER_LAST_SEATING, f"after the last seating, {last}")
    elif all(slot.starts_at != booking.starts_at for slot in slots):
        said = f"starts run every {minutes} minutes from {period.start_time:%H:%M}"
        yield Problem(ProblemCode.OFF_GRID, f"no start time any more: {said}")
    elif booking.channel == ONLINE and booking.starts_at in obstacles.closed_slots:
        yield Problem(ProblemCode.SLOT_CLOSED, "its start is closed")


_UNUSABLE = {
    TableStatus.OUT_OF_SERVICE: ProblemCode.TABLE_OUT_OF_SERVICE,
    TableStatus.RETIRED: ProblemCode.TABLE_RETIRED,
}


def _table_problems(settings: ServiceSettings, booking: LiveBooking, obstacles: Obstacles) -> Iterator[Problem]:
    unusable = [table for table in booking.tables if table.status != TableStatus.ACTIVE]
    for table in unusable:
        status = TableStatus(table.status)
        yield Problem(_UNUSABLE[status], f"{table.number} is {status.label.lower()}", table.number)
    for table in booking.tables:
        left = TimeSpan(max(table.starts_at, settings.now), table.ends_at)
        if any(left.overlaps(block) for block in obstacles.blocks.get(table.table_id, ())):
            yield Problem(ProblemCode.TABLE_BLOCKED, f"{table.number} is blocked", table.number)
    if booking.tables and not unusable and not booking.is_seated and not _are_suitable(settings, booking):
        said = f"{booking.numbers} is not for such a party any more"
        yield Problem(ProblemCode.TABLES_NOT_SUITABLE, said, booking.numbers)


def _are_suitable(settings: ServiceSettings, booking: LiveBooking) -> bool:
    """Say whether the tables of a booking would be given to it; of those that a person chose, whether they take it."""
    table_ids = tuple(table.table_id for table in booking.tables)
    is_chosen = all(table.is_pinned for table in booking.tables) or not settings.needs_tables(booking.period_id)
    if is_chosen:
        return settings.floor.takes(table_ids, booking.party_size)
    seats = settings.floor.seats_at.get(frozenset(table_ids), ())
    return any(seat.suits(booking.party_size, booking.seating, booking.channel) for seat in seats)
