"""The database's clock, and the past that the demo's history plays in."""

import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from capacity.clock import ClockTimestamp, read_clock
from capacity.past import clock_at, shown_instant
from capacity.selectors import get_service_settings
from config.env import BASE_DIR
from tables.models import Restaurant
from tests.helpers.factories import RestaurantFactory

LONG_AGO = datetime(2026, 1, 5, 20, 15, tzinfo=UTC)


def clock_of_the_database() -> datetime:
    RestaurantFactory()
    return Restaurant.objects.annotate(clock=ClockTimestamp()).values_list("clock", flat=True)[0]


@pytest.mark.django_db
def test_the_clock_is_the_databases_and_runs_on_within_a_transaction() -> None:
    first = read_clock()

    assert first < clock_of_the_database() < read_clock()
    assert abs(datetime.now(UTC) - first) < timedelta(minutes=1)


@pytest.mark.django_db
def test_in_a_past_every_reader_of_the_clock_reads_it() -> None:
    house = RestaurantFactory()

    with clock_at(LONG_AGO):
        assert read_clock() == LONG_AGO
        assert clock_of_the_database() == LONG_AGO
        assert get_service_settings(house.pk).now == LONG_AGO

    assert get_service_settings(house.pk).now > LONG_AGO
    assert shown_instant() is None


@pytest.mark.django_db
def test_the_past_ends_with_its_block_also_when_that_fails() -> None:
    with pytest.raises(LookupError), clock_at(LONG_AGO):
        raise LookupError

    assert read_clock() > LONG_AGO


def test_another_thread_does_not_see_the_past() -> None:
    seen: list[datetime | None] = []
    with clock_at(LONG_AGO):
        other = threading.Thread(target=lambda: seen.append(shown_instant()))
        other.start()
        other.join(timeout=10)

    assert seen == [None]


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    with clock_at(LONG_AGO.astimezone(timezone(timedelta(hours=3)))):
        assert read_clock() == LONG_AGO


def test_an_instant_without_a_zone_is_none() -> None:
    with pytest.raises(ValueError, match="an instant says its zone"), clock_at(datetime(2026, 1, 5)):  # noqa: DTZ001 - what is refused
        pass


def test_the_past_is_out_of_reach_of_all_but_the_demos_history() -> None:
    mentioned = {
        str(path.relative_to(BASE_DIR))
        for app in ("config", "tables", "capacity", "bookings", "demo")
        for path in Path(BASE_DIR / app).rglob("*.py")
        if "capacity.past" in path.read_text(encoding="utf-8")
    }

    assert mentioned == {"capacity/clock.py", "demo/history/playing.py"}
