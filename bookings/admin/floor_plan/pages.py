"""The pages of the floor plan: an evening, its board that goes on by itself, and the save of an arrangement."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.cache import get_conditional_response
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from bookings.admin.floor_plan.places import read_places
from bookings.admin.floor_plan.screen import LEGEND, Plan, make_plan
from bookings.admin.parts.actor import actor_of
from bookings.admin.parts.log_entries import log_rows
from bookings.admin.restaurant_choice import choose_restaurant
from bookings.admin.timeline.pages import MAY_SEE
from bookings.errors import FloorPlanChanged
from bookings.selectors.timeline import (
    get_business_date,
    get_evening_tables,
    list_tables_out_of_service,
    read_evening_tag,
    read_places_tag,
)
from bookings.services import PlacedTable, TablePlace, place_tables
from capacity.calendar import ONE_DAY
from config.errors import DomainError, InputInvalid
from config.values import FIRST_DATE, LAST_DATE, ValueInvalid, counted, read_date
from tables.choices import TableShape
from tables.models import Restaurant, Table

MAY_ARRANGE = "tables.change_table"


@dataclass(frozen=True)
class Asked:
    """The page as its address asks for it."""

    restaurant: Restaurant
    business_date: date

    def query(self, day: date | None = None) -> str:
        """Return the address of the same page, or that of another date."""
        values = {"restaurant": self.restaurant.slug, "date": (day or self.business_date).isoformat()}
        return "?" + urlencode(values)

    @property
    def around(self) -> dict[str, str]:
        """Return the addresses of the day before and after, of those that there are."""
        days = {"before": self.business_date - ONE_DAY, "after": self.business_date + ONE_DAY}
        return {name: self.query(day) for name, day in days.items() if FIRST_DATE <= day <= LAST_DATE}


def may_arrange(request: HttpRequest, restaurant: Restaurant) -> bool:
    """Say whether the user may place the tables of a restaurant."""
    return request.user.has_perm(MAY_ARRANGE, restaurant)


def _read(request: HttpRequest, restaurant: Restaurant) -> Asked:
    """Read the address: a wrong date is the evening that runs, or begins next."""
    try:
        return Asked(restaurant, read_date(request.GET.get("date")))
    except ValueInvalid:
        return Asked(restaurant, get_business_date(restaurant))


def _find_restaurant(request: HttpRequest) -> Restaurant:
    """Return the restaurant that the user looks at.

    Raises: `Http404` where that may be any.
    """
    restaurant, _ = choose_restaurant(request, MAY_SEE, only_active=False)
    if restaurant is None:
        raise Http404
    return restaurant


def serve_page(request: HttpRequest) -> HttpResponse:
    """Show the floor plan of an evening; with several restaurants ask first for the restaurant."""
    restaurant, restaurants = choose_restaurant(request, MAY_SEE, only_active=False)
    if restaurant is None:
        return _render(request, "choose", {"title": "Floor plan", "restaurants": restaurants})
    asked = _read(request, restaurant)
    # The tag first: what is written meanwhile is then told by the next look.
    tag = _entity_tag(asked)
    plan = _make_plan(asked)
    context = {
        **asked.around,
        "board": _board_markup(plan),
        "has_tables": bool(plan.rooms),
        "services": plan.services,
        "zone": plan.zone,
        "title": f"Floor plan: {asked.restaurant}",
        "asked": asked,
        "entity_tag": tag,
        "may_arrange": may_arrange(request, asked.restaurant),
        "shapes": TableShape.choices,
        "legend": LEGEND,
    }
    return _render(request, "page", context)


def serve_board(request: HttpRequest) -> HttpResponse:
    """Return what goes on with the evening; 304 in 2 queries where nothing has changed since the caller's look."""
    asked = _read(request, _find_restaurant(request))
    tag = _entity_tag(asked)
    response = get_conditional_response(request, etag=tag)
    if response is None:
        response = HttpResponse(_board_markup(_make_plan(asked)))
    response["ETag"] = tag
    return response


def _entity_tag(asked: Asked) -> str:
    evening = read_evening_tag(restaurant_id=asked.restaurant.pk, business_date=asked.business_date)
    return f'"{evening}{read_places_tag(asked.restaurant.pk)}"'


def _make_plan(asked: Asked) -> Plan:
    evening = get_evening_tables(restaurant_id=asked.restaurant.pk, business_date=asked.business_date)
    return make_plan(evening, list_tables_out_of_service(asked.restaurant.pk))


def _board_markup(plan: Plan) -> SafeString:
    """Return the board as markup, rendered apart from the page for the same reason as that of the timeline."""
    return render_to_string("admin/floor_plan/board.html", {"plan": plan})


@require_POST
def save_places(request: HttpRequest) -> HttpResponse:
    """Save an arrangement, all of it or nothing; a refusal names the tables that somebody else has placed meanwhile."""
    restaurant = _find_restaurant(request)
    if not may_arrange(request, restaurant):
        raise PermissionDenied
    try:
        sent = read_places(request.POST.get("places", ""))
        moved = place_tables(restaurant_id=restaurant.pk, places=sent.wanted, as_read=sent.seen)
    except InputInvalid as error:
        problems = [problem["message"] for problems in error.details.values() for problem in problems]
        return _say(request, {"problems": problems})
    except DomainError as error:
        theirs = _places_of(restaurant, error.numbers) if isinstance(error, FloorPlanChanged) else {}
        return _say(request, {"problems": [f"{error.message}."], "theirs": theirs})
    log_places(actor_of(request), moved)
    response = _say(request, {"saved": f"{counted(len(moved), 'table')} saved." if moved else "Nothing was changed."})
    response["HX-Trigger"] = "floor-plan-saved"
    return response


def _say(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, "admin/floor_plan/said.html", context)


def _places_of(restaurant: Restaurant, numbers: tuple[str, ...]) -> dict[int, Any]:
    tables = Table.objects.filter(restaurant=restaurant, number__in=numbers)
    return {table.pk: vars(TablePlace.of(table)) for table in tables}


def log_places(actor: User, moved: list[PlacedTable]) -> None:
    """Log who has placed tables, from where to where, in the history of each; 2 queries."""
    log_rows(actor, ((each.table, _in_words(each)) for each in moved))


def _in_words(moved: PlacedTable) -> str:
    changes = moved.after.changes_from(moved.before).items()
    said = (f"{name} {_shown(before)} to {_shown(after)}" for name, (before, after) in changes)
    return f"Floor plan: {', '.join(said)}."


def _shown(value: object) -> object:
    return "by itself" if value is None else value


def _render(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(
        request, f"admin/floor_plan/{template}.html", {**admin.site.each_context(request), **context}
    )
