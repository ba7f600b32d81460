"""Take back the last change of a booking this evening, by the same decision where it takes room."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from bookings.choices import BookingStatus, EventKind, OverrideSource
from bookings.decision import DecisionCase, LoadedDays, SolvedSeating
from bookings.decision.keeping import TableNeed, request_of
from bookings.errors import CapacityExceeded, TransitionUntimely
from bookings.models import Booking, BookingEvent, TableAssignment
from bookings.services.floor.keeping import TableKeeping, keep_found_tables, no_table, take_tables_again
from bookings.services.floor.outcomes import FloorOutcome, moved_parties
from bookings.services.floor.sitting import (
    Sitting,
    StayWrite,
    load_evening,
    sitting_of,
    wish_to_stay,
    write_tables,
)
from bookings.services.floor.transitions import last_moment, rows_in, state_of, write_transition
from bookings.services.one_booking import (
    BookingDraft,
    as_it_is,
    days_of_booking,
    get_booking,
    require_current,
    tables_of,
)
from bookings.services.rows.booking import expire_holds
from bookings.services.rows.counters import find_counted_stay, take_from_counters
from bookings.services.rows.events import Actor
from bookings.services.rows.overrides import count_again
from capacity.calendar import local_wall_time, this_minute
from capacity.policy import WALK_IN, DayState, PartyRequest, decide
from capacity.reasons import Reason
from capacity.selectors import get_service_settings
from config.cached import cached_property
from config.errors import RecordNotFound
from tables.seating import SeatingPlan, SeatingRefusal, TimeBudget
from tables.spans import TimeSpan

# The fields that each change has written beside status, end and tables, and that its undo empties.
_INSTANT_OF = {
    EventKind.ARRIVED: "arrived_at",
    EventKind.SEATED: "seated_at",
    EventKind.EXTENDED: None,
    EventKind.LEFT: "left_at",
    EventKind.NO_SHOW: None,
    # Of a walk-in, which is seated as it is created.
    EventKind.CREATED: "seated_at",
}
_NOTHING_TO_SEAT = (EventKind.ARRIVED, EventKind.CREATED)


def undo_change(
    *, booking_id: int, event_id: int, actor: Actor = None, expected_version: int | None = None
) -> FloorOutcome:
    """Undo the last arrival, seating, change of the end, leaving or no-show of a booking, or a walk-in; twice is once.

    `event_id` names its entry in the history. Possible until the service is over. An undo that takes room again, as
    that of a no-show, must find it by the decision of a new booking. That means limits, and a plan: its former tables
    if they are free, else any. A walk-in that is undone is cancelled, out of the counters and off its tables, as if it
    had never sat. Parties that the change moved stay where they are. Locks the service days that the stay meets then
    and of every party that may have to move.

    Raises: `RecordNotFound`, `EditIsStale`, `TransitionInvalid` (`TransitionUntimely` where the change is not the last,
    or the service is over), `CapacityExceeded`, `BookingConflict`.
    """
    return UndoChange(booking_id=booking_id, event_id=event_id, actor=actor, expected_version=expected_version).run()


@dataclass(frozen=True, kw_only=True)
class UndoDraft(BookingDraft):
    """A booking, the change to be undone, and the sitting of the party then, where the change has moved tables."""

    event: BookingEvent
    sitting: Sitting | None = None

    @property
    def solved(self) -> SolvedSeating | None:
        """Return the planner's question and answer."""
        return self.sitting.solved if self.sitting else None


