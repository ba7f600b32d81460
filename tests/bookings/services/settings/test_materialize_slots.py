"""`manage.py materialize_slots`: how much it creates, and that it leaves alone what is there."""

from datetime import date, timedelta
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.services import materialize_service_days
from bookings.services.settings.coming_days import materialize_restaurants
from capacity.models import BookingSlot, ServiceDay
from capacity.selectors import read_clock
from tables.models import Restaurant
from tests.helpers import factories

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: object) -> str:
    said = StringIO()
    call_command("materialize_slots", *map(str, arguments), stdout=said)
    return said.getvalue()


def rows() -> list[dict[str, Any]]:
    return [*ServiceDay.objects.order_by("pk").values(), *BookingSlot.objects.order_by("pk").values()]


def test_sixty_days_from_today_are_created_for_every_active_restaurant() -> None:
    house = factories.open_restaurant(slug="cafe", timezone="Pacific/Kiritimati")
    factories.open_restaurant(slug="gone", active=False)
    factories.RestaurantFactory(slug="bare")

    said = run()

    assert said == "bare: nothing is missing\ncafe: 60 service days with 1140 slots created\n"
    days = list(house.service_days.order_by("business_date").values_list("business_date", flat=True))
    assert (days[0], days[-1]) == (today_in(house), today_in(house) + timedelta(days=59))
    assert ServiceDay.objects.count() == 60


def today_in(house: Restaurant) -> date:
    return read_clock().astimezone(house.zone).date()


def test_a_second_run_creates_nothing_and_touches_no_counter() -> None:
    house = factories.open_restaurant(slug="cafe")
    run("--days", 20, "--from", factories.days_ahead())
    factories.BookingFactory(restaurant=house, business_date=factories.days_ahead(33))
    before = rows()

    assert run("--days", 20, "--from", factories.days_ahead()) == "cafe: nothing is missing\n"
    assert rows() == before


def test_a_day_that_is_missing_between_others_is_created() -> None:
    house = factories.open_restaurant(slug="cafe")
    run("--days", 3, "--from", factories.days_ahead())
    house.service_days.filter(business_date=factories.days_ahead(31)).delete()

    assert run("--days", 3, "--from", factories.days_ahead()) == "cafe: 1 service day with 19 slots created\n"


def test_a_dry_run_counts_what_is_missing_and_writes_nothing() -> None:
    factories.open_restaurant(slug="cafe")
    factories.open_restaurant(slug="inn")

    assert run("--restaurant", "inn", "--days", 2, "--dry-run") == (
        "inn: 2 service days with 38 slots would be created\n"
    )
    assert not ServiceDay.objects.exists()


def test_an_inactive_restaurant_is_done_by_name() -> None:
    factories.open_restaurant(slug="gone", active=False)

    assert run("--restaurant", "gone", "--days", 1) == "gone: 1 service day with 19 slots created\n"


def test_a_run_that_was_stopped_goes_on_with_the_restaurants_that_it_left() -> None:
    for slug in ("bar", "cafe", "inn"):
        factories.open_restaurant(slug=slug)
    first = materialize_restaurants(
        list(Restaurant.objects.order_by("slug")), connections=1, from_date=factories.days_ahead(), days=1
    )
    assert next(first).restaurant.slug == "bar"
    first.close()
    Restaurant.objects.get(slug="inn").service_days.all().delete()

    said = run("--days", 1, "--from", factories.days_ahead()).splitlines()

    assert (said[0], said[2]) == ("bar: nothing is missing", "inn: 1 service day with 19 slots created")
    assert ServiceDay.objects.count() == 3


def test_a_restaurant_that_fails_is_named_and_keeps_no_other_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for slug in ("bar", "cafe", "inn"):
        factories.open_restaurant(slug=slug)
    bar = Restaurant.objects.get(slug="bar")

    def create(*, restaurant_id: int, **dates: date) -> Any:
        if restaurant_id == bar.pk:
            raise OSError("the network is down")
        return materialize_service_days(restaurant_id=restaurant_id, **dates)

    monkeypatch.setattr("bookings.services.settings.coming_days.materialize_service_days", create)

    with pytest.raises(CommandError, match=r"1 restaurant of 3 failed(.|\n)*bar: .*the network is down"):
        run("--days", 2, "--connections", 3)

    assert set(ServiceDay.objects.values_list("restaurant__slug", flat=True)) == {"cafe", "inn"}


def test_a_night_that_has_one_new_date_is_one_transaction_of_a_fixed_number_of_statements() -> None:
    house = factories.open_restaurant()
    create = partial(materialize_service_days, restaurant_id=house.pk, from_date=factories.days_ahead(1))
    create(to_date=factories.days_ahead(59))

    with CaptureQueriesContext(connection) as queries:
        made = create(to_date=factories.days_ahead(60))

    assert made.days_created == 1
    assert [query["sql"] for query in queries].count("BEGIN") == 1
    assert len(queries) == 11


def test_many_dates_are_created_in_transactions_of_fourteen() -> None:
    house = factories.open_restaurant()
    factories.materialize(house, factories.days_ahead(20))

    with CaptureQueriesContext(connection) as queries:
        made = materialize_service_days(
            restaurant_id=house.pk, from_date=factories.days_ahead(1), to_date=factories.days_ahead(29)
        )

    assert made.days_created == 28
    assert [query["sql"] for query in queries].count("BEGIN") == 2


def test_a_created_slot_has_what_the_model_would_give_it() -> None:
    house = factories.open_restaurant()
    factories.CapacityRuleFactory(restaurant=house, pacing_covers=8, occupancy_parties=5)
    (day,) = factories.materialize(house, factories.days_ahead())
    made = day.slots.order_by("starts_at").first()
    assert made is not None

    limits = {"pacing_covers": 8, "occupancy_parties": 5}
    by_model = BookingSlot(
        pk=made.pk, restaurant=house, service_day=day, starts_at=day.starts_at, ends_at=made.ends_at, **limits
    )

    assert made.ends_at - made.starts_at == timedelta(minutes=15)
    fields = [field.attname for field in BookingSlot._meta.concrete_fields]
    assert {name: getattr(made, name) for name in fields} == {name: getattr(by_model, name) for name in fields}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--restaurant", "nowhere"], "No restaurant 'nowhere'; there are: cafe"),
        (["--days", "0"], "'0' is no whole number from 1 to 1000"),
        (["--days", "1001"], "'1001' is no whole number from 1 to 1000"),
        (["--days", "-5"], "'-5' is no whole number from 1 to 1000"),
        (["--from", "24/12/2026"], "'24/12/2026' is no date; write it as 2026-12-24"),
        (["--from", "1999-12-31"], "1999-12-31 is not in the years 2000 to 2100"),
    ],
)
def test_a_wrong_argument_is_named(arguments: list[str], problem: str) -> None:
    factories.open_restaurant(slug="cafe")

    with pytest.raises(CommandError, match=problem):
        run(*arguments)

    assert not ServiceDay.objects.exists()
