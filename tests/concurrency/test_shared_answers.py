"""Guests who ask the same at once wait for one answer, which is as fresh as one of their own."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from bookings.api import guest, kept_answers
from tests.helpers.crowd import PATIENCE_SECONDS, Crowd
from tests.helpers.race_houses import House, dinner_house
from tests.helpers.stopping_points import Pause, Points

FIND = "bookings.api.guest.list_day_slots"
OTHERS = 7


class Asked:
    """Requests for one date, counted as they come and as the engine is asked for them."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        query = {"restaurantId": house.restaurant.slug, "date": f"{house.business_date}", "partySize": "4"}
        self.ask: Callable[[], Any] = lambda: Client().get("/api/availability", query)
        self.looked_up = self.found = 0
        self._find, self._find_kept = guest.list_day_slots, kept_answers._find_kept
        monkeypatch.setattr(guest, "list_day_slots", self._counted)
        monkeypatch.setattr(kept_answers, "_find_kept", self._noted)

    def _counted(self, **question: Any) -> Any:
        self.found += 1
        return self._find(**question)

    def _noted(self, key: Any) -> Any:
        found = self._find_kept(key)
        self.looked_up += 1
        return found

    def ask_at_once(
        self, crowd: Crowd, pause: Pause, meanwhile: Callable[[], Any] = lambda: None
    ) -> list["Future[Any]"]:
        """Let others ask while the first is answered, who find nothing kept; return its call, then theirs."""
        calls = [crowd.start(self.ask)]
        pause.wait_for_arrival()
        meanwhile()
        calls += [crowd.start(self.ask) for _ in range(OTHERS)]
        while self.looked_up < 1 + OTHERS and not all(call.done() for call in calls[1:]):
            pass
        pause.release()
        return calls


@pytest.fixture
def house(transactional_db: None) -> House:
    return dinner_house(max_covers=4)


def is_free(call: "Future[Any]") -> bool:
    (slot,) = call.result(PATIENCE_SECONDS).json()["slots"]
    return bool(slot["available"])


def test_who_asks_what_is_being_answered_waits_for_it(
    crowd: Crowd, points: Points, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(house, monkeypatch)

    calls = asked.ask_at_once(crowd, points.pause_before(FIND))

    assert all(is_free(call) for call in calls)
    assert asked.found == 1
    assert kept_answers._answering == {}


def test_a_booking_made_meanwhile_is_seen_by_who_has_waited(
    crowd: Crowd, points: Points, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(house, monkeypatch)

    first, *others = asked.ask_at_once(crowd, points.pause_after(FIND), house.booking())

    assert is_free(first)
    assert not any(is_free(call) for call in others)


def test_an_answer_that_is_not_compared_would_hide_the_booking(
    crowd: Crowd, points: Points, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(house, monkeypatch)
    monkeypatch.setattr(kept_answers, "_holds", lambda kept: True)

    calls = asked.ask_at_once(crowd, points.pause_after(FIND), house.booking())

    assert all(is_free(call) for call in calls)


def test_a_database_that_is_away_is_waited_for_once(
    crowd: Crowd, points: Points, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(house, monkeypatch)

    def fail(**question: Any) -> Any:
        raise OperationalError("away")

    asked._find = fail

    calls = asked.ask_at_once(crowd, points.pause_before(FIND))

    assert {call.result(PATIENCE_SECONDS).status_code for call in calls} == {503}
    assert asked.found == 1


def test_what_one_cannot_be_told_the_next_asks_by_itself(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(house, monkeypatch)
    house.restaurant.__class__.objects.filter(pk=house.restaurant.pk).update(active=False)
    assert asked.ask().status_code == 404

    house.restaurant.__class__.objects.filter(pk=house.restaurant.pk).update(active=True)
    assert asked.ask().status_code == 200
    assert kept_answers._answering == {}
