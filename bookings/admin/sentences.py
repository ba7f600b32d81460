"""The outcome of an operation, or its refusal, in sentences for the next screen."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, tzinfo

from django.contrib.messages import constants
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookings.admin.parts.links import change_link, linked_message
from bookings.admin.parts.shown import long_date
from bookings.errors import RequestRefused, Start, TableTaken
from bookings.models import Booking
from bookings.services.floor.outcomes import FloorOutcome, HitParty, MovedParty
from bookings.services.rows.seating import shown_tables
from capacity.calendar.wall_clock import shown_span, shown_time
from capacity.wording import reason_in_words
from config.errors import DomainError

Said = tuple[int, str | SafeString]


def outcome_sentences(done: str | SafeString, outcome: FloorOutcome) -> Iterator[Said]:
    """Yield (message level, sentence): the change, the parties moved, the parties hit; 1 query after a move."""
    yield constants.SUCCESS, done
    parties = {booking.reference: booking for booking in _moved_bookings(outcome.moves)}
    for move in outcome.moves:
        yield constants.INFO, _moved(move, parties[move.booking_reference], outcome.booking)
    for hit in outcome.hits:
        yield constants.WARNING, _hit(hit, outcome.booking.zone)


def _moved_bookings(moves: Sequence[MovedParty]) -> Iterable[Booking]:
    return Booking.objects.filter(reference__in=[move.booking_reference for move in moves]) if moves else ()


def _moved(move: MovedParty, party: Booking, made_room_for: Booking) -> SafeString:
    return format_html(
        "{} moved from {} to {}, to make room for {}.",
        change_link(party),
        shown_tables(move.from_tables),
        shown_tables(move.to_tables),
        made_room_for.reference,
    )


def _hit(hit: HitParty, zone: tzinfo) -> SafeString:
    booking = hit.booking
    return format_html(
        "{}, party of {} at {}, comes to {} and finds it taken: give them other tables.",
        change_link(booking),
        booking.party_size,
        clock(booking.starts_at, zone),
        shown_tables(hit.tables),
    )


def refusal_sentences(refusal: DomainError, zone: tzinfo | None) -> list[str | SafeString]:
    """Return the sentences of a refusal: the message, with every reason and number that it carries."""
    if isinstance(refusal, RequestRefused) and not isinstance(refusal, TableTaken):
        reasons = "; ".join(reason_in_words(reason) for reason in refusal.reasons)
        return [f"{refusal.message}: {reasons}.", *_alternatives(refusal, zone)]
    said = linked_message(refusal)
    return [said if said.endswith(".") else format_html("{}.", said)]


def _alternatives(refusal: RequestRefused, zone: tzinfo | None) -> list[str]:
    times = ", ".join(_start_of(start, refusal.business_date, zone) for start in refusal.alternatives)
    return [f"Other starts that would do: {times}."] if times else []


def _start_of(start: Start, asked: date | None, zone: tzinfo | None) -> str:
    """Show a start, with the business date that it is of where another was asked for."""
    of_date = f" of {long_date(start.business_date)}" if asked not in (None, start.business_date) else ""
    return f"{clock(start.starts_at, zone) if zone else f'{start.wall_time:%H:%M}'}{of_date}"


def clock(instant: datetime, zone: tzinfo) -> str:
    """Show an instant on the wall of the restaurant, told apart where its time comes twice."""
    return shown_time(instant, zone)


def shown_names(booking: Booking) -> str:
    """Name the tables of a booking: "T4 + T5", or "no table"."""
    return shown_tables([assignment.table.number for assignment in booking.assignments.all()])


def shown_stay(booking: Booking) -> str:
    """Show the span of a party at its table, on the wall of the restaurant."""
    zone = booking.zone
    return f"{' to '.join(shown_span(booking.starts_at, booking.ends_at, zone))} ({zone})"
