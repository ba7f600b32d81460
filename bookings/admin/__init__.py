"""The admin holds every screen of the project, also those of tables, limits and accounts."""

from bookings.admin.booking import BookingAdmin
from bookings.admin.decisions import DecisionAdmin
from bookings.admin.jobs import JobAdmin
from bookings.admin.keys import ApiKeyAdmin
from bookings.admin.oversight import AuditRunAdmin, CapacityOverrideAdmin
from bookings.admin.parts.staff import GroupAdmin, MembershipAdmin, UserAdmin
from bookings.admin.rollout import RolloutChangeAdmin, RolloutNoteAdmin
from bookings.admin.settings.blocks import TableBlockAdmin
from bookings.admin.settings.combinations import TableCombinationAdmin
from bookings.admin.settings.days import BookingSlotAdmin, ServiceDayAdmin
from bookings.admin.settings.pauses import OnlinePauseAdmin
from bookings.admin.settings.periods import ServicePeriodAdmin, TurnTimeAdmin
from bookings.admin.settings.restaurants import RestaurantAdmin
from bookings.admin.settings.rules import CapacityRuleAdmin, ClosureAdmin
from bookings.admin.settings.sections import SectionAdmin
from bookings.admin.settings.tables import TableAdmin

__all__ = [
    "ApiKeyAdmin",
    "AuditRunAdmin",
    "BookingAdmin",
    "BookingSlotAdmin",
    "CapacityOverrideAdmin",
    "CapacityRuleAdmin",
    "ClosureAdmin",
    "DecisionAdmin",
    "GroupAdmin",
    "JobAdmin",
    "MembershipAdmin",
    "OnlinePauseAdmin",
    "RestaurantAdmin",
    "RolloutChangeAdmin",
    "RolloutNoteAdmin",
    "SectionAdmin",
    "ServiceDayAdmin",
    "ServicePeriodAdmin",
    "TableAdmin",
    "TableBlockAdmin",
    "TableCombinationAdmin",
    "TurnTimeAdmin",
    "UserAdmin",
]
