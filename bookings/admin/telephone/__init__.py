"""The page on which staff book a party that calls."""

from bookings.admin.telephone.page import serve_telephone

__all__ = ["serve_telephone"]
