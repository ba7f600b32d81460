"""What-if agrees with what happened: simulated under today's settings, every decision is the one that was made."""

import random
from collections import Counter
from datetime import datetime, time, timedelta

import pytest
from pytest_django import Settings

from bookings.choices import BookingSource
from bookings.errors import RequestRefused
from bookings.insight.what_if.house import KnownIds, house_of
from bookings.insight.what_if.loading import load_record
from bookings.insight.what_if.record import Record
from bookings.insight.what_if.simulation import Simulation, simulate
from bookings.models import Booking
from bookings.restaurant_file.stored import load_stored, to_file
from bookings.services import (
    GuestDetails,
    cancel_booking,
    change_booking,
    create_booking_with_capacity_check,
    extend_stay,
    leave_early,
    seat_walk_in,
)
from capacity.selectors import read_clock
from tables.models import Restaurant, Table
from tests.helpers.dining_room import book, room, room_at_noon
from tests.helpers.factories import (
    CapacityRuleFactory,
    TableCombinationFactory,
    TurnTimeFactory,
    UserFactory,
    days_ahead,
)

pytestmark = pytest.mark.django_db(transaction=True)

GUEST = GuestDetails(name="Ada Lovelace", email="ada@example.com", phone="+442079460000")
DATES = [days_ahead(30 + day) for day in range(4)]


def small_house() -> Restaurant:
    """Make a house that is soon full: eight tables, a combination, limits of every kind, a buffer."""
    house = room(2, 2, 2, 4, 4, 4, 6, 6, slug="small", buffer_minutes=15)
    house.turn_times.all().delete()
    TurnTimeFactory(restaurant=house, up_to=2, minutes=75)
    TurnTimeFactory(restaurant=house, up_to=1000, minutes=105)
    tables = {table.number: table for table in Table.objects.filter(restaurant=house)}
    TableCombinationFactory(restaurant=house, tables=[tables["T4"], tables["T5"]])
    Table.objects.filter(pk=tables["T3"].pk).update(seating_type="patio")
    Table.objects.filter(pk=tables["T8"].pk).update(audience=["in_house", "walk_in"])
    CapacityRuleFactory(restaurant=house, max_covers=70, pacing_covers=12, occupancy_covers=26)
    CapacityRuleFactory(restaurant=house, from_time=time(19), to_time=time(20), pacing_parties=3)
    return house


def ask(house: Restaurant, chance: random.Random) -> Booking | None:
    """Let a party ask; one that is refused mostly takes an offered start, or goes."""
    source = chance.choice([BookingSource.WEB, BookingSource.WEB, BookingSource.PHONE])
    asked = {
        "restaurant_id": house.pk,
        "business_date": chance.choice(DATES),
        "wall_time": time(chance.randint(17, 21), chance.choice((0, 15, 30))),
        "party_size": chance.choice([1, 2, 2, 2, 3, 4, 4, 5, 6, 8]),
        "seating": "patio" if chance.random() < 0.05 else None,
        "guest": GUEST,
        "source": source,
        "turn_minutes": 45 if source == BookingSource.PHONE and chance.random() < 0.2 else None,
    }
    try:
        return create_booking_with_capacity_check(**asked).booking
    except RequestRefused as refusal:
        if not refusal.alternatives or chance.random() < 0.4:
            return None
        other = chance.choice(list(refusal.alternatives))
        return create_booking_with_capacity_check(**{**asked, "wall_time": other.wall_time}).booking


def live_evenings(house: Restaurant, chance: random.Random, questions: int) -> None:
    """Let parties ask, cancel and change their bookings."""
    staff, booked = UserFactory(is_staff=True), []
    for _ in range(questions):
        booking = ask(house, chance)
        if booking is not None:
            booked.append(booking)
        if booked and chance.random() < 0.12:
            cancel_booking(booking_id=booked.pop(chance.randrange(len(booked))).pk, actor=staff)
        if booked and chance.random() < 0.12:
            change_somehow(chance.choice(booked), chance, staff)


