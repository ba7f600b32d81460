"""The screens of service days and slots with their counters. The engine alone writes them."""

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookings.admin.heatmap import MAY_SEE, serve_heatmap
from bookings.admin.parts.bases import ReadOnlyAdmin, ReadOnlyInline
from bookings.admin.parts.columns import column, page_action
from bookings.admin.parts.filters import PeriodFilter, ServiceFilter, WhenFilter
from bookings.admin.parts.links import change_link
from bookings.admin.parts.shown import local_time, long_date, short_time, used_of_limit
from capacity.calendar.wall_clock import shown_time
from capacity.models import BookingSlot, ServiceDay


class SlotCounters:
    """The four counters of a slot beside their limits."""

    @column("Covers starting")
    def starting_covers_used(self, slot: BookingSlot) -> SafeString:
        return used_of_limit(slot.starting_covers, slot.pacing_covers, slot.excess_pacing_covers)

    @column("Parties starting")
    def starting_parties_used(self, slot: BookingSlot) -> SafeString:
        return used_of_limit(slot.starting_parties, slot.pacing_parties, slot.excess_pacing_parties)

    @column("Covers present")
    def present_covers_used(self, slot: BookingSlot) -> SafeString:
        return used_of_limit(slot.present_covers, slot.occupancy_covers, slot.excess_occupancy_covers)

    @column("Parties present")
    def present_parties_used(self, slot: BookingSlot) -> SafeString:
        return used_of_limit(slot.present_parties, slot.occupancy_parties, slot.excess_occupancy_parties)


SLOT_COUNTERS = (
    "starting_covers_used",
    "starting_parties_used",
    "present_covers_used",
    "present_parties_used",
)


class SlotInline(SlotCounters, ReadOnlyInline):
    """The slots of a service day."""

    model = BookingSlot
    ordering = ("starts_at",)
    fields = ("starts", "is_open", *SLOT_COUNTERS)
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[BookingSlot]:
        slots: QuerySet[BookingSlot] = super().get_queryset(request)
        return slots.select_related("restaurant")

    @column("Start")
    def starts(self, slot: BookingSlot) -> str:
        return shown_time(slot.starts_at, slot.restaurant.zone)

    @column("Open", boolean=True)
    def is_open(self, slot: BookingSlot) -> bool:
        return slot.bookable


@admin.register(ServiceDay)
class ServiceDayAdmin(ReadOnlyAdmin):
    """The counters of each service, by business date."""

    list_display = ("date", "service", "restaurant", "covers", "parties", "bookings")
    list_display_links = ("date", "service")
    list_filter = (WhenFilter, "restaurant", PeriodFilter)
    list_select_related = ("restaurant", "service_period")
    ordering = ("business_date", "starts_at", "pk")
    date_hierarchy = "business_date"
    inlines = (SlotInline,)
    fields = ("restaurant", "service", "date", "first_slot", "last_end", "covers", "parties", "bookings")
    readonly_fields = fields

    @column("Business date", ordering="business_date")
    def date(self, day: ServiceDay) -> str:
        return long_date(day.business_date)

    @column("Service", ordering="service_period__name")
    def service(self, day: ServiceDay) -> str:
        return str(day.service_period)

    @column("Covers", ordering="booked_covers")
    def covers(self, day: ServiceDay) -> SafeString:
        return used_of_limit(day.booked_covers, day.max_covers, day.excess_covers)

    @column("Parties", ordering="booked_parties")
    def parties(self, day: ServiceDay) -> SafeString:
        return used_of_limit(day.booked_parties, day.max_parties, day.excess_parties)

    @column("Bookings")
    def bookings(self, day: ServiceDay) -> SafeString:
        url = f"{reverse('admin:bookings_booking_changelist')}?service_day__id__exact={day.pk}"
        return format_html('<a class="text-primary-600 underline dark:text-primary-500" href="{}">Show</a>', url)

    @column("First slot")
    def first_slot(self, day: ServiceDay) -> str:
        return local_time(day.starts_at, day.restaurant.zone)

    @column("Last possible end")
    def last_end(self, day: ServiceDay) -> str:
        return local_time(day.ends_at, day.restaurant.zone)


@admin.register(BookingSlot)
class BookingSlotAdmin(SlotCounters, ReadOnlyAdmin):
    """The counters of each start time."""

    list_display = ("starts", "service", "restaurant", "bookable", *SLOT_COUNTERS)
    list_filter = (WhenFilter, "restaurant", ServiceFilter, "bookable")
    list_select_related = ("restaurant", "service_day__service_period")
    ordering = ("starts_at", "pk")
    fields = ("restaurant", "service", "starts", "ends", "bookable", *SLOT_COUNTERS)
    readonly_fields = fields
    actions_list = ("heatmap",)

    def has_heatmap_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether the user may see slots, and the bookings in them."""
        return bool(request.user.has_perms(MAY_SEE))

    @page_action("Heatmap", url_path="heatmap", icon="grid_on", permissions=("heatmap",))
    def heatmap(self, request: HttpRequest) -> HttpResponse:
        """Show how full the slots of a day or a week are."""
        return serve_heatmap(self, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[BookingSlot]:
        slots: QuerySet[BookingSlot] = super().get_queryset(request)
        return slots.annotate(business_date=F("service_day__business_date"))

    @column("Start", ordering="starts_at")
    def starts(self, slot: BookingSlot) -> str:
        return short_time(slot.starts_at, slot.restaurant.zone)

    @column("End", ordering="ends_at")
    def ends(self, slot: BookingSlot) -> str:
        return short_time(slot.ends_at, slot.restaurant.zone)

    @column("Service", ordering="service_day__service_period__name")
    def service(self, slot: Any) -> SafeString:
        return change_link(
            slot.service_day, f"{slot.service_day.service_period}, {slot.service_day.business_date:%-d %b}"
        )
