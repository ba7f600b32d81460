"""Create a booking: the only function that does is `create_booking_with_capacity_check`."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time

from psycopg.types.range import Range

from bookings.answers.bookings import booking_answer
from bookings.answers.values import Answer, capacity_answer
from bookings.availability import Assessment, Wish, assess, blocked_interval, read_wish
from bookings.choices import BookingSource, EventKind
from bookings.day import DayBook, load_day_book
from bookings.errors import IdempotencyKeyReused, RequestRefused
from bookings.locks import REACTIONS, Reach, ServiceDayClaim, holds_in_the_way, reach_of
from bookings.models import Booking, TableAssignment
from bookings.refusals import refusal_of
from bookings.selectors import list_alternatives
from bookings.services.counter_updates import CountedStay, add_to_counters
from bookings.services.excess import record_waived_excess
from bookings.services.expiry import expire_holds
from bookings.services.history import Actor, actor_label, record_event
from bookings.services.materialization import materialize_missing
from bookings.tokens import manage_token, new_reference
from capacity.locks import lock_service_days
from capacity.policy import IN_HOUSE, ONLINE, WALK_IN, ServiceState, fullest_use
from capacity.selectors import get_service_settings
from config.transactions import capacity_transaction

CHANNELS = {
    BookingSource.WEB: ONLINE,
    BookingSource.PARTNER: ONLINE,
    BookingSource.PHONE: IN_HOUSE,
    BookingSource.WALK_IN: WALK_IN,
}


@dataclass(frozen=True)
class GuestDetails:
    """Whom the booking is for; the phone number in E.164."""

    name: str
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class BookingReceipt:
    """A booking as its guest gets it; `answer` is what was stored, the token is never stored."""

    booking: Booking
    answer: Answer
    manage_token: str
    is_replayed: bool


@dataclass(frozen=True)
class _Request:
    """Everything that a booking request says; its hash tells a retry from another request."""

    restaurant_id: int
    business_date: date
    wall_time: time
    party_size: int
    guest: GuestDetails
    starts_at: datetime | None
    seating: str | None
    notes: str
    marketing_opt_in: bool
    source: BookingSource

    @property
    def hash(self) -> str:
        canonical = json.dumps(asdict(self), sort_keys=True, default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()


def create_booking_with_capacity_check(
    *,
    restaurant_id: int,
    business_date: date,
    wall_time: time,
    party_size: int,
    guest: GuestDetails,
    starts_at: datetime | None = None,
    seating: str | None = None,
    notes: str = "",
    marketing_opt_in: bool = False,
    source: BookingSource = BookingSource.WEB,
    idempotency_key: str | None = None,
    actor: Actor = None,
) -> BookingReceipt:
    """Book a party if and only if the committed state can take it.

    Locks every service day that the stay and its buffer meet, decides on what is read after that,
    writes booking, table, counters and history in the same transaction. With an idempotency key a
    retry gets the first answer again.

    Raises: `CapacityExceeded`, `OperatingHoursClosed`, `OutsideBookingWindow`,
    `PartySizeNotAccepted` (each with reasons and alternatives), `NonexistentTime`, `InputInvalid`,
    `IdempotencyKeyReused`, `RecordNotFound`, `BookingConflict`.
    """
    request = _Request(
        restaurant_id=restaurant_id,
        business_date=business_date,
        wall_time=wall_time,
        party_size=party_size,
        guest=guest,
        starts_at=starts_at,
        seating=seating,
        notes=notes,
        marketing_opt_in=marketing_opt_in,
        source=source,
    )
    replayed = _find_replay(request, idempotency_key)
    if replayed is not None:
        return replayed
    try:
        return _create_booking(request=request, idempotency_key=idempotency_key, actor=actor)
    except RequestRefused as refusal:
        # After the transaction: other starts are advice, and cost nobody a lock.
        refusal.alternatives = list_alternatives(
            restaurant_id=restaurant_id,
            business_date=business_date,
            party_size=party_size,
            wall_time=wall_time,
            starts_at=starts_at,
            seating=seating,
            channel=CHANNELS[source],
        )
        raise


def _find_replay(request: _Request, idempotency_key: str | None) -> BookingReceipt | None:
    if idempotency_key is None:
        return None
    found = Booking.objects.filter(restaurant_id=request.restaurant_id, idempotency_key=idempotency_key).first()
    if found is None:
        return None
    if found.request_hash != request.hash:
        raise IdempotencyKeyReused
    return _receipt(found, is_replayed=True)


def _receipt(booking: Booking, *, is_replayed: bool) -> BookingReceipt:
    token = manage_token(booking.public_id, booking.token_generation)
    return BookingReceipt(booking, booking.stored_answer or {}, token, is_replayed)


def _claim(*, request: _Request, idempotency_key: str | None, actor: Actor) -> ServiceDayClaim:
    """Name the service days to lock, creating those that are not there; refuse what no state could take."""
    reach = _find_reach(request)
    if reach.missing:
        materialize_missing(restaurant_id=request.restaurant_id, keys=reach.missing)
        reach = _find_reach(request)
    return reach.as_claim()


def _find_reach(request: _Request) -> Reach:
    book, wish = _load(request)
    assessment = assess(book, wish)
    # Sure already, and no reason to create the service days of any date that somebody names.
    if assessment.decision.is_standing_refusal:
        raise refusal_of(assessment)
    return reach_of(book, assessment)


def _load(request: _Request) -> tuple[DayBook, Wish]:
    """Load what decides the request: its settings, then what its stay meets."""
    settings = get_service_settings(request.restaurant_id)
    wish = read_wish(
        settings,
        party_size=request.party_size,
        business_date=request.business_date,
        wall_time=request.wall_time,
        starts_at=request.starts_at,
        seating=request.seating,
        channel=CHANNELS[request.source],
    )
    only = blocked_interval(settings, wish)
    return load_day_book(settings, wish.business_date, wish.business_date, only=only), wish


@capacity_transaction(_claim, reactions=REACTIONS)
def _create_booking(
    claim: ServiceDayClaim, *, request: _Request, idempotency_key: str | None, actor: Actor
) -> BookingReceipt:
    lock_service_days(claim.service_day_ids)
    replayed = _find_replay(request, idempotency_key)
    if replayed is not None:
        return replayed
    book, wish = _load(request)
    assessment = assess(book, wish)
    claim.require(reach_of(book, assessment))
    if not assessment.is_available:
        raise refusal_of(assessment)
    expire_holds(hold.booking_id for hold in holds_in_the_way(book, assessment))
    return _write_booking(book, assessment, request, idempotency_key, actor)


def _write_booking(
    book: DayBook,
    assessment: Assessment,
    request: _Request,
    idempotency_key: str | None,
    actor: Actor,
) -> BookingReceipt:
    booking = _new_booking(book, assessment, request)
    if idempotency_key is not None:
        booking.idempotency_key = idempotency_key
        booking.request_hash = request.hash
    booking.stored_answer = _answer(book, assessment, booking)
    booking.save(force_insert=True)
    _assign_tables(booking, assessment, actor)
    add_to_counters(_counted_stay(assessment), is_excess_authorised=not book.settings.is_enforced)
    record_event(booking, EventKind.CREATED, actor=actor, to_value={"status": booking.status})
    record_waived_excess(booking, assessment)
    return _receipt(booking, is_replayed=False)


def _new_booking(book: DayBook, assessment: Assessment, request: _Request) -> Booking:
    wish = assessment.wish
    return Booking(
        reference=new_reference(),
        restaurant=book.settings.restaurant,
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
        marketing_opt_in=request.marketing_opt_in,
    )


def _service_of(assessment: Assessment) -> ServiceState:
    if assessment.service is None:
        raise ValueError("an accepted assessment has a service")
    return assessment.service


def _locked_day_id(assessment: Assessment) -> int:
    service_day_id = _service_of(assessment).service_day_id
    if service_day_id is None:
        raise ValueError("a locked service day has a row")
    return service_day_id


def _answer(book: DayBook, assessment: Assessment, booking: Booking) -> Answer:
    """Shape the answer as it is after the booking."""
    service, party_size = _service_of(assessment), assessment.wish.party_size
    after = replace(
        service,
        booked_covers=service.booked_covers + party_size,
        booked_parties=service.booked_parties + 1,
    )
    numbers = {table.table_id: table.number for table in book.tables}
    table_ids = assessment.plan.table_ids if assessment.plan else ()
    return {
        "booking": booking_answer(booking, book.settings.restaurant, [numbers[it] for it in table_ids]),
        "capacity": capacity_answer(after, fullest_use(use.after(party_size) for use in assessment.uses)),
    }


def _assign_tables(booking: Booking, assessment: Assessment, actor: Actor) -> None:
    if assessment.plan is None:
        return
    TableAssignment.objects.bulk_create(
        TableAssignment(
            restaurant_id=booking.restaurant_id,
            booking=booking,
            table_id=table_id,
            during=Range(booking.starts_at, assessment.blocked_until),
            assigned_by=actor_label(actor),
        )
        for table_id in assessment.plan.table_ids
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
