"""The screens of service periods and turn times."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from bookings.admin.parts.columns import column
from bookings.admin.parts.forms import SettingsForm
from bookings.admin.parts.settings_rows import SettingsAdmin
from bookings.admin.settings.words import DATES_IN_ORDER, SHORT_WEEKDAYS
from capacity.calendar import PeriodHours
from capacity.choices import SeatingMode
from capacity.models import ServicePeriod, TurnTime
from capacity.selectors import list_misconfigurations


class PeriodForm(SettingsForm):
    """The form of a service period: weekdays, or the one date of special hours."""

    identified_by = "name"
    in_order = (("valid_from", "valid_to", DATES_IN_ORDER),)

    class Meta:
        help_texts: ClassVar[dict[str, str]] = {
            "last_seating": "The latest start; the party may stay past the end.",
            "end_time": "At or before the start: on the next day.",
            "valid_from": "Empty: has always been offered.",
            "valid_to": "Empty: until further notice.",
            "on_date": "Offers only this and other special hours on that date, whatever the weekday.",
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self._refuse_seating_outside()
        if cleaned.get("on_date"):
            for name in ("weekdays", "valid_from", "valid_to"):
                if cleaned.get(name):
                    self.add_error(name, forms.ValidationError("Says nothing beside the date of special hours."))
        elif not cleaned.get("weekdays") and "weekdays" in cleaned:
            self.add_error("weekdays", forms.ValidationError("Tick a weekday, or give the date of special hours."))
        return cleaned

    def _refuse_seating_outside(self) -> None:
        times: list[Any] = [self.cleaned_data.get(name) for name in ("start_time", "last_seating", "end_time")]
        if None not in times and not PeriodHours(0, "", frozenset(), *times).seats_before_end:
            self.add_error("last_seating", forms.ValidationError("Must lie between start and end.", code="order"))


@admin.register(ServicePeriod)
class ServicePeriodAdmin(SettingsAdmin):
    """The service periods, in which guests are seated."""

    form = PeriodForm
    delete_note = (
        "A period with service days is retired: it is offered no more, and what was booked stays. "
        "One that was never offered is deleted with its own rules, turn times and closures."
    )
    list_display = ("name", "restaurant", "days", "hours", "seating", "status")
    list_filter = ("restaurant", "seating_mode", ("retired_at", admin.EmptyFieldListFilter))
    list_select_related = ("restaurant",)
    search_fields = ("name",)
    ordering = ("restaurant__name", "start_time", "name")
    fieldsets = (
        (None, {"fields": ("restaurant", "name", "seating_mode")}),
        ("Hours", {"fields": ("start_time", "last_seating", "end_time")}),
        ("Days", {"fields": ("weekdays", "valid_from", "valid_to", "on_date")}),
    )

    def has_change_permission(self, request: HttpRequest, obj: ServicePeriod | None = None) -> bool:
        """Leave a retired period as it was: its service days refer to it."""
        is_retired = obj is not None and obj.retired_at is not None
        return not is_retired and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: ServicePeriod | None = None) -> bool:
        is_retired = obj is not None and obj.retired_at is not None
        return not is_retired and super().has_delete_permission(request, obj)

    @column("Days")
    def days(self, period: ServicePeriod) -> str:
        if period.on_date:
            return f"only {period.on_date:%a %-d %b %Y}"
        return (
            "every day"
            if len(period.weekdays) == 7
            else " ".join(SHORT_WEEKDAYS[day] for day in sorted(period.weekdays))
        )

    @column("Hours", ordering="start_time")
    def hours(self, period: ServicePeriod) -> str:
        next_day = " next day" if period.end_time <= period.start_time else ""
        span = f"{period.start_time:%H:%M} to {period.end_time:%H:%M}{next_day}"
        return f"{span}, last seating {period.last_seating:%H:%M}"

    @column("Counts", ordering="seating_mode")
    def seating(self, period: ServicePeriod) -> str:
        return "tables" if period.seating_mode == SeatingMode.TABLES else "numbers only"

    @column("Status", label={"offered": "success", "retired": "info"})
    def status(self, period: ServicePeriod) -> str:
        return "retired" if period.retired_at else "offered"


class TurnTimeForm(SettingsForm):
    """The form of a band: parties up to a size."""

    identified_by = "up_to"

    class Meta:
        help_texts: ClassVar[dict[str, str]] = {
            "up_to": "The smallest band that fits a party decides, those of its service first.",
            "minutes": "How long the party keeps its table.",
        }


@admin.register(TurnTime)
class TurnTimeAdmin(SettingsAdmin):
    """The turn times, for which parties keep their tables."""

    form = TurnTimeForm
    list_display = ("band", "minutes", "restaurant", "scope")
    list_filter = ("restaurant",)
    list_select_related = ("restaurant", "service_period")
    ordering = ("restaurant__name", "service_period__name", "up_to")
    fields = ("restaurant", "service_period", "up_to", "minutes")

    def list_advice(self, row: TurnTime) -> Sequence[str]:
        """Name the online parties without a band, over all services of the restaurant."""
        return [found.message for found in list_misconfigurations(row.restaurant_id, "TURN_TIME_GAP")]

    @column("Parties", ordering="up_to")
    def band(self, turn: TurnTime) -> str:
        return f"up to {turn.up_to}"

    @column("Service", ordering="service_period__name")
    def scope(self, turn: TurnTime) -> str:
        return str(turn.service_period or "every service")
