"""The screens of bookings: found, read, and cancelled through the use case."""

import re
from typing import Any

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateFilter

from bookings.admin.inlines import AssignmentInline, EventInline
from bookings.choices import CANCELLABLE_STATUSES, BookingStatus
from bookings.models import Booking, TableAssignment
from bookings.services import cancel_booking
from config.admin import ReadOnlyAdmin
from config.admin.actor import actor_of
from config.admin.columns import column, page_action
from config.admin.filters import ServiceFilter, WhenFilter
from config.admin.links import change_link
from config.admin.shown import local_time, long_date
from config.errors import DomainError
from tables.querysets import number_order

STATUS_COLOURS = {
    BookingStatus.HELD: "warning",
    BookingStatus.CONFIRMED: "success",
    BookingStatus.ARRIVED: "primary",
    BookingStatus.SEATED: "primary",
    BookingStatus.COMPLETED: "info",
    BookingStatus.CANCELLED: "danger",
    BookingStatus.NO_SHOW: "danger",
    BookingStatus.EXPIRED: "info",
}
LOOKS_LIKE_A_PHONE = re.compile(r"^\+?[\d\s()./-]{5,}$")


@admin.register(Booking)
class BookingAdmin(ReadOnlyAdmin):
    """Bookings: found, read, and cancelled through the use case."""

    list_display = (
        "reference",
        "guest_name",
        "party_size",
        "date",
        "time",
        "restaurant",
        "service",
        "state",
        "seats",
    )
    list_filter = (WhenFilter, ("business_date", RangeDateFilter), "restaurant", "status", ServiceFilter, "source")
    list_select_related = ("restaurant", "service_day__service_period")
    search_fields = ("reference", "guest_name", "guest_email", "guest_phone")
    search_help_text = "Reference, name, email or phone, on all dates"
    ordering = ("business_date", "starts_at", "pk")
    date_hierarchy = "business_date"
    inlines = (AssignmentInline, EventInline)
    actions_detail = ("cancel",)
    fieldsets = (
        (None, {"fields": ("reference", "status", "restaurant", "service", "date", "stay", "party_size")}),
        ("Guest", {"fields": ("guest_name", "guest_email", "guest_phone", "notes", "marketing_opt_in")}),
        ("How it came", {"fields": ("source", "seating", "turn_minutes", "buffer_minutes", "created")}),
    )
    readonly_fields = ("service", "date", "stay", "created")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Booking]:
        bookings: QuerySet[Booking] = super().get_queryset(request)
        tables = TableAssignment.objects.select_related("table").order_by(*number_order("table__number"))
        return bookings.prefetch_related(Prefetch("assignments", tables))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Booking], search_term: str
    ) -> tuple[QuerySet[Booking], bool]:
        """Find a phone number however it is written: stored numbers are +44..., people type 020 ..."""
        if LOOKS_LIKE_A_PHONE.match(search_term.strip()):
            digits = re.sub(r"\D", "", search_term).lstrip("0")
            return queryset.filter(guest_phone__contains=digits), False
        found: tuple[QuerySet[Booking], bool] = super().get_search_results(request, queryset, search_term)
        return found

    # Columns

    @column("Date", ordering="business_date")
    def date(self, booking: Booking) -> str:
        return long_date(booking.business_date)

    @column("Time", ordering="starts_at")
    def time(self, booking: Booking) -> str:
        return f"{booking.wall_time:%H:%M}"

    @column("Service", ordering="service_day__service_period__name")
    def service(self, booking: Booking) -> SafeString:
        return change_link(booking.service_day, booking.service_day.service_period)

    @column("Status", ordering="status", label=STATUS_COLOURS)
    def state(self, booking: Booking) -> tuple[str, str]:
        return booking.status, booking.get_status_display()

    @column("Tables")
    def seats(self, booking: Booking) -> str:
        return ", ".join(assignment.table.number for assignment in booking.assignments.all()) or "-"

    @column("Stay")
    def stay(self, booking: Booking) -> str:
        zone = booking.restaurant.zone
        return f"{booking.starts_at.astimezone(zone):%H:%M} to {booking.ends_at.astimezone(zone):%H:%M} ({zone})"

    @column("Created")
    def created(self, booking: Booking) -> str:
        return local_time(booking.created_at, booking.restaurant.zone)

    # Cancelling

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether the user may cancel: whoever may change bookings."""
        return bool(request.user.has_perm("bookings.change_booking"))

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Offer to cancel only what can still be cancelled."""
        offered: list[Any] = super().get_actions_detail(request, object_id)  # type: ignore[misc]  # of unfold
        can_be = Booking.objects.filter(pk=object_id, status__in=CANCELLABLE_STATUSES)
        return offered if offered and can_be.exists() else []

    @page_action("Cancel booking", url_path="cancel", icon="cancel", permissions=("cancel",))
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask first; then cancel through the use case, and say so or why not."""
        booking = get_object_or_404(self.get_queryset(request), pk=object_id)
        if request.method != "POST":
            return self._confirm_cancel(request, booking)
        try:
            cancelled = cancel_booking(
                booking_id=booking.pk, actor=actor_of(request), expected_version=read_version(request)
            )
        except DomainError as refusal:
            messages.error(request, f"Not cancelled: {refusal.message}")
        else:
            messages.success(request, f"Booking {cancelled.reference} is cancelled. Its covers and tables are free.")
        return HttpResponseRedirect(reverse("admin:bookings_booking_change", args=[booking.pk]))

    def _confirm_cancel(self, request: HttpRequest, booking: Booking) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"Cancel booking {booking.reference}",
            "opts": self.opts,
            "original": booking,
            "booking": booking,
            "stay": self.stay(booking),
            "is_cancellable": booking.status in CANCELLABLE_STATUSES,
        }
        return TemplateResponse(request, "admin/bookings/booking/cancel.html", context)


def read_version(request: HttpRequest) -> int | None:
    """Return the version of the booking that the confirmation page showed."""
    version = request.POST.get("version", "")
    return int(version) if version.isdecimal() else None
