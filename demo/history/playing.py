"""Play a date through the services that every guest and host uses, with the clock of that moment.

Rows have the time of the machine's clock when they are made. After a date is played they get the moments at which they
would have been made.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.db import models
from django.utils import timezone

from bookings.errors import RequestRefused
from bookings.models import Booking, BookingEvent, CapacityOverride, RolloutNote, TableAssignment
from bookings.services import (
    add_rollout_note,
    cancel_booking,
    leave_early,
    mark_arrived,
    mark_no_show,
    seat_party,
)
from capacity.past import clock_at
from demo.history.plot import DatePlot, Ending, Request
from demo.seeding import book_visit
from tables.models import Restaurant

READING_FOR = timedelta(minutes=2)
GIVEN_UP_AFTER = timedelta(minutes=40)
NOTES = (
    (20, 2, "Guest says the site offered 21:00 and the host had no table at once"),
    (12, 1, "Asks why a party of twelve has to call"),
    (4, 1, "Confirmation arrived late"),
)


@dataclass
class Journal:
    """The moments of each step, by the clock of the machine and by the clock that the step saw."""

    made_at: list[datetime] = field(default_factory=list)
    seen_at: list[datetime] = field(default_factory=list)

    @contextmanager
    def step_at(self, instant: datetime) -> Iterator[None]:
        """Note that a step begins, and let it see the clock of its moment."""
        self.made_at.append(timezone.now())
        self.seen_at.append(instant)
        with clock_at(instant):
            yield

    def moment_of(self, made_at: datetime) -> datetime:
        """Return the moment at which a row would have been made."""
        return self.seen_at[max(bisect_right(self.made_at, made_at) - 1, 0)]


@dataclass(frozen=True)
class _Step:
    """A step of a party or of the host at a moment; of two at once the first request first."""

    at: datetime
    number: int
    act: Callable[[], object]
    is_request: bool = False


def play_date(restaurant: Restaurant, plot: DatePlot, *, progress: Callable[[int], object]) -> None:
    """Play all requests of a date and their outcomes, moment by moment; `progress` gets a 1 for each request."""
    journal = Journal()
    booked: dict[int, int] = {}
    steps = [step for request in plot.requests for step in _steps(restaurant, plot, request, booked, journal)]
    began_at = timezone.now()
    try:
        for step in sorted(steps, key=lambda step: (step.at, step.number)):
            with journal.step_at(step.at):
                step.act()
            progress(int(step.is_request))
    finally:
        _date_rows(restaurant, began_at, journal)


def _steps(
    restaurant: Restaurant, plot: DatePlot, request: Request, booked: dict[int, int], journal: Journal
) -> Iterator[_Step]:
    ask = partial(_ask, restaurant, plot, request, booked, journal)
    yield _Step(request.asked_at, request.number, ask, is_request=True)
    if request.ending is Ending.CANCELS:
        moments = [(request.cancels_at, _cancel)]
    elif request.ending is Ending.STAYS_AWAY:
        moments = [(request.starts_at + GIVEN_UP_AFTER, _give_up)]
    else:
        moments = [(request.sits_at, _sit), (request.leaves_at, _leave)]
        if request.arrives_at is not None:
            moments.insert(0, (request.arrives_at, _arrive))
    for at, act in moments:
        yield _Step(at, request.number, partial(_of_booked, act, request.number, booked))


def _ask(restaurant: Restaurant, plot: DatePlot, request: Request, booked: dict[int, int], journal: Journal) -> None:
    """Ask for a start; a party that is refused and comes all the same takes the first of the others, soon after."""
    try:
        booked[request.number] = _create(restaurant, plot, request, request.starts_at)
    except RequestRefused as refusal:
        if request.ending is not Ending.COMES or not refusal.alternatives:
            return
        with journal.step_at(request.asked_at + READING_FOR), suppress(RequestRefused):
            booked[request.number] = _create(restaurant, plot, request, refusal.alternatives[0].starts_at)


def _create(restaurant: Restaurant, plot: DatePlot, request: Request, starts_at: datetime) -> int:
    key = f"history:{plot.business_date}:{request.number}"
    return book_visit(restaurant, plot.business_date, request.visit, starts_at, key=key).booking.pk


def _of_booked(act: Callable[[int], object], number: int, booked: dict[int, int]) -> None:
    if number in booked:
        act(booked[number])


def _cancel(booking_id: int) -> None:
    cancel_booking(booking_id=booking_id)


def _give_up(booking_id: int) -> None:
    mark_no_show(booking_id=booking_id)


def _arrive(booking_id: int) -> None:
    mark_arrived(booking_id=booking_id)


def _sit(booking_id: int) -> None:
    # In shadow mode a party sits also where the book has no table for it.
    seat_party(booking_id=booking_id)


def _leave(booking_id: int) -> None:
    leave_early(booking_id=booking_id)


def _date_rows(restaurant: Restaurant, began_at: datetime, journal: Journal) -> None:
    """Give rows that were made meanwhile the moments that their steps saw, in 2 queries a table."""
    of: dict[str, Any] = {"restaurant": restaurant, "created_at__gte": began_at}
    for model in (BookingEvent, CapacityOverride, TableAssignment):
        _date(model, list(model._default_manager.filter(**of)), journal, ["created_at"])
    _date(Booking, list(Booking.objects.filter(**of)), journal, ["created_at", "updated_at"])


def _date(model: type[models.Model], rows: list[Any], journal: Journal, fields: list[str]) -> None:
    for row in rows:
        for name in fields:
            setattr(row, name, journal.moment_of(getattr(row, name)))
    model._default_manager.bulk_update(rows, fields)


def note_tickets(restaurant: Restaurant, now: datetime) -> None:
    """Note the tickets of the support, once."""
    if RolloutNote.objects.filter(restaurant=restaurant).exists():
        return
    for days_ago, tickets, text in NOTES:
        note = add_rollout_note(restaurant_id=restaurant.pk, tickets=tickets, text=text, label="support")
        at = (now - timedelta(days=days_ago)).astimezone(UTC)
        RolloutNote.objects.filter(pk=note.pk).update(created_at=at)
