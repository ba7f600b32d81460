"""The addresses of the floor plan, below `/admin/floor-plan/`; restaurant and date stand behind the question mark."""

from django.urls import path

from bookings.admin.floor_plan.pages import save_places, serve_board, serve_page
from bookings.admin.timeline.pages import hosts_view

app_name = "floor_plan"
urlpatterns = [
    path("", hosts_view(serve_page), name="page"),
    path("board/", hosts_view(serve_board), name="board"),
    path("places/", hosts_view(save_places), name="places"),
]
