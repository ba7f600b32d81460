"""The room that a service day still has: pure rules, no Django.

Availability, booking and shadow mode all ask `decide`: every time that is shown is accepted.
"""

from capacity.policy.decision import (
    CAPACITY_REASONS,
    OVERRIDABLE_REASONS,
    Decision,
    decide,
    decide_without_capacity,
    fullest_use,
    limits_met,
)
from capacity.policy.state import (
    IN_HOUSE,
    ONLINE,
    WALK_IN,
    BookingWindow,
    DayState,
    LimitUse,
    PartyRequest,
    ServiceState,
    SlotState,
    percent_of,
)
from capacity.reasons import Reason, ReasonCode

__all__ = [
    "CAPACITY_REASONS",
    "IN_HOUSE",
    "ONLINE",
    "OVERRIDABLE_REASONS",
    "WALK_IN",
    "BookingWindow",
    "DayState",
    "Decision",
    "LimitUse",
    "PartyRequest",
    "Reason",
    "ReasonCode",
    "ServiceState",
    "SlotState",
    "decide",
    "decide_without_capacity",
    "fullest_use",
    "limits_met",
    "percent_of",
]
