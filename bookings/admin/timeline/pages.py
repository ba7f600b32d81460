"""The pages of the timeline: the evening, its board that goes on by itself, and the panel of a booking."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from bookings.admin.parts.actor import actor_of
from bookings.admin.parts.house import house_of
from bookings.admin.restaurant_choice import choose_restaurant
from bookings.admin.sentences import outcome_sentences
from bookings.admin.timeline.delays import list_delays
from bookings.admin.timeline.moves import MoveForm, TimelineMove, may_move
from bookings.admin.timeline.panel import booking_context, preview_context, refusal_context
from bookings.admin.timeline.screen import Board, make_board
from bookings.models import Booking
from bookings.selectors.timeline import get_business_date, get_evening_tables, read_evening_tag
from capacity.calendar import ONE_DAY
from config.errors import DomainError
from config.values import FIRST_DATE, LAST_DATE
from tables.models import Restaurant, Table

MAY_SEE = ("bookings.view_booking",)
View = Callable[..., HttpResponse]


def hosts_view(view: View) -> View:
    """Let staff in that may see bookings; a visitor is asked to sign in."""

    def serve(request: HttpRequest, **target: Any) -> HttpResponse:
        if not request.user.has_perms(MAY_SEE):
            raise PermissionDenied
        return view(request, **target)

    wrapped: View = admin.site.admin_view(serve)
    return wrapped


def _find_restaurant(request: HttpRequest, slug: str) -> Restaurant:
    """Return the restaurant of the address.

    Raises: `Http404` for one of others, `PermissionDenied` where the user may see no bookings.
    """
    restaurant = house_of(request)
    if restaurant is None or restaurant.slug != slug:
        raise Http404
    if not request.user.has_perms(MAY_SEE, restaurant):
        raise PermissionDenied
    return restaurant


def choose(request: HttpRequest) -> HttpResponse:
    """Ask for the restaurant, and go on to its evening; where there is one, go on at once."""
    restaurant, restaurants = choose_restaurant(request, MAY_SEE)
    if restaurant is not None:
        return HttpResponseRedirect(reverse("timeline:today", args=[restaurant.slug]))
    return _render(request, "admin/timeline/choose.html", {"title": "Timeline", "restaurants": restaurants})


def show_today(request: HttpRequest, slug: str) -> HttpResponse:
    """Go on to the evening that runs, or begins next."""
    restaurant = _find_restaurant(request, slug)
    return HttpResponseRedirect(reverse("timeline:page", args=[slug, get_business_date(restaurant)]))


def serve_page(request: HttpRequest, slug: str, business_date: date) -> HttpResponse:
    """Show an evening."""
    restaurant = _find_restaurant(request, slug)
    # The tag first: what is written meanwhile is then told by the next look.
    tag = _entity_tag(restaurant, business_date)
    board = _make_board(restaurant, business_date)
    context = {
        "restaurant": restaurant,
        "business_date": business_date,
        "services": board.services,
        "board": _board_markup(board),
        "may_move": may_move(request, restaurant),
        "entity_tag": tag,
    }
    around = {"before": business_date - ONE_DAY, "after": business_date + ONE_DAY}
    context |= {
        name: reverse("timeline:page", args=[slug, day])
        for name, day in around.items()
        if FIRST_DATE <= day <= LAST_DATE
    }
    return _render(request, "admin/timeline/page.html", {"title": f"Timeline: {restaurant}", **context})


def serve_board(request: HttpRequest, slug: str, business_date: date) -> HttpResponse:
    """Return what goes on with the evening; 304 in 1 query where nothing has changed since the caller's look."""
    restaurant = _find_restaurant(request, slug)
    tag = _entity_tag(restaurant, business_date)
    response = get_conditional_response(request, etag=tag)
    if response is None:
        response = HttpResponse(_board_markup(_make_board(restaurant, business_date)))
    response["ETag"] = tag
    return response


def _entity_tag(restaurant: Restaurant, business_date: date) -> str:
    return f'"{read_evening_tag(restaurant_id=restaurant.pk, business_date=business_date)}"'


def _make_board(restaurant: Restaurant, business_date: date) -> Board:
    evening = get_evening_tables(restaurant_id=restaurant.pk, business_date=business_date)
    return make_board(evening, list_delays(evening))


def _board_markup(board: Board) -> SafeString:
    """Return the board as markup.

    It is rendered apart from the page: the context of a request refers to itself, so that what is in it stays until a
    collection of garbage. A large evening is thousands of objects.
    """
    return render_to_string("admin/timeline/board.html", {"board": board})


def serve_booking(request: HttpRequest, slug: str, business_date: date, booking_id: int) -> HttpResponse:
    """Return the panel of a booking: its operations, and the choice of another place or time."""
    booking = _find_booking(request, slug, booking_id)
    return TemplateResponse(request, "admin/timeline/booking.html", booking_context(request, booking, business_date))


def serve_refusals(request: HttpRequest, slug: str, business_date: date) -> HttpResponse:
    """Return why requests for a start were refused, and the changes that would take the last of them now."""
    context = refusal_context(_find_restaurant(request, slug), business_date, request.GET)
    return TemplateResponse(request, "admin/timeline/refusals.html", context)


@require_POST
def serve_preview(request: HttpRequest, slug: str, business_date: date, booking_id: int) -> HttpResponse:
    """Return what a move would do; nothing is written."""
    booking, form = _read_move(request, slug, booking_id)
    foreseen, refusal = None, None
    if form.is_valid():
        try:
            foreseen = TimelineMove.of(booking, form, actor_of(request)).preview()
        except DomainError as error:
            form.add_refusal(refusal := error)
    return _show_preview(request, business_date, preview_context(booking, form, foreseen, refusal))


@require_POST
def serve_move(request: HttpRequest, slug: str, business_date: date, booking_id: int) -> HttpResponse:
    """Move a booking, and say what was done; a refusal stands in the panel."""
    booking, form = _read_move(request, slug, booking_id)
    refusal = None
    if form.is_valid():
        try:
            move = TimelineMove.of(booking, form, actor_of(request))
            outcome = move.write()
        except DomainError as error:
            form.add_refusal(refusal := error)
        else:
            return _say(request, [said for _, said in outcome_sentences(move.done(outcome), outcome)])
    return _show_preview(request, business_date, preview_context(booking, form, None, refusal))


def _show_preview(request: HttpRequest, business_date: date, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, "admin/timeline/preview.html", {"business_date": business_date, **context})


def _say(request: HttpRequest, said: list[Any]) -> HttpResponse:
    """Put sentences where a screen reader announces them, and let the page look at the evening again."""
    response = TemplateResponse(request, "admin/timeline/said.html", {"said": said})
    response["HX-Retarget"] = "#timeline-said"
    response["HX-Trigger"] = "timeline-moved"
    return response


def _find_booking(request: HttpRequest, slug: str, booking_id: int) -> Booking:
    """Find a booking of a restaurant as its own screen does, with its tables."""
    bookings: QuerySet[Booking] = admin.site.get_model_admin(Booking).get_queryset(request)
    return get_object_or_404(bookings, pk=booking_id, restaurant=_find_restaurant(request, slug))


def _read_move(request: HttpRequest, slug: str, booking_id: int) -> tuple[Booking, MoveForm]:
    booking = _find_booking(request, slug, booking_id)
    if not may_move(request, booking.restaurant):
        raise PermissionDenied
    tables = Table.objects.filter(restaurant=booking.restaurant_id).values_list("pk", flat=True)
    return booking, MoveForm(list(tables), booking.zone, request.POST)


def _render(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context})
