"""Seated parties past their time: the later bookings that lose their tables, when, and their rescue. Never writes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bookings.choices import AWAITED_STATUSES, CHANNELS, BookingSource, BookingStatus
from bookings.decision import LoadedDays, load_days
from bookings.decision.occupied import without_occupied
from bookings.decision.reseating import Reseating, plan_reseating
from bookings.decision.time_budgets import RESEATING_LATE
from bookings.models import Booking
from bookings.selectors.plans import ExplainedMove, Names, load_names
from capacity.calendar import ONE_DAY
from capacity.calendar.wall_clock import minutes_between
from capacity.selectors import ServiceSettings, get_service_settings
from tables.seating import OccupiedInterval, SeatedParty, SeatingState
from tables.spans import TimeSpan


class Rescue(StrEnum):
    """The fate of a later booking at a table of a party that stays too long."""

    NOT_NEEDED = "not_needed"
    RESEATED = "reseated"
    NO_TABLE = "no_table"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class LaterBooking:
    """A booking that comes to a table of a seated party, which has to leave by `loses_at`, its buffer included.

    A rescue is needed where `loses_at` is less than the grace of the house ahead; `new_tables` are those of the rescue.
    """

    reference: str
    party_size: int
    starts_at: datetime
    tables: tuple[str, ...]
    loses_at: datetime
    has_lost: bool
    rescue: Rescue
    new_tables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Overrun:
    """A seated party whose time is over (`minutes_over` 0 or more) or ends within the next slot (below 0).

    The re-seating reckons with `stays_until`: for a party that is over its time, the grace of the house from now on.
    """

    reference: str
    party_size: int
    tables: tuple[str, ...]
    ends_at: datetime
    minutes_over: int
    is_over: bool
    stays_until: datetime
    later: tuple[LaterBooking, ...]


@dataclass(frozen=True)
class OverrunReport:
    """Parties past their time, the longest first, then those that are about to be; all moves that save tables."""

    settings: ServiceSettings
    overruns: tuple[Overrun, ...]
    moves: tuple[ExplainedMove, ...]


def list_overruns(*, restaurant_id: int) -> OverrunReport:
    """List the seated parties past their time by the database's clock, and plan other tables for the next parties.

    Parties that wait for such a table lose theirs: they are re-seated even if pinned, arrived or within the minutes
    without re-seating. The list takes 6 queries where no party is late, else 17, and 1 more with a day not yet there.

    Raises: `RecordNotFound`.
    """
    settings = get_service_settings(restaurant_id)
    seated = _list_seated(settings)
    if not seated:
        return OverrunReport(settings, (), ())
    later = _list_later(settings, seated)
    loaded = _load_book(settings, seated, later)
    over = {hold.booking_id for hold in loaded.expired_holds}
    names = load_names(loaded, [booking.pk for booking in (*seated, *later)])
    return _Radar(loaded, tuple(seated), tuple(booking for booking in later if booking.pk not in over), names).report()


def _list_seated(settings: ServiceSettings) -> list[Booking]:
    horizon = settings.now + timedelta(minutes=settings.restaurant.slot_minutes)
    seated = Booking.objects.filter(
        restaurant=settings.restaurant,
        status=BookingStatus.SEATED,
        ends_at__lte=horizon,
        # Of an evening long ago somebody has only forgotten to say that they left.
        business_date__gte=settings.today - ONE_DAY,
    )
    return list(seated.prefetch_related("assignments").order_by("ends_at", "pk"))


def _list_later(settings: ServiceSettings, seated: Sequence[Booking]) -> list[Booking]:
    """List the bookings that come to the tables of seated parties that day, by start, in 2 queries."""
    dates = [booking.business_date for booking in seated]
    later = Booking.objects.filter(
        assignments__table__in={table_id for booking in seated for table_id in _table_ids(booking)},
        assignments__during__endswith__gt=settings.now,
        restaurant=settings.restaurant,
        status__in=AWAITED_STATUSES,
        business_date__range=(min(dates), max(dates)),
    )
    return list(later.distinct().prefetch_related("assignments").order_by("starts_at", "pk"))


def _load_book(settings: ServiceSettings, seated: Sequence[Booking], later: Sequence[Booking]) -> LoadedDays:
    """Load the seating on the dates of the seated, and for the stays of all these bookings: perhaps after hours."""
    dates = [booking.business_date for booking in seated]
    starts = [booking.starts_at for booking in (*seated, *later)]
    ends = [booking.ends_at + _buffer(booking) + _late_by(booking, settings.now) for booking in later]
    stays = TimeSpan(min(starts), max([settings.now, *ends]))
    return load_days(settings, min(dates), max(dates), only=stays)


def _table_ids(booking: Booking) -> tuple[int, ...]:
    return tuple(sorted(assignment.table_id for assignment in booking.assignments.all()))


@dataclass(frozen=True)
class _Radar:
    loaded: LoadedDays
    seated: tuple[Booking, ...]
    later: tuple[Booking, ...]
    names: Names

    @property
    def now(self) -> datetime:
        return self.loaded.settings.now

    def report(self) -> OverrunReport:
        state = self._state()
        found = plan_reseating(state, [booking.pk for booking in self._hit()], RESEATING_LATE)
        planned = replace(self.loaded, seating=state, solved=None)
        moves = sorted(found.moves, key=lambda move: (planned.movable[move.booking_id].starts_at, move.booking_id))
        return OverrunReport(
            settings=self.loaded.settings,
            overruns=tuple(self._overrun(booking, found) for booking in self.seated),
            moves=tuple(self._named(planned, move.booking_id, found) for move in moves),
        )

    def _is_over(self, seated: Booking) -> bool:
        return seated.ends_at <= self.now

    def _stays_until(self, seated: Booking) -> datetime:
        if not self._is_over(seated):
            return seated.ends_at
        return self.now + timedelta(minutes=self.loaded.settings.restaurant.overrun_minutes)

    def _waiting_for(self, seated: Booking) -> list[Booking]:
        tables = set(_table_ids(seated))
        return [
            booking
            for booking in self.later
            if booking.starts_at > seated.starts_at and tables.intersection(_table_ids(booking))
        ]

    def _hit(self) -> list[Booking]:
        """Return the bookings that come before a party over its time has left and the table is ready again."""
        hit = {
            booking.pk: booking
            for seated in self.seated
            if self._is_over(seated)
            for booking in self._waiting_for(seated)
            if _loses_at(seated, booking) < self._stays_until(seated)
        }
        return list(hit.values())

    def _state(self) -> SeatingState:
        """Return the evening with late parties at their tables, and the parties that wait for these free to move."""
        hit, seating = self._hit(), self.loaded.seating
        ids = {booking.pk for booking in hit}
        others = tuple(party for party in seating.parties if party.booking_id not in ids)
        held = [
            OccupiedInterval(*interval)
            for booking in hit
            if booking.pk not in self.loaded.movable
            for interval in _intervals(booking)
        ]
        freed = without_occupied(
            replace(seating, parties=others), held, adding=[self._as_party(booking) for booking in hit]
        )
        kept = [
            OccupiedInterval(table_id, booking.starts_at, self._stays_until(booking) + _buffer(booking))
            for booking in self.seated
            for table_id in _table_ids(booking)
        ]
        return replace(freed, occupied=(*freed.occupied, *kept))

    def _as_party(self, booking: Booking) -> SeatedParty:
        """Return a waiting booking as the planner sees it: the stay of a late one begins now."""
        late_by = _late_by(booking, self.now)
        return SeatedParty(
            booking_id=booking.pk,
            party_size=booking.party_size,
            starts_at=booking.starts_at + late_by,
            ends_at=booking.ends_at + _buffer(booking) + late_by,
            seating=booking.seating or None,
            channel=CHANNELS[BookingSource(booking.source)],
            table_ids=_table_ids(booking),
        )

    def _named(self, planned: LoadedDays, booking_id: int, found: Reseating) -> ExplainedMove:
        (move,) = (move for move in found.moves if move.booking_id == booking_id)
        named = self.names.move(planned, move)
        starts_at = next((booking.starts_at for booking in self.later if booking.pk == booking_id), named.starts_at)
        return replace(named, starts_at=starts_at, wall_time=self.names.wall_time(starts_at))

    def _overrun(self, seated: Booking, found: Reseating) -> Overrun:
        return Overrun(
            reference=seated.reference,
            party_size=seated.party_size,
            tables=self.names.tables(_table_ids(seated)),
            ends_at=seated.ends_at,
            minutes_over=minutes_between(seated.ends_at, self.now),
            is_over=self._is_over(seated),
            stays_until=self._stays_until(seated),
            later=tuple(self._later(seated, booking, found) for booking in self._waiting_for(seated)),
        )

    def _later(self, seated: Booking, booking: Booking, found: Reseating) -> LaterBooking:
        loses_at = _loses_at(seated, booking)
        given = {move.booking_id: move.to_table_ids for move in found.moves}
        is_hit = self._is_over(seated) and loses_at < self._stays_until(seated)
        return LaterBooking(
            reference=booking.reference,
            party_size=booking.party_size,
            starts_at=booking.starts_at,
            tables=self.names.tables(_table_ids(booking)),
            loses_at=loses_at,
            has_lost=loses_at <= self.now,
            rescue=_rescue(booking.pk, given, found) if is_hit else Rescue.NOT_NEEDED,
            new_tables=self.names.tables(given.get(booking.pk, ())) if is_hit else (),
        )


def _rescue(booking_id: int, given: Collection[int], found: Reseating) -> Rescue:
    if booking_id in given:
        return Rescue.RESEATED
    return Rescue.UNDECIDED if booking_id in found.undecided else Rescue.NO_TABLE


def _loses_at(seated: Booking, later: Booking) -> datetime:
    return later.starts_at - _buffer(seated)


def _late_by(booking: Booking, now: datetime) -> timedelta:
    return max(now - booking.starts_at, timedelta())


def _buffer(booking: Booking) -> timedelta:
    return timedelta(minutes=booking.buffer_minutes)


def _intervals(booking: Booking) -> list[tuple[int, datetime, datetime]]:
    return [(row.table_id, row.during.lower, row.during.upper) for row in booking.assignments.all()]
