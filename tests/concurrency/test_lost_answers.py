"""The line breaks at COMMIT: nobody knows whether the booking is there, until the same key asks again."""

import pytest
from django.db import OperationalError

from tests.helpers.breaking_wire import breaking_line, through
from tests.helpers.crowd import PATIENCE_SECONDS, Crowd
from tests.helpers.race_houses import House, dinner_house
from tests.helpers.race_verdict import watched


def book_over_a_line_that_breaks(house: House, crowd: Crowd, *, loses_request: bool) -> None:
    """Ask for the last seats; the guest gets an error."""
    with breaking_line(loses_request=loses_request) as line:
        guest = crowd.start(through(line, house.booking(idempotency_key="lost")))
        with pytest.raises(OperationalError):
            guest.result(PATIENCE_SECONDS)


def test_a_booking_whose_answer_was_lost_is_found_by_its_key(crowd: Crowd, isolation: str) -> None:
    house = dinner_house(max_covers=4)

    with watched(house.restaurant):
        book_over_a_line_that_breaks(house, crowd, loses_request=False)
        [booking] = house.live_bookings()
        again = house.booking(idempotency_key="lost")()

    assert again.is_replayed
    assert again.booking.pk == booking.pk
    assert again.answer["booking"]["reference"] == booking.reference


def test_a_booking_that_never_reached_the_database_is_made_by_the_next_try(crowd: Crowd, isolation: str) -> None:
    house = dinner_house(max_covers=4)

    with watched(house.restaurant):
        book_over_a_line_that_breaks(house, crowd, loses_request=True)
        assert house.live_bookings() == []
        again = house.booking(idempotency_key="lost")()

    assert not again.is_replayed
    assert len(house.live_bookings()) == 1


def test_without_a_key_the_next_try_is_refused_although_the_seats_are_its_own(crowd: Crowd, isolation: str) -> None:
    house = dinner_house(max_covers=4)
    book_over_a_line_that_breaks(house, crowd, loses_request=False)

    [outcome] = crowd.run([house.booking()])

    assert outcome.code == "CAPACITY_EXCEEDED"
