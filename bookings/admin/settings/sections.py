"""The screens of sections."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from bookings.admin.parts.columns import column
from bookings.admin.parts.forms import SettingsForm
from bookings.admin.parts.settings_rows import SettingsAdmin
from tables.models import Section


class SectionForm(SettingsForm):
    identified_by = "name"


@admin.register(Section)
class SectionAdmin(SettingsAdmin):
    """The groups of tables."""

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
