"""The lines of a CSV file of bookings: what a person says of a booking, and what the engine says of it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Annotated, Any, ClassVar

from bookings.choices import BookingStatus
from bookings.contacts import LONGEST_TYPED, PhoneNumberInvalid, region_of_zone, to_e164
from bookings.models import Booking
from bookings.models.booking import LONGEST_ALLERGIES, LONGEST_GUEST_NAME, LONGEST_NOTES
from bookings.restaurant_file.csv_lines import (
    RESTAURANT,
    Line,
    cells_of,
    columns_of,
    read_entry,
    read_lines,
    require_restaurant,
    required_of,
)
from bookings.restaurant_file.entries import EMAIL, PARTY
from bookings.restaurant_file.findings import Finding, find_repeated
from bookings.restaurant_file.kinds import CalendarDate, Choice, Flag, Scalar, Text, WallTime, WholeNumber
from bookings.restaurant_file.problems import Problems
from bookings.restaurant_file.schema import Entry, Word, keys_of
from bookings.services.floor.change_requests import LONGEST_STAY_MINUTES
from capacity.calendar import iso_utc
from capacity.calendar.wall_clock import shown_span
from config.values import LINE_BREAKS, TextInvalid, read_instant, read_text
from tables.choices import SeatingType
from tables.models import Restaurant
from tables.seating import natural_key

MOST_LINES = 500
# Beside the keys that guests send: neither meets the other.
KEY_PREFIX = "import:"
LONGEST_EXTERNAL_REFERENCE = 200
# What the engine says of a booking: a file tells it, and nobody sets it by one.
STATE_COLUMNS = ("until", "tables", "status", "source")
# A number that a spreadsheet took for a quantity.
_SHORTENED = re.compile(r"[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+")


@dataclass(frozen=True)
class Words(Scalar):
    """Text of some lines."""

    longest: int

    def parse(self, text: str) -> str:
        """Return the text without the spaces around it."""
        try:
            words = read_text(text, but=LINE_BREAKS)
        except TextInvalid as error:
            raise ValueError(str(error).rstrip(".")) from error
        if len(words) > self.longest:
            raise ValueError(f"must have at most {self.longest} characters, not {len(words)}")
        return words


class Instant(Scalar):
    """An instant with its zone."""

    must_be: ClassVar[Mapping[str, str]] = {
        "invalid": 'must be an instant such as 2026-12-24T19:00:00Z, not "{}"',
        "out_of_range": "must be in the years 2000 to 2100, not {}",
    }

    def parse(self, text: str) -> datetime:
        """Return the instant in UTC."""
        return read_instant(text)

    def write(self, value: datetime) -> str:
        """Return the instant in UTC, as the API writes it."""
        return iso_utc(value)


@dataclass(frozen=True, kw_only=True)
class BookingLine(Entry):
    """A booking as a person writes it; `external_reference` is its name elsewhere, by which it is made once."""

    reference: Annotated[str | None, Text(10)] = None
    external_reference: Annotated[str | None, Text(LONGEST_EXTERNAL_REFERENCE)] = None
    business_date: Annotated[date, CalendarDate(), Word("date")]
    wall_time: Annotated[time, WallTime(), Word("time")]
    starts_at: Annotated[datetime | None, Instant()] = None
    party_size: Annotated[int, PARTY]
    name: Annotated[str, Text(LONGEST_GUEST_NAME)]
    phone: Annotated[str, Text(LONGEST_TYPED)] = ""
    email: Annotated[str, EMAIL] = ""
    allergies: Annotated[str, Words(LONGEST_ALLERGIES)] = ""
    notes: Annotated[str, Words(LONGEST_NOTES)] = ""
    seating: Annotated[str | None, Choice(SeatingType.values)] = None
    turn_minutes: Annotated[int | None, WholeNumber(1, LONGEST_STAY_MINUTES)] = None
    marketing_opt_in: Annotated[bool, Flag()] = False

    @property
    def key(self) -> str:
        """Return the idempotency key of the booking that the line makes."""
        return f"{KEY_PREFIX}{self.external_reference}"


BOOKING_COLUMNS = (RESTAURANT, *columns_of(BookingLine), *STATE_COLUMNS)
REQUIRED_COLUMNS = required_of(BookingLine)


@dataclass(frozen=True)
class BookingLines:
    """The lines of a file, each with what it says of the state of its booking."""

    lines: tuple[BookingLine, ...]
    states: tuple[Mapping[str, str], ...]
    columns: frozenset[str]


def read_booking_lines(content: bytes, *, restaurant: Restaurant) -> BookingLines:
    """Return the bookings of a CSV file of a restaurant.

    Raises: `RestaurantFileInvalid` with every problem, its line and its column.
    """
    read = read_lines(content, columns=BOOKING_COLUMNS, required=REQUIRED_COLUMNS, most=MOST_LINES)
    problems = Problems()
    require_restaurant(read, restaurant.slug, problems)
    region = region_of_zone(restaurant.timezone)
    lines = tuple(_with_phone(read_entry(BookingLine, line, problems), region, problems) for line in read)
    for finding in _findings(lines):
        finding.report(problems)
    for line, cells in zip(lines, read, strict=True):
        if line.reference is None:
            _require_no_state(cells, problems)
    problems.raise_if_any()
    states = tuple({name: line.cells[name] for name in STATE_COLUMNS if name in line.cells} for line in read)
    return BookingLines(lines, states, frozenset(read[0].cells))


def _with_phone(line: BookingLine, region: str | None, problems: Problems) -> BookingLine:
    """Return a line with its number in E.164, as the forms read it."""
    if not line.phone:
        return line
    try:
        if _SHORTENED.fullmatch(line.phone):
            raise PhoneNumberInvalid("A spreadsheet has shortened this number: make the column text there.")
        return replace(line, phone=to_e164(line.phone, region=region))
    except PhoneNumberInvalid as error:
        line.report(problems, "phone", str(error).rstrip("."))
        return line


def _findings(lines: Sequence[BookingLine]) -> Iterator[Finding]:
    yield from find_repeated([line for line in lines if line.reference], "reference")
    yield from find_repeated([line for line in lines if line.external_reference], "external_reference")
    for line in lines:
        if line.is_sound("reference", "external_reference") and not (line.reference or line.external_reference):
            message = "is missing: it is the name of a new booking, so that the file makes it once"
            yield Finding(line, "external_reference", message)


def _require_no_state(line: Line, problems: Problems) -> None:
    """Note what a line says of the state of a booking that is not there yet."""
    for name in STATE_COLUMNS:
        cell = line.cells.get(name, "")
        if cell and not (name == "status" and cell == BookingStatus.CONFIRMED):
            problems.add(line.number, name, "must be empty for a new booking, which is made as one by telephone")


def booking_cells(booking: Booking) -> list[Any]:
    """Return a booking as the cells of a line, in the order of the columns; queries unless tables are prefetched."""
    return [booking.restaurant.slug, *cells_of(line_of(booking)), *state_of(booking).values()]


def line_of(booking: Booking) -> BookingLine:
    """Return what a file says of a booking, beside its state."""
    key = booking.idempotency_key or ""
    return BookingLine(
        reference=booking.reference,
        external_reference=key.removeprefix(KEY_PREFIX) if key.startswith(KEY_PREFIX) else None,
        business_date=booking.business_date,
        wall_time=booking.wall_time,
        starts_at=booking.starts_at,
        party_size=booking.party_size,
        name=booking.guest_name,
        phone=booking.guest_phone,
        email=booking.guest_email,
        allergies=booking.allergies,
        notes=booking.notes,
        seating=booking.seating or None,
        turn_minutes=booking.turn_minutes,
        marketing_opt_in=booking.marketing_opt_in,
    )


def state_of(booking: Booking) -> dict[str, str]:
    """Return what the engine says of a booking, by column."""
    numbers = sorted((held.table.number for held in booking.assignments.all()), key=natural_key)
    until = shown_span(booking.starts_at, booking.left_at or booking.ends_at, booking.zone)[1]
    values = (until, " + ".join(numbers), str(booking.status), str(booking.source))
    return dict(zip(STATE_COLUMNS, values, strict=True))


def differences_of(file: BookingLines, place: int, booking: Booking) -> Iterator[tuple[str, str, str]]:
    """Yield where a line says something else than its booking: column, cell of the file, cell of the booking."""
    line, stored = file.lines[place], line_of(booking)
    for word, key in keys_of(BookingLine).items():
        here, there = getattr(line, key.name), getattr(stored, key.name)
        if word in file.columns and here != there and not (word == "external_reference" and here is None):
            yield word, _shown(key.written(here)), _shown(key.written(there))
    for name, cell in file.states[place].items():
        if cell != state_of(booking)[name]:
            yield name, _shown(cell), _shown(state_of(booking)[name])


def _shown(value: Any) -> str:
    return "empty" if value in (None, "") else str(value)
