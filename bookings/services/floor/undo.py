"""Take back the last change of a booking this evening, by the same decision where it takes room."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from bookings.choices import BookingStatus, EventKind, OverrideSource
from bookings.decision import SolvedSeating
from bookings.errors import TransitionUntimely
from bookings.models import Booking, BookingEvent
from bookings.models.booking import Actor
from bookings.services.floor.outcomes import FloorOutcome, moved_parties
from bookings.services.floor.return_to_table import Return, state_before, why_not_there
from bookings.services.floor.sitting import (
    Sitting,
    StayWrite,
    load_evening,
    sitting_of,
    wish_to_stay,
    write_tables,
)
from bookings.services.floor.transitions import last_moment, state_of, write_transition
from bookings.services.one_booking import (
    BookingDraft,
    as_it_is,
    days_of_booking,
    get_booking,
    require_current,
)
from bookings.services.rows.booking import expire_holds
from bookings.services.rows.counters import find_counted_stay, take_from_counters
from bookings.services.rows.overrides import count_again
from capacity.selectors import ServiceSettings, get_service_settings
from config.errors import RecordNotFound
from tables.seating import TimeBudget

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


def undo_change(
    *,
    booking_id: int,
    event_id: int,
    keeps_tables: bool | None = None,
    actor: Actor = None,
    expected_version: int | None = None,
) -> FloorOutcome:
    """Undo the last arrival, seating, change of the end, leaving or no-show of a booking, or a walk-in; twice is once.

    `event_id` names its entry in the history. Possible until the service is over. An undo that takes room again, as
    that of a no-show, must find it by the decision of a new booking. That means limits, and a plan: its former tables
    if they are usable and free, else any. Tables that are out of service, retired, blocked then, or too small or large
    are not usable. Of a party that would sit at such tables a person says whether it does: `keeps_tables` True keeps it
    there, False gives it others, None is refused. One that does not sit keeps them by True where there are no others,
    if it has them still. A walk-in that is undone is cancelled, out of the counters and off its tables, as if it
    had never sat. Parties that the change moved stay where they are. Locks the service days that the stay meets then
    and of every party that may have to move.

    Raises: `RecordNotFound`, `EditIsStale`, `TransitionInvalid` (`TransitionUntimely` where the change is not the last,
    or the service is over), `TablesNotSuitable`, `CapacityExceeded`, `BookingConflict`.
    """
    return UndoChange(
        booking_id=booking_id,
        event_id=event_id,
        keeps_tables=keeps_tables,
        actor=actor,
        expected_version=expected_version,
    ).run()


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
    keeps_tables: bool | None = None

    def draft(self, budget: TimeBudget, before: BookingDraft | None) -> BookingDraft:
        """Decide the sitting of the party as before the change, unless that is undone already."""
        booking = get_booking(self.booking_id)
        event = _get_event(booking, self.event_id)
        if event.pk in _undone_ids(booking):
            return as_it_is(booking)
        require_current(booking, self.expected_version)
        settings = get_service_settings(booking.restaurant_id)
        _require_undoable(booking, event, settings.now)
        if _has_nothing_to_seat(settings, booking, event):
            return UndoDraft(touched=days_of_booking(booking), booking=booking, event=event)
        ends_at = datetime.fromisoformat(state_before(event)["ends_at"])
        loaded = load_evening(settings, booking, ends_at, budget, before)
        back = Return(booking, event, loaded, ends_at, self.keeps_tables)
        keeping = self.keep(booking, loaded, wish_to_stay(booking, ends_at), back.keeping, back.case)
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
        undone: dict[str, Any] = {"undone": {"event_id": event.pk, "kind": event.kind}}
        undone |= draft.sitting.keeping.kept_in_history if draft.sitting else {}
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
        if not state_before(event)["rows"]:
            booking.assignments.all().delete()
        purpose = f"to make room again for {booking.party_size} of {booking.shown_start}"
        write_tables(sitting, actor=self.actor, purpose=purpose)
        if takes_room:
            self.record.note_written(booking, raised)
        return FloorOutcome(booking, moved_parties(sitting.loaded, sitting.keeping.moves), sitting.keeping.hits)


def _get_event(booking: Booking, event_id: int) -> BookingEvent:
    event = booking.events.filter(pk=event_id).first()
    if event is None:
        raise RecordNotFound
    return event


def _has_nothing_to_seat(settings: ServiceSettings, booking: Booking, event: BookingEvent) -> bool:
    """Say whether an undo leaves the tables as they are: that of a walk-in, and of an arrival at tables in use."""
    is_arrival = event.kind == EventKind.ARRIVED
    return event.kind == EventKind.CREATED or (is_arrival and not why_not_there(settings, booking, event))


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
        raise TransitionUntimely(message, status=booking.status, wanted=state_before(event).get("status", "undone"))


def _restore(booking: Booking, event: BookingEvent) -> None:
    booking.status = state_before(event).get("status", BookingStatus.CANCELLED)
    emptied = _INSTANT_OF[EventKind(event.kind)]
    if emptied is not None:
        setattr(booking, emptied, None)
