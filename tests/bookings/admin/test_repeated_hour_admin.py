"""The night on which the clocks go back, on the screens: two instants of one time are told apart, and chosen from."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.test import Client

from bookings.admin.parts.links import describe_booking
from bookings.errors import CapacityExceeded
from bookings.services import GuestDetails, change_booking, create_booking_with_capacity_check
from tables.models import Restaurant, TableBlock
from tests.helpers.admin_screens import form_of, text_of
from tests.helpers.factories import RestaurantFactory, ServicePeriodFactory, TableFactory

pytestmark = pytest.mark.django_db(transaction=True)

# Clocks in London go from 02:00 BST back to 01:00 GMT on the 31st.
NIGHT = date(2027, 10, 30)
FIRST, SECOND = datetime(2027, 10, 31, 0, 30, tzinfo=UTC), datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


@pytest.fixture
def house() -> Restaurant:
    restaurant: Restaurant = RestaurantFactory(timezone="Europe/London", max_days_ahead=3000)
    ServicePeriodFactory(
        restaurant=restaurant, name="Night", start_time=time(18), last_seating=time(3), end_time=time(4)
    )
    TableFactory(restaurant=restaurant, number="T1")
    return restaurant


def book(house: Restaurant, at: time, **asked: Any) -> Any:
    guest = GuestDetails("Ada Lovelace", "ada@example.com", "+442079460000")
    return create_booking_with_capacity_check(
        restaurant_id=house.pk, business_date=NIGHT, wall_time=at, party_size=2, guest=guest, **asked
    ).booking


def test_list_and_page_tell_the_two_clocks_apart(admin_client: Client, house: Restaurant) -> None:
    booking = book(house, time(1, 30))
    evening = book(house, time(19))

    listed = text_of(admin_client.get("/admin/bookings/booking/?when=all"))
    page = text_of(admin_client.get(f"/admin/bookings/booking/{booking.pk}/change/"))

    assert "01:30 BST 02:00 GMT" in listed
    assert "19:00 20:30" in listed
    assert "01:30 BST to 02:00 GMT (Europe/London)" in page
    assert "19:00 to 20:30 (Europe/London)" in text_of(
        admin_client.get(f"/admin/bookings/booking/{evening.pk}/change/")
    )


def test_a_change_to_a_time_that_comes_twice_asks_which_and_takes_the_second(
    admin_client: Client, house: Restaurant
) -> None:
    booking = book(house, time(19))
    url = f"/admin/bookings/booking/{booking.pk}/rebook/"
    page = admin_client.get(url)
    assert "Which of the two" not in text_of(page)

    asked = admin_client.post(url, form_of(page) | {"wall_time": "01:30"})

    assert "This time comes twice that night: choose one." in text_of(asked)
    assert [label for _, label in asked.context["form"].fields["passing"].choices] == [
        "Choose",
        "01:30 BST",
        "01:30 GMT",
    ]

    admin_client.post(url, form_of(page) | {"wall_time": "01:30", "passing": SECOND.isoformat()})

    booking.refresh_from_db()
    assert (booking.starts_at, booking.wall_time, booking.business_date) == (SECOND, time(1, 30), NIGHT)

    page = admin_client.get(url)
    admin_client.post(url, form_of(page) | {"passing": FIRST.isoformat()})

    booking.refresh_from_db()
    assert booking.starts_at == FIRST
    assert "01:30 GMT, until 03:00 01:30 BST, until 02:00" in text_of(
        admin_client.get(f"/admin/bookings/booking/{booking.pk}/change/")
    )


BLOCK = {"from_date": "2027-10-31", "until_date": "2027-10-31", "reason": "leak"}


def test_a_block_to_or_from_a_time_that_comes_twice_asks_which_and_takes_the_second(
    admin_client: Client, house: Restaurant
) -> None:
    url = "/admin/tables/tableblock/add/"
    page = admin_client.get(url)
    assert "which of the two" not in text_of(page)
    asked = {"restaurant": house.pk, "table": house.tables.get().pk, "from_time": "01:45", "until_time": "01:15"}

    question = admin_client.post(url, form_of(page) | BLOCK | asked)

    assert text_of(question).count("This time comes twice that night: choose one.") == 2
    both = [question.context["adminform"].form.fields[f"{end}_passing"].choices for end in ("from", "until")]
    assert [[label for _, label in choices] for choices in both] == [
        ["Choose", "01:45 BST", "01:45 GMT"],
        ["Choose", "01:15 BST", "01:15 GMT"],
    ]

    first, second = (choices[place][0] for choices, place in zip(both, (1, 2), strict=True))
    done = admin_client.post(url, form_of(question) | {"from_passing": first, "until_passing": second}, follow=True)

    block = TableBlock.objects.get()
    assert (block.starts_at, block.ends_at) == (FIRST.replace(minute=45), SECOND.replace(minute=15))
    assert "T1 blocked 31 Oct 2027 01:45 BST to 01:15 GMT" in text_of(done)


def test_a_block_from_a_time_that_the_clocks_jump_over_is_refused(admin_client: Client, house: Restaurant) -> None:
    url = "/admin/tables/tableblock/add/"
    night = {"from_date": "2027-03-28", "from_time": "01:30", "until_date": "2027-03-28", "until_time": "03:00"}
    asked = {"restaurant": house.pk, "table": house.tables.get().pk, "reason": "leak"}

    page = admin_client.post(url, form_of(admin_client.get(url)) | asked | night)

    assert "That night the clocks go forward, and this time does not exist." in text_of(page)
    assert not TableBlock.objects.exists()


def test_links_and_lists_of_the_shell_tell_the_two_clocks_apart(house: Restaurant) -> None:
    first, second = book(house, time(1, 30)), book(house, time(1, 30), starts_at=SECOND)

    assert "(Sat 30 Oct 01:30 BST, 2 covers)" in str(describe_booking(first))
    assert "(Sat 30 Oct 01:30 GMT, 2 covers)" in str(describe_booking(second))


def test_refusals_and_histories_tell_the_two_clocks_apart(admin_client: Client, house: Restaurant) -> None:
    house.service_periods.update(seating_mode="tables")
    booking = book(house, time(1, 30))
    for starts_at, shown in ((FIRST, "01:30 BST"), (SECOND, "01:30 GMT")):
        # One table for both: the party that is there from 01:30 BST on stays until 02:00 GMT.
        with pytest.raises(CapacityExceeded, match=f"No capacity for 2 guests at {shown}"):
            book(house, time(1, 30), starts_at=starts_at)

    change_booking(booking_id=booking.pk, wall_time=time(19), expected_version=booking.version)
    assert "01:30 BST, until 02:00 19:00, until 20:30" in text_of(
        admin_client.get(f"/admin/bookings/booking/{booking.pk}/change/")
    )
