"""What the operations on the floor share: what they lock, and the seats that they ask for.

An operation says which bookings it is about and what it asks of the planner. Its draft is made twice: before the lock,
to find what to lock and to solve what takes long, and under it, where it is decided and written.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce

from bookings.choices import BookingStatus
from bookings.day import LOCKED, SOLVING, CountedParty, DayBook, Interval, ServiceKey, SolvedSeating, load_day_book
from bookings.errors import SeatingNotDecided
from bookings.locks import Reach, ServiceDayClaim, service_day_ids_meeting
from bookings.models import Booking
from bookings.services.materialization import materialize_missing
from capacity.locks import lock_service_days
from capacity.selectors import ServiceSettings, get_service_settings
from config.errors import RecordNotFound
from config.transactions import PlanOutdated
from tables.seating import SeatingLimits, SeatingOutcome, SeatingPlan, SeatingRequest, SeatingUndecided

# What an operation asks of the planner, of bookings that are read afresh each time: nothing, or a seat for each.
Ask = Callable[[ServiceSettings, Sequence[Booking]], Sequence[SeatingRequest]]


@dataclass(frozen=True)
class Draft:
    """Some bookings, the book of their dates without them, what was asked of the planner and what it said.

    `outcome` is None where nothing was asked. `holds` are over, and stand in the way until they are freed.
    """

    bookings: tuple[Booking, ...]
    book: DayBook
    requests: tuple[SeatingRequest, ...]
    outcome: SeatingOutcome | None
    holds: tuple[CountedParty, ...]
    reach: Reach

    @property
    def booking(self) -> Booking:
        """Return the booking that the operation is about."""
        return self.bookings[0]

    @property
    def plan(self) -> SeatingPlan | None:
        """Return who gets which tables; None where nothing was asked, or nothing was found."""
        return self.outcome if isinstance(self.outcome, SeatingPlan) else None

    @property
    def is_undecided(self) -> bool:
        """Say whether the planner ran out of time."""
        return isinstance(self.outcome, SeatingUndecided)

    @property
    def solved(self) -> SolvedSeating | None:
        """Return what was asked and answered, to be used again where nothing has changed."""
        return None if self.outcome is None else SolvedSeating(self.book.seating, self.requests, self.outcome)


def draft_operation(
    booking_ids: Sequence[int], ask: Ask, *, limits: SeatingLimits = SOLVING, solved: SolvedSeating | None = None
) -> Draft:
    """Load bookings of one restaurant and their dates without them, and ask the planner; takes no lock.

    Raises: `RecordNotFound`.
    """
    bookings = get_bookings(booking_ids)
    settings = get_service_settings(bookings[0].restaurant_id)
    requests = tuple(ask(settings, bookings))
    dates = [booking.business_date for booking in bookings]
    book = load_day_book(
        settings,
        min(dates),
        max(dates),
        only=_hull(_touched(bookings, requests)),
        limits=limits,
        solved=solved,
        without=[booking.pk for booking in bookings],
    )
    outcome = book.plan_seating(*requests) if requests else None
    holds = holds_meeting(book, outcome)
    return Draft(bookings, book, requests, outcome, holds, _reach(book, bookings, requests, outcome, holds))


def claim_days(draft: Callable[[], Draft]) -> ServiceDayClaim:
    """Name the service days that an operation locks, creating those that are not there.

    What needs the exact model is solved here, where nobody waits for a lock.

    Raises: `SeatingNotDecided`; whatever the draft raises.
    """
    found = draft()
    if found.reach.missing:
        materialize_missing(restaurant_id=found.booking.restaurant_id, keys=found.reach.missing)
        found = draft()
    if found.is_undecided:
        raise SeatingNotDecided
    return found.reach.as_claim(found.solved)


def lock_and_draft(claim: ServiceDayClaim, booking_ids: Sequence[int], ask: Ask) -> Draft:
    """Lock the claimed service days, then read and ask again: what the draft says now holds until the commit.

    Raises: `ClaimTooSmall` or `PlanOutdated`, and the call runs again; `RecordNotFound`.
    """
    lock_service_days(claim.service_day_ids)
    draft = draft_operation(booking_ids, ask, limits=LOCKED, solved=claim.solved)
    if draft.is_undecided:
        raise PlanOutdated
    claim.require(draft.reach)
    return draft


def get_bookings(booking_ids: Sequence[int]) -> tuple[Booking, ...]:
    """Get bookings of one restaurant with their tables, in the order of their ids as given, in 2 queries.

    Raises: `RecordNotFound`.
    """
    found = Booking.objects.select_related("restaurant", "service_day").prefetch_related("assignments__table")
    by_id = found.in_bulk(list(booking_ids))
    bookings = tuple(by_id[booking_id] for booking_id in booking_ids if booking_id in by_id)
    if len(bookings) != len(booking_ids) or len({booking.restaurant_id for booking in bookings}) != 1:
        raise RecordNotFound
    return bookings


def tables_of(booking: Booking) -> tuple[int, ...]:
    """Return the ids of the tables that a booking has, sorted."""
    return tuple(sorted(assignment.table_id for assignment in booking.assignments.all()))


def is_pinned(booking: Booking) -> bool:
    """Say whether no planner may move a booking: it has tables, and every one is pinned."""
    assignments = booking.assignments.all()
    return bool(assignments) and all(assignment.pinned for assignment in assignments)


def seating_of(booking: Booking) -> tuple[tuple[int, ...], bool]:
    """Return the tables of a booking, and whether it is pinned to them."""
    return tables_of(booking), is_pinned(booking)


def status_now(settings: ServiceSettings, booking: Booking) -> str:
    """Return the status of a booking, with a hold that is over as what it is about to be."""
    is_over = booking.expires_at is not None and booking.expires_at <= settings.now
    return BookingStatus.EXPIRED if booking.status == BookingStatus.HELD and is_over else booking.status


def blocked_interval_of(booking: Booking) -> Interval:
    """Return how long a booking keeps its tables: its stay and its buffer."""
    return Interval(booking.starts_at, booking.ends_at + timedelta(minutes=booking.buffer_minutes))


def remaining_interval_of(settings: ServiceSettings, booking: Booking) -> Interval:
    """Return how long a booking needs tables that it is given now: not for the time that has passed.

    The floor lives in whole minutes: who left in this one is not in the way.
    """
    blocked = blocked_interval_of(booking)
    this_minute = settings.now.replace(second=0, microsecond=0)
    return Interval(max(blocked.starts_at, min(this_minute, blocked.ends_at)), blocked.ends_at)


def reach_of_intervals(
    book: DayBook, intervals: Iterable[Interval], *, own: Interval, service_day_ids: Iterable[int] = ()
) -> Reach:
    """Find the service days that meet some intervals, beside some that are known."""
    met = [service for interval in intervals for service in book.services_meeting(interval)]
    stored = frozenset(service.service_day_id for service in met if service.service_day_id is not None)
    return Reach(
        service_day_ids=stored | frozenset(service_day_ids),
        missing=frozenset(ServiceKey(it.period_id, it.business_date) for it in met if it.service_day_id is None),
        interval=own,
    )


def service_days_of(booking: Booking) -> frozenset[int]:
    """Find the service days in which a booking counts or has a table, in 1 query."""
    reach = _hull([blocked_interval_of(booking), *_kept_intervals(booking)])
    return service_day_ids_meeting(booking.restaurant_id, reach) | {booking.service_day_id}


def holds_meeting(book: DayBook, outcome: SeatingOutcome | None) -> tuple[CountedParty, ...]:
    """Return the holds that are over and may have tables where a plan puts somebody."""
    if outcome is None:
        return ()
    looked_at = _looked_at(outcome)
    return tuple(hold for hold in book.expired_holds if hold.meets(looked_at.starts_at, looked_at.ends_at))


def _reach(
    book: DayBook,
    bookings: Sequence[Booking],
    requests: Sequence[SeatingRequest],
    outcome: SeatingOutcome | None,
    holds: Iterable[CountedParty],
) -> Reach:
    touched = _touched(bookings, requests)
    intervals = [*touched, *(Interval(hold.starts_at, hold.blocked_until) for hold in holds)]
    if outcome is not None:
        intervals.append(_looked_at(outcome))
    own_days = (booking.service_day_id for booking in bookings)
    return reach_of_intervals(book, intervals, own=_hull(touched), service_day_ids=own_days)


def _touched(bookings: Iterable[Booking], requests: Iterable[SeatingRequest]) -> list[Interval]:
    stays = [it for booking in bookings for it in (blocked_interval_of(booking), *_kept_intervals(booking))]
    return [*stays, *(Interval(request.starts_at, request.ends_at) for request in requests)]


def _kept_intervals(booking: Booking) -> Iterator[Interval]:
    for assignment in booking.assignments.all():
        yield Interval(assignment.during.lower, assignment.during.upper)


def _looked_at(outcome: SeatingOutcome) -> Interval:
    return Interval(outcome.depends_on.starts_at, outcome.depends_on.ends_at)


def _hull(intervals: Sequence[Interval]) -> Interval:
    return reduce(Interval.joined, intervals)
