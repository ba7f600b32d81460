"""The screens of restaurants."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanWidget

from bookings.admin.parts.actor import actor_of
from bookings.admin.parts.columns import column, row_action
from bookings.admin.parts.durable import refusal_of
from bookings.admin.parts.forms import SettingsForm
from bookings.admin.parts.owners import is_owner
from bookings.admin.parts.previews import confirmed_in
from bookings.admin.parts.settings_rows import SettingsAdmin
from bookings.admin.rollout.report import serve_report
from bookings.admin.settings.words import SMALLEST_AND_LARGEST
from bookings.errors import ZoneChangeRefused
from bookings.services import SettingsOutcome, create_restaurant, save_settings_row
from capacity.selectors import list_misconfigurations
from config.values import counted
from tables.choices import EnforcementMode, TableStatus
from tables.models import Restaurant
from tables.zones import zone_names

WALL_CLOCK = "keeps_wall_clock"
MODE_COLOURS = {EnforcementMode.ENFORCE: "success", EnforcementMode.SHADOW: "warning"}


class RestaurantForm(SettingsForm):
    """The form of a restaurant, with its zone chosen from those that exist."""

    keeps_wall_clock = forms.BooleanField(
        required=False,
        label="The wall clock stays",
        help_text="Bookings and blocks ahead keep date and time in the other zone. The guests have to be told.",
        widget=UnfoldBooleanWidget(),
    )
    in_order = (("party_size_min", "party_size_max", SMALLEST_AND_LARGEST),)

    class Meta:
        labels: ClassVar[dict[str, str]] = {
            "min_notice_minutes": "Minimum notice",
            "max_days_ahead": "Days ahead",
            "cancel_cutoff_minutes": "Cancellation cut-off",
            "slot_minutes": "Slot",
            "buffer_minutes": "Buffer",
            "grace_minutes": "Grace",
            "overrun_grace_minutes": "Grace of a party past its time",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "party_size_max": "Larger parties call.",
            "min_notice_minutes": "Minutes before the start when online booking ends.",
            "max_days_ahead": "How far ahead guests can book online.",
            "cancel_cutoff_minutes": "Minutes before the start when guests can no longer cancel themselves.",
            "slot_minutes": "Minutes from one start time to the next.",
            "buffer_minutes": "Minutes to reset a table after each party.",
            "grace_minutes": "Minutes that a late party is waited for.",
            "overrun_grace_minutes": "Minutes from now on for which the table of a party that still sits past its time "
            "is not offered online. Empty: one slot.",
            "enforcement": "Shadow records every decision, and refuses nobody for lack of room.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "timezone" in self.fields:
            zones = sorted(zone_names())
            self.fields["timezone"] = forms.ChoiceField(
                choices=[("", "Select value"), *((zone, zone) for zone in zones)],
                widget=UnfoldAdminSelectWidget(),
                help_text="Slots and business dates follow this wall clock.",
            )


def _asks_about_wall_clock(request: HttpRequest) -> bool:
    """Say whether a save was refused until somebody says what another zone means, or somebody has said so."""
    refusal = refusal_of(request)
    is_asked = isinstance(refusal, ZoneChangeRefused) and refusal.may_keep_wall_clock
    return is_asked or WALL_CLOCK in request.POST


def _mode_field(request: HttpRequest) -> str:
    return "own_mode_with_way" if is_owner(request) else "own_mode"


@admin.register(Restaurant)
class RestaurantAdmin(SettingsAdmin):
    """The restaurants that take bookings, with their terms."""

    form = RestaurantForm
    restaurant_path = "pk"
    list_display = ("name", "timezone", "active", "mode", "online_parties", "seats")
    list_filter = ("active", "enforcement", "beta_partner")
    search_fields = ("name", "slug", "phone", "email")
    ordering = ("name",)
    prepopulated_fields: ClassVar[dict[str, Sequence[str]]] = {"slug": ("name",)}
    readonly_fields = ("public_id", "own_mode", "own_mode_with_way")
    actions_detail = ("rollout_report",)
    fieldsets = (
        (None, {"fields": ("name", "slug", "public_id", "active", "timezone")}),
        ("Contact", {"fields": ("phone", "email", "address")}),
        (
            "Online bookings",
            {
                "fields": (
                    "party_size_min",
                    "party_size_max",
                    "min_notice_minutes",
                    "max_days_ahead",
                    "cancel_cutoff_minutes",
                    "shows_tables",
                )
            },
        ),
        (
            "Service",
            {
                "fields": (
                    "slot_minutes",
                    "buffer_minutes",
                    "grace_minutes",
                    "overrun_grace_minutes",
                    "reseat_freeze_minutes",
                    "enforcement",
                    "beta_partner",
                )
            },
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Restaurant | None = None) -> Any:
        """Show the public id of a stored restaurant; its mode is chosen once, then the rollout changes it."""
        left_out, shown = ("public_id", "enforcement") if obj is None else ("", _mode_field(request))
        asked = [WALL_CLOCK] if _asks_about_wall_clock(request) else []
        return [
            (
                title,
                {
                    **options,
                    "fields": [
                        shown if name == "enforcement" else name for name in options["fields"] if name != left_out
                    ]
                    + (asked if "timezone" in options["fields"] else []),
                },
            )
            for title, options in super().get_fieldsets(request, obj)
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Leave a new restaurant to owners: it is nobody's before they give roles in it."""
        return is_owner(request)

    def has_delete_permission(self, request: HttpRequest, obj: Restaurant | None = None) -> bool:
        """Keep restaurants: one without further bookings is made inactive."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Restaurant]:
        active = Q(tables__status=TableStatus.ACTIVE)
        counted: QuerySet[Restaurant] = super().get_queryset(request)
        return counted.annotate(
            active_tables=Count("tables", filter=active), active_seats=Sum("tables__capacity", filter=active)
        )

    def get_prepopulated_fields(self, request: HttpRequest, obj: Restaurant | None = None) -> dict[str, Sequence[str]]:
        """Suggest a slug for a new restaurant; links to a known one depend on its slug."""
        return {} if obj else self.prepopulated_fields

    def has_report_permission(self, request: HttpRequest, row: Any = None) -> bool:
        """Say whether the user may see decisions of a restaurant, the matter of the report; without one of any."""
        return request.user.has_perm("bookings.view_decision", row if isinstance(row, Restaurant) else None)

    @row_action("Rollout report", url_path="rollout-report", icon="verified", permissions=("report",))
    def rollout_report(self, request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
        """Say whether the restaurant is ready to be enforced."""
        return serve_report(self, request, restaurant)

    def save_row(self, request: HttpRequest, row: Restaurant, form: Any) -> SettingsOutcome:
        if row.pk is not None:
            # Not the whole row: a mode that was changed since it was read would be changed back.
            columns = [name for name in form.changed_data if name != WALL_CLOCK]
            return save_settings_row(
                row=row,
                columns=[*columns, "updated_at"],
                actor=actor_of(request),
                keeps_wall_clock=form.cleaned_data[WALL_CLOCK],
                confirmed=confirmed_in(request),
            )
        create_restaurant(restaurant=row)
        return SettingsOutcome(service_days=0, raised=())

    def list_advice(self, row: Restaurant) -> Sequence[str]:
        return [found.message for found in list_misconfigurations(row.pk, "TURN_TIME_GAP")]

    @column("Enforcement")
    def own_mode(self, restaurant: Restaurant) -> str:
        return f"{restaurant.get_enforcement_display()}. Owners change it by the rollout."

    @column("Enforcement")
    def own_mode_with_way(self, restaurant: Restaurant) -> SafeString:
        text, way = restaurant.get_enforcement_display(), reverse("rollout:page")
        link = '<a class="text-primary-600 underline dark:text-primary-500" href="{}">Rollout</a>'
        return format_html("{}. It is changed by the " + link + ".", text, way)

    @column("Mode", ordering="enforcement", label=MODE_COLOURS)
    def mode(self, restaurant: Restaurant) -> tuple[str, str]:
        return restaurant.enforcement, restaurant.get_enforcement_display()

    @column("Online parties", ordering="party_size_max")
    def online_parties(self, restaurant: Restaurant) -> str:
        return f"{restaurant.party_size_min} to {restaurant.party_size_max}"

    @column("Seats")
    def seats(self, restaurant: Any) -> str:
        return f"{restaurant.active_seats or 0} at {counted(restaurant.active_tables, 'table')}"
