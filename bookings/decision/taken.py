"""Loaded days as they are once parties are taken that have been assessed on them: in memory, without a read."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from bookings.decision.assessment import Assessment
from bookings.decision.loaded_days import LoadedDays
from capacity.limits import OCCUPANCY_LIMITS, PACING_LIMITS, SERVICE_LIMITS, Limit
from capacity.policy import ServiceState, SlotState
from tables.seating import SeatedParty, SeatingState
from tables.spans import TimeSpan

S = TypeVar("S", ServiceState, SlotState)
# Younger than every booking: the planner tells parties apart in the order of their ids.
FIRST_ID = 2**62


def with_taken(loaded: LoadedDays, taken: Sequence[Assessment]) -> LoadedDays:
    """Return loaded days with some parties taken that have been assessed, each on the days with those before it."""
    services, seating = loaded.services, loaded.seating
    for number, assessment in enumerate(taken):
        services = tuple(_counted(service, assessment) for service in services)
        seating = _seated(seating, assessment, FIRST_ID + number)
    return replace(loaded, services=services, seating=seating)


def _counted(service: ServiceState, taken: Assessment) -> ServiceState:
    own, size = taken.service, taken.wish.party_size
    is_own = own is not None and (service.period_id, service.business_date) == (own.period_id, own.business_date)
    stay = TimeSpan(taken.wish.starts_at, taken.ends_at)
    if not is_own and not stay.touches(service):
        return service
    starting = service.starting_slot(taken.wish.starts_at) if is_own else None
    slots = tuple(_present(slot, stay, size, is_start=slot is starting) for slot in service.slots)
    counted = replace(service, slots=slots)
    return _raised(counted, SERVICE_LIMITS, size) if is_own else counted


def _present(slot: SlotState, stay: TimeSpan, size: int, *, is_start: bool) -> SlotState:
    limits = (PACING_LIMITS if is_start else ()) + (OCCUPANCY_LIMITS if slot.overlaps(stay) else ())
    return _raised(slot, limits, size) if limits else slot


def _raised(state: S, limits: Sequence[Limit], size: int) -> S:
    """Return a service or slot with one more party counted in some of its counters."""
    # What `dataclasses.replace` does in twice the time, for each slot of each party behind another.
    given: dict[str, Any] = {name: getattr(state, name) for name in state.__match_args__}
    for limit in limits:
        given[limit.counter] += limit.asked_by(size)
    return type(state)(**given)


def _seated(seating: SeatingState, taken: Assessment, party_id: int) -> SeatingState:
    """Return a seating after a plan: who makes room has moved, and the party sits."""
    asked, plan = taken.case.seating, taken.plan
    if asked is None:
        return seating
    moved = {move.booking_id: move.to_table_ids for move in plan.moves} if plan else {}
    parties = (replace(party, table_ids=moved.get(party.booking_id, party.table_ids)) for party in seating.parties)
    new = SeatedParty(
        booking_id=party_id,
        party_size=asked.party_size,
        starts_at=asked.starts_at,
        ends_at=asked.ends_at,
        seating=asked.seating,
        channel=asked.channel,
        table_ids=plan.table_ids if plan else (),
    )
    return replace(seating, parties=(*parties, new))
