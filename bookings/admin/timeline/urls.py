"""The addresses of the timeline, below `/admin/timeline/`."""

from datetime import date

from django.urls import path, register_converter

from bookings.admin.timeline.pages import (
    choose,
    hosts_view,
    serve_board,
    serve_booking,
    serve_move,
    serve_page,
    serve_preview,
    serve_refusals,
    show_today,
)
from config.values import read_date


class BusinessDate:
    """A business date in an address, as ISO 8601 has it."""

    regex = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        return read_date(value)

    def to_url(self, value: date) -> str:
        return value.isoformat()


register_converter(BusinessDate, "business_date")

app_name = "timeline"
EVENING = "<slug:slug>/<business_date:business_date>"
urlpatterns = [
    path("", hosts_view(choose), name="choose"),
    path("<slug:slug>/", hosts_view(show_today), name="today"),
    path(f"{EVENING}/", hosts_view(serve_page), name="page"),
    path(f"{EVENING}/board/", hosts_view(serve_board), name="board"),
    path(f"{EVENING}/refused/", hosts_view(serve_refusals), name="refusals"),
    path(f"{EVENING}/<int:booking_id>/", hosts_view(serve_booking), name="booking"),
    path(f"{EVENING}/<int:booking_id>/preview/", hosts_view(serve_preview), name="preview"),
    path(f"{EVENING}/<int:booking_id>/move/", hosts_view(serve_move), name="move"),
]
