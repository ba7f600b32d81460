"""A party comes: it is there, then it sits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bookings.choices import BookingStatus, EventKind
from bookings.decision import LoadedDays, Wish
from bookings.decision.keeping import TableNeed
from bookings.errors import TablesNotSuitable
from bookings.models import Booking
from bookings.models.booking import Actor
from bookings.services.floor.chosen_tables import require_suitable_tables, why_unusable, without_blocks
from bookings.services.floor.keeping import TableKeeping, find_tables, keep_tables
from bookings.services.floor.outcomes import FloorOutcome
from bookings.services.floor.sitting import (
    Sitting,
    StayWrite,
    load_evening,
    sitting_of,
    wish_to_stay,
)
from bookings.services.floor.transitions import (
    require_its_evening,
    require_status,
    state_of,
    write_transition,
)
from bookings.services.one_booking import (
    BookingDraft,
    BookingWrite,
    as_it_is,
    get_booking,
    is_pinned,
    require_current,
    tables_of,
)
from capacity.calendar import ONE_MINUTE, this_minute
from capacity.selectors import get_service_settings, read_clock
from config.cached import cached_property
from tables.seating import TimeBudget
from tables.spans import TimeSpan

SEATABLE_STATUSES = (BookingStatus.CONFIRMED, BookingStatus.ARRIVED)


def mark_arrived(*, booking_id: int, actor: Actor = None, expected_version: int | None = None) -> Booking:
    """Mark a party that is there and does not sit yet; no plan moves it from its tables any more. Twice is once.

    Locks the service days in which the booking counts or has a table.

    Raises: `RecordNotFound`, `EditIsStale`, `TransitionInvalid` (`TransitionUntimely` before its date or after its
    service), `BookingConflict`.
    """
    return MarkArrived(booking_id=booking_id, actor=actor, expected_version=expected_version).run()


def seat_party(
    *,
    booking_id: int,
    table_ids: Sequence[int] | None = None,
    keeps_tables: bool = False,
    actor: Actor = None,
    expected_version: int | None = None,
) -> FloorOutcome:
    """Seat a party now: at its own tables, at those that a person chose, or, where it has no usable ones, at the best.

    A party that sits later than booked stays that much longer: its turn time from now on. Parties that are to come to
    the table by then are re-seated where they may be moved. The others are `hits` of the outcome, for a person to
    decide; an excess above a limit is authorised in the name of the actor. A party that sits earlier keeps the end, and
    has the table from now on. Own tables that are out of service, retired, blocked now or too small or large are kept
    only where a person says so with `keeps_tables`. Twice is once. Locks the service days that the stay meets and of
    every party that may have to move.

    Raises: `RecordNotFound`, `EditIsStale`, `TransitionInvalid` (`TransitionUntimely` before its date or after its
    service), `TableTaken` where another party has the table now, `TablesNotSuitable`, `CapacityExceeded` where a party
    without tables cannot be given any, `BookingConflict`.
    """
    chosen = tuple(sorted(set(table_ids))) if table_ids else ()
    return SeatParty(
        booking_id=booking_id,
        chosen=chosen,
        keeps_tables=keeps_tables,
        actor=actor,
        expected_version=expected_version,
    ).run()


class MarkArrived(BookingWrite[Booking]):
    """An arrival."""

    operation = "mark_arrived"

    def write(self, draft: BookingDraft) -> Booking:
        """Write the time at which the party came."""
        booking = draft.booking
        if booking.status == BookingStatus.ARRIVED:
            return booking
        require_current(booking, self.expected_version)
        require_status(booking, [BookingStatus.CONFIRMED], BookingStatus.ARRIVED)
        now = read_clock()
        require_its_evening(booking, now, BookingStatus.ARRIVED)
        before = state_of(booking, booking.assignments.all())
        booking.status, booking.arrived_at = BookingStatus.ARRIVED, now
        write_transition(booking, EventKind.ARRIVED, fields=["status", "arrived_at"], before=before, actor=self.actor)
        return booking


@dataclass(kw_only=True)
class SeatParty(StayWrite):
    """A party that sits down; `chosen` are the tables that a person chose, none for its own or the best."""

    operation = "seat_party"
    happening = EventKind.SEATED
    chosen: tuple[int, ...]
    keeps_tables: bool = False

    def draft(self, budget: TimeBudget, before: BookingDraft | None) -> BookingDraft:
        """Decide the tables of the party and the end of its stay, unless it sits there already."""
        booking = get_booking(self.booking_id)
        if booking.status == BookingStatus.SEATED and self.chosen in ((), tables_of(booking)):
            return as_it_is(booking)
        require_current(booking, self.expected_version)
        require_status(booking, SEATABLE_STATUSES, BookingStatus.SEATED)
        settings = get_service_settings(booking.restaurant_id)
        require_its_evening(booking, settings.now, BookingStatus.SEATED)
        ends_at = _expected_end(booking, settings.now)
        loaded = load_evening(settings, booking, ends_at, budget, before)
        seat = _Seat(booking, loaded, this_minute(settings.now), ends_at, self.chosen, self.keeps_tables)
        return sitting_of(loaded, booking, ends_at, self.keep(booking, loaded, seat.wish, seat.keeping))

    def write(self, draft: BookingDraft) -> FloorOutcome:
        """Write the tables of the party and the time at which it sat down."""
        booking = draft.booking
        if not isinstance(draft, Sitting):
            return FloorOutcome(booking)
        before = state_of(booking, booking.assignments.all())
        booking.status, booking.seated_at = BookingStatus.SEATED, draft.loaded.settings.now
        return self.write_stay(draft, fields=["status", "seated_at"], before=before)


@dataclass(frozen=True)
class _Seat:
    """A party that sits down this minute, the expected end of its stay, and the tables that it is given."""

    booking: Booking
    loaded: LoadedDays
    minute: datetime
    ends_at: datetime
    chosen: tuple[int, ...]
    keeps_tables: bool

    @property
    def wish(self) -> Wish:
        """Return the wish of the party: these tables, its own if it is to sit there, or any."""
        wish = wish_to_stay(self.booking, self.ends_at)
        own = tables_of(self.booking) if self.keeps_tables or not self.why_not_own else ()
        return replace(wish, table_ids=self.chosen or own or None, seated_from=self.minute)

    @cached_property
    def why_not_own(self) -> str:
        """Say why the party's own tables are not usable this minute; empty where they are, or there are none."""
        own, now = tables_of(self.booking), TimeSpan(self.minute, self.minute + ONE_MINUTE)
        settings, party_size = self.loaded.settings, self.booking.party_size
        return why_unusable(settings, own, party_size, now, loaded=self.loaded) if own else ""

    @property
    def until(self) -> datetime:
        return self.ends_at + timedelta(minutes=self.booking.buffer_minutes)

    def keeping(self) -> TableKeeping:
        own = tables_of(self.booking)
        if self.chosen not in ((), own):
            require_suitable_tables(self.loaded, self.chosen, self.booking.party_size)
            return self._keep(self.loaded, dict.fromkeys(self.chosen, self.minute), self.minute + ONE_MINUTE)
        if own and self.why_not_own:
            return self._keep_unusable()
        if own:
            return self._keep_own(self.loaded)
        if self.loaded.settings.needs_tables(self.booking.service_day.service_period_id):
            return find_tables(self.loaded, self.booking, self.minute, self.until)
        return TableKeeping(())

    def _keep_unusable(self) -> TableKeeping:
        """Seat the party at its own tables if a person says that it sits there, else at the best, never by mistake."""
        own, why = tables_of(self.booking), self.why_not_own
        if self.keeps_tables:
            return replace(self._keep_own(without_blocks(self.loaded, own)), although=why)
        if self.chosen:
            raise TablesNotSuitable("unusable", why)
        return find_tables(self.loaded, self.booking, self.minute, self.until, instead=why)

    def _keep_own(self, loaded: LoadedDays) -> TableKeeping:
        rows = self.booking.assignments.all()
        if any(row.during.upper <= self.minute for row in rows):
            # Another party may have the table by now: it is as good as chosen.
            return self._keep(loaded, dict.fromkeys(tables_of(self.booking), self.minute), self.minute + ONE_MINUTE)
        kept_from = {row.table_id: min(row.during.lower, self.minute) for row in rows}
        return self._keep(loaded, kept_from, max(row.during.lower for row in rows))

    def _keep(self, loaded: LoadedDays, kept_from: dict[int, datetime], firm_until: datetime) -> TableKeeping:
        need = TableNeed(kept_from, self.minute, firm_until, self.until, is_pinned=is_pinned(self.booking))
        return keep_tables(loaded, self.booking, need)


def _expected_end(booking: Booking, now: datetime) -> datetime:
    """Return the end of the stay of a party that sits down now: as booked, or if late its turn time from now on."""
    minute = this_minute(now)
    return minute + timedelta(minutes=booking.turn_minutes) if minute > booking.starts_at else booking.ends_at
