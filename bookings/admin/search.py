"""The command palette of every screen: it finds pages, restaurants and bookings, and keeps nothing that it found."""

from collections.abc import Iterator
from datetime import date
from time import perf_counter
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from bookings.admin.filters import SEE_BOOKINGS
from bookings.admin.parts.house import house_of, shown_restaurant_ids, today_url
from bookings.admin.parts.navigation import list_navigation
from bookings.admin.parts.shown import long_date
from bookings.models import Booking, TableAssignment
from bookings.selectors.memberships import restaurants_of
from bookings.selectors.search import search_bookings
from bookings.services.rows.seating import shown_tables
from capacity.calendar import ONE_DAY
from capacity.calendar.wall_clock import shown_time
from capacity.selectors import read_clock
from tables.querysets import number_order

MOST_BOOKINGS, MOST_RESTAURANTS, LONGEST_TERM = 10, 5, 100
ORDER = ("business_date", "starts_at", "pk")


def serve_search(request: HttpRequest) -> HttpResponse:
    """Answer the palette, in the markup of unfold, whose own search keeps the names of guests for minutes."""
    began = perf_counter()
    term = request.GET.get("s", "").replace("\x00", "").strip()[:LONGEST_TERM]
    if not term:
        return HttpResponse()
    found = [*_find_bookings(request, term), *_find_restaurants(request, term), *_find_pages(request, term)]
    pages = Paginator(found, max(len(found), 1))
    context: dict[str, Any] = {"page_obj": pages, "results": pages.page(1), "page_counter": 0}
    context["execution_time"] = perf_counter() - began
    return TemplateResponse(request, "unfold/helpers/command_results.html", context)


def _find_pages(request: HttpRequest, term: str) -> Iterator[dict[str, str]]:
    for group in list_navigation(request):
        for item in group["items"]:
            if term.lower() in item["title"].lower():
                heading = str(group.get("title", "Page"))
                yield {"title": item["title"], "description": heading, "link": item["link"], "icon": item["icon"]}


def _find_restaurants(request: HttpRequest, term: str) -> Iterator[dict[str, str]]:
    for house in restaurants_of(request.user).filter(active=True, name__icontains=term)[:MOST_RESTAURANTS]:
        yield {"title": house.name, "description": "Today", "link": today_url(house.slug), "icon": "storefront"}


def _find_bookings(request: HttpRequest, term: str) -> Iterator[dict[str, str]]:
    """Yield bookings of the restaurant that is looked at, or of all that are the user's: the coming ones first."""
    if not request.user.has_perm(SEE_BOOKINGS):
        return
    is_one_house = house_of(request) is not None
    for booking in _list_bookings(request, term):
        yield {
            "title": f"{booking.guest_name}, party of {booking.party_size}",
            "description": _in_words(booking, is_one_house),
            "link": reverse("admin:bookings_booking_change", args=[booking.pk]),
            "icon": "book_online",
        }


def _list_bookings(request: HttpRequest, term: str) -> list[Booking]:
    """List at most ten bookings with their tables, in 2 queries for coming ones, and 2 for those that are over."""
    ids = shown_restaurant_ids(request, SEE_BOOKINGS)
    own = Booking.objects.all() if ids is None else Booking.objects.filter(restaurant__in=ids)
    found, first_date = search_bookings(own, term), _first_date()
    # By date first, as the index of a restaurant has them: of a name that thousands share no more is read than shown.
    coming = list(_with_tables(found.filter(business_date__gte=first_date).order_by(*ORDER)))
    over = _with_tables(found.filter(business_date__lt=first_date).order_by(*(f"-{column}" for column in ORDER)))
    return [*coming, *over[: MOST_BOOKINGS - len(coming)]]


def _first_date() -> date:
    """Return the date before today's in UTC: in some zone its evening goes on."""
    return read_clock().date() - ONE_DAY


def _with_tables(bookings: QuerySet[Booking]) -> QuerySet[Booking]:
    tables = TableAssignment.objects.select_related("table").order_by(*number_order("table__number"))
    return bookings.select_related("restaurant").prefetch_related(Prefetch("assignments", tables))[:MOST_BOOKINGS]


def _in_words(booking: Booking, is_one_house: bool) -> str:
    said: list[Any] = [
        long_date(booking.business_date),
        shown_time(booking.starts_at, booking.zone),
        booking.get_status_display(),
        shown_tables([held.table.number for held in booking.assignments.all()]),
        booking.reference,
    ]
    return ", ".join(said if is_one_house else [*said, booking.restaurant.name])
