"""The seating of a party from now on: drafted before the lock to find the days to lock, and under it to be written."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from bookings.choices import CHANNELS, BookingSource, DecisionOperation, EventKind
from bookings.decision import (
    Assessment,
    CountedParty,
    DecisionCase,
    LoadedDays,
    SolvedSeating,
    Wish,
    assess,
    assess_settled,
    load_days,
)
from bookings.decision.touched_days import holds_meeting, loaded_days_meeting
from bookings.models import Booking
from bookings.models.booking import Actor
from bookings.services.floor.keeping import TableKeeping
from bookings.services.floor.outcomes import FloorOutcome, moved_parties
from bookings.services.floor.transitions import write_transition
from bookings.services.one_booking import (
    BookingDraft,
    BookingWrite,
    as_it_is,
    blocked_interval_of,
    get_booking,
    kept_intervals_of,
    tables_of,
)
from bookings.services.recording import DecisionRecord
from bookings.services.rows.booking import actor_label, expire_holds
from bookings.services.rows.overrides import count_again
from bookings.services.rows.seating import TablesKept, write_seating
from capacity.calendar import ONE_MINUTE, iso_utc
from capacity.calendar.wall_clock import shown_time
from capacity.selectors import ServiceSettings
from config.errors import BookingConflict, DomainError, RecordNotFound
from tables.seating import SeatingUndecided, TimeBudget
from tables.spans import TimeSpan


@dataclass(frozen=True, kw_only=True)
class Sitting(BookingDraft):
    """A booking, the loaded days of its date without it, the end of its stay, and the keeping of its tables."""

    loaded: LoadedDays
    ends_at: datetime
    keeping: TableKeeping
    holds: tuple[CountedParty, ...]

    @property
    def solved(self) -> SolvedSeating | None:
        """Return the planner's question and answer."""
        return self.keeping.solved

    @property
    def is_decision(self) -> bool:
        """Say whether more is asked than to sit as booked: a longer stay, or other tables than the booking has."""
        kept = {table_id for rows in self.keeping.kept for table_id in rows.table_ids}
        return self.ends_at > self.booking.ends_at or not kept.issubset(tables_of(self.booking))


@dataclass(kw_only=True)
class StayWrite(BookingWrite[FloorOutcome]):
    """A change of the stay of a party that has come: its draft is a sitting, unless there is nothing to do."""

    happening: ClassVar[EventKind]
    record: DecisionRecord = field(init=False)

    def __post_init__(self) -> None:
        self.record = DecisionRecord(DecisionOperation.STAY, happening=self.happening)

    def draft_before_lock(self) -> BookingDraft:
        """Draft; a stay that is refused here may be possible under the lock, and is decided there."""
        try:
            return super().draft_before_lock()
        except (RecordNotFound, BookingConflict):
            raise
        except DomainError:
            return as_it_is(get_booking(self.booking_id))

    def keep(
        self,
        booking: Booking,
        loaded: LoadedDays,
        wish: Wish,
        find_keeping: Callable[[], TableKeeping],
        case_of: Callable[[], DecisionCase] | None = None,
    ) -> TableKeeping:
        """Return the keeping of a party's tables, and note its decision, on the loaded days without it.

        A refusal is about limits and tables; for a party that is given its tables only the limits are left, which a
        person may authorise. `case_of` returns the case to decide, where the wish does not say it all.

        Raises: as `find_keeping`.
        """

        def refused() -> Assessment:
            return assess(loaded, wish, case=case_of() if case_of else None)

        def settled() -> Assessment:
            outcome = keeping.outcomes[-1] if keeping.outcomes else None
            return assess_settled(loaded, wish, outcome, case=case_of() if case_of else None)

        self.record.note_stay(booking, loaded, wish, refused)
        keeping = find_keeping()
        self.record.note_stay(booking, loaded, wish, settled)
        return keeping

    def write_stay(self, sitting: Sitting, *, fields: Sequence[str], before: dict[str, Any]) -> FloorOutcome:
        """Write the stay and tables of a booking that is in the counters, the moves, and the history."""
        booking, keeping, is_decision = sitting.booking, sitting.keeping, sitting.is_decision
        expire_holds(hold.booking_id for hold in sitting.holds)
        until = shown_time(sitting.ends_at, booking.zone)
        raised = count_again(
            booking,
            sitting.ends_at,
            is_counted=True,
            service_day_ids=sitting.touched.service_day_ids,
            actor=self.actor,
            reason=f"Stays until {until}",
        )
        write_tables(sitting, actor=self.actor, purpose=f"as {booking.party_size} sit there until {until}")
        moves = moved_parties(sitting.loaded, keeping.moves)
        write_transition(
            booking,
            self.happening,
            fields=[*fields, "ends_at"],
            before=before,
            actor=self.actor,
            beside=_hits_in_history(keeping) | keeping.kept_in_history,
        )
        if is_decision:
            self.record.note_written(booking, raised)
        return FloorOutcome(booking, moves, keeping.hits)