def change_somehow(booking: Booking, chance: random.Random, staff: object) -> None:
    booking.refresh_from_db()
    wanted = chance.choice(
        [
            {"party_size": chance.randint(1, 6)},
            {"wall_time": time(chance.randint(17, 21), 30)},
            {"business_date": chance.choice(DATES)},
            {"turn_minutes": chance.choice([60, 120])},
        ]
    )
    try:
        change_booking(booking_id=booking.pk, actor=staff, **wanted)  # type: ignore[arg-type]
    except RequestRefused:
        return


def simulate_today(house: Restaurant) -> tuple[Record, Simulation]:
    """Simulate all that was asked, under the settings as they are."""
    stored, record = load_stored(house.slug), load_record(house.pk, DATES[0], DATES[-1])
    return record, simulate(record, house_of(house.pk, to_file(stored), KnownIds.of(stored), now=read_clock()))


def disagreements(record: Record, simulation: Simulation) -> list[tuple[object, object]]:
    """Return what was decided beside what the simulation decides, where they differ."""
    said = {pk: (each.is_accepted, each.reasons) for pk, each in simulation.outcomes.items()}
    return [
        ((each.was_accepted, each.reasons, each.party_size, each.starts_at), said[each.decision_id])
        for each in record.requests
        if said[each.decision_id] != (each.was_accepted, each.reasons)
    ]


@pytest.mark.parametrize(("isolation", "seed"), [("serializable", 1), ("read committed", 2)])
def test_today_decides_as_the_ledger_has_it(settings: Settings, isolation: str, seed: int) -> None:
    settings.BOOKING_ISOLATION = isolation
    house = small_house()
    live_evenings(house, random.Random(seed), 150)

    record, simulation = simulate_today(house)

    verdicts = Counter(request.verdict for request in record.requests)
    assert min(verdicts["accepted"], verdicts["refused"]) > 25
    assert len(record.changes) > 5
    assert disagreements(record, simulation) == []
    assert simulation.changes_refused == 0


def test_the_evening_is_followed_as_it_went() -> None:
    house, staff = room_at_noon(2, 2, 4, slug="noon"), UserFactory(is_staff=True)
    now = read_clock()
    first = seat_walk_in(restaurant_id=house.pk, party_size=2, minutes=60).booking
    later = book_at(house, now + timedelta(minutes=90), 2)
    extend_stay(booking_id=first.pk, ends_at=now + timedelta(minutes=150), actor=staff)
    second = seat_walk_in(restaurant_id=house.pk, party_size=4).booking
    refused_walk_in(house, 4)
    leave_early(booking_id=second.pk, actor=staff)
    third = seat_walk_in(restaurant_id=house.pk, party_size=2).booking

    record = load_record(house.pk, first.business_date, first.business_date)
    stored = load_stored(house.slug)
    simulation = simulate(record, house_of(house.pk, to_file(stored), KnownIds.of(stored), now=read_clock()))

    assert disagreements(record, simulation) == []
    assert [request.was_accepted for request in record.requests] == [True, True, True, False, True]
    parties = simulation.room.parties
    for booking in (first, later, second, third):
        booking.refresh_from_db()
        held = sorted((row.table_id, row.during.lower, row.during.upper) for row in booking.assignments.all())
        party = parties[booking.pk]
        assert (party.status, party.starts_at, party.ends_at) == (booking.status, booking.starts_at, booking.ends_at)
        assert sorted((pk, each.starts_at, each.ends_at) for pk, each in party.held.items()) == held


def book_at(house: Restaurant, moment: datetime, party_size: int) -> Booking:
    """Book at the quarter of an hour after a moment."""
    minutes = moment.astimezone(house.zone).hour * 60 + moment.astimezone(house.zone).minute // 15 * 15 + 15
    asked = {"business_date": moment.astimezone(house.zone).date(), "wall_time": time(minutes // 60, minutes % 60)}
    return book(house, party_size=party_size, **asked)


def refused_walk_in(house: Restaurant, party_size: int) -> None:
    with pytest.raises(RequestRefused):
        seat_walk_in(restaurant_id=house.pk, party_size=party_size)
