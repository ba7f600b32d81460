"""Addresses of the doors: the API, the metrics, and the admin's pages about all restaurants."""

from django.urls import include, path

from bookings.insight.metrics import MetricsView

urlpatterns = [
    path("api/", include("bookings.api.urls")),
    path("metrics", MetricsView.as_view(), name="metrics"),
    path("admin/rollout/", include("bookings.admin.rollout.urls")),
    path("admin/timeline/", include("bookings.admin.timeline.urls")),
]