@dataclass(kw_only=True)
class UndoChange(StayWrite):
    """The undo of one change, named by its entry in the history."""

    operation = "undo_change"
    happening = EventKind.UNDONE
    event_id: int

    def draft(self, budget: TimeBudget, before: BookingDraft | None) -> BookingDraft:
        """Decide the sitting of the party as before the change, unless that is undone already."""
        booking = get_booking(self.booking_id)
        event = _get_event(booking, self.event_id)
        if event.pk in _undone_ids(booking):
            return as_it_is(booking)
        require_current(booking, self.expected_version)
        settings = get_service_settings(booking.restaurant_id)
        _require_undoable(booking, event, settings.now)
        if event.kind in _NOTHING_TO_SEAT:
            return UndoDraft(touched=days_of_booking(booking), booking=booking, event=event)
        ends_at = datetime.fromisoformat(_before(event)["ends_at"])
        loaded = load_evening(settings, booking, ends_at, budget, before)
        undo = _Undo(booking, event, loaded, ends_at)
        keeping = self.keep(booking, loaded, wish_to_stay(booking, ends_at), undo.keeping, undo.case)
        sitting = sitting_of(loaded, booking, ends_at, keeping)
        return UndoDraft(
            touched=sitting.touched,
            is_undecided=sitting.is_undecided,
            booking=booking,
            event=event,
            sitting=sitting,
        )

    def write(self, draft: BookingDraft) -> FloorOutcome:
        """Write the state before the change, and the undo itself."""
        booking, outcome = draft.booking, FloorOutcome(draft.booking)
        if not isinstance(draft, UndoDraft):
            return outcome
        event, before = draft.event, state_of(booking, booking.assignments.all())
        if draft.sitting is not None:
            outcome = self._sit_as_before(draft.sitting, event)
        elif event.kind == EventKind.CREATED:
            take_from_counters(find_counted_stay(booking))
            booking.assignments.all().delete()
        _restore(booking, event)
        undone = {"undone": {"event_id": event.pk, "kind": event.kind}}
        fields = ["status", "ends_at", *filter(None, _INSTANT_OF.values())]
        write_transition(booking, EventKind.UNDONE, fields=fields, before=before, actor=self.actor, beside=undone)
        return outcome

    def _sit_as_before(self, sitting: Sitting, event: BookingEvent) -> FloorOutcome:
        """Write counters and tables; an excess of the stay above a limit is authorised by the actor of the undo."""
        booking = sitting.booking
        expire_holds(hold.booking_id for hold in sitting.holds)
        is_enforced = sitting.loaded.settings.is_enforced
        takes_room = event.kind == EventKind.NO_SHOW or sitting.is_decision
        raised = count_again(
            booking,
            sitting.ends_at,
            is_counted=event.kind != EventKind.NO_SHOW,
            service_day_ids=sitting.touched.service_day_ids,
            source=OverrideSource.STAFF if is_enforced else OverrideSource.SHADOW,
            actor=self.actor,
            reason=f"Undone: {EventKind(event.kind).label}",
        )
        if not _before(event)["rows"]:
            booking.assignments.all().delete()
        start = local_wall_time(booking.starts_at, sitting.loaded.settings.zone)
        write_tables(sitting, actor=self.actor, purpose=f"to make room again for {booking.party_size} of {start:%H:%M}")
        if takes_room:
            self.record.note_written(booking, raised)
        return FloorOutcome(booking, moved_parties(sitting.loaded, sitting.keeping.moves), sitting.keeping.hits)


def _get_event(booking: Booking, event_id: int) -> BookingEvent:
    event = booking.events.filter(pk=event_id).first()
    if event is None:
        raise RecordNotFound
    return event


def _before(event: BookingEvent) -> dict[str, Any]:
    return event.from_value or {}


def _undone_ids(booking: Booking) -> set[int]:
    undone = booking.events.filter(kind=EventKind.UNDONE)
    return set(undone.values_list("to_value__undone__event_id", flat=True))


def find_undoable(booking: Booking) -> BookingEvent | None:
    """Find the last change that can be undone and is not undone, in 2 queries; later ones have larger ids."""
    is_of_evening = Q(kind__in=set(_INSTANT_OF) - {EventKind.CREATED})
    is_walk_in = Q(kind=EventKind.CREATED, to_value__status=BookingStatus.SEATED)
    changes = booking.events.filter(is_of_evening | is_walk_in).exclude(pk__in=_undone_ids(booking))
    return changes.order_by("-pk").first()


def _require_undoable(booking: Booking, event: BookingEvent, now: datetime) -> None:
    message = ""
    if find_undoable(booking) != event or booking.status != (event.to_value or {})["status"]:
        message = "Only the last arrival, seating, change of the end, leaving, no-show or walk-in can be undone"
    elif now > last_moment(booking):
        message = f"The service of {booking.business_date} is over: what was done in it stays"
    if message:
        raise TransitionUntimely(message, status=booking.status, wanted=_before(event).get("status", "undone"))


