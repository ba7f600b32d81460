"""Create a booking: the only function that does is `create_booking_with_capacity_check`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cached_property, partial

from bookings.choices import BookingSource, DecisionOperation
from bookings.contract import Answer
from bookings.decision import (
    LOCKED,
    WITHOUT_EXACT,
    Assessment,
    DayBook,
    SolvedSeating,
    Wish,
    assess,
    blocked_interval,
    load_day_book,
    read_wish,
    seating_request,
)
from bookings.decision.refusals import refusal_of
from bookings.decision.touched_days import Reach, ServiceDayClaim, holds_in_the_way, quick_claim, reach_of
from bookings.decision.walk_ins import interval_to_load, read_wish_now
from bookings.errors import IdempotencyKeyReused, RequestRefused
from bookings.models import Booking
from bookings.selectors import list_alternatives
from bookings.services.booking_request import BookingRequest, GuestDetails
from bookings.services.floor.chosen_tables import require_suitable_tables, table_taken
from bookings.services.recording import DecisionTrail, recording
from bookings.services.rows.booking import write_booking
from bookings.services.rows.events import Actor
from bookings.services.rows.expired_holds import expire_holds
from bookings.services.writes import REACTIONS, Means, claim_draft, counting_undecided, draft_again
from bookings.tokens import manage_token
from capacity.locks import lock_service_days
from capacity.selectors import ServiceSettings, get_service_settings
from config.transactions import AttemptOutdated, PlanOutdated, capacity_transaction
from tables.seating import SeatingLimits, SeatingRefusal


@dataclass(frozen=True)
class BookingReceipt:
    """A booking as its guest gets it; `answer` is what was stored, the token is never stored."""

    booking: Booking
    answer: Answer
    manage_token: str
    is_replayed: bool


def create_booking_with_capacity_check(
    *,
    restaurant_id: int,
    business_date: date | None,
    wall_time: time | None,
    party_size: int,
    guest: GuestDetails,
    starts_at: datetime | None = None,
    seating: str | None = None,
    notes: str = "",
    marketing_opt_in: bool = False,
    source: BookingSource = BookingSource.WEB,
    turn_minutes: int | None = None,
    table_ids: Sequence[int] | None = None,
    idempotency_key: str | None = None,
    actor: Actor = None,
) -> BookingReceipt:
    """Book a party if and only if the committed state can take it.

    Locks every service day that the stay and its buffer meet, and those of the parties that may be
    moved to make room; decides on what is read after that; writes booking, tables, moves, counters
    and history in the same transaction. With an idempotency key a retry gets the first answer again.
    Staff may name the minutes of the stay, and the tables. Without date and time a walk-in is seated now.

    Raises: `CapacityExceeded`, `OperatingHoursClosed`, `OutsideBookingWindow`,
    `PartySizeNotAccepted` (each with reasons and alternatives), `NonexistentTime`, `InputInvalid`,
    `IdempotencyKeyReused`, `RecordNotFound`, `BookingConflict`.
    """
    request = BookingRequest(
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
        turn_minutes=turn_minutes,
        table_ids=tuple(sorted(set(table_ids))) if table_ids else None,
    )
    return _find_replay(request, idempotency_key) or _book(request, idempotency_key, actor)


def _book(request: BookingRequest, idempotency_key: str | None, actor: Actor) -> BookingReceipt:
    trail = DecisionTrail(DecisionOperation.CREATE, request.source)
    with recording(trail):
        try:
            with counting_undecided():
                return _create_booking(
                    request=request, idempotency_key=idempotency_key, actor=actor, preparation=_Preparation(trail)
                )
        except RequestRefused as refusal:
            refusal.alternatives = _list_alternatives(request)
            raise


def _list_alternatives(request: BookingRequest) -> Sequence[Wish]:
    """List other starts, after the transaction: they are advice, and cost nobody a lock. Who has come wants none."""
    if request.business_date is None:
        return ()
    return list_alternatives(
        restaurant_id=request.restaurant_id,
        business_date=request.business_date,
        party_size=request.party_size,
        wall_time=request.wall_time,
        starts_at=request.starts_at,
        seating=request.seating,
        channel=request.channel,
    )


def _find_replay(request: BookingRequest, idempotency_key: str | None) -> BookingReceipt | None:
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


@dataclass
class _Preparation:
    """How much an attempt works out before the lock: at first what most need, all of it if that fell short.

    `trail` has what was found out so far, for the ledger.
    """

    trail: DecisionTrail
    is_thorough: bool = False

    @property
    def limits(self) -> SeatingLimits:
        """Return what the planner may spend under the lock; what it has not been asked before it, it leaves open."""
        return LOCKED if self.is_thorough else WITHOUT_EXACT

    def require_settled(self, assessment: Assessment) -> None:
        """Raise `PlanOutdated` at the first attempt where only the exact model can tell, also in shadow mode.

        What shadow mode waives is a planner that ran out of time, not one that was never asked in full.
        """
        if not self.is_thorough and assessment.is_for_the_planner_to_tell:
            raise PlanOutdated


def _claim(
    *, request: BookingRequest, idempotency_key: str | None, actor: Actor, preparation: _Preparation
) -> ServiceDayClaim:
    """Name the service days to lock, creating those that are not there; refuse what no state could take.

    What needs the exact model is solved here, where nobody waits for a lock.
    """
    quick = None if preparation.is_thorough else _quick_claim(request, preparation.trail)
    return quick or claim_draft(partial(_draft_before_lock, request, preparation.trail))


def _quick_claim(request: BookingRequest, trail: DecisionTrail) -> ServiceDayClaim | None:
    settings = get_service_settings(request.restaurant_id)
    wish = _read_wish(settings, request)
    trail.note_wish(settings, wish)
    return quick_claim(settings, wish)


@dataclass(frozen=True)
class _Draft:
    """What becomes of a request on the state that its book holds."""

    book: DayBook
    assessment: Assessment

    @cached_property
    def reach(self) -> Reach:
        return reach_of(self.book, self.assessment)

    @property
    def solved(self) -> SolvedSeating | None:
        if self.assessment.seating is None:
            return None
        request = seating_request(self.book.settings, self.assessment.wish)
        return SolvedSeating(self.book.seating, (request,), self.assessment.seating)

    @property
    def is_undecided(self) -> bool:
        return self.assessment.is_undecided


def _draft_before_lock(request: BookingRequest, trail: DecisionTrail, means: Means) -> _Draft:
    draft = _draft(request, trail, means)
    # Sure already, and no reason to create the service days of any date that somebody names.
    if draft.assessment.decision.is_standing_refusal:
        raise refusal_of(draft.assessment)
    return draft


def _draft(request: BookingRequest, trail: DecisionTrail, means: Means) -> _Draft:
    """Load what decides the request, its settings, then what its stay meets, and decide; takes no lock."""
    settings = get_service_settings(request.restaurant_id)
    wish = _read_wish(settings, request)
    on = wish.business_date
    only = interval_to_load(settings, wish) if request.is_for_now else blocked_interval(settings, wish)
    book = load_day_book(settings, on, on, only=only, limits=means.limits, solved=means.solved)
    assessment = assess(book, wish)
    trail.note(book, assessment)
    return _Draft(book, assessment)


def _read_wish(settings: ServiceSettings, request: BookingRequest) -> Wish:
    if request.business_date is None:
        wish = read_wish_now(settings, party_size=request.party_size, seating=request.seating)
    else:
        wish = read_wish(
            settings,
            party_size=request.party_size,
            business_date=request.business_date,
            wall_time=request.wall_time,
            starts_at=request.starts_at,
            seating=request.seating,
            channel=request.channel,
        )
    return replace(wish, turn_minutes=request.turn_minutes, table_ids=request.table_ids)


@capacity_transaction(_claim, reactions=REACTIONS)
def _create_booking(
    claim: ServiceDayClaim,
    *,
    request: BookingRequest,
    idempotency_key: str | None,
    actor: Actor,
    preparation: _Preparation,
) -> BookingReceipt:
    lock_service_days(claim.service_day_ids)
    replayed = _find_replay(request, idempotency_key)
    if replayed is not None:
        return replayed
    try:
        draft = draft_again(claim, partial(_draft, request, preparation.trail), limits=preparation.limits)
        preparation.require_settled(draft.assessment)
    except AttemptOutdated:
        preparation.is_thorough = True
        raise
    book, assessment = draft.book, draft.assessment
    if request.table_ids is not None:
        require_suitable_tables(book, request.table_ids, request.party_size)
    if assessment.is_refused:
        raise _refusal(book, assessment)
    expire_holds(hold.booking_id for hold in holds_in_the_way(book, assessment))
    booking = write_booking(book, assessment, request, idempotency_key=idempotency_key, actor=actor)
    preparation.trail.note_written(booking)
    return _receipt(booking, is_replayed=False)


def _refusal(book: DayBook, assessment: Assessment) -> RequestRefused:
    """Return why a wish is refused; where chosen tables are all that is missing, by the name of who has them."""
    seating, reasons = assessment.seating, assessment.decision.reasons
    if assessment.wish.table_ids is None or not isinstance(seating, SeatingRefusal) or len(reasons) > 1:
        return refusal_of(assessment)
    return table_taken(book, [seating_request(book.settings, assessment.wish)], seating)
