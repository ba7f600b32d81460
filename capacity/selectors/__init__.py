"""Reads of settings: periods, turn times, rules, closures, pauses, mode, and the database's clock. Never write."""

from capacity.clock import ClockTimestamp, read_clock
from capacity.selectors.houses import get_house_settings, list_misconfigurations
from capacity.selectors.rows import (
    ClosedSpan,
    PausedTime,
    list_service_periods,
    period_hours,
    rule_of,
)
from capacity.selectors.service_settings import (
    SWITCH,
    Facts,
    ServiceSettings,
    forget_settings,
    get_service_settings,
    is_enforced,
    list_service_settings,
    presumed_settings,
)

__all__ = [
    "SWITCH",
    "ClockTimestamp",
    "ClosedSpan",
    "Facts",
    "PausedTime",
    "ServiceSettings",
    "forget_settings",
    "get_house_settings",
    "get_service_settings",
    "is_enforced",
    "list_misconfigurations",
    "list_service_periods",
    "list_service_settings",
    "period_hours",
    "presumed_settings",
    "read_clock",
    "rule_of",
]
