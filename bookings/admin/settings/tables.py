"""The screens of tables."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookings.admin.parts.columns import column
from bookings.admin.parts.exports import CsvExport
from bookings.admin.parts.forms import SettingsForm
from bookings.admin.parts.links import change_link
from bookings.admin.parts.settings_rows import SettingsAdmin
from bookings.admin.parts.shown import as_typed
from bookings.admin.settings.blocks import shown_block_time
from bookings.admin.settings.statuses import StatusActions
from bookings.admin.settings.table_files import MAY_IMPORT, serve_table_import, table_line
from bookings.admin.settings.words import PARTY_LABELS, SMALLEST_AND_LARGEST, joined_numbers, one_a_line
from bookings.restaurant_file.csv_tables import TABLE_COLUMNS
from bookings.rights import USE_FILES
from bookings.services import SettingsOutcome, TablePlace, place_tables
from capacity.selectors import read_clock
from tables.choices import TableStatus
from tables.models import PLAN_COLUMNS, Table
from tables.querysets import number_order

STATUS_COLOURS = {TableStatus.ACTIVE: "success", TableStatus.OUT_OF_SERVICE: "warning", TableStatus.RETIRED: "info"}


class TableForm(SettingsForm):
    """The form of a table; without a largest party its seats are the limit."""

    identified_by = "number"
    in_order = (("min_party_size", "max_party_size", SMALLEST_AND_LARGEST),)

    class Meta:
        labels: ClassVar[dict[str, str]] = PARTY_LABELS | {"capacity": "Seats", "audience": "Who may book it"}
        help_texts: ClassVar[dict[str, str]] = {
            "max_party_size": "Empty: as many as it seats.",
            "x": "Centimetres from the left to its middle. Empty: the floor plan finds a place.",
            "y": "Centimetres from the top to its middle.",
            "width": "Centimetres. Empty: as its seats need.",
            "depth": "Centimetres. Empty: as its seats need.",
            "audience": "With none ticked nobody is seated here.",
        }

    def clean(self) -> dict[str, Any]:
        if "max_party_size" in self.cleaned_data and self.cleaned_data["max_party_size"] is None:
            self.cleaned_data["max_party_size"] = self.cleaned_data.get("capacity")
        return super().clean()


@admin.register(Table)
class TableAdmin(CsvExport, StatusActions, SettingsAdmin):
    """The tables, T2 before T10."""

    form = TableForm
    list_display = ("number", "restaurant", "section", "capacity", "parties", "seating_type", "state", "priority")
    list_filter = ("restaurant", "status", "seating_type", ("section", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("restaurant", "section")
    # Sorted as people read numbers, which no single column can do.
    sortable_by = ("restaurant", "section", "capacity", "seating_type", "state", "priority")
    search_fields = ("number", "section__name")
    list_before_template = "admin/export.html"
    export_name, export_head, export_right = "tables", TABLE_COLUMNS, USE_FILES
    import_rights = MAY_IMPORT
    export_related = ("restaurant", "section")
    fieldsets = (
        (None, {"fields": ("restaurant", "section", "number", "status")}),
        (
            "Who sits here",
            {"fields": ("capacity", "min_party_size", "max_party_size", "seating_type", "audience", "priority")},
        ),
        ("On the floor plan", {"fields": (("x", "y"), "shape", ("width", "depth"), "rotation")}),
    )

    delete_note = "Parties that come here are given other tables; if one cannot be, the table stays."
    readonly_fields = ("joined", "blocks")

    def get_fieldsets(self, request: HttpRequest, obj: Table | None = None) -> Any:
        """Show the combinations and the blocks of a stored table."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj is None else (*fieldsets, ("Combinations and blocks", {"fields": self.readonly_fields}))

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        return ("restaurant__name", *number_order("number"))

    def save_row(self, request: HttpRequest, row: Table, form: Any) -> SettingsOutcome:
        """Place a table that stands elsewhere and is else as it was; any other change is one of settings."""
        if row.pk is None or not form.changed_data or not set(form.changed_data) <= set(PLAN_COLUMNS):
            return super().save_row(request, row, form)
        as_read = TablePlace(**{name: form.initial[name] for name in PLAN_COLUMNS})
        place_tables(restaurant_id=row.restaurant_id, places={row.pk: TablePlace.of(row)}, as_read={row.pk: as_read})
        return SettingsOutcome(service_days=0, raised=())

    def export_line(self, row: Table) -> Sequence[Any]:
        return table_line(row)

    def serve_import(self, request: HttpRequest) -> HttpResponse:
        return serve_table_import(self, request)

    @column("Parties", ordering="max_party_size")
    def parties(self, table: Table) -> str:
        return f"{table.min_party_size} to {table.max_party_size}"

    @column("Status", ordering="status", label=STATUS_COLOURS)
    def state(self, table: Table) -> tuple[str, str]:
        return table.status, table.get_status_display()

    @column("Combinations")
    def joined(self, table: Table) -> SafeString | str:
        numbered = Prefetch("tables", Table.objects.in_number_order())
        found = table.combinations.prefetch_related(numbered).order_by("min_party_size", "pk")
        return one_a_line(
            format_html("{}, {} to {}", change_link(row, joined_numbers(row)), row.min_party_size, row.max_party_size)
            for row in found
        )

    @column("Blocks from now on")
    def blocks(self, table: Table) -> SafeString | str:
        zone = table.restaurant.zone
        coming = table.blocks.filter(ends_at__gt=read_clock()).order_by("starts_at")
        return one_a_line(
            change_link(block, format_html("{}: {}", shown_block_time(block, zone), as_typed(block.reason)))
            for block in coming
        )
