"""How far a change of settings reaches: the dates that have service days, and no others."""

import pytest

from bookings.services import save_settings_row
from capacity.models import ServiceDay
from tests.helpers.factories import CapacityRuleFactory, ServicePeriodFactory, days_ahead, materialize, open_restaurant

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_booking_a_year_ahead_does_not_make_a_change_of_settings_create_the_year() -> None:
    restaurant = open_restaurant()
    for ahead in (3, 300):
        materialize(restaurant, days_ahead(ahead))

    outcome = save_settings_row(row=CapacityRuleFactory.build(restaurant=restaurant, max_covers=40))

    assert outcome.service_days == 2
    days = ServiceDay.objects.filter(restaurant=restaurant).order_by("business_date")
    assert [(day.business_date, day.max_covers) for day in days] == [(days_ahead(3), 40), (days_ahead(300), 40)]


def test_a_new_period_is_created_on_the_dates_that_have_service_days() -> None:
    restaurant = open_restaurant()
    materialize(restaurant, days_ahead(3))
    lunch = ServicePeriodFactory.build(
        restaurant=restaurant, name="Lunch", start_time="12:00", last_seating="13:00", end_time="15:00"
    )
    lunch.full_clean()

    save_settings_row(row=lunch)

    days = ServiceDay.objects.filter(restaurant=restaurant).order_by("starts_at")
    assert [(day.business_date, day.service_period.name) for day in days] == [
        (days_ahead(3), "Lunch"),
        (days_ahead(3), "Dinner"),
    ]
