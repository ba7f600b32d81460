"""Tables that are not usable any more, on the pages of a booking: the host is asked, and the answer kept."""

import pytest
from django.test import Client

from bookings.choices import BookingStatus
from bookings.services import leave_early
from bookings.services.settings.table_status import set_table_status
from tables.choices import TableStatus
from tests.bookings.admin.test_floor_admin import do, page_of
from tests.helpers.admin_screens import text_of
from tests.helpers.dining_room import at_tables, began, ids, room_at_noon
from tests.helpers.running_service import latest, seated

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("said", "tables"), [("there", ["T1"]), ("elsewhere", ["T2"])])
def test_the_page_asks_where_a_party_sits_that_has_not_left(admin_client: Client, said: str, tables: list[str]) -> None:
    house = room_at_noon(2, 2)
    booking = seated(house, 30, "T1")
    leave_early(booking_id=booking.pk)
    set_table_status(restaurant_id=house.pk, table_ids=ids(house, "T1"), status=TableStatus.OUT_OF_SERVICE)

    asked = text_of(admin_client.get(page_of(booking, "undo")))
    unsaid = text_of(do(admin_client, booking, "undo"))
    do(admin_client, booking, "undo", keeps_tables=said)

    assert "Where does the party sit?" in asked
    assert "T1 is not in use (out of service)." in asked
    assert "Say where the party sits." in unsaid
    assert (booking.status, at_tables(booking)) == (BookingStatus.SEATED, tables)
    assert ("kept_although" in latest(booking).to_value) is (said == "there")


def test_the_page_says_that_an_own_table_is_not_usable_before_it_seats_elsewhere(admin_client: Client) -> None:
    house = room_at_noon(2, 2)
    booking = began(house, 10, 2, "T1", status="arrived")
    set_table_status(restaurant_id=house.pk, table_ids=ids(house, "T1"), status=TableStatus.RETIRED)

    asked = text_of(admin_client.get(page_of(booking, "seat")))
    do(admin_client, booking, "seat")

    assert "None ticked: the best that is free." in asked
    assert "They sit at T1 all the same" in asked
    assert at_tables(booking) == ["T2"]
