"""`manage.py materialize_slots`: how much it creates, and that it leaves alone what is there."""

from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

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

    assert run("--days", 3, "--from", factories.days_ahead()) == "cafe: 1 service days with 19 slots created\n"


def test_a_dry_run_counts_what_is_missing_and_writes_nothing() -> None:
    factories.open_restaurant(slug="cafe")
    factories.open_restaurant(slug="inn")

    assert run("--restaurant", "inn", "--days", 2, "--dry-run") == (
        "inn: 2 service days with 38 slots would be created\n"
    )
    assert not ServiceDay.objects.exists()


def test_an_inactive_restaurant_is_done_by_name() -> None:
    factories.open_restaurant(slug="gone", active=False)

    assert run("--restaurant", "gone", "--days", 1) == "gone: 1 service days with 19 slots created\n"


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
