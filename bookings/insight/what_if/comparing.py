"""Add up two simulations of a period and hold them against each other. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from bookings.choices import DecisionVerdict
from bookings.insight.what_if.record import Record, Request
from bookings.insight.what_if.results import PartyDifference, Peak, ServicePeaks, Side, Tally, Told, WhatIf
from bookings.insight.what_if.simulation import UNDECIDED, Outcome, Simulation
from capacity.calendar import ONE_DAY
from capacity.limits import LIMIT_OF, Limit
from capacity.policy import LimitUse, ReasonCode, ServiceState, SlotState
from tables.models import Restaurant

REASON_ORDER = (*map(str, ReasonCode), UNDECIDED)


class SideOfParty(NamedTuple):
    """The result of a party on one side: the request that was accepted, or None and the reasons against it."""

    accepted: Request | None
    reasons: tuple[str, ...]


def compare(restaurant: Restaurant, record: Record, today: Simulation, proposed: Simulation) -> WhatIf:
    """Return the result of two simulations of the same record."""
    differences = [(party, _side_of(party, today), _side_of(party, proposed)) for party in record.parties]
    return WhatIf(
        slug=restaurant.slug,
        name=restaurant.name,
        timezone=restaurant.timezone,
        from_date=record.from_date,
        to_date=record.to_date,
        requests=len(record.requests) + record.repeated,
        parties=len(record.parties),
        undecided=sum(request.verdict == DecisionVerdict.UNDECIDED for request in record.requests),
        actual=_actual(record),
        today=_side(record, today),
        proposed=_side(record, proposed),
        gained=_in_order(
            _difference(record, party, new.accepted, old.reasons)
            for party, old, new in differences
            if new.accepted and not old.accepted
        ),
        lost=_in_order(
            _difference(record, party, old.accepted, new.reasons)
            for party, old, new in differences
            if old.accepted and not new.accepted
        ),
        unrecorded=tuple(record.unrecorded),
        moved_in=tuple(record.moved_in),
        repeated=record.repeated,
    )


def _side_of(party: Sequence[Request], simulation: Simulation) -> SideOfParty:
    outcomes = [simulation.outcomes[request.decision_id] for request in party]
    accepted = next((outcome.request for outcome in outcomes if outcome.is_accepted), None)
    return SideOfParty(accepted, outcomes[0].reasons)


def _in_order(found: Iterable[PartyDifference]) -> tuple[PartyDifference, ...]:
    return tuple(sorted(found, key=lambda party: (party.business_date, party.starts_at, party.decision_id)))


def _difference(
    record: Record, party: Sequence[Request], accepted: Request, reasons: tuple[str, ...]
) -> PartyDifference:
    made = (request.booking_id for request in party if request.was_accepted and request.booking_id is not None)
    return PartyDifference(
        decision_id=accepted.decision_id,
        business_date=accepted.business_date,
        starts_at=accepted.starts_at,
        party_size=accepted.party_size,
        source=accepted.source,
        reasons=reasons,
        reference=next((record.references[pk] for pk in made if pk in record.references), ""),
    )


def _actual(record: Record) -> Told:
    return _told(
        record,
        lambda request: request.was_accepted,
        lambda request: request.verdict == DecisionVerdict.UNDECIDED,
    )


def _told(record: Record, is_accepted: Callable[[Request], bool], is_undecided: Callable[[Request], bool]) -> Told:
    """Count parties: as accepted if any of their requests was, by the size of that request."""
    accepted = refused = undecided = Tally()
    for party in record.parties:
        taken = next((request for request in party if is_accepted(request)), None)
        if taken is not None:
            accepted += _tally(taken)
            continue
        refused += _tally(party[0])
        if all(map(is_undecided, party)):
            undecided += _tally(party[0])
    return Told(accepted, refused, undecided)


def _tally(request: Request) -> Tally:
    return Tally(1, request.party_size)


def _side(record: Record, simulation: Simulation) -> Side:
    outcomes = simulation.outcomes
    refused = [outcome for outcome in outcomes.values() if not outcome.is_accepted and not outcome.is_answered]
    states = [service for day in _dates(record) for service in simulation.room.board.services_on(day)]
    return Side(
        told=_told(
            record,
            lambda request: outcomes[request.decision_id].is_accepted,
            lambda request: UNDECIDED in outcomes[request.decision_id].reasons,
        ),
        first_reasons=_by_reason(refused, lambda reasons: reasons[:1]),
        every_reason=_by_reason(refused, lambda reasons: reasons),
        covers_by_date=_covers_by_date(record, simulation),
        services=tuple(map(_peaks, states)),
        seat_minutes=_seat_minutes(record, simulation),
        seat_minutes_offered=_seat_minutes_offered(record, simulation),
        changes_refused=simulation.changes_refused,
    )


def _dates(record: Record) -> Iterator[date]:
    return (record.from_date + day * ONE_DAY for day in range((record.to_date - record.from_date).days + 1))


def _by_reason(refused: Iterable[Outcome], counted: Callable[[tuple[str, ...]], tuple[str, ...]]) -> dict[str, Tally]:
    found: defaultdict[str, Tally] = defaultdict(Tally)
    for outcome in refused:
        for reason in counted(outcome.reasons):
            found[reason] += _tally(outcome.request)
    return {reason: found[reason] for reason in REASON_ORDER if reason in found}


def _covers_by_date(record: Record, simulation: Simulation) -> dict[date, int]:
    covers = dict.fromkeys(_dates(record), 0)
    for outcome in simulation.outcomes.values():
        if outcome.is_accepted:
            covers[outcome.request.business_date] += outcome.request.party_size
    return covers


def _peaks(service: ServiceState) -> ServicePeaks:
    return ServicePeaks(
        business_date=service.business_date,
        period_name=service.period_name,
        starts_at=service.starts_at,
        covers=Peak(service.booked_covers, service.max_covers),
        pacing=_fullest(service.slots, LIMIT_OF[ReasonCode.PACING_COVERS]),
        occupancy=_fullest(service.slots, LIMIT_OF[ReasonCode.OCCUPANCY_COVERS]),
    )


def _fullest(slots: Sequence[SlotState], limit: Limit) -> Peak:
    """Return the slot with the most covers, of equals the one with the least room, then the first."""
    slot = max(slots, key=lambda slot: _fullness(LimitUse.of(slot, limit)))
    use = LimitUse.of(slot, limit)
    return Peak(use.used, use.limit, slot.starts_at)


def _fullness(use: LimitUse) -> tuple[int, float]:
    return use.used, float("-inf") if use.limit is None else -use.limit


def _seat_minutes(record: Record, simulation: Simulation) -> int:
    return sum(
        party.party_size * party.stay_minutes
        for party in simulation.room.parties.values()
        if party.is_counted and party.held and record.from_date <= party.business_date <= record.to_date
    )


def _seat_minutes_offered(record: Record, simulation: Simulation) -> int:
    house = simulation.room.house
    seats = sum(table.capacity for table in house.floor.tables)
    return sum(
        seats * int((service.closes_at - service.opens_at).total_seconds() // 60)
        for day in _dates(record)
        for service in house.services_on(day)
        if house.needs_tables(service.period_id)
    )
