"""The limits of a restaurant as a grid: of the week by service, and of one date by start; saved in one change."""

from bookings.admin.limits.pages import MAY_SET, limits_url, serve_limits

__all__ = ["MAY_SET", "limits_url", "serve_limits"]
