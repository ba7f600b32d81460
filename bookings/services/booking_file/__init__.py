"""Bookings by CSV: the lines of a file, what becomes of each, and their bookings."""

from bookings.services.booking_file.importing import ImportedBookings, import_bookings
from bookings.services.booking_file.lines import (
    BOOKING_COLUMNS,
    BookingLine,
    BookingLines,
    booking_cells,
    read_booking_lines,
)
from bookings.services.booking_file.planning import BookingPlan, Fate, PlannedLine, plan_bookings

__all__ = [
    "BOOKING_COLUMNS",
    "BookingLine",
    "BookingLines",
    "BookingPlan",
    "Fate",
    "ImportedBookings",
    "PlannedLine",
    "booking_cells",
    "import_bookings",
    "plan_bookings",
    "read_booking_lines",
]
