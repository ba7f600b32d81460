"""The planner: the seating of parties at tables. Pure: no Django, no clock.

Two terms of the algorithm: a claim is the seat and time that a party asks for, its reach the tables that could serve
it.
"""

from tables.seating.floor import CombinedTables, Floor, Seat, SeatingTable, natural_key
from tables.seating.occupancy import Occupancy
from tables.seating.planner import SeatingPlanner
from tables.seating.problem import (
    Move,
    OccupiedInterval,
    SeatedParty,
    SeatingOutcome,
    SeatingPlan,
    SeatingRefusal,
    SeatingRequest,
    SeatingState,
    SeatingUndecided,
    Step,
    TimeBudget,
    TimeLeft,
)
from tables.seating.starts import Starts

__all__ = [
    "CombinedTables",
    "Floor",
    "Move",
    "Occupancy",
    "OccupiedInterval",
    "Seat",
    "SeatedParty",
    "SeatingOutcome",
    "SeatingPlan",
    "SeatingPlanner",
    "SeatingRefusal",
    "SeatingRequest",
    "SeatingState",
    "SeatingTable",
    "SeatingUndecided",
    "Starts",
    "Step",
    "TimeBudget",
    "TimeLeft",
    "natural_key",
]
