"""Screens of what a restaurant offers, its limits, and how full each service is."""

from capacity.admin.days import BookingSlotAdmin, ServiceDayAdmin
from capacity.admin.periods import ServicePeriodAdmin, TurnTimeAdmin
from capacity.admin.rules import CapacityRuleAdmin, ClosureAdmin

__all__ = [
    "BookingSlotAdmin",
    "CapacityRuleAdmin",
    "ClosureAdmin",
    "ServiceDayAdmin",
    "ServicePeriodAdmin",
    "TurnTimeAdmin",
]
