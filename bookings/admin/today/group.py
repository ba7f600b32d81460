"""The group page: today of several restaurants, a line for each."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from bookings.admin.filters import SEE_BOOKINGS, TO_DECIDE_URL, TONIGHT
from bookings.admin.parts.house import EVERY, MOST_OFFERED, PARAMETER, today_url
from bookings.admin.parts.shown import used_of_limit
from bookings.selectors.memberships import restaurants_of
from bookings.selectors.overview import RestaurantToday, list_restaurants_today
from bookings.selectors.today import count_late
from bookings.selectors.undecided_count import count_undecided_by_restaurant
from capacity.misconfigurations import find_misconfigurations
from capacity.selectors import ServiceSettings, read_clock
from capacity.selectors.houses import get_house_settings
from config.values import counted
from tables.models import Restaurant

SEE_TODAY = "capacity.view_serviceday"
# What lets a restaurant take too many parties, or none; the rest is advice, on the page of the restaurant.
LACKS = frozenset({"PERIOD_WITHOUT_RULE", "PERIOD_WITHOUT_TABLES", "LIMIT_CLOSES", "TURN_TIME_GAP"})


def group_context(request: HttpRequest) -> dict[str, Any]:
    """Return the first restaurants of a user by name, or those that a search finds, in a fixed number of queries."""
    term = _term(request)
    found = restaurants_of(request.user, SEE_TODAY, SEE_BOOKINGS).filter(active=True)
    if term:
        found = found.filter(Q(name__icontains=term) | Q(slug__icontains=term))
    # One more tells that there are more.
    rows = list(found[: MOST_OFFERED + 1])
    of_guests = [restaurant.pk for restaurant in rows[:MOST_OFFERED] if request.user.has_perm(SEE_BOOKINGS, restaurant)]
    undecided = count_undecided_by_restaurant(of_guests)
    return {
        "cards": _lines(request, rows[:MOST_OFFERED], undecided),
        "to_decide": sum(undecided.values()),
        "to_decide_url": TO_DECIDE_URL,
        "searched": term,
        "has_more": len(rows) > MOST_OFFERED,
        "has_search": bool(term) or len(rows) > MOST_OFFERED,
        "every": EVERY,
    }


def group_query(request: HttpRequest) -> str:
    """Return what stands behind the question mark of a page of all restaurants, or of those that a search finds."""
    term = _term(request)
    return urlencode({PARAMETER: EVERY} | ({"q": term} if term else {}))


def _term(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\x00", "").strip()


def _lines(request: HttpRequest, restaurants: list[Restaurant], undecided: dict[int, int]) -> list[dict[str, Any]]:
    today = list_restaurants_today([restaurant.pk for restaurant in restaurants])
    late = count_late([each for each in restaurants if request.user.has_perm(SEE_BOOKINGS, each)], read_clock())
    seen = [at for at in today if request.user.has_perm(SEE_TODAY, at.restaurant)]
    lacks = {at.restaurant.pk: _count_lacks(at.settings) for at in seen}
    return [
        {**_line(at, sees_numbers=at.restaurant.pk in lacks), "badges": list(_badges(at, late, undecided, lacks))}
        for at in today
    ]


def _count_lacks(settings: ServiceSettings) -> int:
    """Count what the settings of a restaurant lack."""
    found = find_misconfigurations(get_house_settings(settings))
    return sum(each.code in LACKS for each in found) + (not settings.periods)


def _line(at: RestaurantToday, *, sees_numbers: bool) -> dict[str, Any]:
    return {
        "at": at,
        "url": today_url(at.restaurant.slug),
        "services": [
            {
                "at": service,
                "covers": used_of_limit(service.booked_covers, service.max_covers, service.excess_covers),
                "is_of_yesterday": service.business_date != at.settings.today,
            }
            for service in at.services
            if sees_numbers
        ],
    }


def _badges(at: RestaurantToday, *numbers: dict[int, int]) -> Iterator[dict[str, str]]:
    """Yield what wants somebody's eye, each with its address; nothing where all is well."""
    pk, slug = at.restaurant.pk, at.restaurant.slug
    late, undecided, lacks = (counts.get(pk, 0) for counts in numbers)
    bookings = reverse("admin:bookings_booking_changelist")
    if late:
        query = urlencode({PARAMETER: slug, "when": TONIGHT, "party": "late"})
        yield {"words": f"{late} late", "url": f"{bookings}?{query}"}
    if undecided:
        yield {"words": f"{undecided} to be decided", "url": f"{bookings}{TO_DECIDE_URL}&{PARAMETER}={slug}"}
    if over := len({party.reference for party in at.running_over}):
        yield {"words": f"{over} past their time", "url": today_url(slug)}
    if lacks:
        yield {"words": f"{counted(lacks, 'setting')} missing", "url": today_url(slug)}
