"""The restaurant that a person looks at: it stands in the address, and is remembered in the session."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import SimpleListFilter
from django.db import DEFAULT_DB_ALIAS
from django.db.models import BigIntegerField, Q, QuerySet, TextField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from bookings.selectors.memberships import RESTAURANT_COLUMNS, list_memberships, list_restaurant_ids
from config.statements import Parameter, Statement
from tables.models import Restaurant

PARAMETER = "restaurant"
EVERY = "all"
# What a screen of another restaurant may keep of an address.
KEPT_BY_SWITCH = ("when", "party", "date")
# Pages that are about one restaurant, or all of a person, beside the lists of rows.
PAGES = {
    *("admin:index", "timeline:choose", "floor_plan:page", "reports"),
    *(f"admin:bookings_booking_{name}" for name in ("telephone", "walk_in", "shift_sheet", "pause_online")),
    *("admin:bookings_booking_close_section", "admin:capacity_bookingslot_heatmap"),
    *("admin:capacity_capacityrule_what_if", "admin:capacity_capacityrule_limits"),
    *("admin:bookings_booking_import_csv", "admin:tables_table_import_csv"),
}
# Pages that have the restaurant in their path.
NAMESPACES = frozenset({"timeline"})
# An installation may have thousands: the others are a search in the list of restaurants away.
MOST_OFFERED = 50
_FOUND, _OFFERED = "_house", "_houses"


def house_of(request: HttpRequest) -> Restaurant | None:
    """Return the restaurant of the address, else the remembered one, else the only one; None where it may be any.

    Raises: `Http404` for an address with a restaurant that is not the user's, as for one that does not exist.
    """
    if not hasattr(request, _FOUND):
        setattr(request, _FOUND, _find_house(request))
    found: Restaurant | None = getattr(request, _FOUND)
    return found


def shown_restaurant_ids(request: HttpRequest, *permissions: str) -> Collection[int] | None:
    """Return the restaurants of a page: the one that the user looks at, or all in which a permission is the user's.

    None stands for every restaurant: the user is an owner.
    """
    ids, house = list_restaurant_ids(request.user, *permissions), house_of(request)
    if house is None:
        return ids
    return [house.pk] if ids is None or house.pk in ids else []


def _find_house(request: HttpRequest) -> Restaurant | None:
    asked = _asked(request)
    if asked is None:
        return _find(request, request.session.get(PARAMETER, "")) or _only_one(request)
    if asked == EVERY:
        return _only_one(request)
    found = _find(request, asked)
    if found is None:
        raise Http404
    return found


def _asked(request: HttpRequest) -> str | None:
    return _slug_in_path(request) or request.GET.get(PARAMETER)


def _slug_in_path(request: HttpRequest) -> str | None:
    match = request.resolver_match
    return match.kwargs.get("slug") if match and match.namespace in NAMESPACES else None


def _only_one(request: HttpRequest) -> Restaurant | None:
    memberships = [] if request.user.is_superuser else list_memberships(request.user)
    return memberships[0].restaurant if len(memberships) == 1 else None


def _find(request: HttpRequest, asked: str) -> Restaurant | None:
    """Find a restaurant of the user by its slug or its key."""
    if not asked or "\x00" in asked:
        return None
    if not request.user.is_superuser:
        own = _own_restaurants(request)
        return next((house for house in own if asked in (house.slug, str(house.pk))), None)
    key = int(asked) if asked.isdecimal() and len(asked) < 19 else None
    named = map(_restaurant, _NAMED.run(slug=asked, key=key))
    # A slug of digits goes before the key of another restaurant.
    return next(iter(sorted(named, key=lambda house: house.slug != asked)), None)


def _own_restaurants(request: HttpRequest) -> list[Restaurant]:
    return [membership.restaurant for membership in list_memberships(request.user)]


def _restaurant(row: tuple[Any, ...]) -> Restaurant:
    return Restaurant.from_db(DEFAULT_DB_ALIAS, RESTAURANT_COLUMNS, row)


def _named_query() -> QuerySet[Restaurant, tuple[Any, ...]]:
    slug, key = Parameter("slug", TextField()), Parameter("key", BigIntegerField())
    return Restaurant.objects.filter(Q(slug=slug) | Q(pk=key)).values_list(*RESTAURANT_COLUMNS)


# Thirty screens ask for it every few seconds.
_NAMED = Statement.of("restaurant_named", _named_query)


def today_url(slug: str, business_date: date | None = None) -> str:
    """Return the first page of a restaurant, without a date on the one that runs."""
    return f"{reverse('admin:index')}?{house_query(slug, business_date)}"


def house_query(slug: str, business_date: date | None) -> str:
    """Return what stands behind the question mark of a page of a restaurant and a date."""
    return urlencode({PARAMETER: slug} | ({"date": business_date.isoformat()} if business_date else {}))


def lead_to_house(request: HttpRequest) -> HttpResponse | None:
    """Lead from a page without restaurant to the remembered one's, so that its address can be shared, and remember it.

    None: the page is shown.
    """
    if request.method != "GET" or not _is_of_house(request):
        return None
    house = house_of(request)
    if _asked(request) is not None:
        _remember(request, house)
    elif house is not None and house != _only_one(request):
        return HttpResponseRedirect(_address(request, house.slug, dict(request.GET.lists())))
    return None


def _is_of_house(request: HttpRequest) -> bool:
    match = request.resolver_match
    if match is None:
        return False
    # Django's wrapper of a model's views says whose it is.
    shown_by = getattr(match.func, "model_admin", None)
    is_list = match.view_name.endswith("_changelist") and getattr(shown_by, "restaurant_path", None) is not None
    return match.view_name in PAGES or is_list or _slug_in_path(request) is not None


def _remember(request: HttpRequest, house: Restaurant | None) -> None:
    slug = house.slug if house else ""
    if request.session.get(PARAMETER, "") != slug:
        request.session[PARAMETER] = slug


def _address(request: HttpRequest, slug: str, query: dict[str, Any]) -> str:
    chosen = request.GET.copy()
    chosen.clear()
    for name, values in {PARAMETER: [slug], **query}.items():
        chosen.setlist(name, values)
    return f"{request.path}?{chosen.urlencode()}"


# The switcher in the sidebar


def list_choices(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the entries of the switcher, of which there is none for a person of one restaurant."""
    if not request.user.is_staff:
        return []
    houses = _list_offered(request)
    if len(houses) < 2:
        return []
    chosen = house_of(request)
    every = {"title": "All restaurants", "icon": _icon(chosen is None), "link": _switch(request, EVERY)}
    return [every, *(_choice(request, house, chosen) for house in houses)]


