"""The service days that a write locks, found in the database and in a loaded book alike."""

from datetime import timedelta

import pytest

from bookings.decision import load_days
from bookings.decision.touched_days import find_days_meeting, loaded_days_meeting, stored_days_meeting
from capacity.models import ServiceDay
from capacity.selectors import get_service_settings
from tables.spans import TimeSpan
from tests.helpers.factories import days_ahead, materialize, open_restaurant

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dinner() -> ServiceDay:
    (day,) = materialize(open_restaurant(), days_ahead())
    return day


def days_locked_by(dinner: ServiceDay, span: TimeSpan) -> set[int]:
    """Return the days that a write in a span locks, by every way of finding them."""
    settings = get_service_settings(dinner.restaurant_id)
    stored = stored_days_meeting(dinner.restaurant_id, span)
    found = find_days_meeting(settings, [span])
    loaded = loaded_days_meeting(load_days(settings, dinner.business_date, dinner.business_date), [span])
    assert stored.service_day_ids == found.service_day_ids == loaded.service_day_ids
    return set(stored.service_day_ids)


def test_a_write_locks_the_day_before_and_after_that_it_only_touches(dinner: ServiceDay) -> None:
    assert days_locked_by(dinner, TimeSpan(dinner.ends_at, dinner.ends_at + HOUR)) == {dinner.pk}
    assert days_locked_by(dinner, TimeSpan(dinner.starts_at - HOUR, dinner.starts_at)) == {dinner.pk}


def test_a_write_a_minute_away_from_a_day_leaves_it_unlocked(dinner: ServiceDay) -> None:
    assert days_locked_by(dinner, TimeSpan(dinner.ends_at + MINUTE, dinner.ends_at + HOUR)) == set()
    assert days_locked_by(dinner, TimeSpan(dinner.starts_at - HOUR, dinner.starts_at - MINUTE)) == set()