def _restore(booking: Booking, event: BookingEvent) -> None:
    booking.status = _before(event).get("status", BookingStatus.CANCELLED)
    emptied = _INSTANT_OF[EventKind(event.kind)]
    if emptied is not None:
        setattr(booking, emptied, None)


@dataclass(frozen=True)
class _Undo:
    """A booking as it was before a change, on the loaded days without it, from now on."""

    booking: Booking
    event: BookingEvent
    loaded: LoadedDays
    ends_at: datetime

    @cached_property
    def former(self) -> list[TableAssignment]:
        return rows_in(self.booking, _before(self.event))

    @property
    def takes_room(self) -> bool:
        return self.event.kind == EventKind.NO_SHOW or self.ends_at > self.booking.ends_at

    @property
    def needed(self) -> TimeSpan:
        """Return the time for which the booking needs a table from now on, the buffer included."""
        now = this_minute(self.loaded.settings.now)
        sits = _before(self.event)["status"] == BookingStatus.SEATED
        until = self.ends_at + timedelta(minutes=self.booking.buffer_minutes)
        return TimeSpan(now if sits else max(now, self.booking.starts_at), until)

    def case(self) -> DecisionCase:
        """Return the case to decide, without the time that has passed and without hours: the party was in the house."""
        settings, booking, needed = self.loaded.settings, self.booking, self.needed
        stay = TimeSpan(booking.starts_at, self.ends_at)
        (service,) = (day for day in self.loaded.services if day.service_day_id == booking.service_day_id)
        present = tuple(slot for slot in self.loaded.present_slots(stay) if slot.ends_at > settings.now)
        needs_table = self.former and needed.starts_at < needed.ends_at
        return DecisionCase(
            PartyRequest(booking.party_size, booking.business_date, stay.starts_at, stay.ends_at, WALK_IN),
            DayState(settings.window, service, present),
            settings.now,
            request_of(booking, needed.starts_at, needed.ends_at) if needs_table else None,
            settings.is_enforced,
        )

    def keeping(self) -> TableKeeping:
        """Find the former tables again where they are free, else those that the booking has, else any.

        Raises: `CapacityExceeded`.
        """
        if not self.former or self.needed.starts_at >= self.needed.ends_at:
            self._require_room(None)
            return TableKeeping(())
        former, current = _table_ids(self.former), tables_of(self.booking)
        found = take_tables_again(self.loaded, self.booking, self.needed, [former, current])
        refusal = found.outcome if isinstance(found.outcome, SeatingRefusal) else None
        self._require_room(no_table(refusal) if refusal else None)
        if not isinstance(found.outcome, SeatingPlan):
            return TableKeeping((), outcomes=found.outcomes)
        need = TableNeed(
            kept_from=self._kept_from(found.outcome.table_ids),
            now=self.needed.starts_at,
            firm_until=self.needed.starts_at,
            until=self.needed.ends_at,
            is_pinned=any(row.pinned for row in self.former),
        )
        return keep_found_tables(self.loaded, self.booking, need, found)

    def _kept_from(self, table_ids: Iterable[int]) -> dict[int, datetime]:
        """Return the time since which the booking has each table without a break: one never lost counts as kept."""
        current = {row.table_id: row.during.lower for row in self.booking.assignments.all()}
        before = {row.table_id: row.during.lower for row in self.former}
        return {
            table_id: before.get(table_id, current[table_id]) if table_id in current else self.needed.starts_at
            for table_id in table_ids
        }

    def _require_room(self, lacking: Reason | None) -> None:
        """Require room as for a new booking, without the time passed and without hours: the party was in the house."""
        settings, booking = self.loaded.settings, self.booking
        if not self.takes_room or not settings.is_enforced:
            return
        case = self.case()
        decision = decide(case.request, replace(case.day, no_table=lacking), case.now)
        if not decision.is_accepted:
            start = local_wall_time(booking.starts_at, settings.zone)
            message = f"No capacity any more for the {booking.party_size} guests of {start:%H:%M}"
            raise CapacityExceeded(message, reasons=decision.reasons)


def _table_ids(rows: Iterable[TableAssignment]) -> tuple[int, ...]:
    return tuple(sorted(row.table_id for row in rows))
