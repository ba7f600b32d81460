"""Filters that more than one list uses."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from bookings.admin.parts.house import PARAMETER, house_of
from bookings.selectors.memberships import list_restaurant_ids
from capacity.models import ServicePeriod
from tables.models import Restaurant
from tables.zones import zone_called

SEE_SERVICES = ("capacity.view_serviceday", "capacity.view_serviceperiod", "bookings.view_booking")


class WallDates:
    """Today on the wall of every restaurant, by the database's clock; 1 query.

    The dates are worked out here: a zone that the database does not know would fail the list of every restaurant.
    """

    def __init__(self) -> None:
        self.zones: defaultdict[date, list[str]] = defaultdict(list)
        for name, now in Restaurant.objects.order_by().values_list("timezone", Now()).distinct():
            self.zones[now.astimezone(zone_called(name)).date()].append(name)

    def compare(self, lookup: str) -> Q:
        """Return the condition that a business date stands so to today: `exact`, `lt` or `gte`."""
        compared = (
            Q(restaurant__timezone__in=names, **{f"business_date__{lookup}": today})
            for today, names in self.zones.items()
        )
        return Q(*compared, _connector=Q.OR)


class NamedChoicesFilter(SimpleListFilter):
    """A filter whose list is narrowed from the start: no choice stands for none."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Offer every choice by name."""
        for lookup, title in self.lookup_choices:
            yield {
                "selected": self.value() == lookup,
                "query_string": changelist.get_query_string({self.parameter_name: lookup}),
                "display": title,
            }


class WhenFilter(NamedChoicesFilter):
    """Business dates around today, each restaurant's own; from today on unless the list is narrowed otherwise."""

    title = "when"
    parameter_name = "when"
    # What does not narrow a list: restaurant, order, page, size of page.
    NEUTRAL = frozenset({PARAMETER, "o", "p", "all", "_changelist_filters"})
    LOOKUPS: ClassVar[dict[str, str]] = {"today": "exact", "upcoming": "gte", "past": "lt"}

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.is_narrowed = any(name not in self.NEUTRAL for name in request.GET)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("today", "Today"), ("upcoming", "From today"), ("past", "Before today"), ("all", "All")]

    def value(self) -> str:
        return super().value() or ("all" if self.is_narrowed else "upcoming")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        lookup = self.LOOKUPS.get(self.value())
        return queryset.filter(WallDates().compare(lookup)) if lookup else queryset


class PeriodFilter(SimpleListFilter):
    """Service periods by restaurant; those of one restaurant once it is chosen."""

    title = "service period"
    parameter_name = "period"
    path = "service_period"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        periods = ServicePeriod.objects.order_by("restaurant__name", "start_time", "pk")
        ids, house = list_restaurant_ids(request.user, *SEE_SERVICES), house_of(request)
        if ids is not None:
            periods = periods.filter(restaurant__in=ids)
        chosen = str(house.pk) if house else request.GET.get("restaurant__id__exact", "")
        if chosen.isdecimal():
            periods = periods.filter(restaurant_id=chosen)
        names = periods.values_list("pk", "restaurant__name", "name", "on_date")
        return [(str(pk), _period_name(restaurant, name, on_date)) for pk, restaurant, name, on_date in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(**{f"{self.path}_id": chosen}) if chosen and chosen.isdecimal() else queryset


def _period_name(restaurant: str, name: str, on_date: Any) -> str:
    return f"{restaurant} · {name}" + (f" ({on_date:%-d %b %Y})" if on_date else "")


class ServiceFilter(PeriodFilter):
    """Service periods, for rows of a service day."""

    path = "service_day__service_period"
