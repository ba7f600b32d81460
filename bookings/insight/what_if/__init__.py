"""The simulation of a period under other rules, tables or turn times."""

from bookings.insight.what_if import wording
from bookings.insight.what_if.record import FixedBooking
from bookings.insight.what_if.results import PartyDifference, Peak, ServicePeaks, Side, Tally, Told, WhatIf
from bookings.insight.what_if.running import TooManyRequests, run_what_if

__all__ = [
    "FixedBooking",
    "PartyDifference",
    "Peak",
    "ServicePeaks",
    "Side",
    "Tally",
    "Told",
    "TooManyRequests",
    "WhatIf",
    "run_what_if",
    "wording",
]
