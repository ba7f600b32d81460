"""The rows that a write of bookings leaves: booking, counters, tables, overrides, history."""
