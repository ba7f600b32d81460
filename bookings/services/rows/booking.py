"""The rows of a booking that was accepted, and of its history whatever becomes of it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import F, TextField
from django.utils import timezone
from psycopg.types.range import Range

from bookings.choices import BookingStatus, EventKind
from bookings.contract.guests import booking_answer, capacity_answer, render
from bookings.decision import Assessment, LoadedDays
from bookings.models import Booking, BookingEvent, TableAssignment
from bookings.models.booking import ENGINE, GUEST, Actor, new_reference
from bookings.services.requests import BookingRequest, RequestDraft
from bookings.services.rows.counters import (
    CountedStay,
    changes_of_counters,
    counting,
    find_counted_stay,
    take_from_counters,
)
from bookings.services.rows.overrides import record_waived_excess
from bookings.services.rows.seating import TablesKept, purpose_of, write_seating
from capacity.policy import ServiceState, fullest_use
from config import metrics
from config.statements import Parameter, Sql, Statement, columns_of, insert_into, json_of, rows_in, rows_of, together
from config.transactions import require_atomic
from tables.seating import SeatingPlan
from tables.selectors import table_numbers


def write_bookings(accepted: Sequence[RequestDraft]) -> list[Booking]:
    """Write accepted bookings with their tables, counters and history; all of their service days are locked.

    One that `goes_alone` is written by itself. 1 query; for such a one 3 more where parties move to make room, 1 more
    where shadow mode waived a limit.
    """
    require_atomic()
    bookings = [_new_booking(draft) for draft in accepted]
    written = WRITE_BOOKINGS.run(
        accepted=json_of([_rows_of(draft, booking) for draft, booking in zip(accepted, bookings, strict=True)]),
        **changes_of_counters(
            [(1, _counted_stay(draft.assessment)) for draft in accepted],
            is_excess_authorised=any(draft.is_waived or draft.override for draft in accepted),
        ),
    )
    for draft, booking, (key,) in zip(accepted, bookings, written, strict=True):
        booking.pk = key
        _complete(draft, booking)
    return bookings


def _rows_of(draft: RequestDraft, booking: Booking) -> dict[str, Any]:
    """Return the rows of a booking as JSON: itself, its event, and of its seats all but the table."""
    plan, override = draft.assessment.plan, draft.override
    event = new_event(booking, EventKind.CREATED, actor=draft.actor, to_value={"status": booking.status})
    if override is not None:
        event.reason = override.reason
    rows = {"booking": columns_of(booking), "event": columns_of(event)}
    # The exclusion constraint looks at each row as it comes: where parties move, their rows go first.
    if plan is None or plan.moves:
        return rows
    return rows | {"seat": columns_of(_seat_without_table(draft, booking)), "tables": plan.table_ids}


def _complete(draft: RequestDraft, booking: Booking) -> None:
    """Write the rows that follow those of a booking: of parties that make room for it, and of an excess."""
    plan = draft.assessment.plan
    if plan is not None:
        metrics.booking_seating_step.labels(step=str(plan.step)).inc()
        if plan.moves:
            _seat_with_moves(draft, booking, plan)
    if draft.is_waived:
        record_waived_excess(booking, draft.assessment)


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


def _new_booking(draft: RequestDraft) -> Booking:
    loaded, assessment, request = draft.loaded, draft.assessment, draft.request
    booking = _booking_of(loaded, assessment, request)
    if draft.idempotency_key is not None:
        booking.idempotency_key = draft.idempotency_key
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


def _seat_without_table(draft: RequestDraft, booking: Booking) -> TableAssignment:
    """Return the row of each table of a booking, but for the table and the booking's id: the statement adds them."""
    return TableAssignment(
        restaurant=booking.restaurant,
        during=Range(booking.starts_at, draft.assessment.blocked_until),
        assigned_by=actor_label(draft.actor),
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
    numbers = table_numbers(loaded.seating.floor, assessment.plan.table_ids if assessment.plan else ())
    answer = {
        "booking": booking_answer(booking, loaded.settings.restaurant, numbers),
        "capacity": capacity_answer(after, fullest_use(use.after(party_size) for use in assessment.uses)),
    }
    return render(answer)


def _seat_with_moves(draft: RequestDraft, booking: Booking, plan: SeatingPlan) -> None:
    loaded, assessment = draft.loaded, draft.assessment
    own = TablesKept(booking.pk, plan.table_ids, booking.starts_at, assessment.blocked_until, had_tables=False)
    write_seating(
        loaded,
        plan.moves,
        kept=[own],
        assigned_by=actor_label(draft.actor),
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


def record_event(
    booking: Booking,
    kind: EventKind,
    *,
    actor: Actor = None,
    label: str | None = None,
    from_value: Any = None,
    to_value: Any = None,
    reason: str = "",
) -> None:
    """Add one entry to a booking's history; the label is the user's name unless given."""
    event = new_event(booking, kind, actor=actor, label=label, from_value=from_value, to_value=to_value, reason=reason)
    RECORD_EVENT.run(**rows_of(event))


def new_event(
    booking: Booking, kind: EventKind, *, actor: Actor = None, label: str | None = None, **facts: Any
) -> BookingEvent:
    """Return an entry of a booking's history, not saved."""
    return BookingEvent(
        restaurant_id=booking.restaurant_id,
        booking_id=booking.pk,
        kind=kind,
        actor_id=actor.pk if actor else None,
        actor_label=label or actor_label(actor),
        created_at=timezone.now(),
        **facts,
    )


RECORD_EVENT = Statement("record_event", lambda: insert_into(BookingEvent))


def actor_label(actor: Actor) -> str:
    """Return the name under which an actor stands in the history."""
    return actor.get_username() if actor else GUEST
