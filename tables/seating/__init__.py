"""Who sits where: the planner. Pure: no Django, no clock."""

from tables.seating.answers import (
    Move,
    SeatingOutcome,
    SeatingPlan,
    SeatingRefusal,
    SeatingUndecided,
    Step,
)
from tables.seating.floor import CombinedTables, Floor, Seat, SeatingTable, natural_key
from tables.seating.occupancy import Occupancy
from tables.seating.planner import SeatingPlanner
from tables.seating.problem import OccupiedInterval, SeatedParty, SeatingRequest, SeatingState
from tables.seating.steps import SeatingLimits

__all__ = [
    "CombinedTables",
    "Floor",
    "Move",
    "Occupancy",
    "OccupiedInterval",
    "Seat",
    "SeatedParty",
    "SeatingLimits",
    "SeatingOutcome",
    "SeatingPlan",
    "SeatingPlanner",
    "SeatingRefusal",
    "SeatingRequest",
    "SeatingState",
    "SeatingTable",
    "SeatingUndecided",
    "Step",
    "natural_key",
]
