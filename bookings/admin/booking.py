"""The screens of bookings: the evening as a list, and a booking with its history and its operations."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateFilter

from bookings.admin.booking_files import MAY_IMPORT, serve_booking_import
from bookings.admin.columns import STATUS_COLOURS, clock_of, end_of, problem_column, row_buttons, status_of, tables_of
from bookings.admin.filters import TO_DECIDE, EveningFilter, PartyFilter, UndecidedFilter, quick_links
from bookings.admin.inlines import AssignmentInline, EventInline
from bookings.admin.marks import guest_of
from bookings.admin.operations import MAY_CHANGE, OPERATIONS, operation_page, operation_url
from bookings.admin.parts.bases import ReadOnlyAdmin
from bookings.admin.parts.columns import column, page_action, typed_column
from bookings.admin.parts.exports import CsvExport
from bookings.admin.parts.filters import ServiceFilter
from bookings.admin.parts.links import change_link
from bookings.admin.parts.shown import local_time, long_date
from bookings.admin.sentences import shown_stay
from bookings.admin.shift_sheet import serve_shift_sheet
from bookings.admin.telephone import serve_telephone
from bookings.admin.tonight import CloseSection, PauseOnline, serve_evening_page, serve_lift
from bookings.admin.walk_in import serve_walk_in
from bookings.contacts import shown_phone
from bookings.models import Booking, TableAssignment
from bookings.rights import USE_FILES
from bookings.selectors.search import MOST_FOUND, find_latest
from bookings.services.booking_file import BOOKING_COLUMNS, booking_cells
from capacity.calendar.wall_clock import shown_span
from tables.querysets import number_order

NAME = typed_column("guest_name", "Name")
EMAIL = typed_column("guest_email", "E-mail")
ALLERGIES = typed_column("allergies", "Allergies")
NOTES = typed_column("notes", "Notes")

MORE_FOUND = (
    f"More than {MOST_FOUND} bookings match: those of the latest dates are shown. Add a word, or narrow the dates."
)


@admin.register(Booking)
class BookingAdmin(CsvExport, ReadOnlyAdmin):
    """The bookings to find and read; operations alone change them."""

    list_display = (
        "reference",
        "guest",
        "party_size",
        "date",
        "time",
        "until",
        "seats",
        "state",
        "restaurant",
        "service",
    )
    list_filter = (
        EveningFilter,
        PartyFilter,
        UndecidedFilter,
        ("business_date", RangeDateFilter),
        "restaurant",
        "status",
        ServiceFilter,
        "source",
    )
    list_before_template = "admin/bookings/booking/quick_links.html"
    search_fields = ("reference", "guest_name", "guest_email", "guest_phone")
    search_help_text = "Reference, name, email or phone, on all dates"
    # Counting all bookings takes longer than finding some.
    show_full_result_count = False
    ordering = ("business_date", "starts_at", "pk")
    date_hierarchy = "business_date"
    inlines = (AssignmentInline, EventInline)
    # Their addresses; the buttons stand in the page, where they all have room and the keyboard reaches them.
    actions_detail = tuple(OPERATIONS)
    actions_list = ("telephone", "walk_in", "shift_sheet", "pause_online", "close_section")
    export_name, export_head, export_right = "bookings", BOOKING_COLUMNS, USE_FILES
    import_rights = MAY_IMPORT
    change_form_outer_before_template = "admin/bookings/booking/operations.html"
    fieldsets = (
        (None, {"fields": ("reference", "standing", "restaurant", "service", "date", "stay", "party_size")}),
        ("Guest", {"fields": (NAME, EMAIL, "phone", ALLERGIES, NOTES, "marketing_opt_in")}),
        ("How it came", {"fields": ("source", "seating", "turn_minutes", "buffer_minutes", "created")}),
    )
    readonly_fields = (NAME, EMAIL, "phone", ALLERGIES, NOTES, "standing", "service", "date", "stay", "created")

    # Reading

    def get_queryset(self, request: HttpRequest) -> QuerySet[Booking]:
        bookings: QuerySet[Booking] = super().get_queryset(request)
        tables = TableAssignment.objects.select_related("table").order_by(*number_order("table__number"))
        related = bookings.select_related("restaurant", "service_day__service_period").annotate(read_at=Now())
        return related.prefetch_related(Prefetch("assignments", tables))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Booking], search_term: str
    ) -> tuple[QuerySet[Booking], bool]:
        """Find bookings as `find_latest` does, and say so where there are more."""
        found, has_more = find_latest(queryset, search_term)
        if has_more:
            messages.warning(request, MORE_FOUND)
        return found, False

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        """Add the column of buttons for users with the permission, and that of reasons where decisions wait."""
        shown = tuple(super().get_list_display(request))
        if request.GET.get(UndecidedFilter.parameter_name) == TO_DECIDE:
            return (*shown[:2], problem_column(request), *shown[2:])
        at = shown.index("state") + 1
        return (*shown[:at], row_buttons(request), *shown[at:]) if self.has_operate_permission(request) else shown

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {**(extra_context or {}), "quick_links": quick_links(request.GET)}
        return super().changelist_view(request, context)

    # Columns

    @column("Guest", ordering="guest_name")
    def guest(self, booking: Booking) -> SafeString:
        return guest_of(booking)

    @column("Phone")
    def phone(self, booking: Booking) -> SafeString | str:
        stored = booking.guest_phone
        return format_html('<a href="tel:{}">{}</a>', stored, shown_phone(stored)) if stored else "-"

    @column("Date", ordering="business_date")
    def date(self, booking: Booking) -> SafeString:
        return format_html('<span class="whitespace-nowrap">{}</span>', long_date(booking.business_date))

    @column("Time", ordering="starts_at")
    def time(self, booking: Booking) -> str:
        return shown_span(booking.starts_at, booking.left_at or booking.ends_at, booking.zone)[0]

    @column("Until", ordering="ends_at")
    def until(self, booking: Booking) -> SafeString:
        return end_of(booking)

    @column("Service", ordering="service_day__service_period__name")
    def service(self, booking: Booking) -> SafeString:
        return change_link(booking.service_day, booking.service_day.service_period)

    @column("Status", ordering="status", label=STATUS_COLOURS)
    def state(self, booking: Booking) -> tuple[str, str]:
        return status_of(booking)

    @column("Status")
    def standing(self, booking: Booking) -> str:
        return status_of(booking)[1]

    @column("Tables")
    def seats(self, booking: Booking) -> SafeString | str:
        return tables_of(booking)

    @column("Stay")
    def stay(self, booking: Booking) -> str:
        return shown_stay(booking)

    @column("Created")
    def created(self, booking: Booking) -> str:
        return local_time(booking.created_at, booking.restaurant.zone)

    # Operations: each a button on the page of a booking, and a page of its own

    arrive = operation_page(OPERATIONS["arrive"])
    seat = operation_page(OPERATIONS["seat"])
    extend = operation_page(OPERATIONS["extend"])
    leave = operation_page(OPERATIONS["leave"])
    undo = operation_page(OPERATIONS["undo"])
    no_show = operation_page(OPERATIONS["no_show"])
    assign = operation_page(OPERATIONS["assign"])
    swap = operation_page(OPERATIONS["swap"])
    pin = operation_page(OPERATIONS["pin"])
    unpin = operation_page(OPERATIONS["unpin"])
    rebook = operation_page(OPERATIONS["rebook"])
    keep = operation_page(OPERATIONS["keep"])
    correct = operation_page(OPERATIONS["correct"])
    cancel = operation_page(OPERATIONS["cancel"])

    def has_operate_permission(self, request: HttpRequest, row: Any = None) -> bool:
        """Say whether the user may operate a booking, without one any: the permission to change bookings decides.

        This is a method, since unfold looks up a named permission in the database, at every start.
        """
        return request.user.has_perms(MAY_CHANGE, row if isinstance(row, Booking) else None)

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Offer nothing in the head of the page."""
        return []

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the booking with the operations that its present state allows."""
        operations = self._list_offered(request, object_id) if self.has_operate_permission(request) else []
        return super().changeform_view(
            request, object_id, form_url, {**(extra_context or {}), "operations": operations}
        )

    def _list_offered(self, request: HttpRequest, object_id: str | None) -> list[dict[str, Any]]:
        if object_id is None:
            return []
        booking = self.get_object(request, unquote(object_id))
        if booking is None or not self.has_operate_permission(request, booking):
            return []
        return [
            {"operation": operation, "url": operation_url(operation.name, booking)}
            for operation in OPERATIONS.values()
            if operation.is_offered(booking, clock_of(booking))
        ]

    @page_action("New booking", url_path="telephone", icon="call", permissions=("operate",))
    def telephone(self, request: HttpRequest) -> HttpResponse:
        """Book a party that calls."""
        return serve_telephone(self, request)

    @page_action("Seat a walk-in", url_path="walk-in", icon="transfer_within_a_station", permissions=("operate",))
    def walk_in(self, request: HttpRequest) -> HttpResponse:
        """Seat a party that has no booking."""
        return serve_walk_in(self, request)

    @page_action("Shift sheet", url_path="shift-sheet", icon="print", permissions=("view",))
    def shift_sheet(self, request: HttpRequest) -> HttpResponse:
        """Put an evening on paper."""
        return serve_shift_sheet(self, request)

    @page_action("Pause online", url_path="pause-online", icon="pause_circle", permissions=("operate",))
    def pause_online(self, request: HttpRequest) -> HttpResponse:
        """Take no online bookings for this service for a while."""
        return serve_evening_page(self, request, PauseOnline())

    def export_line(self, row: Booking) -> Sequence[Any]:
        return booking_cells(row)

    def serve_import(self, request: HttpRequest) -> HttpResponse:
        return serve_booking_import(self, request)

    @page_action("Close section", url_path="close-section", icon="block", permissions=("operate",))
    def close_section(self, request: HttpRequest) -> HttpResponse:
        """Keep the tables of a section free for the rest of tonight."""
        return serve_evening_page(self, request, CloseSection())

    def get_urls(self) -> list[URLPattern]:
        """Add the end of a pause, which is a button without a page."""
        lift = self.admin_site.admin_view(self.lift_pause)
        own = path("lift-pause/<int:pause_id>/", lift, name="bookings_booking_lift_pause")
        return [own, *super().get_urls()]

    def lift_pause(self, request: HttpRequest, pause_id: int) -> HttpResponse:
        """Take online bookings again."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        return serve_lift(request, pause_id)
