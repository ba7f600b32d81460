"""The rows on the page of a booking: its tables and its history."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookings.admin.columns import BUTTON, clock_of
from bookings.admin.history import in_words
from bookings.admin.operations import MAY_CHANGE, OPERATIONS, operation_url
from bookings.admin.parts.bases import ReadOnlyInline
from bookings.admin.parts.columns import REASON, column
from bookings.admin.parts.shown import as_typed, local_time
from bookings.choices import EventKind
from bookings.models import Booking, BookingEvent, TableAssignment
from capacity.calendar.wall_clock import shown_span
from tables.querysets import number_order


class AssignmentInline(ReadOnlyInline):
    """The tables of a booking."""

    model = TableAssignment
    verbose_name_plural = "Tables"
    fields = ("table", "section", "blocked", "pinned", "assigned_by")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[TableAssignment]:
        assignments: QuerySet[TableAssignment] = super().get_queryset(request)
        return assignments.select_related("table__section", "booking__restaurant").order_by(
            *number_order("table__number")
        )

    @column("Section")
    def section(self, assignment: TableAssignment) -> str:
        return str(assignment.table.section or "-")

    @column("Held for the party, buffer included")
    def blocked(self, assignment: TableAssignment) -> str:
        zone = assignment.booking.zone
        return " to ".join(shown_span(assignment.during.lower, assignment.during.upper, zone))


class EventInline(ReadOnlyInline):
    """The history of a booking."""

    model = BookingEvent
    fk_name = "booking"
    verbose_name_plural = "History"
    ordering = ("created_at", "pk")
    readonly_fields = ("at", "what", "by", "was", "became", REASON, "reason_or_pin")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BookingEvent]:
        """Read the events, each with the id of the booking's latest automatic move and the database's clock."""
        events: QuerySet[BookingEvent] = super().get_queryset(request)
        moves = BookingEvent.objects.filter(booking=OuterRef("booking"), kind=EventKind.RESEATED).order_by("-pk")
        read = events.annotate(latest_move=Subquery(moves.values("pk")[:1]), read_at=Now())
        return read.select_related("restaurant", "booking__restaurant").prefetch_related("booking__assignments__table")

    def get_fields(self, request: HttpRequest, obj: Booking | None = None) -> tuple[Any, ...]:
        """Offer the pin beside an automatic move to users with the permission."""
        reason: Any = "reason_or_pin" if request.user.has_perms(MAY_CHANGE, obj) else REASON
        return ("at", "what", "by", "was", "became", reason)

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
        return in_words(event.from_value, event.to_value, event.booking.zone)

    @column("After")
    def became(self, event: BookingEvent) -> str:
        return in_words(event.to_value, event.from_value, event.booking.zone)

    @column("Reason")
    def reason_or_pin(self, event: BookingEvent) -> SafeString | str:
        if not _may_be_pinned(event):
            return as_typed(event.reason) or "-"
        booking = event.booking
        button = format_html(BUTTON, operation_url("pin", booking), booking.version, "Pin here", booking, "Pin here")
        return format_html("{} {}", as_typed(event.reason), button)


def _may_be_pinned(event: BookingEvent) -> bool:
    """Say whether an event is the automatic move that brought the party to its tables, and a pin is offered."""
    if event.pk != vars(event)["latest_move"]:
        return False
    booking = event.booking
    numbers = {assignment.table.number for assignment in booking.assignments.all()}
    is_there = set((event.to_value or {}).get("tables", ())) == numbers
    return is_there and OPERATIONS["pin"].is_offered(booking, clock_of(event))
