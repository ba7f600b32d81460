"""Guests behind a real PgBouncer in transaction mode, where no lock of a session holds.

There are fewer connections than guests, so each of them goes from hand to hand between transactions.
"""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.helpers.crowd import BOOKED, Crowd, tally
from tests.helpers.race_houses import dinner_house
from tests.helpers.race_verdict import watched
from tests.helpers.scratch_database import connected_by
from tests.helpers.transaction_pooler import transaction_pooler

pytestmark = pytest.mark.cluster

GUESTS = 40
FULL = "CAPACITY_EXCEEDED"


@pytest.fixture
def pooler(transactional_db: None, settings: Settings) -> Iterator[None]:
    """Put everybody behind the pooler."""
    settings.BOOKING_GATE = False
    with transaction_pooler() as url, connected_by(url):
        yield


@pytest.mark.parametrize("tables", [0, 10])
def test_forty_parties_of_four_fill_forty_covers_exactly(
    pooler: None, crowd: Crowd, rounds: range, isolation: str, tables: int
) -> None:
    for _ in rounds:
        house = dinner_house(tables=tables, max_covers=40)

        with watched(house.restaurant):
            outcomes = crowd.run([house.booking()] * GUESTS)

        assert tally(outcomes) == {BOOKED: 10, FULL: 30}
        assert [booking.party_size for booking in house.live_bookings()] == [4] * 10


def test_at_read_committed_which_is_the_default_there_nobody_starts_over(
    pooler: None, crowd: Crowd, rounds: range, read_committed: None
) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=4 * GUESTS)

        with watched(house.restaurant) as gauge:
            outcomes = crowd.run([house.booking()] * GUESTS)

        assert tally(outcomes) == {BOOKED: GUESTS}
        assert gauge.attempts_a_call() == 1


def test_without_the_gate_at_serializable_everybody_starts_over_again_and_again(
    pooler: None, crowd: Crowd, settings: Settings
) -> None:
    settings.BOOKING_ISOLATION = "serializable"
    house = dinner_house(max_covers=4 * GUESTS)

    with watched(house.restaurant) as gauge:
        outcomes = crowd.run([house.booking()] * GUESTS)

    assert tally(outcomes) == {BOOKED: GUESTS}
    assert gauge.attempts_a_call() > 2