def load_evening(
    settings: ServiceSettings,
    booking: Booking,
    ends_at: datetime,
    budget: TimeBudget,
    before: BookingDraft | None,
) -> LoadedDays:
    """Load the date of a booking without it, with every slot of its service and of its stay until `ends_at`."""
    whole = TimeSpan.around(_touched(booking, ends_at, ()))
    day = booking.service_day
    return load_days(
        settings,
        booking.business_date,
        booking.business_date,
        only=TimeSpan.around([whole, day, TimeSpan(settings.now, settings.now)]),
        budget=budget,
        solved=before.solved if before else None,
        without=[booking.pk],
    )


def sitting_of(loaded: LoadedDays, booking: Booking, ends_at: datetime, keeping: TableKeeping) -> Sitting:
    """Return the sitting to be written, with the service days that it touches and the holds that it frees."""
    touched = _touched(booking, ends_at, keeping.kept)
    planned = [outcome.depends_on for outcome in keeping.outcomes]
    holds = holds_meeting(loaded, _with_slots(loaded, TimeSpan.around([*touched, *planned])))
    freed = [hold.blocked for hold in holds]
    return Sitting(
        touched=loaded_days_meeting(loaded, [*touched, *planned, *freed], service_day_ids=[booking.service_day_id]),
        is_undecided=_is_undecided(keeping),
        booking=booking,
        loaded=loaded,
        ends_at=ends_at,
        keeping=keeping,
        holds=holds,
    )


def _is_undecided(keeping: TableKeeping) -> bool:
    """Say whether the party has no table because the time budget ran out."""
    return not keeping.kept and any(isinstance(outcome, SeatingUndecided) for outcome in keeping.outcomes[-1:])


def _hits_in_history(keeping: TableKeeping) -> dict[str, Any]:
    hits = [
        {"booking": hit.booking.reference, "tables": list(hit.tables), "starts_at": iso_utc(hit.starts_at)}
        for hit in keeping.hits
    ]
    return {"hits": hits} if hits else {}


def write_tables(sitting: Sitting, *, actor: Actor, purpose: str) -> None:
    """Write the tables that a party keeps and those of moved parties; rows that stay as they are keep their origin."""
    booking, keeping = sitting.booking, sitting.keeping
    rows = booking.assignments.all()
    stored = {(row.table_id, row.during.lower, row.during.upper, row.pinned) for row in rows}
    wanted = {
        (table_id, kept.starts_at, kept.ends_at, kept.is_pinned) for kept in keeping.kept for table_id in kept.table_ids
    }
    write_seating(
        sitting.loaded,
        keeping.moves,
        kept=() if stored == wanted else keeping.kept,
        assigned_by=actor_label(actor),
        purpose=purpose,
    )


def _touched(booking: Booking, ends_at: datetime, kept: Iterable[TablesKept]) -> list[TimeSpan]:
    blocked_until = ends_at + timedelta(minutes=booking.buffer_minutes)
    return [
        blocked_interval_of(booking),
        TimeSpan(booking.starts_at, blocked_until),
        *kept_intervals_of(booking),
        *(TimeSpan(rows.starts_at, rows.ends_at) for rows in kept),
    ]


def _with_slots(loaded: LoadedDays, interval: TimeSpan) -> TimeSpan:
    """Widen an interval to the slots that it touches: two stays that do not meet can be counted in the same one."""
    slots = (TimeSpan(slot.starts_at, slot.ends_at) for slot in loaded.present_slots(interval))
    return TimeSpan.around([interval, *slots])


def wish_to_stay(booking: Booking, ends_at: datetime) -> Wish:
    """Return the wish of a party that stays until an end; its start was decided when it was booked."""
    return Wish(
        party_size=booking.party_size,
        business_date=booking.business_date,
        starts_at=booking.starts_at,
        wall_time=booking.wall_time,
        period_id=booking.service_day.service_period_id,
        seating=booking.seating or None,
        channel=CHANNELS[BookingSource(booking.source)],
        turn_minutes=(ends_at - booking.starts_at) // ONE_MINUTE,
        keeps_start=True,
    )
