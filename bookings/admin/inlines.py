"""What stands on the page of a booking: its tables and its history."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookings.admin.columns import BUTTON, clock_of
from bookings.admin.history import in_words
from bookings.admin.operations import MAY_CHANGE, OPERATIONS, operation_url
from bookings.choices import EventKind
from bookings.models import Booking, BookingEvent, TableAssignment
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
    fields = ("at", "what", "by", "was", "became", "reason")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[BookingEvent]:
        events: QuerySet[BookingEvent] = super().get_queryset(request)
        return events.select_related("restaurant")

    def get_fields(self, request: HttpRequest, obj: Booking | None = None) -> tuple[Any, ...]:
        """Add a button beside the move by which a plan brought the party to where it is, for those who may pin it."""
        move = _move_to_pin(obj) if obj is not None and request.user.has_perms(MAY_CHANGE) else None
        return self.fields if obj is None or move is None else (*self.fields, pin_button(obj, move))

    def get_readonly_fields(self, request: HttpRequest, obj: Booking | None = None) -> tuple[Any, ...]:
        return self.get_fields(request, obj)

    @column("When")
    def at(self, event: BookingEvent) -> str:
        return local_time(event.created_at, event.restaurant.zone)

    @column("What")
    def what(self, event: BookingEvent) -> str:
        return event.get_kind_display()

    @column("By")
    def by(self, event: BookingEvent) -> str:
        return event.actor_label

    @column("Before")
    def was(self, event: BookingEvent) -> str:
        return in_words(event.from_value, event.to_value, event.restaurant.zone)

    @column("After")
    def became(self, event: BookingEvent) -> str:
        return in_words(event.to_value, event.from_value, event.restaurant.zone)


def _move_to_pin(booking: Booking) -> int | None:
    """Return the id of the latest automatic move, if the party still has those tables and may be moved on."""
    if not OPERATIONS["pin"].is_offered(booking, clock_of(booking)):
        return None
    latest = booking.events.filter(kind=EventKind.RESEATED).order_by("-pk").first()
    numbers = {assignment.table.number for assignment in booking.assignments.all()}
    is_there = latest is not None and set((latest.to_value or {}).get("tables", ())) == numbers
    return latest.pk if latest and is_there else None


def pin_button(booking: Booking, event_id: int) -> Callable[[BookingEvent], SafeString | str]:
    """Return the column that pins the party in one call, in the row of one event."""

    @column("Keep it there")
    def pin(event: BookingEvent) -> SafeString | str:
        if event.pk != event_id:
            return ""
        return format_html(BUTTON, operation_url("pin", booking), booking.version, "Pin here", booking, "Pin here")

    return pin
