"""The list of pauses of online booking: who paused what, why, until when, and who lifted it."""

from django.contrib import admin

from bookings.admin.parts.bases import ReadOnlyAdmin
from bookings.admin.parts.columns import column
from bookings.admin.parts.shown import long_date, short_time
from capacity.models import OnlinePause


@admin.register(OnlinePause)
class OnlinePauseAdmin(ReadOnlyAdmin):
    """The times in which guests booked nothing online."""

    list_display = ("date", "service", "restaurant", "since", "until", "lifted", "reason", "by")
    list_filter = ("restaurant",)
    list_select_related = ("restaurant", "service_period", "paused_by", "lifted_by")
    search_fields = ("reason",)
    ordering = ("-starts_at", "-pk")
    fields = ("restaurant", "service", "date", "since", "until", "lifted", "reason", "by")
    readonly_fields = fields

    @column("Date", ordering="business_date")
    def date(self, pause: OnlinePause) -> str:
        return long_date(pause.business_date)

    @column("Service")
    def service(self, pause: OnlinePause) -> str:
        return str(pause.service_period)

    @column("From", ordering="starts_at")
    def since(self, pause: OnlinePause) -> str:
        return short_time(pause.starts_at, pause.restaurant.zone)

    @column("Until", ordering="ends_at")
    def until(self, pause: OnlinePause) -> str:
        return short_time(pause.ends_at, pause.restaurant.zone)

    @column("Lifted")
    def lifted(self, pause: OnlinePause) -> str:
        if pause.lifted_at is None:
            return "-"
        return f"{short_time(pause.lifted_at, pause.restaurant.zone)}, {pause.lifted_by or 'unknown'}"

    @column("By")
    def by(self, pause: OnlinePause) -> str:
        return str(pause.paused_by or "unknown")
