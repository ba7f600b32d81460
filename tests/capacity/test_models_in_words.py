"""Settings rows in the words of the people who read them."""

from datetime import UTC, date, datetime, time

import pytest

from capacity.models import CapacityRule, Closure, ServicePeriod, TurnTime
from config.values import counted
from tables.models import Restaurant, Table, TableBlock


@pytest.mark.parametrize(
    ("closure", "words"),
    [
        (Closure(from_date=date(2026, 12, 7), to_date=date(2026, 12, 7)), "Closed 7 Dec 2026"),
        (
            Closure(from_date=date(2026, 12, 7), to_date=date(2026, 12, 7), from_time=time(12), to_time=time(13)),
            "Closed 7 Dec 2026, 12:00 to 13:00",
        ),
        (
            Closure(
                from_date=date(2026, 12, 7),
                to_date=date(2026, 12, 9),
                from_time=time(0),
                to_time=time(1),
                service_period=ServicePeriod(name="Dinner"),
            ),
            "Closed 7 Dec 2026 to 9 Dec 2026, 00:00 to 01:00, Dinner",
        ),
    ],
)
def test_a_closure_says_its_dates_and_hours_once(closure: Closure, words: str) -> None:
    assert str(closure) == words


def test_rules_turn_times_and_blocks_say_what_they_are() -> None:
    house = Restaurant(timezone="Europe/Paris")
    hour = {"starts_at": datetime(2026, 12, 7, 11, tzinfo=UTC), "ends_at": datetime(2026, 12, 7, 12, tzinfo=UTC)}

    assert str(CapacityRule(weekday=5, from_time=time(19), to_time=time(20))) == "Every service, Friday, 19:00 to 20:00"
    assert str(TurnTime(up_to=2, minutes=90)) == "up to 2: 90 minutes"
    assert str(TableBlock(restaurant=house, table=Table(number="T1"), **hour)) == "T1 blocked 7 Dec 2026 12:00 to 13:00"


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [(1, "minute", "1 minute"), (0, "minute", "0 minutes"), (2, "party", "2 parties"), (1, "party", "1 party")],
)
def test_a_noun_behind_a_number_is_one_or_many(number: int, noun: str, words: str) -> None:
    assert counted(number, noun) == words
