"""The filters and links that lead a host to the parties of the evening."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import SimpleListFilter
from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.functions import Now
from django.http import HttpRequest, QueryDict

from bookings.admin.parts.filters import WallDates, WhenFilter
from bookings.admin.parts.house import PARAMETER, shown_restaurant_ids
from bookings.choices import AWAITED_STATUSES, BookingStatus
from bookings.models import Booking
from bookings.selectors.undecided import Problems, find_undecided
from capacity.calendar import ONE_MINUTE

TONIGHT = "tonight"
LIVE = "live"
TONIGHT_URL = f"?when={TONIGHT}&party={LIVE}"
SEE_BOOKINGS = "bookings.view_booking"
TO_DECIDE = "to_be_decided"
TO_DECIDE_URL = f"?decision={TO_DECIDE}"
_LATE_FROM = F("starts_at") + ExpressionWrapper(
    F("restaurant__grace_minutes") * Value(ONE_MINUTE), output_field=DurationField()
)
# (value, title, whom it finds)
PARTIES: tuple[tuple[str, str, Q], ...] = (
    (LIVE, "To come or here", Q(status__in=(*AWAITED_STATUSES, BookingStatus.SEATED))),
    ("to_come", "To come", Q(status=BookingStatus.CONFIRMED)),
    ("late", "Late", Q(status=BookingStatus.CONFIRMED, late_from__lt=Now())),
    ("waiting", "Waiting for a table", Q(status=BookingStatus.ARRIVED)),
    ("seated", "Seated", Q(status=BookingStatus.SEATED)),
    ("over_time", "Over time", Q(status=BookingStatus.SEATED, ends_at__lt=Now())),
    ("no_table", "Without a table", Q(status__in=AWAITED_STATUSES, assignments__isnull=True)),
)


class EveningFilter(WhenFilter):
    """Business dates around today, and tonight: today's, and yesterday's service until it is over."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(TONIGHT, "Tonight"), *super().lookups(request, model_admin)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() != TONIGHT:
            return super().queryset(request, queryset)
        dates = WallDates()
        is_on = Q(service_day__ends_at__gte=Now()) | Q(status=BookingStatus.SEATED)
        return queryset.filter(dates.compare("exact") | (dates.compare("lt") & is_on))


class UndecidedFilter(SimpleListFilter):
    """The bookings that could not be made again as they are, and wait for a decision."""

    title = "decision"
    parameter_name = "decision"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(TO_DECIDE, "To be decided")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Booking]) -> QuerySet[Booking]:
        return queryset.filter(pk__in=problems_for(request)) if self.value() == TO_DECIDE else queryset


def problems_for(request: HttpRequest) -> Problems:
    """Return the problems of the bookings to be decided on this page; read once for a request."""
    if "problems" not in vars(request):
        vars(request)["problems"] = find_undecided(shown_restaurant_ids(request, SEE_BOOKINGS))
    found: Problems = vars(request)["problems"]
    return found


class PartyFilter(SimpleListFilter):
    """The standing of a party this evening."""

    title = "party"
    parameter_name = "party"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, title) for value, title, _ in PARTIES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Booking]) -> QuerySet[Booking]:
        conditions = {value: condition for value, _, condition in PARTIES}
        chosen = conditions.get(self.value() or "")
        return queryset.alias(late_from=_LATE_FROM).filter(chosen) if chosen else queryset


def quick_links(query: QueryDict) -> list[dict[str, Any]]:
    """Return the links above the list: tonight, and its parties by standing; a chosen restaurant stays."""
    kept = {PARAMETER: query[PARAMETER]} if PARAMETER in query else {}
    is_tonight = query.get("when") == TONIGHT
    titles = {**{value: title for value, title, _ in PARTIES}, LIVE: "Tonight", "": "All of tonight"}
    return [
        {
            "title": title,
            "url": "?" + urlencode({**kept, "when": TONIGHT, **({"party": value} if value else {})}),
            "is_chosen": is_tonight and query.get("party", "") == value,
        }
        for value, title in titles.items()
    ]
