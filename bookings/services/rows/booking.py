"""The rows of a booking that was accepted."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from django.db.models import F, TextField
from django.utils import timezone
from psycopg.types.range import Range

from bookings.choices import CHANNELS, BookingSource, BookingStatus, EventKind
from bookings.contract.answer import render
from bookings.contract.guests import booking_answer, capacity_answer
from bookings.decision import Assessment, LoadedDays
from bookings.models import Booking, BookingEvent, TableAssignment
from bookings.services.guests import GuestDetails, read_words
from bookings.services.rows.counters import (
    CountedStay,
    changes_of_counters,
    counting,
    find_counted_stay,
    take_from_counters,
)
from bookings.services.rows.events import ENGINE, Actor, actor_label, new_event, record_event
from bookings.services.rows.overrides import Override, record_waived_excess
from bookings.services.rows.seating import TablesKept, purpose_of, table_numbers, write_seating
from bookings.tokens import new_reference
from capacity.policy import ServiceState, fullest_use
from config import metrics
from config.statements import Parameter, Sql, Statement, columns_of, insert_into, json_of, rows_in, together
from config.transactions import require_atomic
from tables.seating import SeatingPlan

# Younger than the first bookings, whose fingerprints are stored: left out where a request leaves them out.
_LATER_FIELDS = frozenset({"allergies", "turn_minutes", "table_ids", "override"})


@dataclass(frozen=True)
class BookingRequest:
    """All fields of a booking request; its hash tells a retry from another request.

    Without date and time the party is to be seated now. A retry a minute later has the same hash.
    """

    restaurant_id: int
    business_date: date | None
    wall_time: time | None
    party_size: int
    guest: GuestDetails
    starts_at: datetime | None
    seating: str | None
    notes: str
    marketing_opt_in: bool
    source: BookingSource
    turn_minutes: int | None = None
    table_ids: tuple[int, ...] | None = None
    allergies: str = ""
    override: Override | None = None

    def __post_init__(self) -> None:
        for name in ("notes", "allergies"):
            object.__setattr__(self, name, read_words(name, getattr(self, name)))

    @property
    def is_for_now(self) -> bool:
        """Say whether a party has come, and is seated as it is booked."""
        return self.business_date is None

    @property
    def channel(self) -> str:
        """Return the way in, as policy and planner know it."""
        return CHANNELS[self.source]

    @property
    def hash(self) -> str:
        """Return the fingerprint of the whole request."""
        every = {**vars(self), "guest": vars(self.guest)}
        said = {name: value for name, value in every.items() if name not in _LATER_FIELDS or value}
        canonical = json.dumps(said, sort_keys=True, default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True)
class Accepted:
    """An accepted request, on the loaded days of its decision; with an `override` a person answers for its excess."""

    loaded: LoadedDays
    assessment: Assessment
    request: BookingRequest
    idempotency_key: str | None
    actor: Actor
    override: Override | None

    @property
    def is_waived(self) -> bool:
        """Say whether shadow mode waives its limits."""
        return not self.loaded.settings.is_enforced

    @property
    def goes_alone(self) -> bool:
        """Say whether it is written by itself: an excess is authorised for it alone, or parties move for it first."""
        return self.is_waived or self.override is not None or bool(self.assessment.plan and self.assessment.plan.moves)


def write_bookings(accepted: Sequence[Accepted]) -> list[Booking]:
    """Write accepted bookings with their tables, counters and history; all of their service days are locked.

    One that `goes_alone` is written by itself. 1 query; for such a one 3 more where parties move to make room, 1 more
    where shadow mode waived a limit.
    """
    require_atomic()
    bookings = [_new_booking(one) for one in accepted]
    written = WRITE_BOOKINGS.run(
        accepted=json_of([_rows_of(one, booking) for one, booking in zip(accepted, bookings, strict=True)]),
        **changes_of_counters(
            [(1, _counted_stay(one.assessment)) for one in accepted],
            is_excess_authorised=any(one.is_waived or one.override for one in accepted),
        ),
    )
    for one, booking, (key,) in zip(accepted, bookings, written, strict=True):
        booking.pk = key
        _complete(one, booking)
    return bookings


def _rows_of(accepted: Accepted, booking: Booking) -> dict[str, Any]:
    """Return the rows of a booking as JSON: itself, its event, and of its seats all but the table."""
    plan, override = accepted.assessment.plan, accepted.override
    event = new_event(booking, EventKind.CREATED, actor=accepted.actor, to_value={"status": booking.status})
    if override is not None:
        event.reason = override.reason
    rows = {"booking": columns_of(booking), "event": columns_of(event)}
    # The exclusion constraint looks at each row as it comes: where parties move, their rows go first.
    if plan is None or plan.moves:
        return rows
    return rows | {"seat": columns_of(_seat_without_table(accepted, booking)), "tables": plan.table_ids}


def _complete(accepted: Accepted, booking: Booking) -> None:
    """Write the rows that follow those of a booking: of parties that make room for it, and of an excess."""
    plan = accepted.assessment.plan
    if plan is not None:
        metrics.booking_seating_step.labels(step=str(plan.step)).inc()
        if plan.moves:
            _seat_with_moves(accepted, booking, plan)
    if accepted.is_waived:
        record_waived_excess(booking, accepted.assessment)


def _write() -> Sql:
    key, array = f"pg_get_serial_sequence('{Booking._meta.db_table}', 'id')", Parameter("accepted", TextField())
    columns = "booking jsonb, event jsonb, seat jsonb, tables bigint[]"
    given = f"ROWS FROM (jsonb_to_recordset(%s::jsonb) AS ({columns})) WITH ORDINALITY"
    own = "accepted.id"
    return together(
        ("SELECT id FROM accepted ORDER BY ordinality", []),
        accepted=(f"SELECT nextval({key}) AS id, given.* FROM {given} AS given", [array]),  # noqa: S608 - names of our own
        booking=insert_into(Booking, rows_in(Booking, "accepted", "booking"), id=own),
        event=insert_into(BookingEvent, rows_in(BookingEvent, "accepted", "event"), booking_id=own),
        seats=insert_into(
            TableAssignment,
            rows_in(TableAssignment, "accepted", "seat"),
            booking_id=own,
            table_id="unnest(accepted.tables)",
        ),
        **counting(),
    )


WRITE_BOOKINGS = Statement("write_bookings", _write)


def _new_booking(accepted: Accepted) -> Booking:
    loaded, assessment, request = accepted.loaded, accepted.assessment, accepted.request
    booking = _booking_of(loaded, assessment, request)
    if accepted.idempotency_key is not None:
        booking.idempotency_key = accepted.idempotency_key
        booking.request_hash = request.hash
    booking.stored_answer = _answer(loaded, assessment, booking)
    return booking


def _booking_of(loaded: LoadedDays, assessment: Assessment, request: BookingRequest) -> Booking:
    wish, now = assessment.wish, timezone.now()
    return Booking(
        created_at=now,
        updated_at=now,
        reference=new_reference(),
        restaurant=loaded.settings.restaurant,
        service_day_id=_locked_day_id(assessment),
        business_date=wish.business_date,
        wall_time=wish.wall_time,
        starts_at=wish.starts_at,
        ends_at=assessment.ends_at,
        turn_minutes=assessment.turn_minutes,
        buffer_minutes=assessment.buffer_minutes,
        party_size=wish.party_size,
        source=request.source,
        seating=request.seating or "",
        guest_name=request.guest.name,
        guest_email=request.guest.email,
        guest_phone=request.guest.phone,
        notes=request.notes,
        allergies=request.allergies,
        marketing_opt_in=request.marketing_opt_in,
        **_seated_now(loaded) if request.is_for_now else {},
    )


def _seat_without_table(accepted: Accepted, booking: Booking) -> TableAssignment:
    """Return the row of each table of a booking, but for the table and the booking's id: the statement adds them."""
    return TableAssignment(
        restaurant=booking.restaurant,
        during=Range(booking.starts_at, accepted.assessment.blocked_until),
        assigned_by=actor_label(accepted.actor),
        created_at=booking.created_at,
    )


