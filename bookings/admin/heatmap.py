"""The heatmap: the slots of a day or a week by their fullest limit; a click lists the bookings and edits the limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from bookings.admin.limit_links import limit_url
from bookings.admin.limits import MAY_SET, limits_url
from bookings.admin.parts.shown import long_date
from bookings.admin.restaurant_choice import choose_restaurant
from bookings.selectors.heatmap import HeatCell, Heatmap, get_heatmap, list_bookings_of_slot
from capacity.heat import Heat, heat_of
from capacity.limits import LIMIT_OF, LimitKind
from capacity.policy import LimitUse, percent_of
from capacity.scopes import LimitScope
from capacity.selectors import read_clock
from config.values import FIRST_DATE, LAST_DATE, ValueInvalid, read_date, read_instant
from tables.models import Restaurant

MAY_SEE = ("capacity.view_bookingslot", "bookings.view_booking")
DAY, WEEK = "day", "week"
DAYS_OF_VIEW = {DAY: 1, WEEK: 7}
HEAT_IN_WORDS = {
    Heat.NO_LIMIT: "no limit",
    Heat.ROOM: "room",
    Heat.FILLING: "filling up",
    Heat.FULL: "nearly full or full",
    Heat.OVER: "over the limit",
}


@dataclass(frozen=True)
class Asked:
    """The page as its address asks for it: the restaurant, the first date, a day or a week, a chosen slot."""

    restaurant: Restaurant
    first: date
    view: str
    chosen: datetime | None

    def url(self, **changes: Any) -> str:
        """Return the address of the page with other values."""
        values = {"restaurant": self.restaurant.slug, "date": self.first.isoformat(), "view": self.view, **changes}
        return "?" + urlencode(values)

    @cached_property
    def _own_url(self) -> str:
        return self.url()

    def slot_url(self, starts_at: datetime) -> str:
        """Return the address of the page that shows a slot, of which a week has hundreds."""
        return f"{self._own_url}&slot={starts_at:%Y-%m-%dT%H%%3A%M%%3A%SZ}#slot"


def serve_heatmap(admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """Show the heat of the slots; with several restaurants ask first for the restaurant."""
    restaurant, restaurants = choose_restaurant(request, MAY_SEE)
    if restaurant is None:
        return _render(admin, request, {"restaurants": restaurants})
    asked = _read(request, restaurant)
    found = get_heatmap(restaurant_id=restaurant.pk, from_date=asked.first, days=DAYS_OF_VIEW[asked.view])
    context = {
        "restaurant": restaurant,
        "asked": asked,
        "title_of_dates": _title(asked),
        "links": _links(asked),
        "days": [_day(asked, long_date(day.business_date), day.cells) for day in found.days],
        "rows": _rows(asked, found) if asked.view == WEEK else [],
        "legend": list(HEAT_IN_WORDS.items()),
        "chosen": _chosen(request, asked, found),
        "limits_url": limits_url(restaurant, asked.first) if request.user.has_perms(MAY_SET, restaurant) else "",
    }
    return _render(admin, request, context)


def _read(request: HttpRequest, restaurant: Restaurant) -> Asked:
    """Read the address; what makes no sense is today, one day, no slot."""
    view = request.GET.get("view", DAY)
    try:
        first = read_date(request.GET.get("date", ""))
    except ValueInvalid:
        first = read_clock().astimezone(restaurant.zone).date()
    try:
        chosen = read_instant(request.GET.get("slot", ""))
    except ValueInvalid:
        chosen = None
    view = view if view in DAYS_OF_VIEW else DAY
    # The last week that has dates.
    return Asked(restaurant, min(first, LAST_DATE - timedelta(days=DAYS_OF_VIEW[view] + 2)), view, chosen)


def _title(asked: Asked) -> str:
    last = asked.first + timedelta(days=DAYS_OF_VIEW[asked.view] - 1)
    return long_date(asked.first) if last == asked.first else f"{long_date(asked.first)} to {long_date(last)}"


def _links(asked: Asked) -> list[dict[str, Any]]:
    step = timedelta(days=DAYS_OF_VIEW[asked.view])
    earlier, later = max(FIRST_DATE, asked.first - step), asked.first + step
    return [
        {"title": "Earlier", "url": asked.url(date=earlier.isoformat()), "is_chosen": False},
        {"title": "Later", "url": asked.url(date=later.isoformat()), "is_chosen": False},
        {"title": "Day", "url": asked.url(view=DAY), "is_chosen": asked.view == DAY},
        {"title": "Week", "url": asked.url(view=WEEK), "is_chosen": asked.view == WEEK},
    ]


def _day(asked: Asked, title: str, cells: Sequence[HeatCell]) -> dict[str, Any]:
    names = dict.fromkeys(cell.service.period_name for cell in cells)
    services = [
        {"name": name, "cells": [shown_cell(asked, cell) for cell in cells if cell.service.period_name == name]}
        for name in names
    ]
    return {"title": title, "services": services}


def _rows(asked: Asked, found: Heatmap) -> list[dict[str, Any]]:
    """Return the week by time of day, in the order of the evening: a date has nothing where it has no such start."""
    places = [{_place(cell): cell for cell in day.cells} for day in found.days]
    order = sorted({place for of_day in places for place in of_day})
    return [
        {
            "time": next(_row_time(of_day[place]) for of_day in places if place in of_day),
            "cells": [shown_cell(asked, of_day[place]) if place in of_day else None for of_day in places],
        }
        for place in order
    ]


def _place(cell: HeatCell) -> tuple[int, str, bool]:
    # After midnight comes last, and the second passing of a repeated hour after the first.
    is_after_midnight = int(cell.wall_time.hour < 5 and cell.service.slots[0].starts_at < cell.slot.starts_at)
    return is_after_midnight, f"{cell.wall_time:%H:%M}", cell.is_second


def _row_time(cell: HeatCell) -> str:
    # Most dates of a row have one passing: only the second is told apart.
    return cell.shown_time if cell.is_second else f"{cell.wall_time:%H:%M}"


def shown_cell(asked: Asked, cell: HeatCell) -> dict[str, Any]:
    """Return a slot in words, with the address that chooses it."""
    return {
        "time": cell.shown_time,
        "heat": cell.heat,
        "number": _number(cell.hottest),
        "limit": LIMIT_OF[cell.hottest.code].name if cell.hottest else "no limit",
        "words": HEAT_IN_WORDS[cell.heat],
        "date": long_date(cell.service.business_date),
        "used": f"{cell.hottest.used} of {cell.hottest.limit}" if cell.hottest else "",
        "present": f"{cell.slot.starting_covers} start, {cell.slot.present_covers} present",
        "is_closed": cell.is_closed,
        "is_chosen": cell.slot.starts_at == asked.chosen,
        "url": asked.slot_url(cell.slot.starts_at),
    }


def _number(use: LimitUse | None) -> str:
    return f"{percent_of(use.used, use.limit)} %" if use else "-"


def _chosen(request: HttpRequest, asked: Asked, found: Heatmap) -> dict[str, Any] | None:
    cell = found.cell_at(asked.chosen)
    if cell is None:
        return None
    starting, present = list_bookings_of_slot(asked.restaurant.pk, cell)
    return {
        "title": f"{long_date(cell.service.business_date)}, {cell.shown_time}, {cell.service.period_name}",
        "limits": [_limit(request, found, cell, use) for use in cell.uses],
        "groups": [("Start here", starting), ("Present from before", present)],
        "close": asked.url(),
    }


def _limit(request: HttpRequest, found: Heatmap, cell: HeatCell, use: LimitUse) -> dict[str, Any]:
    settings, limit = found.settings, LIMIT_OF[use.code]
    house = settings.restaurant
    service = cell.service
    place = LimitScope.of_slot(service.period_id, service.business_date, cell.wall_time, house.slot_minutes)
    may_edit = request.user.has_perm("capacity.add_capacityrule", house)
    return {
        "name": limit.name,
        "heat": heat_of(use.used, use.limit),
        "words": HEAT_IN_WORDS[heat_of(use.used, use.limit)],
        "used": f"{use.used}" if use.limit is None else f"{use.used} of {use.limit}",
        "number": "" if use.limit is None else _number(use),
        "scope": "this service" if limit.kind is LimitKind.SERVICE else "this slot",
        "edit": limit_url(house.pk, place, limit, use.limit, settings.rules) if may_edit else "",
    }


def _render(admin: ModelAdmin[Any], request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    shared = {**admin.admin_site.each_context(request), "title": "Heatmap", "opts": admin.opts}
    return TemplateResponse(request, "admin/heatmap/page.html", {**shared, **context})
