"""What stands on the page of a booking: its tables and its history."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from bookings.models import BookingEvent, TableAssignment
from config.admin import ReadOnlyInline
from config.admin.columns import column
from config.admin.shown import local_time
from tables.querysets import number_order


class AssignmentInline(ReadOnlyInline):
    """The tables of a booking."""

    model = TableAssignment
    verbose_name_plural = "Tables"
    fields = ("table", "section", "blocked", "pinned", "assigned_by")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[TableAssignment]:
        assignments: QuerySet[TableAssignment] = super().get_queryset(request)
        return assignments.select_related("table__section", "restaurant").order_by(*number_order("table__number"))

    @column("Section")
    def section(self, assignment: TableAssignment) -> str:
        return str(assignment.table.section or "-")

    @column("Held for the party, buffer included")
    def blocked(self, assignment: TableAssignment) -> str:
        zone = assignment.restaurant.zone
        return " to ".join(
            f"{instant.astimezone(zone):%H:%M}" for instant in (assignment.during.lower, assignment.during.upper)
        )


class EventInline(ReadOnlyInline):
    """The history of a booking."""

    model = BookingEvent
    fk_name = "booking"
    verbose_name_plural = "History"
    ordering = ("created_at", "pk")
    fields = ("at", "kind", "by", "was", "became", "reason")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[BookingEvent]:
        events: QuerySet[BookingEvent] = super().get_queryset(request)
        return events.select_related("restaurant")

    @column("When")
    def at(self, event: BookingEvent) -> str:
        return local_time(event.created_at, event.restaurant.zone)

    @column("By")
    def by(self, event: BookingEvent) -> str:
        return event.actor_label

    @column("Before")
    def was(self, event: BookingEvent) -> str:
        return in_words(event.from_value)

    @column("After")
    def became(self, event: BookingEvent) -> str:
        return in_words(event.to_value)


def in_words(value: Any) -> str:
    """Show a value of the history: a dictionary as its pairs, nothing as a dash."""
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')}: {item}" for name, item in value.items()) or "-"
    return "-" if value is None else str(value)
