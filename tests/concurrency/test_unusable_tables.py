"""A table is put out of service while a party is brought back to it."""

from functools import partial

from bookings.choices import BookingStatus
from bookings.models import Booking
from bookings.services import leave_early, mark_no_show, undo_change
from bookings.services.settings.table_status import set_table_status
from tables.choices import TableStatus
from tables.models import Restaurant
from tests.helpers.crowd import BOOKED, Crowd, outcome_of
from tests.helpers.dining_room import at_tables, ids
from tests.helpers.race_verdict import watched
from tests.helpers.running_service import began, latest, room_at_noon, seated
from tests.helpers.stopping_points import Points, wait_until_blocked

FITTED = "bookings.services.settings.settings_changes.reseat_after_change"


def putting_out(house: Restaurant) -> partial[object]:
    return partial(
        set_table_status, restaurant_id=house.pk, table_ids=ids(house, "T1"), status=TableStatus.OUT_OF_SERVICE
    )


def no_show(house: Restaurant) -> Booking:
    party = began(house, 20, 2, "T1")
    return mark_no_show(booking_id=party.pk)


def left(house: Restaurant) -> Booking:
    return leave_early(booking_id=seated(house, 30, "T1").pk)


def undoing(party: Booking) -> partial[object]:
    return partial(undo_change, booking_id=party.pk, event_id=latest(party).pk)


def test_a_no_show_that_comes_waits_for_the_table_that_is_put_out_and_gets_another(
    crowd: Crowd, points: Points, isolation: str
) -> None:
    house = room_at_noon(2, 2)
    party = no_show(house)
    pause = points.pause_before(FITTED)

    with watched(house):
        status = crowd.start(putting_out(house))
        pause.wait_for_arrival()
        undo = crowd.start(undoing(party))
        wait_until_blocked()
        pause.release()

        assert (outcome_of(status).refusal, outcome_of(undo).code) == (None, BOOKED)

    assert at_tables(party) == ["T2"]


def test_of_a_party_that_has_not_left_is_asked_where_the_table_is_put_out_meanwhile(
    crowd: Crowd, points: Points, isolation: str
) -> None:
    house = room_at_noon(2, 2)
    party = left(house)
    pause = points.pause_before(FITTED)

    with watched(house):
        status = crowd.start(putting_out(house))
        pause.wait_for_arrival()
        undo = crowd.start(undoing(party))
        wait_until_blocked()
        pause.release()

        assert (outcome_of(status).refusal, outcome_of(undo).code) == (None, "VALIDATION_ERROR")

    assert Booking.objects.get(pk=party.pk).status == BookingStatus.COMPLETED
