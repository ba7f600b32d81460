"""What giving tables by hand would do: the bookings that it is about, and the seats that it asks for them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bookings.day import CountedParty, DayBook, Interval, SolvedSeating, load_day_book
from bookings.locks import Reach, holds_meeting, looked_at, reach_of_intervals
from bookings.models import Booking
from bookings.services.drafts import Means
from bookings.services.one_booking import blocked_interval_of, get_bookings, kept_intervals_of
from capacity.selectors import ServiceSettings, get_service_settings
from tables.seating import SeatingOutcome, SeatingPlan, SeatingRequest, SeatingUndecided

# What an operation asks of the planner, of bookings that are read afresh each time: nothing, or a seat for each.
Ask = Callable[[ServiceSettings, Sequence[Booking]], Sequence[SeatingRequest]]


@dataclass(frozen=True)
class TablesDraft:
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


def draft_tables(booking_ids: Sequence[int], ask: Ask, means: Means) -> TablesDraft:
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
        only=Interval.around(_touched(bookings, requests)),
        limits=means.limits,
        solved=means.solved,
        without=[booking.pk for booking in bookings],
    )
    outcome = book.plan_seating(*requests) if requests else None
    holds = holds_meeting(book, looked_at(outcome)) if outcome else ()
    return TablesDraft(bookings, book, requests, outcome, holds, _reach(book, bookings, requests, outcome, holds))


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
        intervals.append(looked_at(outcome))
    own_days = (booking.service_day_id for booking in bookings)
    return reach_of_intervals(book, intervals, own=Interval.around(touched), service_day_ids=own_days)


def _touched(bookings: Iterable[Booking], requests: Iterable[SeatingRequest]) -> list[Interval]:
    stays = [it for booking in bookings for it in (blocked_interval_of(booking), *kept_intervals_of(booking))]
    return [*stays, *(Interval(request.starts_at, request.ends_at) for request in requests)]
