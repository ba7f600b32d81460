"""The import of bookings by CSV: what becomes of each line is shown first, then the bookings are made as shown."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from bookings.admin.operations import MAY_CHANGE
from bookings.admin.parts.actor import actor_of
from bookings.admin.parts.consequences import LINK, MOST_ROWS
from bookings.admin.parts.csv_imports import ImportPage, Upload
from bookings.admin.parts.house import PARAMETER
from bookings.admin.parts.log_entries import log_rows
from bookings.admin.parts.previews import CONFIRMED
from bookings.admin.parts.shown import as_typed, long_date
from bookings.admin.restaurant_choice import choose_restaurant
from bookings.admin.sentences import refusal_sentences
from bookings.errors import RequestRefused
from bookings.insight.explain import explain_availability
from bookings.rights import USE_FILES
from bookings.services.booking_file import (
    BOOKING_COLUMNS,
    BookingPlan,
    Fate,
    PlannedLine,
    import_bookings,
    plan_bookings,
    read_booking_lines,
)
from bookings.services.booking_file.lines import MOST_LINES, REQUIRED_COLUMNS, BookingLine
from capacity.policy import IN_HOUSE
from config.values import counted
from tables.models import Restaurant

MAY_IMPORT = (USE_FILES, *MAY_CHANGE)
NOTHING_NEW = "All of these bookings are there already: there is nothing to import."
BOOK_HEAD = ("Line", "Guest", "When", "Covers")
REFUSED_HEAD = ("Line", "Guest", "Why", "What would take it", "When", "Covers")
THERE_HEAD = ("Line", "Booking", "What", "In the file", "Booked")
# The search for levers may take seconds; the page of a single booking makes it for the others.
MOST_EXPLAINED = 5
MOST_LEVERS = 3
TAKEN_BY_LINES = "lines before it take its place"
WRAPPED = '<span style="white-space: normal; display: inline-block; min-width: {}rem">{}</span>'


def serve_booking_import(admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """Ask for a file, show what it would do, and do that; with several restaurants ask first for the restaurant."""
    return PAGE.serve(admin, request, *choose_restaurant(request, MAY_IMPORT))


def _answer(admin: ModelAdmin[Any], request: HttpRequest, restaurant: Restaurant, upload: Upload) -> HttpResponse:
    file = read_booking_lines(upload.content, restaurant=restaurant)
    plan = plan_bookings(restaurant=restaurant, file=file, actor=actor_of(request))
    if request.POST.get(CONFIRMED, "") != plan.fingerprint:
        return _preview(admin, request, upload, plan)
    return _import(request, upload, plan)


PAGE = ImportPage(
    title="Import bookings",
    about=(
        f"A line of a new booking has an external_reference, its name elsewhere: a file makes it once. At most "
        f"{MOST_LINES} lines. Each is decided like a booking by telephone; what is there already stays as it is."
    ),
    columns=BOOKING_COLUMNS,
    required=REQUIRED_COLUMNS,
    answer=_answer,
)


def _import(request: HttpRequest, upload: Upload, plan: BookingPlan) -> HttpResponse:
    outcome = import_bookings(plan=plan, actor=actor_of(request))
    count = counted(len(outcome.booked), "booking")
    messages.success(request, f"{upload.name} is imported: {count} made.")
    for planned, refusal in outcome.refused:
        why = format_html_join(" ", "{}", ((said,) for said in refusal_sentences(refusal, plan.restaurant.zone)))
        text = "Line {}, {}, is not booked, since something has come in between: {}"
        messages.warning(request, format_html(text, planned.number, planned.line.name, why))
    log_rows(actor_of(request), [(plan.restaurant, f"Imported {upload.name}: {count} made.")])
    return HttpResponseRedirect(reverse("admin:bookings_booking_changelist"))


def _preview(admin: ModelAdmin[Any], request: HttpRequest, upload: Upload, plan: BookingPlan) -> HttpResponse:
    book, there, refused = (plan.of(fate) for fate in (Fate.BOOK, Fate.THERE, Fate.REFUSED))
    if not book and not refused and not any(planned.differences for planned in there):
        messages.info(request, NOTHING_NEW)
        return HttpResponseRedirect(reverse("admin:bookings_booking_changelist"))
    context = {
        **admin.admin_site.each_context(request),
        "title": f"Before {upload.name} is imported",
        "opts": admin.opts,
        "restaurant": plan.restaurant,
        "has_moved_on": CONFIRMED in request.POST,
        "row_summary": list(_summary(book, there, refused)),
        "row_tables": [table for table in _tables(request, plan) if table["rows"]],
        "hidden": upload.sent,
        "confirmed_name": CONFIRMED,
        "fingerprint": plan.fingerprint,
        "button": f"Book {counted(len(book), 'party')}" if book else "",
        "back": request.get_full_path(),
    }
    return TemplateResponse(request, "admin/bookings/booking/import_preview.html", context)


def _summary(book: Sequence[Any], there: Sequence[Any], refused: Sequence[Any]) -> Iterator[str]:
    if book:
        yield f"{counted(len(book), 'booking')} {'is' if len(book) == 1 else 'are'} made."
    if refused:
        one = len(refused) == 1
        yield f"{counted(len(refused), 'line')} {'is' if one else 'are'} refused, and not booked."
    if there:
        said = "is there already, and stays" if len(there) == 1 else "are there already, and stay"
        yield f"{counted(len(there), 'booking')} {said}."
    if any(planned.differences for planned in there):
        yield "A file changes no booking: where it differs, change the booking on its page."


def _tables(request: HttpRequest, plan: BookingPlan) -> Iterator[dict[str, Any]]:
    refused = plan.of(Fate.REFUSED)
    book = [_cells(planned) for planned in plan.of(Fate.BOOK)]
    yield _table("Bookings that are made", BOOK_HEAD, book)
    told = [_refused(plan.restaurant, planned, place) for place, planned in enumerate(refused)]
    yield _table("Refused, and not booked", REFUSED_HEAD, told)
    differing = [line for planned in plan.of(Fate.THERE) for line in _differences(planned)]
    yield _table("There already, and otherwise than in the file", THERE_HEAD, differing)


def _table(title: str, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    return {"title": title, "headers": headers, "rows": rows[:MOST_ROWS], "more": max(len(rows) - MOST_ROWS, 0)}


def _cells(planned: PlannedLine) -> tuple[Any, ...]:
    line = planned.line
    when = f"{long_date(line.business_date)}, {line.wall_time:%H:%M}"
    return planned.number, format_html(WRAPPED, 7, as_typed(line.name)), when, line.party_size


def _refused(restaurant: Restaurant, planned: PlannedLine, place: int) -> tuple[Any, ...]:
    number, guest, *rest = _cells(planned)
    return number, guest, *_refusal(restaurant, planned, place), *rest


def _differences(planned: PlannedLine) -> Iterator[Sequence[Any]]:
    booking = planned.booking
    if booking is None:
        return
    url = reverse("admin:bookings_booking_change", args=[booking.pk])
    for what, here, there in planned.differences:
        yield planned.number, format_html(LINK, url, booking.reference), what.replace("_", " "), here, there


def _refusal(restaurant: Restaurant, planned: PlannedLine, place: int) -> tuple[SafeString, SafeString]:
    """Return why a line is refused, and what would take it: the first ones with levers, all with the way to them."""
    refusal = planned.refusal
    if refusal is None:
        return SafeString(), SafeString()
    why = format_html_join(" ", "{}", ((said,) for said in refusal_sentences(refusal, restaurant.zone)))
    levers = _levers(restaurant, planned.line) if isinstance(refusal, RequestRefused) and place < MOST_EXPLAINED else []
    link = format_html(LINK, _telephone_url(restaurant, planned.line), "Book it by hand")
    said = format_html_join("", "{}. ", ((lever[:1].upper() + lever[1:],) for lever in levers))
    return format_html(WRAPPED, 14, why), format_html(WRAPPED, 14, format_html("{}{}", said, link))


def _levers(restaurant: Restaurant, line: BookingLine) -> list[str]:
    explained = explain_availability(
        restaurant_id=restaurant.pk,
        business_date=line.business_date,
        party_size=line.party_size,
        wall_time=line.wall_time,
        starts_at=line.starts_at,
        seating=line.seating,
        channel=IN_HOUSE,
        turn_minutes=line.turn_minutes,
    )
    if explained.assessment.is_available:
        return [TAKEN_BY_LINES]
    return [lever.text for lever in explained.levers[:MOST_LEVERS]]


def _telephone_url(restaurant: Restaurant, line: BookingLine) -> str:
    asked = {
        PARAMETER: restaurant.slug,
        "business_date": line.business_date.isoformat(),
        "wall_time": f"{line.wall_time:%H:%M}",
        "party_size": line.party_size,
        "minutes": line.turn_minutes or "",
        "seating": line.seating or "",
    }
    return f"{reverse('admin:bookings_booking_telephone')}?{urlencode(asked)}"
