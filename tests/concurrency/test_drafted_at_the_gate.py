"""A booking is drafted at the gate; what is written between draft and lock, by whoever has no gate, decides."""

from collections.abc import Callable
from functools import partial

import pytest
from pytest_django import Settings

from bookings.services import save_settings_row
from bookings.services.booking import RequestDraft
from bookings.services.rollout import roll_back_enforcement
from capacity.models import EnforcementSwitch
from tests.helpers.crowd import BOOKED, Crowd, outcome_of
from tests.helpers.race_houses import House, dinner_house, seated_house
from tests.helpers.race_verdict import watched
from tests.helpers.stopping_points import Points

ABOUT_TO_LOCK = "bookings.services.writes.lock_service_days"
FULL = "CAPACITY_EXCEEDED"

Change = Callable[[House], object]


@pytest.fixture(autouse=True)
def at_the_gate(settings: Settings) -> None:
    """Without a gate nothing is drafted before the lock."""
    settings.BOOKING_ISOLATION = "serializable"


def lower_the_limit(house: House) -> object:
    house.rule.max_covers = 2
    return save_settings_row(row=house.rule)


def take_the_table_away(house: House) -> object:
    table = house.restaurant.tables.get()
    table.status = "out_of_service"
    return save_settings_row(row=table)


def book_beside(change: Change, house: House, crowd: Crowd, points: Points) -> str:
    """Let a guest draft, make the change, let the guest lock; return what became of the guest."""
    pause = points.pause_before(ABOUT_TO_LOCK)
    guest = crowd.start(house.booking())
    pause.wait_for_arrival()
    assert outcome_of(crowd.start(partial(change, house))).code == BOOKED
    pause.release()
    return outcome_of(guest).code


CASES = pytest.mark.parametrize(
    ("house", "change"),
    [(partial(dinner_house, max_covers=4), lower_the_limit), (partial(seated_house, 4), take_the_table_away)],
    ids=["limit", "table"],
)


@CASES
def test_what_is_written_between_draft_and_lock_decides(
    crowd: Crowd, points: Points, house: Callable[[], House], change: Change
) -> None:
    made = house()

    with watched(made.restaurant):
        assert book_beside(change, made, crowd, points) == FULL


def test_a_draft_that_is_not_compared_books_by_the_past(
    crowd: Crowd, points: Points, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RequestDraft, "stands", lambda self, locked: True)

    assert book_beside(take_the_table_away, seated_house(4), crowd, points) == BOOKED


def test_the_switch_that_is_turned_between_draft_and_lock_decides(crowd: Crowd, points: Points) -> None:
    house = dinner_house(max_covers=2)

    def roll_back(house: House) -> object:
        return roll_back_enforcement(reason="A rush", label="test")

    try:
        assert book_beside(roll_back, house, crowd, points) == BOOKED
    finally:
        EnforcementSwitch.objects.all().delete()


def test_a_draft_that_stands_is_not_made_again(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bool] = []
    stands = RequestDraft.stands

    def noting(self: RequestDraft, locked: object) -> bool:
        compared.append(stands(self, locked))  # type: ignore[arg-type]
        return compared[-1]

    monkeypatch.setattr(RequestDraft, "stands", noting)
    house = dinner_house(max_covers=40)

    crowd.run([house.booking()] * 10)

    assert compared == [True] * 10
