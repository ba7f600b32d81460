"""Change a booking: to another time, size or wish, by the same decision as a new one, without itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from bookings.choices import DecisionOperation, EventKind
from bookings.decision import LoadedDays, Wish, dates_near, find_alternatives, load_days, seating_request
from bookings.decision.refusals import refusal_of
from bookings.models import Booking
from bookings.models.booking import Actor
from bookings.services.floor.change_drafts import ChangeDraft, draft_change
from bookings.services.floor.change_requests import UNCHANGED, ChangeRequest, Unchanged, has_come, wish_of
from bookings.services.floor.chosen_tables import require_suitable_tables, table_taken
from bookings.services.floor.outcomes import FloorOutcome, moved_parties
from bookings.services.floor.seats import require_live
from bookings.services.one_booking import get_booking, require_current, tables_of
from bookings.services.recording import DecisionRecord
from bookings.services.rows.booking import actor_label, expire_holds, record_event, save_changes
from bookings.services.rows.counters import find_counted_stay, move_in_counters
from bookings.services.rows.overrides import carry_overrides, record_waived_excess
from bookings.services.rows.seating import purpose_of, write_seating
from bookings.services.writes import PlannedWrite
from capacity.calendar import iso_utc
from capacity.reasons import ReasonCode
from capacity.selectors import get_service_settings
from config import metrics
from config.errors import DomainError
from tables.seating import SeatingRefusal, TimeBudget
from tables.selectors import table_numbers


def change_booking(
    *,
    booking_id: int,
    business_date: date | None = None,
    wall_time: time | None = None,
    starts_at: datetime | None = None,
    party_size: int | None = None,
    seating: str | Unchanged | None = UNCHANGED,
    turn_minutes: int | None = None,
    table_ids: Sequence[int] = (),
    actor: Actor = None,
    expected_version: int | None = None,
) -> FloorOutcome:
    """Move a booking to another time or size, or change its wish, if and only if the committed state can take it so.

    Decided as a new booking is, without itself: it never collides with itself, and may keep its room above a limit. It
    stays at its tables where they suit and are free; turn and buffer are decided anew. With an `actor` the staff asks,
    and may choose the tables, to which it is pinned then.
    A party that is in the house changes its size, wish or stay, not its start. A change of nothing writes nothing.
    Locks the service days of the old stay, of the new one, and of every party that may have to move.

    Raises: `RecordNotFound`, `EditIsStale`, `BookingNotActive`, `StayOver`, `CapacityExceeded`, `OperatingHoursClosed`,
    `OutsideBookingWindow`, `PartySizeNotAccepted` (each with reasons and alternatives), `NonexistentTime`,
    `InputInvalid`, `TablesNotSuitable`, `TableTaken`, `BookingConflict`.
    """
    chosen = tuple(sorted(set(table_ids)))
    change = ChangeRequest(
        booking_id, actor, business_date, wall_time, starts_at, party_size, seating, turn_minutes, chosen
    )
    return ChangeBooking(change, expected_version).run()


@dataclass
class ChangeBooking(PlannedWrite[ChangeDraft, FloorOutcome]):
    """A change of start, size, wish or stay."""

    operation = "change_booking"
    change: ChangeRequest
    expected_version: int | None
    record: DecisionRecord = field(default_factory=lambda: DecisionRecord(DecisionOperation.CHANGE))

    def draft(self, budget: TimeBudget, before: ChangeDraft | None) -> ChangeDraft:
        """Decide the changed booking, on its day without it."""
        draft = draft_change(self.change, budget, before.solved if before else None)
        self.record.note(draft.loaded, draft.assessment)
        self.record.note_booking(draft.booking)
        return draft

    def refuse_early(self, draft: ChangeDraft) -> None:
        """Raise the refusal of a change that no state of its day would take."""
        if draft.changes_nothing:
            return
        require_live(draft.booking, draft.loaded.settings.now, "changed")
        if draft.assessment.decision.is_standing_refusal:
            raise refusal_of(draft.assessment)

    def write(self, draft: ChangeDraft) -> FloorOutcome:
        """Write an accepted change; one that changes nothing writes nothing."""
        if draft.changes_nothing:
            return FloorOutcome(draft.booking)
        outcome = _write(draft, self.change.actor)
        self.record.note_written(draft.booking)
        return outcome

    def require_possible(self, draft: ChangeDraft) -> None:
        """Require a live booking that nobody changed meanwhile, and a day that takes it so.

        Raises: as `change_booking`.
        """
        require_live(draft.booking, draft.loaded.settings.now, "changed")
        if draft.changes_nothing:
            return
        require_current(draft.booking, self.expected_version)
        if chosen := self.change.table_ids:
            require_suitable_tables(draft.loaded, chosen, draft.wish.party_size)
        if draft.assessment.is_refused:
            raise _refusal_of(draft)

    def list_alternatives(self) -> Sequence[Wish]:
        """List the starts near the wanted one that would take the booking, on the state as it is now."""
        change, booking = self.change, get_booking(self.change.booking_id)
        if has_come(booking) or change.table_ids:
            return ()
        settings = get_service_settings(booking.restaurant_id)
        wish = wish_of(settings, booking, change)
        dates = dates_near(settings, wish)
        loaded = load_days(settings, dates[0], dates[-1], without=[booking.pk], channel=wish.channel)
        return tuple(found.wish for found in find_alternatives(loaded, wish, turn_minutes=change.turn_minutes))


def _refusal_of(draft: ChangeDraft) -> DomainError:
    """Return the refusal of a change: where chosen tables alone are in the way, with the parties that have them."""
    assessment, wish = draft.assessment, draft.wish
    codes = {reason.code for reason in assessment.decision.reasons}
    if draft.has_chosen_tables and codes == {ReasonCode.NO_TABLE} and isinstance(assessment.seating, SeatingRefusal):
        return table_taken(draft.loaded, [seating_request(draft.loaded.settings, wish)], assessment.seating)
    return refusal_of(assessment)


def _write(draft: ChangeDraft, actor: Actor) -> FloorOutcome:
    """Write an accepted change: holds that are over, tables, counters, the booking, its overrides and history."""
    loaded, booking, plan = draft.loaded, draft.booking, draft.assessment.plan
    moves = plan.moves if plan else ()
    if plan is not None:
        metrics.booking_seating_step.labels(step=str(plan.step)).inc()
    expire_holds(hold.booking_id for hold in draft.holds)
    before = _shown(loaded, booking, tables_of(booking))
    kept, table_ids = list(draft.kept_rows()), draft.table_ids
    write_seating(loaded, moves, kept=kept, assigned_by=actor_label(actor), purpose=purpose_of(loaded, draft.wish))
    left = find_counted_stay(booking)
    _save(draft)
    move_in_counters(left, find_counted_stay(booking), is_excess_authorised=not loaded.settings.is_enforced)
    carry_overrides(booking, draft.assessment)
    record_waived_excess(booking, draft.assessment)
    _record(booking, before, _shown(loaded, booking, table_ids), actor)
    booking.refresh_from_db()
    return FloorOutcome(booking, moved_parties(loaded, moves))


CHANGED_FIELDS = (
    "service_day",
    "business_date",
    "wall_time",
    "starts_at",
    "ends_at",
    "turn_minutes",
    "buffer_minutes",
    "party_size",
    "seating",
)


def _save(draft: ChangeDraft) -> None:
    booking, assessment, wish = draft.booking, draft.assessment, draft.wish
    if assessment.service is None or assessment.service.service_day_id is None:
        raise ValueError("an accepted assessment has a locked service day")
    booking.service_day_id = assessment.service.service_day_id
    booking.business_date, booking.wall_time = wish.business_date, wish.wall_time
    booking.starts_at, booking.ends_at = wish.starts_at, assessment.ends_at
    booking.turn_minutes, booking.buffer_minutes = assessment.turn_minutes, assessment.buffer_minutes
    booking.party_size, booking.seating = wish.party_size, wish.seating or ""
    save_changes(booking, *CHANGED_FIELDS)


def _shown(loaded: LoadedDays, booking: Booking, table_ids: tuple[int, ...]) -> dict[str, Any]:
    return {
        "date": booking.business_date.isoformat(),
        "time": f"{booking.wall_time:%H:%M}",
        "starts_at": iso_utc(booking.starts_at),
        "ends_at": iso_utc(booking.ends_at),
        "party_size": booking.party_size,
        "seating": booking.seating,
        "tables": table_numbers(loaded.seating.floor, table_ids),
    }


def _record(booking: Booking, before: dict[str, Any], after: dict[str, Any], actor: Actor) -> None:
    """Add the differences to the history."""
    different = [name for name in before if before[name] != after[name]]
    record_event(
        booking,
        EventKind.CHANGED,
        actor=actor,
        from_value={name: before[name] for name in different},
        to_value={name: after[name] for name in different},
    )
