"""The screens of table combinations."""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelect2MultipleWidget

from bookings.admin.parts.actor import actor_of
from bookings.admin.parts.columns import column
from bookings.admin.parts.forms import OwnedChoicesField, SettingsForm
from bookings.admin.parts.links import booking_list
from bookings.admin.parts.previews import confirmed_in
from bookings.admin.parts.settings_rows import SettingsAdmin
from bookings.admin.settings.words import PARTY_LABELS, SMALLEST_AND_LARGEST, joined_numbers
from bookings.models import Booking
from bookings.selectors.concerned import bookings_at_combination
from bookings.services import SettingsOutcome, change_settings
from tables.models import Table, TableCombination
from tables.querysets import number_order


class CombinationForm(SettingsForm):
    """The form of tables used as one, all of one restaurant."""

    in_order = (("min_party_size", "max_party_size", SMALLEST_AND_LARGEST),)

    class Meta:
        labels: ClassVar[dict[str, str]] = PARTY_LABELS

    def clean(self) -> dict[str, Any]:
        tables = self.cleaned_data.get("tables")
        if tables is not None and len(tables) < 2:
            self.add_error("tables", ValidationError("Choose at least two tables.", code="too_few"))
        return super().clean()


def _save_with_tables(combination: TableCombination, tables: Sequence[Table]) -> None:
    combination.save()
    combination.tables.set(tables)


@admin.register(TableCombination)
class TableCombinationAdmin(SettingsAdmin):
    """The combinations of tables that are used as one."""

    form = CombinationForm
    list_display = ("joined_tables", "restaurant", "min_party_size", "max_party_size", "parties_to_come")
    list_filter = ("restaurant",)
    list_select_related = ("restaurant",)
    ordering = ("restaurant__name", "pk")
    fields = ("restaurant", "tables", "min_party_size", "max_party_size")
    readonly_fields = ("seated",)
    delete_note = "Parties that come to these tables together are given others, as far as there are any."

    def get_queryset(self, request: HttpRequest) -> QuerySet[TableCombination]:
        combinations: QuerySet[TableCombination] = super().get_queryset(request)
        numbered = combinations.prefetch_related(Prefetch("tables", Table.objects.in_number_order()))
        return numbered.annotate(coming=bookings_at_combination())

    def get_fieldsets(self, request: HttpRequest, obj: TableCombination | None = None) -> Any:
        """Show the parties of a stored combination."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj is None else (*fieldsets, ("Who sits here", {"fields": ("seated",)}))

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
            confirmed=confirmed_in(request),
        )

    @column("Tables")
    def joined_tables(self, combination: TableCombination) -> str:
        return joined_numbers(combination)

    @column("Parties to come")
    def parties_to_come(self, combination: Any) -> int:
        return len(combination.coming)

    @column("Parties from now on")
    def seated(self, combination: Any) -> SafeString | str:
        found = Booking.objects.filter(pk__in=combination.coming).order_by("starts_at", "pk")
        return booking_list(found) or "-"
