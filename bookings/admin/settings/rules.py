"""The screens of capacity rules and closures."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from bookings.admin.limits import MAY_SET, serve_limits
from bookings.admin.parts.columns import column, page_action
from bookings.admin.parts.filters import PeriodFilter
from bookings.admin.parts.forms import SettingsForm
from bookings.admin.parts.links import booking_list
from bookings.admin.parts.settings_rows import SettingsAdmin
from bookings.admin.settings.words import DATES_IN_ORDER, TIMES_IN_PAIRS, describe_limits
from bookings.admin.what_if import MAY_ASK, serve_what_if
from bookings.selectors.concerned import list_bookings_inside
from capacity.choices import ClosureChannel, Weekday
from capacity.limits import LIMIT_FIELDS, SERVICE_LIMITS, SLOT_LIMITS
from capacity.misconfigurations import advise_on_rule
from capacity.models import CapacityRule, Closure
from capacity.scopes import describe_scope
from capacity.selectors import get_house_settings, get_service_settings, rule_of

CHANNEL_COLOURS = {ClosureChannel.ALL: "danger", ClosureChannel.ONLINE: "warning"}


class RuleForm(SettingsForm):
    """The form of a capacity rule; one date alone is that one day."""

    refuses_twins = True
    in_order = (("from_date", "to_date", DATES_IN_ORDER),)
    in_pairs = (
        ("from_date", "to_date", "Give the first date too."),
        ("from_time", "to_time", TIMES_IN_PAIRS),
    )

    class Meta:
        help_texts: ClassVar[dict[str, str]] = {
            "to_date": "Empty: the first date alone.",
            "to_time": "Starts before this time; may be past midnight.",
            "max_covers": "Guests of the whole service.",
            "max_parties": "Bookings of the whole service.",
            "pacing_covers": "Guests who begin at one start time.",
            "pacing_parties": "Bookings that begin at one start time.",
            "occupancy_covers": "Guests in the house at one time.",
            "occupancy_parties": "Bookings in the house at one time.",
        }

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if values.get("from_date") and "to_date" in values:
            values["to_date"] = values["to_date"] or values["from_date"]
        if values.get("from_time"):
            for limit in SERVICE_LIMITS:
                if values.get(limit.column) is not None:
                    message = "A service as a whole has no time of day: leave the times or this limit empty."
                    self.add_error(limit.column, forms.ValidationError(message))
        if not self.errors and all(values.get(name) is None for name in LIMIT_FIELDS):
            self.add_error(None, forms.ValidationError("Set at least one limit: a rule without limits says nothing."))
        return super().clean()


@admin.register(CapacityRule)
class CapacityRuleAdmin(SettingsAdmin):
    """The limits, each for a scope; field by field the most specific rule with a value wins."""

    form = RuleForm
    list_display = ("scope", "restaurant", "per_service", "starting", "present", "note")
    list_filter = ("restaurant", PeriodFilter, "weekday")
    list_select_related = ("restaurant", "service_period")
    search_fields = ("note", "service_period__name")
    ordering = ("restaurant__name", "service_period__name", "weekday", "from_date", "from_time", "pk")
    fieldsets = (
        (None, {"fields": ("restaurant", "note")}),
        (
            "Where it applies",
            {
                "fields": ("service_period", "weekday", "from_date", "to_date", "from_time", "to_time"),
                "description": "Empty is everywhere. The most specific rule wins, field by field.",
            },
        ),
        (
            "Whole service",
            {
                "fields": tuple(limit.column for limit in SERVICE_LIMITS),
                "description": "Empty leaves it to less specific rules.",
            },
        ),
        ("Each slot", {"fields": tuple(limit.column for limit in SLOT_LIMITS)}),
    )

    actions_list = ("limits", "what_if")

    def has_limits_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether the user may make, change and delete rules: the grid does all of it."""
        return bool(request.user.has_perms(MAY_SET))

    @page_action("Limits", url_path="limits", icon="table_chart", permissions=("limits",))
    def limits(self, request: HttpRequest) -> HttpResponse:
        """Show the limits of a week or a date as a grid, and save them at once."""
        return serve_limits(self, request)

    def has_what_if_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether the user may see both the decisions and the settings behind them."""
        return bool(request.user.has_perms(MAY_ASK))

    @page_action("What if", url_path="what-if", icon="query_stats", permissions=("what_if",))
    def what_if(self, request: HttpRequest) -> HttpResponse:
        """Decide a period again under other rules."""
        return serve_what_if(self, request)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "weekday":
            kwargs["choices"] = [("", "Every day"), *Weekday.choices]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def list_advice(self, row: CapacityRule) -> Sequence[str]:
        settings = get_house_settings(get_service_settings(row.restaurant_id))
        return [advice.message for advice in advise_on_rule(rule_of(row), settings)]

    @column("Applies to")
    def scope(self, rule: CapacityRule) -> str:
        return describe_scope(rule, str(rule.service_period) if rule.service_period else None)

    @column("Per service", ordering="max_covers")
    def per_service(self, rule: CapacityRule) -> str:
        return describe_limits(rule.max_covers, rule.max_parties)

    @column("Starting per slot", ordering="pacing_covers")
    def starting(self, rule: CapacityRule) -> str:
        return describe_limits(rule.pacing_covers, rule.pacing_parties)

    @column("Present", ordering="occupancy_covers")
    def present(self, rule: CapacityRule) -> str:
        return describe_limits(rule.occupancy_covers, rule.occupancy_parties)


class ClosureForm(SettingsForm):
    """The form of a closure; one date alone is that one day."""

    refuses_twins = True
    in_order = (("from_date", "to_date", DATES_IN_ORDER),)
    in_pairs = (("from_time", "to_time", TIMES_IN_PAIRS),)

    class Meta:
        labels: ClassVar[dict[str, str]] = {"channel": "Closed to"}
        help_texts: ClassVar[dict[str, str]] = {
            "to_date": "Empty: the first date alone.",
            "from_time": "Empty: all day.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "to_date" in self.fields:
            self.fields["to_date"].required = False

    def clean(self) -> dict[str, Any]:
        if "to_date" in self.cleaned_data:
            self.cleaned_data["to_date"] = self.cleaned_data["to_date"] or self.cleaned_data.get("from_date")
        return super().clean()


@admin.register(Closure)
class ClosureAdmin(SettingsAdmin):
    """The spans without new bookings, and the bookings inside them."""

    form = ClosureForm
    list_display = ("dates", "times", "restaurant", "scope", "closes", "note")
    list_filter = ("restaurant", "channel")
    list_select_related = ("restaurant", "service_period")
    search_fields = ("note",)
    ordering = ("-to_date", "restaurant__name")
    readonly_fields = ("bookings_inside",)
    fieldsets = (
        (None, {"fields": ("restaurant", "note")}),
        ("When", {"fields": ("from_date", "to_date", "from_time", "to_time")}),
        ("What", {"fields": ("service_period", "channel")}),
        ("Bookings inside", {"fields": ("bookings_inside",)}),
    )

    @column("Dates", ordering="from_date")
    def dates(self, closure: Closure) -> str:
        if closure.from_date == closure.to_date:
            return f"{closure.from_date:%a %-d %b %Y}"
        return f"{closure.from_date:%a %-d %b} to {closure.to_date:%a %-d %b %Y}"

    @column("Times")
    def times(self, closure: Closure) -> str:
        if closure.from_time is None or closure.to_time is None:
            return "all day"
        return f"{closure.from_time:%H:%M} to {closure.to_time:%H:%M}"

    @column("Service", ordering="service_period__name")
    def scope(self, closure: Closure) -> str:
        return str(closure.service_period or "every service")

    @column(
        "Closed to",
        ordering="channel",
        label=CHANNEL_COLOURS,
    )
    def closes(self, closure: Closure) -> tuple[str, str]:
        return closure.channel, closure.get_channel_display()

    @column("For a decision")
    def bookings_inside(self, closure: Closure) -> SafeString | str:
        return (booking_list(list_bookings_inside(closure)) if closure.pk else "") or "none"
