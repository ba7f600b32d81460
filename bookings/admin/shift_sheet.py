"""The shift sheet: an evening on paper, which a host falls back on when the network dies."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from bookings.admin.columns import standing_at
from bookings.admin.marks import marks_of
from bookings.admin.parts.shown import long_date
from bookings.admin.restaurant_choice import choose_restaurant
from bookings.choices import AWAITED_STATUSES, BookingStatus
from bookings.contacts import shown_phone
from bookings.models import Booking
from bookings.selectors.timeline import EveningTables, PartyAtTables, get_business_date, get_evening_tables
from bookings.services.rows.seating import shown_tables
from capacity.calendar.wall_clock import shown_span, shown_time
from capacity.policy import ServiceState
from config.values import ValueInvalid, counted, isolated, read_date
from tables.models import Restaurant, Table

MAY_SEE = ("bookings.view_booking",)
QUARTER = timedelta(minutes=15)
EXPECTED = (*AWAITED_STATUSES, BookingStatus.SEATED)
# Lines for parties that come without a booking, written by hand.
EMPTY_LINES = range(8)


def serve_shift_sheet(admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """Show the sheet of a business date for printing; with several restaurants ask first for the restaurant."""
    restaurant, restaurants = choose_restaurant(request, MAY_SEE, only_active=False)
    if restaurant is None:
        context = {**admin.admin_site.each_context(request), "title": "Shift sheet", "restaurants": restaurants}
        return TemplateResponse(request, "admin/shift_sheet/choose.html", context)
    evening = get_evening_tables(restaurant_id=restaurant.pk, business_date=_read_date(request, restaurant))
    return TemplateResponse(request, "admin/shift_sheet/page.html", _sheet(evening))


def _read_date(request: HttpRequest, restaurant: Restaurant) -> date:
    """Read the business date of the address; what makes no sense is the one that runs now."""
    try:
        return read_date(request.GET.get("date", ""))
    except ValueInvalid:
        return get_business_date(restaurant)


def _sheet(evening: EveningTables) -> dict[str, Any]:
    parties = sorted(
        (party for party in evening.parties if _is_expected(party.booking, evening.business_date)),
        key=lambda party: (party.booking.starts_at, party.booking.pk),
    )
    bookings = [party.booking for party in parties]
    return {
        "restaurant": evening.settings.restaurant,
        "date": long_date(evening.business_date),
        "printed": shown_time(evening.now, evening.settings.zone),
        "services": [_service(service) for service in evening.services],
        "quarters": list(_quarters(bookings, evening.settings.zone)),
        "arrivals": [_arrival(evening, party) for party in parties],
        "tables": list(_list_tables(evening, parties)),
        "parties": counted(len(parties), "party"),
        "covers": counted(sum(booking.party_size for booking in bookings), "cover"),
        "empty_lines": EMPTY_LINES,
    }


def _is_expected(booking: Booking, business_date: date) -> bool:
    return booking.business_date == business_date and booking.status in EXPECTED


def _service(service: ServiceState) -> str:
    limit = "" if service.max_covers is None else f" of {service.max_covers}"
    parties = counted(service.booked_parties, "party")
    return f"{service.period_name}: {service.booked_covers}{limit} covers, {parties}"


def _quarters(bookings: Sequence[Booking], zone: tzinfo) -> Iterator[dict[str, Any]]:
    """Yield each quarter hour from the first arrival until the last party leaves: who comes, and who is there."""
    ends_at = max((booking.ends_at for booking in bookings), default=None)
    begin = bookings[0].starts_at if bookings else None
    while begin is not None and ends_at is not None and begin < ends_at:
        begin -= timedelta(minutes=begin.minute % 15, seconds=begin.second)
        end = begin + QUARTER
        coming = [booking.party_size for booking in bookings if begin <= booking.starts_at < end]
        there = (booking.party_size for booking in bookings if booking.starts_at < end and begin < booking.ends_at)
        yield {"time": shown_time(begin, zone), "parties": len(coming), "covers": sum(coming), "present": sum(there)}
        begin = end


def _arrival(evening: EveningTables, party: PartyAtTables) -> dict[str, Any]:
    booking = party.booking
    starts, ends = shown_span(booking.starts_at, booking.ends_at, evening.settings.zone)
    return {
        "booking": booking,
        "phone": shown_phone(booking.guest_phone) if booking.guest_phone else "",
        "starts": starts,
        "ends": ends,
        "tables": shown_tables([row.number for row in party.rows]),
        "standing": standing_at(booking, evening.now, evening.settings.restaurant.grace_minutes)[1],
        "marks": [mark.said(booking) for mark in marks_of(booking)],
    }


def _list_tables(evening: EveningTables, parties: Sequence[PartyAtTables]) -> Iterator[tuple[Table, list[str]]]:
    """Yield each table with the words for who has it when, and for its blocks, by start."""
    zone = evening.settings.zone
    taken: defaultdict[int, list[tuple[datetime, str]]] = defaultdict(list)
    for block in evening.blocks:
        words = f"{_span(block.starts_at, block.ends_at, zone)} blocked: {block.reason}"
        taken[block.table_id].append((block.starts_at, words))
    for party in parties:
        booking = party.booking
        when = _span(booking.starts_at, booking.ends_at, zone)
        words = f"{when} {isolated(booking.guest_name)}, {booking.party_size}"
        for table_id in {row.table_id for row in party.rows}:
            taken[table_id].append((booking.starts_at, words))
    for table in evening.tables:
        yield table, [words for _, words in sorted(taken[table.pk])]


def _span(starts_at: datetime, ends_at: datetime, zone: tzinfo) -> str:
    return " to ".join(shown_span(starts_at, ends_at, zone))
