"""Today of one restaurant: its services, the bar of the evening, what is wrong, and the parties to see to."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from bookings.admin.filters import SEE_BOOKINGS
from bookings.admin.heatmap import DAY, MAY_SEE, Asked, shown_cell
from bookings.admin.parts.house import today_url
from bookings.admin.parts.links import setting_url
from bookings.admin.parts.shown import used_of_limit
from bookings.admin.today.parties import parties_context
from bookings.models import TableAssignment
from bookings.selectors.heatmap import HeatCell
from bookings.selectors.overview import list_unlimited
from bookings.selectors.today import Excess, HouseDay, get_house_day, get_house_parties
from capacity.calendar import iso_utc
from capacity.calendar.wall_clock import shown_time
from capacity.limits import SERVICE_LIMITS
from capacity.misconfigurations import find_misconfigurations
from capacity.policy import LimitUse, ServiceState, percent_of
from capacity.selectors.houses import get_house_settings
from capacity.wording import limit_name
from tables.models import Restaurant

SEE_TODAY = "capacity.view_serviceday"
# What is missing; advice on what there is stands in the forms.
MISSING = ("PERIOD_WITHOUT_TABLES", "LIMIT_CLOSES", "TURN_TIME_GAP")
MOST_PASSED = 5
# Slots before are left out where there is little room.
LOOKED_BACK = timedelta(minutes=30)


def house_context(request: HttpRequest, restaurant: Restaurant, business_date: date | None) -> dict[str, Any]:
    """Return what a user may see of a business date of a restaurant, without one of that which runs now."""
    of = get_house_day(restaurant, business_date)
    context = {"house": restaurant, "of": of, "dates": _dates(of)}
    double: tuple[TableAssignment, ...] = ()
    if request.user.has_perm(SEE_BOOKINGS, restaurant):
        parties = get_house_parties(of)
        context, double = context | parties_context(request, of, parties), parties.double
    if request.user.has_perm(SEE_TODAY, restaurant):
        context |= {
            "sees_numbers": True,
            "services": [_service(of, service) for service in of.day.services],
            "bar": list(_bar(of, links=request.user.has_perms(MAY_SEE, restaurant))),
            **_missing(request, of),
        }
    return context | {"passed": list(_passed(of, double))}


def _dates(of: HouseDay) -> list[dict[str, Any]]:
    """Return the links to the dates around, and to the one that runs."""
    slug, on = of.settings.restaurant.slug, of.day.business_date
    step = timedelta(days=1)
    return [
        {"title": "Day before", "url": today_url(slug, on - step), "is_shown": False},
        {"title": "Today", "url": today_url(slug), "is_shown": of.is_running},
        {"title": "Day after", "url": today_url(slug, on + step), "is_shown": False},
    ]


# Services and their bar


def _service(of: HouseDay, service: ServiceState) -> dict[str, Any]:
    covers, parties = (LimitUse.of(service, limit) for limit in SERVICE_LIMITS)
    cells = [cell for cell in of.day.cells if cell.service is service]
    return {
        "at": service,
        "hours": _hours(of, service),
        "covers": _used(of, service, covers),
        "parties": _used(of, service, parties),
        "percent": percent_of(service.booked_covers, service.max_covers),
        "is_closed": bool(cells) and all(cell.is_closed for cell in cells),
    }


def _used(of: HouseDay, service: ServiceState, use: LimitUse) -> Any:
    return used_of_limit(use.used, use.limit, min(use.excess, of.authorised_of(service, None, use)))


def _hours(of: HouseDay, service: ServiceState) -> str:
    period = next((each for each in of.settings.periods if each.period_id == service.period_id), None)
    if period is None:
        return " to ".join(shown_time(at, of.settings.zone) for at in (service.starts_at, service.ends_at))
    return f"{period.start_time:%H:%M} to {period.end_time:%H:%M}"


def _bar(of: HouseDay, *, links: bool) -> Iterator[dict[str, Any]]:
    """Yield for each service its slots as columns: as high as covers are present, coloured by the fullest limit."""
    asked = Asked(of.settings.restaurant, of.day.business_date, DAY, None)
    page = reverse("admin:capacity_bookingslot_heatmap") if links else ""
    top = max((_height(cell) for cell in of.day.cells), default=0) or 1
    for service in of.day.services:
        # A service that is over is nobody's care any more, on its own evening.
        if of.is_running and service.ends_at <= of.settings.now:
            continue
        cells = [
            {
                **(shown := shown_cell(asked, cell)),
                "covers": cell.slot.present_covers,
                "height": round(100 * cell.slot.present_covers / top),
                "url": page and f"{page}{shown['url']}",
                "key": iso_utc(cell.slot.starts_at),
                "is_now": cell.slot.starts_at <= of.settings.now < cell.slot.ends_at,
                "is_past": of.is_running and cell.slot.ends_at + LOOKED_BACK <= of.settings.now,
            }
            for cell in of.day.cells
            if cell.service is service
        ]
        if cells:
            yield {"at": service, "name": service.period_name, "cells": cells}


def _height(cell: HeatCell) -> int:
    return max(cell.slot.present_covers, cell.slot.occupancy_covers or 0)


# What is wrong


def _passed(of: HouseDay, double: tuple[TableAssignment, ...]) -> Iterator[dict[str, Any]]:
    """Yield tables that two parties have, then the limits that are passed, what nobody authorised first."""
    slug, on = of.settings.restaurant.slug, of.day.business_date
    timeline = reverse("timeline:page", args=[slug, on])
    for held in double:
        said = f"{held.table.number} is given to {held.booking.guest_name} and to another party at the same time"
        key = f"table-{held.pk}"
        yield {"key": key, "said": said, "is_overbooking": True, "view": timeline, "resolve": _booking_url(held)}
    excesses = sorted(of.excesses(), key=lambda excess: not excess.overbooked)
    for excess in excesses[:MOST_PASSED]:
        yield {
            "key": _key(excess),
            "said": _excess(of, excess),
            "is_overbooking": bool(excess.overbooked),
            "view": _heatmap_url(of, excess),
            "resolve": timeline,
        }
    if more := excesses[MOST_PASSED:]:
        query = urlencode({"restaurant": slug, "date": on.isoformat()})
        yield {
            "key": "more",
            "said": f"{len(more)} more limits are passed",
            "is_overbooking": bool(more[0].overbooked),
            "view": f"{reverse('admin:capacity_bookingslot_heatmap')}?{query}",
            "resolve": timeline,
        }


def _key(excess: Excess) -> str:
    """Return what tells a passed limit from every other: the service day, the slot if it is of one, the limit."""
    slot = iso_utc(excess.slot.starts_at) if excess.slot else "service"
    return f"{excess.service.service_day_id}-{slot}-{excess.use.code}"


def _booking_url(held: TableAssignment) -> str:
    return reverse("admin:bookings_booking_assign", args=[held.booking_id])


def _heatmap_url(of: HouseDay, excess: Excess) -> str:
    """Return the heatmap at the slot of a limit, at the first of a service's."""
    slot = excess.slot or excess.service.slots[0]
    asked = Asked(of.settings.restaurant, of.day.business_date, DAY, None)
    return f"{reverse('admin:capacity_bookingslot_heatmap')}{asked.url(slot=iso_utc(slot.starts_at))}#slot"


