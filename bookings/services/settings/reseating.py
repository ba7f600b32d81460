"""Give parties other tables when their own are taken away, and name those that could not be given any."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from bookings.choices import AWAITED_STATUSES, BookingStatus
from bookings.decision import LoadedDays
from bookings.decision.floor_change import FloorChange
from bookings.decision.holds import list_expired_holds
from bookings.decision.occupied import TableUse, list_table_uses, seating_state
from bookings.decision.reseating import Reseating, plan_reseating
from bookings.models import Booking, TableAssignment
from bookings.models.booking import ENGINE
from bookings.services.floor.outcomes import MovedParty, moved_parties
from bookings.services.rows.booking import expire_holds
from bookings.services.rows.seating import write_seating
from capacity.selectors import ServiceSettings
from tables.seating import Floor, OccupiedInterval, TimeBudget
from tables.selectors import table_numbers
from tables.spans import TimeSpan

LIVE_STATUSES = (*AWAITED_STATUSES, BookingStatus.SEATED)
# No stay is longer than a day and its buffer: a stay that meets an interval lies within it, widened by as much.
REACH = timedelta(days=2)


class LeftReason(StrEnum):
    """The reason for which a party keeps a table that it should not have any more."""

    PINNED = "pinned"
    ARRIVED = "arrived"
    SEATED = "seated"
    FROZEN = "frozen"
    NO_OTHER_TABLE = "no_other_table"
    NOT_DECIDED = "not_decided"

    @property
    def words(self) -> str:
        """Return the words of the reason for people."""
        return _WORDS[self]


_WORDS = {
    LeftReason.PINNED: "pinned to its table",
    LeftReason.ARRIVED: "has arrived",
    LeftReason.SEATED: "is seated",
    LeftReason.FROZEN: "starts too soon to be moved by itself",
    LeftReason.NO_OTHER_TABLE: "no other table is free",
    LeftReason.NOT_DECIDED: "no other table was found in time",
}


@dataclass(frozen=True)
class PartyLeft:
    """A party that keeps its tables, by number in the order of people, with the reason: a person has to decide."""

    booking: Booking
    tables: tuple[str, ...]
    reason: LeftReason


@dataclass(frozen=True)
class Reseated:
    """The parties that were moved, those that made room included, and those that were left at their tables."""

    moves: tuple[MovedParty, ...] = ()
    left: tuple[PartyLeft, ...] = ()


@dataclass(frozen=True)
class FloorInTime:
    """The seating of a window, without holds that are over, as the planner sees it and row by row."""

    loaded: LoadedDays
    uses: tuple[TableUse, ...]

    def parties_at(self, table_ids: Collection[int], interval: TimeSpan) -> frozenset[int]:
        """Return the bookings, live and not over, that have any of some tables in an interval."""
        to_come = TimeSpan(max(interval.starts_at, self.loaded.settings.now), interval.ends_at)
        return frozenset(
            use.booking_id
            for use in self.uses
            if use.booking_id is not None
            and use.table_id in table_ids
            and use.status in LIVE_STATUSES
            and to_come.overlaps(use)
        )

    def named_by(self, floor: Floor) -> "FloorInTime":
        """Return the same seating with a floor that knows the numbers of more tables; no planner is asked any more."""
        return replace(self, loaded=replace(self.loaded, seating=replace(self.loaded.seating, floor=floor)))


def load_floor_in_time(
    settings: ServiceSettings, floor: Floor, interval: TimeSpan, *, also: Iterable[OccupiedInterval] = ()
) -> FloorInTime:
    """Load the parties that a change of tables in an interval may concern, in 2 queries; takes no lock.

    `also` is occupied beside the stored uses. The loaded days are without services: limits are not asked here.
    """
    window = TimeSpan(interval.starts_at - REACH, interval.ends_at + REACH)
    first, last = (window.starts_at - REACH).date(), window.ends_at.date()
    holds = list_expired_holds(settings.restaurant.pk, first, last, settings.now)
    over = {hold.booking_id for hold in holds}
    uses = tuple(use for use in list_table_uses(settings, window) if use.booking_id not in over)
    state = seating_state(settings, floor, window, uses)
    occupied = sorted({*state.occupied, *also}, key=lambda span: (span.starts_at, span.table_id, span.ends_at))
    seating = replace(state, occupied=tuple(occupied))
    return FloorInTime(LoadedDays(settings, (), frozenset(), seating, holds), uses)


def write_reseating(floor: FloorInTime, reseating: Reseating, *, purpose: str) -> None:
    """Write the moves with an event each; the service days of every party that was looked at are locked.

    Holds that are over and still have tables there are freed first.
    """
    if not reseating.moves:
        return
    over = [
        hold.booking_id
        for hold in floor.loaded.expired_holds
        if any(span.overlaps(hold.blocked) for span in reseating.spans)
    ]
    if over:
        expire_holds(over)
    write_seating(floor.loaded, reseating.moves, kept=(), assigned_by=ENGINE, purpose=purpose)


def outcome_of(floor: FloorInTime, evicted: Collection[int], reseating: Reseating) -> Reseated:
    """Return the moved and the left parties, in 2 queries, in none where there are none."""
    moved = {move.booking_id for move in reseating.moves}
    left = set(evicted) - moved
    bookings = Booking.objects.filter(pk__in=left).order_by("starts_at", "pk") if left else ()
    tables, fixed = _tables_by_booking(floor.uses), _first_use_by_booking(floor.uses)
    return Reseated(
        moves=moved_parties(floor.loaded, reseating.moves),
        left=tuple(
            PartyLeft(
                booking,
                tuple(table_numbers(floor.loaded.seating.floor, tables[booking.pk])),
                _why(booking.pk, fixed[booking.pk], floor, reseating),
            )
            for booking in bookings
        ),
    )


def _tables_by_booking(uses: Iterable[TableUse]) -> dict[int, list[int]]:
    tables: dict[int, list[int]] = {}
    for use in uses:
        if use.booking_id is not None and use.table_id is not None:
            tables.setdefault(use.booking_id, []).append(use.table_id)
    return tables


def _first_use_by_booking(uses: Iterable[TableUse]) -> dict[int, TableUse]:
    return {use.booking_id: use for use in uses if use.booking_id is not None}


def _why(booking_id: int, use: TableUse, floor: FloorInTime, reseating: Reseating) -> LeftReason:
    if booking_id in floor.loaded.movable:
        return LeftReason.NOT_DECIDED if booking_id in reseating.undecided else LeftReason.NO_OTHER_TABLE
    if use.status == BookingStatus.SEATED:
        return LeftReason.SEATED
    if use.status == BookingStatus.ARRIVED:
        return LeftReason.ARRIVED
    return LeftReason.PINNED if use.is_pinned else LeftReason.FROZEN


# After a change of the floor


class _Seated(NamedTuple):
    """A live booking at some tables, from now on."""

    table_ids: frozenset[int]
    party_size: int
    interval: TimeSpan


def reseat_after_change(
    settings: ServiceSettings, change: FloorChange, *, purpose: str, budget: TimeBudget
) -> Reseated:
    """Re-seat the parties whose tables a change of the floor took away, as many as can be; all future days are locked.

    A party that is pinned, has arrived, is seated or about to start stays. Runs no query where every table takes the
    parties that it took before, and 1 where none is concerned.
    """
    seated = _list_seated_at(settings, change.tables_lost) if change.tables_lost else {}
    evicted = {pk: party.interval for pk, party in seated.items() if change.evicts(party.table_ids, party.party_size)}
    if not evicted:
        return Reseated()
    interval = TimeSpan.around(evicted.values())
    floor = load_floor_in_time(settings, change.after, interval)
    concerned = floor.parties_at(change.tables_lost, interval).intersection(evicted)
    reseating = plan_reseating(floor.loaded.seating, concerned.intersection(floor.loaded.movable), budget)
    named = floor.named_by(change.every_table)
    write_reseating(named, reseating, purpose=purpose)
    return outcome_of(named, concerned, reseating)


def _list_seated_at(settings: ServiceSettings, table_ids: Collection[int]) -> dict[int, _Seated]:
    """List the live bookings at any of some tables, not over yet, with all of their tables; 1 query."""
    here = TableAssignment.objects.filter(
        table_id__in=table_ids, during__endswith__gt=settings.now, booking__status__in=LIVE_STATUSES
    )
    rows = TableAssignment.objects.filter(booking_id__in=here.order_by().values("booking_id")).order_by()
    columns = ("booking_id", "table_id", "booking__party_size", "during")
    seated: dict[int, _Seated] = {}
    for booking_id, table_id, party_size, during in rows.values_list(*columns):
        others = seated[booking_id].table_ids if booking_id in seated else frozenset()
        seated[booking_id] = _Seated(others | {table_id}, party_size, TimeSpan(during.lower, during.upper))
    return seated
