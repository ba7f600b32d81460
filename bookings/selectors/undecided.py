"""The bookings that wait for the decision of a person: derived from the rows as they are, never stored.

Each leaves the list as it is settled: changed, cancelled, seated elsewhere, its settings put back, or kept as it is by
a person, until its problem becomes another one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q, QuerySet

from bookings.choices import AWAITED_STATUSES, CHANNELS, BookingSource, BookingStatus, EventKind, OverrideSource
from bookings.decision.occupied import TableUse, seating_state
from bookings.decision.reseating import look_for_seats
from bookings.decision.stranded import (
    HOURS_PROBLEMS,
    NO_TABLE_IN_TIME,
    NO_TABLE_LEFT,
    TABLE_PROBLEMS,
    HeldTable,
    LiveBooking,
    Obstacles,
    Problem,
    ProblemCode,
    find_problems,
    in_words,
    lacks_table,
)
from bookings.decision.time_budgets import READING
from bookings.models import Booking, BookingEvent, CapacityOverride, TableAssignment
from capacity.calendar import ONE_DAY, ONE_MINUTE
from capacity.calendar.wall_clock import minutes_between
from capacity.models import BookingSlot
from capacity.policy import IN_HOUSE, ONLINE, ReasonCode
from capacity.selectors import ServiceSettings, list_service_settings
from config.cached import cached_property
from tables.models import Restaurant, TableBlock
from tables.spans import TimeSpan

LIVE_STATUSES = (*AWAITED_STATUSES, BookingStatus.SEATED)
# By the reason that a person has answered for when the party was booked.
PROBLEMS_ANSWERED_FOR: Mapping[str, frozenset[ProblemCode]] = {
    ReasonCode.CLOSED: HOURS_PROBLEMS,
    ReasonCode.OUTSIDE_SERVICE: HOURS_PROBLEMS,
    ReasonCode.NO_TABLE: frozenset({ProblemCode.NO_TABLE}),
}
Problems = Mapping[int, tuple[Problem, ...]]


@dataclass(frozen=True)
class Undecided:
    """A live booking that could not be made again as it is, and that nobody has decided to keep so."""

    booking: Booking
    problems: tuple[Problem, ...]

    @property
    def keys(self) -> frozenset[str]:
        """Return the names of its problems."""
        return frozenset(problem.key for problem in self.problems)

    @property
    def is_about_more_than_tables(self) -> bool:
        """Say whether other tables alone would not settle it."""
        return any(problem.code not in TABLE_PROBLEMS for problem in self.problems)

    @property
    def reason(self) -> str:
        """Return why, in words."""
        return in_words(self.problems)


def list_undecided(restaurant_id: int | None = None) -> tuple[Undecided, ...]:
    """List the bookings that wait for a decision, of one restaurant or all, by start.

    Runs 12 queries, however many restaurants and bookings there are, and 3 more where one could not be made again.
    """
    return undecided_of(find_undecided(None if restaurant_id is None else (restaurant_id,)))


def undecided_of(found: Problems) -> tuple[Undecided, ...]:
    """Return bookings with their problems, by start; 1 query if there are any."""
    bookings = Booking.objects.filter(pk__in=found).select_related("restaurant", "service_day__service_period")
    ordered = bookings.order_by("starts_at", "pk") if found else ()
    return tuple(Undecided(booking, found[booking.pk]) for booking in ordered)


def find_undecided(restaurant_ids: Collection[int] | None = None) -> Problems:
    """Find the problems of the bookings that wait, of some restaurants or all, by booking id; queries as above."""
    if restaurant_ids is None:
        restaurant_ids = list(Restaurant.objects.values_list("pk", flat=True))
    return problems_in(list_service_settings(restaurant_ids))


def problems_in(houses: Mapping[int, ServiceSettings]) -> Problems:
    """Find the problems that nobody keeps by booking id, under these settings; 4 queries, 2 more if there are any."""
    rooms = _read_rooms(houses)
    stranded = dict(pair for room in rooms for pair in room.find_problems().items())
    if not stranded:
        return {}
    kept, changed = _read_decisions(stranded)
    # The staff has decided those it changed: they are in by its way from then on.
    for room in rooms:
        stranded |= room.find_again(changed)
    return {pk: problems for pk, problems in stranded.items() if not {problem.key for problem in problems} <= kept[pk]}


@dataclass(frozen=True)
class _Room:
    """The live bookings of one restaurant and what stands in their way."""

    settings: ServiceSettings
    bookings: tuple[LiveBooking, ...]
    obstacles: Obstacles

    def find_problems(self) -> Problems:
        """Find the problems of each booking that has any, by its id."""
        found = {booking.booking_id: self._problems_of(booking) for booking in self.bookings}
        return {pk: problems for pk, problems in found.items() if problems}

    def find_again(self, changed: Collection[int]) -> Problems:
        """Find the problems of some online bookings as if the staff had made them."""
        return {
            booking.booking_id: self._problems_of(replace(booking, channel=IN_HOUSE))
            for booking in self.bookings
            if booking.booking_id in changed and booking.channel == ONLINE
        }

    def _problems_of(self, booking: LiveBooking) -> tuple[Problem, ...]:
        problems = find_problems(self.settings, booking, self.obstacles)
        no_table = self._without_table.get(booking.booking_id)
        return problems if problems or no_table is None else (no_table,)

    @cached_property
    def _without_table(self) -> dict[int, Problem]:
        """Return the parties that lack a table and that no plan seats."""
        lacking = [booking for booking in self.bookings if lacks_table(self.settings, booking)]
        if not lacking:
            return {}
        uses = [*self._uses(), *(_use_of(booking, None) for booking in lacking)]
        state = seating_state(self.settings, self.settings.floor, TimeSpan.around(uses), uses)
        plan = look_for_seats(state, {booking.booking_id for booking in lacking}, READING)
        return dict.fromkeys(plan.stuck, NO_TABLE_LEFT) | dict.fromkeys(plan.undecided, NO_TABLE_IN_TIME)

    def _uses(self) -> Iterator[TableUse]:
        for booking in self.bookings:
            for table in booking.tables:
                yield _use_of(booking, table)
        for table_id, blocks in self.obstacles.blocks.items():
            for block in blocks:
                yield TableUse(None, table_id, block.starts_at, block.ends_at, True, "", 0, "", "", block.ends_at, 0)


def _use_of(booking: LiveBooking, table: HeldTable | None) -> TableUse:
    return TableUse(
        booking_id=booking.booking_id,
        table_id=table.table_id if table else None,
        starts_at=table.starts_at if table else booking.starts_at,
        ends_at=table.ends_at if table else booking.blocked_until,
        is_pinned=bool(table and table.is_pinned),
        status=booking.status,
        party_size=booking.party_size,
        seating=booking.seating or "",
        source=booking.source,
        stay_ends_at=booking.ends_at,
        buffer_minutes=minutes_between(booking.ends_at, booking.blocked_until),
    )


def _read_rooms(houses: Mapping[int, ServiceSettings]) -> list[_Room]:
    if not houses:
        return []
    now = max(settings.now for settings in houses.values())
    bookings, blocks, closed = _read_bookings(houses, now), _read_blocks(houses, now), _read_closed_slots(houses, now)
    return [
        _Room(houses[pk], tuple(found), Obstacles(blocks[pk], closed[pk])) for pk, found in sorted(bookings.items())
    ]


def _live(restaurant_ids: Collection[int], now: datetime) -> QuerySet[Booking]:
    """Ask for the bookings that count, are not over, and whose guests are still to come or sit."""
    over = Q(status=BookingStatus.HELD, expires_at__lte=now)
    return Booking.objects.filter(~over, restaurant__in=restaurant_ids, status__in=LIVE_STATUSES, ends_at__gt=now)


BOOKING_COLUMNS = (
    "restaurant_id",
    "pk",
    "service_day__service_period_id",
    "service_day__service_period__name",
    "business_date",
    "wall_time",
    "starts_at",
    "ends_at",
    "buffer_minutes",
    "party_size",
    "seating",
    "source",
    "status",
)


def _read_bookings(restaurant_ids: Collection[int], now: datetime) -> defaultdict[int, list[LiveBooking]]:
    tables = _read_tables(restaurant_ids, now)
    found: defaultdict[int, list[LiveBooking]] = defaultdict(list)
    rows = _live(restaurant_ids, now).order_by("starts_at", "pk").values_list(*BOOKING_COLUMNS)
    for owner, pk, period_id, name, on, at, starts_at, ends_at, buffer, size, seating, source, status in rows:
        found[owner].append(
            LiveBooking(
                starts_at=starts_at,
                ends_at=ends_at,
                booking_id=pk,
                period_id=period_id,
                period_name=name,
                business_date=on,
                wall_time=at,
                party_size=size,
                seating=seating or None,
                source=source,
                channel=CHANNELS[BookingSource(source)],
                status=status,
                blocked_until=ends_at + buffer * ONE_MINUTE,
                tables=tuple(tables[pk]),
            )
        )
    return found


def _read_tables(restaurant_ids: Collection[int], now: datetime) -> defaultdict[int, list[HeldTable]]:
    rows = TableAssignment.objects.filter(
        restaurant__in=restaurant_ids, during__endswith__gt=now, booking__status__in=LIVE_STATUSES
    )
    columns = ("booking_id", "table_id", "table__number", "table__status", "pinned", "during")
    found: defaultdict[int, list[HeldTable]] = defaultdict(list)
    for booking_id, table_id, number, status, is_pinned, during in rows.values_list(*columns).order_by():
        found[booking_id].append(HeldTable(table_id, number, status, is_pinned, during.lower, during.upper))
    return found


def _read_blocks(restaurant_ids: Collection[int], now: datetime) -> defaultdict[int, defaultdict[int, list[TimeSpan]]]:
    found: defaultdict[int, defaultdict[int, list[TimeSpan]]] = defaultdict(lambda: defaultdict(list))
    rows = TableBlock.objects.filter(restaurant__in=restaurant_ids, ends_at__gt=now)
    for owner, table_id, *times in rows.values_list("restaurant_id", "table_id", "starts_at", "ends_at"):
        found[owner][table_id].append(TimeSpan(*times))
    return found


def _read_closed_slots(restaurant_ids: Collection[int], now: datetime) -> defaultdict[int, set[datetime]]:
    found: defaultdict[int, set[datetime]] = defaultdict(set)
    rows = BookingSlot.objects.filter(restaurant__in=restaurant_ids, bookable=False, starts_at__gt=now - ONE_DAY)
    for owner, starts_at in rows.values_list("restaurant_id", "starts_at"):
        found[owner].add(starts_at)
    return found


def _read_decisions(booking_ids: Collection[int]) -> tuple[defaultdict[int, set[str]], set[int]]:
    """Read the problems that persons keep, by booking id, and the bookings that the staff has changed, in 2 queries."""
    kept: defaultdict[int, set[str]] = defaultdict(set)
    changed: set[int] = set()
    by_staff = Q(kind=EventKind.CHANGED, actor__isnull=False)
    events = BookingEvent.objects.filter(Q(kind=EventKind.KEPT) | by_staff, booking__in=booking_ids)
    for booking_id, kind, keys in events.values_list("booking_id", "kind", "to_value__kept"):
        if kind == EventKind.KEPT:
            kept[booking_id].update(keys)
        else:
            changed.add(booking_id)
    answered = CapacityOverride.objects.filter(
        booking__in=booking_ids, source=OverrideSource.STAFF, limit__in=PROBLEMS_ANSWERED_FOR
    )
    for booking_id, limit in answered.values_list("booking_id", "limit"):
        kept[booking_id].update(PROBLEMS_ANSWERED_FOR[limit])
    return kept, changed