def _excess(of: HouseDay, excess: Excess) -> str:
    use, service = excess.use, excess.service.period_name
    place = f"{service} {shown_time(excess.slot.starts_at, of.settings.zone)}" if excess.slot else service
    ends = [f"{excess.overbooked} overbooked"] if excess.overbooked else []
    if allowed := use.excess - excess.overbooked:
        ends.append(f"{allowed} over the limit, authorised")
    return f"{place}: {limit_name(use.code)} {use.used} of {use.limit}, {', '.join(ends)}"


def _missing(request: HttpRequest, of: HouseDay) -> dict[str, Any]:
    """Return what the settings lack: limits on covers, service periods, and what takes too many parties or none."""
    settings, pk = of.settings, of.settings.restaurant.pk
    unlimited = list(list_unlimited(settings.periods, settings.rules))
    found = [each for each in find_misconfigurations(get_house_settings(settings)) if each.code in MISSING]
    return {
        "unlimited": [{"name": name, "url": _new_rule(pk, period_id)} for period_id, name in unlimited],
        "rules_url": _new_rule(pk),
        "has_no_limit": 0 < len(settings.periods) == len(unlimited),
        "has_no_period": not settings.periods,
        "periods_url": f"{reverse('admin:capacity_serviceperiod_add')}?restaurant={pk}",
        "missing": [
            {"message": each.message, "url": setting_url(request, each, settings.restaurant)} for each in found
        ],
    }


def _new_rule(restaurant_id: int, period_id: int | None = None) -> str:
    """Return the address of a new rule for a restaurant, or one of its periods."""
    scope = {"restaurant": restaurant_id} | ({"service_period": period_id} if period_id else {})
    return f"{reverse('admin:capacity_capacityrule_add')}?{urlencode(scope)}"
