"""What holds of every simulation: nobody is lost, nothing is counted twice, no table has two parties at once."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import time, timedelta
from itertools import pairwise

import pytest

from bookings.choices import BookingSource, EventKind
from bookings.insight.what_if.record import Happening, Record, Request
from bookings.insight.what_if.simulation import Simulation, simulate
from capacity.selectors import ServiceSettings
from tests.helpers.seat_matcher import Guests, Seats, can_seat_all
from tests.helpers.what_if_evenings import FRIDAY, asks, at, becomes, compared, house, record

TABLES = (
    "tables: [{number: T1, capacity: 2}, {number: T2, capacity: 2, seating_type: patio}, {number: T3, capacity: 4}, "
    "{number: T4, capacity: 4}, {number: T5, capacity: 6, min_party_size: 3}]"
)
COMBINED = "combinations: [{tables: [T3, T4], min_party_size: 5, max_party_size: 8}]"
BUFFER = "buffer_minutes: 10"
LIMITS = "capacity_rules: [{max_covers: 40, pacing_covers: 8, occupancy_covers: 20}]"
EVERY_KIND = (EventKind.CANCELLED, EventKind.NO_SHOW, EventKind.SEATED, EventKind.EXTENDED, EventKind.LEFT)


def some_requests(chance: random.Random, number: int) -> list[Request]:
    sizes, quarters = [1, 2, 2, 3, 4, 5, 6], [0, 15, 30, 45]
    return [
        asks(
            pk,
            f"{time(chance.randint(17, 20), chance.choice(quarters)):%H:%M}",
            chance.choice(sizes),
            seating=chance.choice([None, None, None, "patio"]),
            booked=chance.random() < 0.5,
        )
        for pk in range(1, number + 1)
    ]


def some_evening(seed: int) -> Record:
    """Return sixty requests, what became of a third of the bookings, and some walk-ins."""
    chance = random.Random(seed)
    requests = some_requests(chance, 60)
    happenings = [each for request in requests if request.booking_id for each in some_happenings(chance, request)]
    walk_ins = [
        asks(pk, when, 2, decided_at=at(when), source=BookingSource.WALK_IN)
        for pk, when in enumerate(("18:07", "19:22", "20:41"), start=61)
    ]
    return record(*requests, *walk_ins, happenings=tuple(happenings))


def some_happenings(chance: random.Random, request: Request) -> Iterator[Happening]:
    pk, begins_at = request.booking_id or 0, request.starts_at
    if chance.random() < 0.5:
        return
    kind = chance.choice(EVERY_KIND)
    late = timedelta(minutes=chance.randint(-10, 25))
    if kind == EventKind.CANCELLED:
        yield replace(becomes(pk, kind, request.decided_at + timedelta(seconds=30)), event_id=1000 + pk)
    elif kind == EventKind.NO_SHOW:
        yield becomes(pk, kind, begins_at + timedelta(minutes=20))
    else:
        yield becomes(pk, EventKind.SEATED, begins_at + late)
        if kind == EventKind.EXTENDED:
            ends_at = begins_at + timedelta(minutes=130)
            yield replace(becomes(pk, kind, begins_at + timedelta(minutes=80)), ends_at=ends_at, event_id=1000 + pk)
        if kind == EventKind.LEFT:
            yield replace(becomes(pk, kind, begins_at + timedelta(minutes=50)), event_id=1000 + pk)


def full_house() -> ServiceSettings:
    return house(TABLES, COMBINED, BUFFER, LIMITS)


def double_seatings(simulation: Simulation) -> list[object]:
    """Return the tables that two parties have at one time."""
    held = sorted(
        (table_id, each.starts_at, each.ends_at, party.key)
        for party in simulation.room.parties.values()
        for table_id, each in party.held.items()
    )
    return [(one, two) for one, two in pairwise(held) if one[0] == two[0] and two[1] < one[2]]


def seats_of(some: ServiceSettings) -> list[Seats]:
    tables = {table.table_id: table for table in some.floor.tables}
    singles = [((each.table_id,), each.min_party_size, each.max_party_size) for each in tables.values()]
    combined = [(each.table_ids, each.min_party_size, each.max_party_size) for each in some.floor.combinations]
    return [
        Seats(
            table_ids=frozenset(ids),
            smallest=smallest,
            largest=largest,
            seating_types=frozenset(tables[each].seating_type for each in ids),
            audience=frozenset.intersection(*(tables[each].audience for each in ids)),
        )
        for ids, smallest, largest in (*singles, *combined)
    ]


def guests_of(request: Request) -> Guests:
    return Guests(
        party_size=request.party_size,
        starts_at=request.starts_at,
        ends_at=request.starts_at + timedelta(minutes=100),
        seating=request.seating or "",
    )


@pytest.mark.parametrize("seed", range(12))
def test_no_table_has_two_parties_at_one_time_whatever_becomes_of_them(seed: int) -> None:
    simulation = simulate(some_evening(seed), full_house())

    assert double_seatings(simulation) == []


@pytest.mark.parametrize("seed", range(12))
def test_every_request_is_accepted_or_refused_and_every_party_once(seed: int) -> None:
    happened = some_evening(seed)

    result = compared(happened, full_house(), house(TABLES, BUFFER, "capacity_rules: [{pacing_covers: 12}]"))

    for side in (result.today, result.proposed):
        assert side.told.accepted.parties + side.told.refused.parties == result.parties == 63
        assert side.told.accepted.covers + side.told.refused.covers == sum(
            each.party_size for each in happened.requests
        )
        assert sum(tally.parties for tally in side.first_reasons.values()) == side.told.refused.parties
        assert sum(side.covers_by_date.values()) == side.told.accepted.covers
    assert len(result.gained) - len(result.lost) == result.difference.parties


@pytest.mark.parametrize("seed", range(12))
def test_the_counters_are_a_recount_of_who_is_there(seed: int) -> None:
    simulation = simulate(some_evening(seed), full_house())

    (service,) = simulation.room.board.services_on(FRIDAY)
    there = [party for party in simulation.room.parties.values() if party.is_counted]
    starting: Counter[object] = Counter()
    for party in there:
        slot = max(slot.starts_at for slot in service.slots if slot.starts_at <= party.starts_at)
        starting[slot] += party.party_size
    assert (service.booked_covers, service.booked_parties) == (sum(each.party_size for each in there), len(there))
    assert [slot.starting_covers for slot in service.slots] == [starting[slot.starts_at] for slot in service.slots]
    assert [slot.present_covers for slot in service.slots] == [
        sum(each.party_size for each in there if each.starts_at < slot.ends_at and slot.starts_at < each.ends_at)
        for slot in service.slots
    ]


@pytest.mark.parametrize("seed", range(12))
def test_every_answer_about_tables_is_right_by_trying_everything(seed: int) -> None:
    # Nothing happens but requests, long before: everybody may be moved.
    requests = some_requests(random.Random(seed), 30)
    some = house(TABLES, COMBINED, BUFFER)
    simulation = simulate(record(*requests), some)

    seated: list[Guests] = []
    for request in requests:
        outcome = simulation.outcomes[request.decision_id]
        assert can_seat_all(seats_of(some), [], [*seated, guests_of(request)]) == outcome.is_accepted
        if outcome.is_accepted:
            seated.append(guests_of(request))
    assert 5 < len(seated) < 30


@pytest.mark.parametrize("seed", range(6))
def test_the_same_house_makes_no_difference(seed: int) -> None:
    result = compared(some_evening(seed), full_house(), full_house())

    assert not result.is_different
    assert result.today == result.proposed
