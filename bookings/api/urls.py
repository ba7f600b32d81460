"""Addresses under /api/, written without a last slash: `config.middleware.ApiHabits` takes it off."""

from django.urls import path

from bookings.api import guest, ops

urlpatterns = [
    path("availability", guest.AvailabilityView.as_view(), name="availability"),
    path("availability/days", guest.AvailableDaysView.as_view(), name="available-days"),
    path("bookings", guest.BookingsView.as_view(), name="bookings"),
    path("bookings/<slug:reference>", guest.BookingView.as_view(), name="booking"),
    path("bookings/<slug:reference>/cancel", guest.BookingCancelView.as_view(), name="booking-cancel"),
    path("restaurants", guest.RestaurantsView.as_view(), name="restaurants"),
    path("restaurants/<slug:slug>", guest.RestaurantView.as_view(), name="restaurant"),
    path("ops/capacity/utilization", ops.UtilizationView.as_view(), name="utilization"),
    path("ops/capacity/tables", ops.TableCountsView.as_view(), name="table-counts"),
    path("ops/explain", ops.ExplanationView.as_view(), name="explain"),
    path("ops/overruns", ops.OverrunsView.as_view(), name="overruns"),
]
