"""The stay of a party that sits: its expected end, and its leaving."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from psycopg.types.range import Range

from bookings.choices import BookingStatus, EventKind
from bookings.decision import LoadedDays
from bookings.decision.keeping import TableNeed
from bookings.errors import TablesNotSuitable
from bookings.models import Booking, TableAssignment
from bookings.models.booking import Actor
from bookings.services.floor.chosen_tables import why_unusable
from bookings.services.floor.keeping import TableKeeping, keep_tables
from bookings.services.floor.outcomes import FloorOutcome
from bookings.services.floor.sitting import (
    Sitting,
    StayWrite,
    load_evening,
    sitting_of,
    wish_to_stay,
)
from bookings.services.floor.transitions import (
    require_status,
    state_of,
    write_transition,
)
from bookings.services.one_booking import (
    BookingDraft,
    BookingWrite,
    as_it_is,
    get_booking,
    require_current,
    tables_of,
)
from bookings.services.rows.overrides import count_again
from capacity.calendar import ONE_MINUTE, this_minute
from capacity.models import LONGEST_TURN
from capacity.selectors import ServiceSettings, get_service_settings, read_clock
from config.errors import InputInvalid
from tables.seating import TimeBudget
from tables.spans import TimeSpan


def extend_stay(
    *,
    booking_id: int,
    ends_at: datetime,
    keeps_tables: bool = False,
    actor: Actor = None,
    expected_version: int | None = None,
) -> FloorOutcome:
    """Let a seated party stay until `ends_at` (an instant, taken to its minute), longer or shorter; twice is once.

    No party is turned away from its table: parties that are to come to it are re-seated where they may be moved. The
    others are `hits` of the outcome, for a person to decide. An excess above a limit is authorised in the name of the
    actor. A longer time at tables that are out of service, retired, blocked then or too small or large takes the word
    of a person, `keeps_tables`. Locks the service days that the stay meets then and of every party that may have to
    move.

    Raises: `RecordNotFound`, `EditIsStale`, `TransitionInvalid`, `InputInvalid` (an end that has passed, or more than a
    day after the start), `TablesNotSuitable`, `BookingConflict`.
    """
    return ExtendStay(
        booking_id=booking_id,
        ends_at=this_minute(ends_at),
        keeps_tables=keeps_tables,
        actor=actor,
        expected_version=expected_version,
    ).run()


def leave_early(*, booking_id: int, actor: Actor = None, expected_version: int | None = None) -> Booking:
    """Mark a seated party as having left, also after its time; its table is free at once, but for the buffer.

    It is out of the counters of the time that it does not stay. Twice is once. Locks the service days in which the
    booking counts or has a table.

    Raises: `RecordNotFound`, `EditIsStale`, `TransitionInvalid`, `BookingConflict`.
    """
    return LeaveEarly(booking_id=booking_id, actor=actor, expected_version=expected_version).run()


@dataclass(kw_only=True)
class ExtendStay(StayWrite):
    """Another end of the stay of a seated party."""

    operation = "extend_stay"
    happening = EventKind.EXTENDED
    ends_at: datetime
    keeps_tables: bool = False

    def draft(self, budget: TimeBudget, before: BookingDraft | None) -> BookingDraft:
        """Decide the moves and hits of a party that keeps its tables until then."""
        booking = get_booking(self.booking_id)
        if booking.status == BookingStatus.SEATED and booking.ends_at == self.ends_at:
            return as_it_is(booking)
        require_current(booking, self.expected_version)
        require_status(booking, [BookingStatus.SEATED], BookingStatus.SEATED)
        settings = get_service_settings(booking.restaurant_id)
        _require_possible_end(booking, self.ends_at, settings.now)
        loaded = load_evening(settings, booking, self.ends_at, budget, before)
        find_keeping = partial(self._keep_tables, booking, loaded)
        keeping = self.keep(booking, loaded, wish_to_stay(booking, self.ends_at), find_keeping)
        return sitting_of(loaded, booking, self.ends_at, keeping)

    def _keep_tables(self, booking: Booking, loaded: LoadedDays) -> TableKeeping:
        why = why_not_until(loaded.settings, booking, self.ends_at, loaded=loaded)
        if why and not self.keeps_tables:
            raise TablesNotSuitable("unusable", f"{why}: say whether the party stays there all the same")
        need = _need_until(booking, self.ends_at, this_minute(loaded.settings.now))
        return replace(keep_tables(loaded, booking, need), although=why)

    def write(self, draft: BookingDraft) -> FloorOutcome:
        """Write the new end."""
        if not isinstance(draft, Sitting):
            return FloorOutcome(draft.booking)
        return self.write_stay(draft, fields=[], before=state_of(draft.booking, draft.booking.assignments.all()))


def why_not_until(
    settings: ServiceSettings, booking: Booking, ends_at: datetime, *, loaded: LoadedDays | None = None
) -> str:
    """Say why the tables of a party are not usable for the time that a longer stay adds; see `why_unusable`."""
    now, own = this_minute(settings.now), tables_of(booking)
    buffer = timedelta(minutes=booking.buffer_minutes)
    longer = TimeSpan(max(now, booking.ends_at), ends_at + buffer)
    if not own or ends_at <= booking.ends_at:
        return ""
    return why_unusable(settings, own, booking.party_size, longer, loaded=loaded)


def _need_until(booking: Booking, ends_at: datetime, now: datetime) -> TableNeed:
    """Return the need of a party that sits for its tables."""
    rows = booking.assignments.all()
    return TableNeed(
        kept_from={row.table_id: row.during.lower for row in rows},
        now=now,
        firm_until=now,
        until=ends_at + timedelta(minutes=booking.buffer_minutes),
        is_pinned=any(row.pinned for row in rows),
    )


def _require_possible_end(booking: Booking, ends_at: datetime, now: datetime) -> None:
    if ends_at <= now or ends_at <= booking.starts_at:
        raise InputInvalid.of_field("endsAt", "past", "A party that sits stays at least until the next minute.")
    if ends_at > _latest_end(booking):
        raise InputInvalid.of_field("endsAt", "too_long", "No stay is longer than a day.")


def _latest_end(booking: Booking) -> datetime:
    return booking.starts_at + timedelta(minutes=LONGEST_TURN)


class LeaveEarly(BookingWrite[Booking]):
    """A party that has left."""

    operation = "leave_early"

    def write(self, draft: BookingDraft) -> Booking:
        """End the stay, and the assignments with their buffer."""
        booking = draft.booking
        if booking.status == BookingStatus.COMPLETED:
            return booking
        require_current(booking, self.expected_version)
        require_status(booking, [BookingStatus.SEATED], BookingStatus.COMPLETED)
        now = read_clock()
        before = state_of(booking, booking.assignments.all())
        _free_tables(booking, this_minute(now))
        count_again(
            booking,
            min(booking.ends_at, max(this_minute(now), booking.starts_at + ONE_MINUTE)),
            is_counted=True,
            service_day_ids=draft.touched.service_day_ids,
            actor=self.actor,
            reason="Left",
        )
        booking.status, booking.left_at = BookingStatus.COMPLETED, now
        fields = ["status", "left_at", "ends_at"]
        write_transition(booking, EventKind.LEFT, fields=fields, before=before, actor=self.actor)
        return booking


def _free_tables(booking: Booking, minute: datetime) -> None:
    """End the assignments as the table is ready again; a party that sat down this minute has had it for one."""
    ready_at = minute + timedelta(minutes=booking.buffer_minutes)
    for row in booking.assignments.all():
        ends_at = max(ready_at, row.during.lower + ONE_MINUTE)
        if ends_at < row.during.upper:
            TableAssignment.objects.filter(pk=row.pk).update(during=Range(row.during.lower, ends_at))
