"""Screens of restaurants and their floors."""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Prefetch, Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminSelect2MultipleWidget, UnfoldAdminSelectWidget

from bookings.models import Booking
from bookings.selectors.concerned import list_bookings_at
from bookings.services import SettingsOutcome, change_settings, create_restaurant
from capacity.advice import Advice, advise_on_turn_times
from capacity.models import ServicePeriod
from capacity.selectors import list_turn_bands
from config.admin import SettingsAdmin
from config.admin.actor import actor_of
from config.admin.columns import column
from config.admin.forms import OwnedChoicesField, SettingsForm
from config.admin.links import booking_list
from tables.choices import EnforcementMode, TableStatus
from tables.models import Restaurant, Section, Table, TableCombination
from tables.querysets import number_order

STATUS_COLOURS = {TableStatus.ACTIVE: "success", TableStatus.OUT_OF_SERVICE: "warning", TableStatus.RETIRED: "info"}
MODE_COLOURS = {EnforcementMode.ENFORCE: "success", EnforcementMode.SHADOW: "warning"}
PARTY_LABELS = {"min_party_size": "Smallest party", "max_party_size": "Largest party"}
SMALLEST_AND_LARGEST = "The largest party cannot be smaller than the smallest."


class RestaurantForm(SettingsForm):
    """A restaurant, with its zone chosen from those that exist."""

    in_order = (("party_size_min", "party_size_max", SMALLEST_AND_LARGEST),)

    class Meta:
        labels: ClassVar[dict[str, str]] = {
            "min_notice_minutes": "Minimum notice",
            "max_days_ahead": "Days ahead",
            "cancel_cutoff_minutes": "Cancellation cut-off",
            "slot_minutes": "Slot",
            "buffer_minutes": "Buffer",
            "grace_minutes": "Grace",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "party_size_max": "Larger parties call.",
            "min_notice_minutes": "Minutes before the start when online booking ends.",
            "max_days_ahead": "How far ahead guests can book online.",
            "cancel_cutoff_minutes": "Minutes before the start when guests can no longer cancel themselves.",
            "slot_minutes": "Minutes from one start time to the next.",
            "buffer_minutes": "Minutes to reset a table after each party.",
            "grace_minutes": "Minutes that a late party is waited for.",
            "enforcement": "Shadow records every decision, and refuses nobody for lack of room.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "timezone" in self.fields:
            zones = sorted(available_timezones())
            self.fields["timezone"] = forms.ChoiceField(
                choices=[("", "Select value"), *((zone, zone) for zone in zones)],
                widget=UnfoldAdminSelectWidget(),
                help_text="Slots and business dates follow this wall clock.",
            )


@admin.register(Restaurant)
class RestaurantAdmin(SettingsAdmin):
    """Who takes bookings, and on which terms."""

    form = RestaurantForm
    list_display = ("name", "timezone", "active", "mode", "online_parties", "seats")
    list_filter = ("active", "enforcement", "beta_partner")
    search_fields = ("name", "slug", "phone", "email")
    ordering = ("name",)
    prepopulated_fields: ClassVar[dict[str, Sequence[str]]] = {"slug": ("name",)}
    readonly_fields = ("public_id",)
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
        ("Service", {"fields": ("slot_minutes", "buffer_minutes", "grace_minutes", "enforcement", "beta_partner")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Restaurant | None = None) -> Any:
        """Show the public id of a restaurant that has one."""
        (title, options), *rest = super().get_fieldsets(request, obj)
        fields = [name for name in options["fields"] if obj is not None or name != "public_id"]
        return [(title, {**options, "fields": fields}), *rest]

    def has_delete_permission(self, request: HttpRequest, obj: Restaurant | None = None) -> bool:
        """Keep restaurants: one that takes no bookings any more is made inactive."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Restaurant]:
        active = Q(tables__status=TableStatus.ACTIVE)
        counted: QuerySet[Restaurant] = super().get_queryset(request)
        return counted.annotate(
            active_tables=Count("tables", filter=active), active_seats=Sum("tables__capacity", filter=active)
        )

    def get_prepopulated_fields(self, request: HttpRequest, obj: Restaurant | None = None) -> dict[str, Sequence[str]]:
        """Suggest a slug for a new restaurant; links to a known one hang on its slug."""
        return {} if obj else self.prepopulated_fields

    def save_row(self, request: HttpRequest, row: Restaurant, form: Any) -> SettingsOutcome:
        if row.pk is not None:
            return super().save_row(request, row, form)
        create_restaurant(restaurant=row, actor=actor_of(request))
        return SettingsOutcome(service_days=0, raised=(), bookings=())

    def list_advice(self, row: Restaurant) -> Sequence[Advice]:
        periods = dict(
            ServicePeriod.objects.filter(restaurant=row, retired_at=None)
            .order_by("start_time")
            .values_list("pk", "name")
        )
        return advise_on_turn_times(list_turn_bands(row.pk), periods, row.party_size_max)

    @column("Mode", ordering="enforcement", label=MODE_COLOURS)
    def mode(self, restaurant: Restaurant) -> tuple[str, str]:
        return restaurant.enforcement, restaurant.get_enforcement_display()

    @column("Online parties", ordering="party_size_max")
    def online_parties(self, restaurant: Restaurant) -> str:
        return f"{restaurant.party_size_min} to {restaurant.party_size_max}"

    @column("Seats")
    def seats(self, restaurant: Any) -> str:
        return f"{restaurant.active_seats or 0} at {restaurant.active_tables} tables"


class SectionForm(SettingsForm):
    identified_by = "name"


@admin.register(Section)
class SectionAdmin(SettingsAdmin):
    """Groups of tables."""

    form = SectionForm
    list_display = ("name", "restaurant", "position", "table_count")
    list_filter = ("restaurant",)
    list_select_related = ("restaurant",)
    search_fields = ("name",)
    ordering = ("restaurant__name", "position", "name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Section]:
        counted: QuerySet[Section] = super().get_queryset(request)
        return counted.annotate(table_count=Count("tables"))

    @column("Tables", ordering="table_count")
    def table_count(self, section: Any) -> int:
        count: int = section.table_count
        return count


class TableForm(SettingsForm):
    """A table; without a largest party its seats are the limit."""

    identified_by = "number"
    in_order = (("min_party_size", "max_party_size", SMALLEST_AND_LARGEST),)

    class Meta:
        labels: ClassVar[dict[str, str]] = PARTY_LABELS | {"capacity": "Seats", "audience": "Who may book it"}
        help_texts: ClassVar[dict[str, str]] = {
            "max_party_size": "Empty: as many as it seats.",
            "audience": "With none ticked nobody is seated here.",
        }

    def clean(self) -> dict[str, Any]:
        if "max_party_size" in self.cleaned_data and self.cleaned_data["max_party_size"] is None:
            self.cleaned_data["max_party_size"] = self.cleaned_data.get("capacity")
        return super().clean()


@admin.register(Table)
class TableAdmin(SettingsAdmin):
    """Tables, T2 before T10."""

    form = TableForm
    list_display = ("number", "restaurant", "section", "capacity", "parties", "seating_type", "state", "priority")
    list_filter = ("restaurant", "status", "seating_type", ("section", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("restaurant", "section")
    # Sorted as people read numbers, which no single column can do.
    sortable_by = ("restaurant", "section", "capacity", "seating_type", "state", "priority")
    search_fields = ("number", "section__name")
    fieldsets = (
        (None, {"fields": ("restaurant", "section", "number", "status")}),
        (
            "Who sits here",
            {"fields": ("capacity", "min_party_size", "max_party_size", "seating_type", "audience", "priority")},
        ),
        ("On the floor plan", {"fields": ("x", "y", "shape")}),
    )

    def list_bookings_in_the_way(self, row: Table) -> Sequence[Booking]:
        return list_bookings_at(row)

    def report(self, request: HttpRequest, row: Table, outcome: SettingsOutcome) -> None:
        """Name the bookings that stay at a table which takes no new ones any more."""
        super().report(request, row, outcome)
        left = list_bookings_at(row) if row.pk and row.status != TableStatus.ACTIVE else []
        if left:
            sentence = format_html("{} takes no new parties. Still seated there: {}.", row, booking_list(left))
            messages.warning(request, sentence)

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        return ("restaurant__name", *number_order("number"))

    @column("Parties", ordering="max_party_size")
    def parties(self, table: Table) -> str:
        return f"{table.min_party_size} to {table.max_party_size}"

    @column("Status", ordering="status", label=STATUS_COLOURS)
    def state(self, table: Table) -> tuple[str, str]:
        return table.status, table.get_status_display()


class CombinationForm(SettingsForm):
    """Tables used as one, all of one restaurant."""

    in_order = (("min_party_size", "max_party_size", SMALLEST_AND_LARGEST),)

    class Meta:
        labels: ClassVar[dict[str, str]] = PARTY_LABELS


def _save_with_tables(combination: TableCombination, tables: Sequence[Table]) -> None:
    combination.save()
    combination.tables.set(tables)


@admin.register(TableCombination)
class TableCombinationAdmin(SettingsAdmin):
    """Tables that are used as one."""

    form = CombinationForm
    list_display = ("joined_tables", "restaurant", "min_party_size", "max_party_size")
    list_filter = ("restaurant",)
    list_select_related = ("restaurant",)
    ordering = ("restaurant__name", "pk")
    fields = ("restaurant", "tables", "min_party_size", "max_party_size")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TableCombination]:
        combinations: QuerySet[TableCombination] = super().get_queryset(request)
        return combinations.prefetch_related(Prefetch("tables", Table.objects.in_number_order()))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["form_class"] = OwnedChoicesField
        kwargs["queryset"] = Table.objects.select_related("restaurant").order_by(
            "restaurant__name", *number_order("number")
        )
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        # Unfold styles every multiple choice as a plain list that wants the control key.
        field.widget = UnfoldAdminSelect2MultipleWidget(choices=field.choices)
        field.help_text = ""
        return field

    def save_row(self, request: HttpRequest, row: TableCombination, form: Any) -> SettingsOutcome:
        return change_settings(
            restaurant_id=row.restaurant_id,
            change=partial(_save_with_tables, row, form.cleaned_data["tables"]),
            reason="table combination saved",
            actor=actor_of(request),
        )

    @column("Tables")
    def joined_tables(self, combination: TableCombination) -> str:
        return " + ".join(table.number for table in combination.tables.all()) or "none"
