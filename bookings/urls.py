"""Addresses of the doors: the API, the metrics, and the admin's pages about all restaurants."""

from django.contrib import admin
from django.urls import include, path

from bookings.admin.reports import serve_reports
from bookings.admin.search import serve_search
from bookings.admin.today.page import serve_board
from bookings.insight.metrics import MetricsView

urlpatterns = [
    path("api/", include("bookings.api.urls")),
    path("metrics", MetricsView.as_view(), name="metrics"),
    path("admin/today/board/", admin.site.admin_view(serve_board), name="today_board"),
    path("admin/search/", admin.site.admin_view(serve_search), name="search"),
    path("admin/reports/", admin.site.admin_view(serve_reports), name="reports"),
    path("admin/rollout/", include("bookings.admin.rollout.urls")),
    path("admin/floor-plan/", include("bookings.admin.floor_plan.urls")),
    path("admin/timeline/", include("bookings.admin.timeline.urls")),
    path("admin/second-factor/", include("bookings.admin.second_factor")),
]