def _seated_now(loaded: LoadedDays) -> dict[str, Any]:
    return {"status": BookingStatus.SEATED, "seated_at": loaded.settings.now}


def _service_of(assessment: Assessment) -> ServiceState:
    if assessment.service is None:
        raise ValueError("an accepted assessment has a service")
    return assessment.service


def _locked_day_id(assessment: Assessment) -> int:
    service_day_id = _service_of(assessment).service_day_id
    if service_day_id is None:
        raise ValueError("a locked service day has a row")
    return service_day_id


def _answer(loaded: LoadedDays, assessment: Assessment, booking: Booking) -> Any:
    """Shape the answer as it is after the booking."""
    service, party_size = _service_of(assessment), assessment.wish.party_size
    after = replace(
        service,
        booked_covers=service.booked_covers + party_size,
        booked_parties=service.booked_parties + 1,
    )
    numbers = table_numbers(loaded, assessment.plan.table_ids if assessment.plan else ())
    answer = {
        "booking": booking_answer(booking, loaded.settings.restaurant, numbers),
        "capacity": capacity_answer(after, fullest_use(use.after(party_size) for use in assessment.uses)),
    }
    return render(answer)


def _seat_with_moves(accepted: Accepted, booking: Booking, plan: SeatingPlan) -> None:
    loaded, assessment = accepted.loaded, accepted.assessment
    own = TablesKept(booking.pk, plan.table_ids, booking.starts_at, assessment.blocked_until, had_tables=False)
    write_seating(
        loaded,
        plan.moves,
        kept=[own],
        assigned_by=actor_label(accepted.actor),
        purpose=purpose_of(loaded, assessment.wish),
    )


def _counted_stay(assessment: Assessment) -> CountedStay:
    service = _service_of(assessment)
    starting = service.starting_slot(assessment.wish.starts_at)
    return CountedStay(
        service_day_id=_locked_day_id(assessment),
        starting_slot_id=starting.slot_id if starting else None,
        present_slot_ids=tuple(slot.slot_id for slot in assessment.present if slot.slot_id is not None),
        party_size=assessment.wish.party_size,
    )


def save_changes(booking: Booking, *fields: str) -> None:
    """Save fields of a booking and raise its version.

    In the database: a correction of the guest's details waits for no lock, and raises the version as well.
    """
    known = booking.version
    booking.version = F("version") + 1
    booking.save(update_fields=[*fields, "version", "updated_at"])
    booking.version = known + 1


def expire_holds(booking_ids: Iterable[int]) -> None:
    """Expire holds whose service days the caller has locked: their tables and covers are free at once."""
    require_atomic()
    held = list(booking_ids)
    for hold in Booking.objects.filter(pk__in=held, status=BookingStatus.HELD).order_by("pk") if held else ():
        take_from_counters(find_counted_stay(hold))
        hold.assignments.all().delete()
        hold.status = BookingStatus.EXPIRED
        save_changes(hold, "status")
        record_event(
            hold,
            EventKind.EXPIRED,
            label=ENGINE,
            from_value={"status": BookingStatus.HELD},
            to_value={"status": BookingStatus.EXPIRED},
        )
