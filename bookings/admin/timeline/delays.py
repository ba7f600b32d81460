"""The delays of tonight: parties past their time, and those who come to their tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bookings.admin.timeline.layout import Stretch
from bookings.choices import BookingStatus
from bookings.insight.explain.overruns import LaterBooking, Overrun, Rescue, list_overruns
from bookings.models import Booking
from bookings.selectors.timeline import EveningTables, PartyAtTables
from bookings.services.rows.seating import shown_tables
from capacity.calendar.wall_clock import shown_time

FATES = {
    Rescue.NOT_NEEDED: "",
    Rescue.RESEATED: "{tables} would take them",
    Rescue.NO_TABLE: "no other table takes them",
    Rescue.UNDECIDED: "another table is not settled yet",
}


@dataclass(frozen=True)
class Delay:
    """A party that is kept from its table by another, in one sentence, and as a line at the table."""

    sentence: str
    line: Stretch | None


def list_delays(evening: EveningTables) -> list[Delay]:
    """List who delays whom on the shown date, the longest overrun first.

    No query where no seated party is past its time, else those of `list_overruns`.
    """
    by_reference = {party.booking.reference: party for party in evening.parties}
    if not any(is_over(party.booking, evening.now) for party in evening.parties):
        return []
    report = list_overruns(restaurant_id=evening.settings.restaurant.pk)
    return [
        _delay(evening, overrun, later, by_reference)
        for overrun in report.overruns
        if overrun.is_over and overrun.reference in by_reference
        for later in overrun.later
        if later.reference in by_reference
    ]


def is_over(booking: Booking, now: datetime) -> bool:
    """Say whether a party that sits is past its time."""
    return booking.status == BookingStatus.SEATED and booking.ends_at <= now


def _delay(evening: EveningTables, overrun: Overrun, later: LaterBooking, known: Mapping[str, PartyAtTables]) -> Delay:
    seated, waiting = known[overrun.reference], known[later.reference]
    said = ", ".join(filter(None, _clauses(evening, overrun, later, (seated, waiting))))
    return Delay(f"{said}.", next(_lines(evening.now, later, seated, waiting), None))


def _clauses(
    evening: EveningTables, overrun: Overrun, later: LaterBooking, parties: Sequence[PartyAtTables]
) -> Iterator[str]:
    seated, waiting = (party.booking for party in parties)
    start, loses = (shown_time(at, evening.settings.zone) for at in (later.starts_at, later.loses_at))
    yield f"{seated.guest_name} at {shown_tables(overrun.tables)} is {overrun.minutes_over} min over"
    next_party = f"{waiting.guest_name}, party of {waiting.party_size}"
    if later.has_lost:
        yield f"{next_party}, has waited for the table since {loses}"
    else:
        ready = f" and needs it free by {loses}" if loses != start else ""
        yield f"{next_party}, comes there at {start}{ready}"
    yield FATES[later.rescue].format(tables=shown_tables(later.new_tables))


def _lines(now: datetime, later: LaterBooking, seated: PartyAtTables, waiting: PartyAtTables) -> Iterator[Stretch]:
    """Yield a line from the present to the start of the later party, or back to it, at every table that both have."""
    starts_at, ends_at = sorted((now, later.starts_at))
    for table_id in sorted({row.table_id for row in seated.rows} & {row.table_id for row in waiting.rows}):
        yield Stretch(table_id, starts_at, ends_at, f"waits for {seated.booking.guest_name}", True)
