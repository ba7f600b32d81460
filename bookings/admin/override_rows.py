"""The rows of authorised excesses, to filter and to export."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from bookings.models import CapacityOverride
from capacity.calendar import iso_utc
from capacity.calendar.wall_clock import shown_time
from capacity.policy import OVERRIDABLE_REASONS
from capacity.reasons import ReasonCode
from capacity.wording import reason_name

EXPORTED_WITH = ("restaurant", "service_day__service_period", "actor", "booking")
OVERRIDE_HEAD = (
    *("restaurant", "business date", "service", "slot", "code", "limit", "amount", "source", "by", "at (UTC)"),
    *("reason", "booking", "party size", "booking status"),
)
# In the order of the reasons.
CODES = tuple(code for code in ReasonCode if code in OVERRIDABLE_REASONS)


class ReasonFilter(SimpleListFilter):
    """The limit that was passed, or the hours or the table that were missing."""

    title = "limit"
    parameter_name = "limit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, reason_name(code).capitalize()) for code in CODES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[CapacityOverride]) -> QuerySet[CapacityOverride]:
        return queryset.filter(limit=self.value()) if self.value() else queryset


def override_line(override: CapacityOverride) -> tuple[Any, ...]:
    """Return an authorised excess as a line of the export."""
    day, booking, starts_at = override.service_day, override.booking, override.slot_starts_at
    return (
        override.restaurant.name,
        day.business_date.isoformat(),
        day.service_period.name,
        shown_time(starts_at, override.restaurant.zone) if starts_at else "",
        override.limit,
        reason_name(override.limit),
        override.amount,
        override.get_source_display(),
        override.actor.get_username() if override.actor else "",
        iso_utc(override.created_at),
        override.reason,
        booking.reference if booking else "",
        booking.party_size if booking else None,
        booking.get_status_display() if booking else "",
    )