def _list_offered(request: HttpRequest) -> list[Restaurant]:
    """List the restaurants to choose from: those of the user; 1 query for an owner of all, kept with the request."""
    if not hasattr(request, _OFFERED):
        user = request.user
        offered = map(_restaurant, _ACTIVE.run()) if user.is_superuser else _own_restaurants(request)
        setattr(request, _OFFERED, [house for house in offered if house.active][:MOST_OFFERED])
    kept: list[Restaurant] = getattr(request, _OFFERED)
    return kept


def _active_query() -> QuerySet[Restaurant, tuple[Any, ...]]:
    active = Restaurant.objects.filter(active=True).order_by("name", "pk")
    return active.values_list(*RESTAURANT_COLUMNS)[:MOST_OFFERED]


_ACTIVE = Statement.of("active_restaurants", _active_query)


def _choice(request: HttpRequest, house: Restaurant, chosen: Restaurant | None) -> dict[str, Any]:
    return {"title": house.name, "icon": _icon(house == chosen), "link": _switch(request, house.slug)}


def _icon(is_chosen: bool) -> str:
    return "radio_button_checked" if is_chosen else "radio_button_unchecked"


def _switch(request: HttpRequest, slug: str) -> str:
    """Return the present page of a restaurant, from the page of a row the first page."""
    match = request.resolver_match
    if match is None or not _is_of_house(request):
        return f"{reverse('admin:index')}?{PARAMETER}={slug}"
    if _slug_in_path(request) is not None:
        if slug == EVERY:
            return f"{reverse(f'{match.namespace}:choose')}?{PARAMETER}={EVERY}"
        return reverse(f"{match.namespace}:today", args=[slug])
    kept = {name: values for name, values in request.GET.lists() if name in KEPT_BY_SWITCH}
    return _address(request, slug, kept)


def name_of_house(request: HttpRequest) -> str:
    """Return the line below the name of the site."""
    if not request.user.is_staff:
        return "Covers, tables and limits"
    house = house_of(request)
    return house.name if house else "All restaurants"


class HouseFilter(SimpleListFilter):
    """The restaurant of a list, as in the switcher."""

    title = "restaurant"
    parameter_name = PARAMETER

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        self.house = house_of(request)
        self.path: str = model_admin.restaurant_path
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        # A list of restaurants names them all anyway.
        houses = [] if self.path == "pk" else _list_offered(request)
        return [(house.slug, house.name) for house in houses] if len(houses) > 1 else []

    def value(self) -> str | None:
        return self.house.slug if self.house else None

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Offer all restaurants by an address that says so, since none at all means the remembered one."""
        for choice in super().choices(changelist):
            is_every = choice["query_string"] == changelist.get_query_string(remove=[PARAMETER])
            yield {**choice, "query_string": changelist.get_query_string({PARAMETER: EVERY})} if is_every else choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.house is None:
            return queryset
        # Rows without a restaurant are about all of them.
        return queryset.filter(Q(**{self.path: self.house}) | Q(**{f"{self.path}__isnull": True}))
