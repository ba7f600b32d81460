"""Who starts where, who is present when."""

from datetime import UTC, datetime, timedelta

from capacity.counting import Stay, count_stays
from tables.spans import TimeSpan

NOON = datetime(2027, 1, 15, 12, 0, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def quarters(first: int, last: int) -> list[TimeSpan]:
    return [TimeSpan(at(minute), at(minute + 15)) for minute in range(first, last + 1, 15)]


def test_a_stay_starts_in_one_slot_and_is_present_in_every_slot_it_touches() -> None:
    counts = count_stays([Stay("lunch", 4, at(15), at(45))], {"lunch": quarters(0, 60)})

    assert (counts.booked_covers["lunch"], counts.booked_parties["lunch"]) == (4, 1)
    assert counts.starting_covers == {at(15): 4}
    assert counts.starting_parties == {at(15): 1}
    assert counts.present_covers == {at(15): 4, at(30): 4}
    assert counts.present_parties == {at(15): 1, at(30): 1}


def test_a_stay_of_one_minute_into_a_quarter_hour_is_present_in_it() -> None:
    counts = count_stays([Stay("lunch", 2, at(0), at(16))], {"lunch": quarters(0, 30)})

    assert counts.present_covers == {at(0): 2, at(15): 2}


def test_a_start_between_slots_counts_in_the_slot_before() -> None:
    counts = count_stays([Stay("lunch", 3, at(22), at(40))], {"lunch": quarters(0, 30)})

    assert counts.starting_covers == {at(15): 3}
    assert counts.present_covers == {at(15): 3, at(30): 3}


def test_lunch_that_stays_into_dinner_is_present_there_and_starts_nowhere_there() -> None:
    counts = count_stays([Stay("lunch", 6, at(45), at(120))], {"lunch": quarters(0, 45), "dinner": quarters(90, 150)})

    assert counts.starting_covers == {at(45): 6}
    assert counts.present_covers == {at(45): 6, at(90): 6, at(105): 6}
    assert counts.booked_covers == {"lunch": 6}


def test_outside_all_slots_a_stay_counts_in_the_service_totals_only() -> None:
    counts = count_stays([Stay("lunch", 5, at(-60), at(-30))], {"lunch": quarters(0, 30)})

    assert counts.booked_covers == {"lunch": 5}
    assert counts.starting_covers == {}
    assert counts.present_covers == {}


def test_after_the_last_slot_a_party_still_starts_in_it() -> None:
    counts = count_stays([Stay("lunch", 2, at(50), at(90))], {"lunch": quarters(0, 30)})

    assert counts.starting_covers == {at(30): 2}
    assert counts.present_covers == {}
