"""Enforcement turned off and on again, and modes changed, beside guests who never stop booking."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db.models import Sum

from bookings.models import RolloutChange
from bookings.services import resume_enforcement, roll_back_enforcement, set_restaurant_mode
from capacity.models import ServiceDay
from capacity.selectors import get_service_settings
from config.errors import DomainError
from tests.helpers.crowd import BOOKED, PATIENCE_SECONDS, Act, Crowd, Outcome, outcome_of, tally
from tests.helpers.polling import wait_until
from tests.helpers.race_houses import House, dinner_house
from tests.helpers.race_verdict import watched
from tests.helpers.stopping_points import Points, wait_until_blocked

FULL = "CAPACITY_EXCEEDED"
GUESTS, COVERS, PARTY = 6, 40, 4
RIGHT_AFTER_SECONDS = 1.0
MODE_LOCKED = "bookings.services.rollout.lock_future_service_days"
DECIDED = "bookings.services.booking.write_bookings"


@dataclass(frozen=True)
class Asked:
    """One request of a guest, from when to when."""

    began: float
    code: str
    ended: float


@dataclass
class Rush:
    """Guests who ask again as soon as they are answered, until they are told to stop."""

    house: House
    asked: list[Asked] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def of(self, crowd: Crowd) -> Iterator[None]:
        """Let the guests ask as long as this lasts."""
        barrier = threading.Barrier(GUESTS)
        guests = [crowd.start(partial(self._ask_again_and_again, barrier)) for _ in range(GUESTS)]
        try:
            yield
        finally:
            self._stop.set()
        for guest in guests:
            guest.result(PATIENCE_SECONDS)

    def answers(self, code: str, *, since: float = 0.0) -> list[Asked]:
        """List the requests that began since then and were answered so."""
        return [each for each in list(self.asked) if each.code == code and each.began >= since]

    def require(self, count: int, code: str, *, since: float = 0.0) -> None:
        """Wait until so many requests that began since then were answered so."""
        assert wait_until(lambda: len(self.answers(code, since=since)) >= count, seconds=PATIENCE_SECONDS)

    def _ask_again_and_again(self, barrier: threading.Barrier) -> None:
        book = self.house.booking(PARTY)
        barrier.wait(PATIENCE_SECONDS)
        while not self._stop.is_set():
            began = time.monotonic()
            self.asked.append(Asked(began, _code_of(book), time.monotonic()))


def _code_of(act: Act) -> str:
    try:
        act()
    except DomainError as refusal:
        return refusal.code
    return BOOKED


def excess_of(house: House) -> int:
    (day,) = house.days
    return day.excess_covers


def test_a_rollback_under_load_lets_guests_in_at_once_and_a_resumption_keeps_them_out(
    crowd: Crowd, isolation: str
) -> None:
    house = dinner_house(max_covers=COVERS)
    rush = Rush(house)

    with watched(house.restaurant), rush.of(crowd):
        rush.require(GUESTS, FULL)
        assert excess_of(house) == 0

        asked_at = time.monotonic()
        roll_back_enforcement(reason="Guests turned away", label="ops")
        back_at = time.monotonic()
        rush.require(3 * GUESTS, BOOKED, since=back_at)

        resume_enforcement(reason="Mended", label="ops")
        on_at = time.monotonic()
        # Who began before may still be let in; everybody has been asked anew since.
        rush.require(3 * GUESTS, FULL, since=on_at)
        settled = excess_of(house)
        rush.require(6 * GUESTS, FULL, since=on_at)

    first_in = min(each.ended for each in rush.answers(BOOKED) if each.ended > asked_at)
    slowest = max(each.ended - each.began for each in rush.answers(FULL) if each.ended < asked_at)
    # On a machine so busy that one answer takes half a second, two of them are as soon as can be.
    assert first_in - asked_at < max(RIGHT_AFTER_SECONDS, 2 * slowest)
    assert [each for each in rush.answers(FULL, since=back_at) if each.began < on_at and each.ended < on_at] == []
    assert rush.answers(BOOKED, since=on_at) == []
    assert_excess_is_that_of_shadow_mode(house, settled, len(rush.answers(BOOKED)))


def assert_excess_is_that_of_shadow_mode(house: House, excess: int, booked: int) -> None:
    (day,) = house.days
    assert day.booked_covers == PARTY * booked
    assert day.excess_covers == excess == PARTY * booked - COVERS > 0
    overrides = house.restaurant.capacity_overrides.all()
    assert set(overrides.values_list("source", "limit")) == {("shadow", "SERVICE_COVERS")}
    assert overrides.aggregate(sum=Sum("amount"))["sum"] == excess


def test_an_error_inside_the_shadow_decision_costs_no_booking_among_many(
    crowd: Crowd, points: Points, rounds: range, isolation: str
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    points.replace("capacity.policy._limit_reasons", broken)
    for _ in rounds:
        house = dinner_house(max_covers=COVERS)
        set_restaurant_mode(restaurant_id=house.restaurant.pk, mode="shadow", reason="On trial")

        with watched(house.restaurant):
            outcomes = crowd.run([house.booking(PARTY)] * 15)

        assert tally(outcomes) == {BOOKED: 15}
        assert (house.days[0].booked_covers, excess_of(house)) == (60, 20)


def enforcing(house: House) -> Any:
    """Return the act of setting a house to enforce."""
    return partial(set_restaurant_mode, restaurant_id=house.restaurant.pk, mode="enforce", reason="Partner agreed")


def in_shadow(house: House) -> House:
    set_restaurant_mode(restaurant_id=house.restaurant.pk, mode="shadow", reason="On trial")
    return house


def test_a_guest_waits_for_a_change_of_mode_and_is_refused_by_it(crowd: Crowd, points: Points, isolation: str) -> None:
    house = in_shadow(dinner_house(max_covers=2))

    with watched(house.restaurant):
        assert book_during_change_of_mode(house, crowd, points).code == FULL

    assert excess_of(house) == 0


def test_without_a_raised_version_a_guest_is_booked_by_the_mode_before(
    crowd: Crowd, points: Points, settings: Any
) -> None:
    settings.BOOKING_ISOLATION, settings.BOOKING_GATE = "serializable", False
    house = in_shadow(dinner_house(max_covers=2))

    def lock_only(restaurant_id: int, **_: object) -> None:
        list(ServiceDay.objects.select_for_update(no_key=True).filter(restaurant=restaurant_id))

    points.replace(MODE_LOCKED, lock_only)
    # Else the guest would look for the settings while the mode changes.
    get_service_settings(house.restaurant.pk)

    assert book_during_change_of_mode(house, crowd, points).code == BOOKED
    assert excess_of(house) == 2


def book_during_change_of_mode(house: House, crowd: Crowd, points: Points) -> Outcome:
    """Let a guest ask while the service days are locked for another mode; return what came of it."""
    pause = points.pause_after(MODE_LOCKED)
    change = crowd.start(enforcing(house))
    pause.wait_for_arrival()
    guest = crowd.start(house.booking(PARTY))
    wait_until_blocked()
    pause.release()

    assert outcome_of(change).value.to_value == "enforce"
    return outcome_of(guest)


def test_a_change_of_mode_waits_for_a_guest_who_is_being_booked(crowd: Crowd, points: Points, isolation: str) -> None:
    house = in_shadow(dinner_house(max_covers=2))
    pause = points.pause_before(DECIDED)

    with watched(house.restaurant):
        guest = crowd.start(house.booking(PARTY))
        pause.wait_for_arrival()
        change = crowd.start(enforcing(house))
        wait_until_blocked()
        pause.release()

        assert outcome_of(guest).code == BOOKED
        assert outcome_of(change).value.to_value == "enforce"
        assert crowd.run([house.booking(PARTY)])[0].code == FULL


def test_a_rollback_waits_for_no_booking(crowd: Crowd, points: Points, isolation: str) -> None:
    house = dinner_house(max_covers=COVERS)
    pause = points.pause_before(DECIDED)

    with watched(house.restaurant):
        guest = crowd.start(house.booking(PARTY))
        pause.wait_for_arrival()
        roll_back_enforcement(reason="Guests turned away")
        pause.release()

        assert outcome_of(guest).code == BOOKED


def test_of_many_who_roll_back_at_once_one_does(crowd: Crowd, rounds: range) -> None:
    for _ in rounds:
        RolloutChange.objects.all().delete()
        resume_enforcement(reason="Next round")

        turned = crowd.run([partial(roll_back_enforcement, reason="Guests turned away")] * 6)

        (change,) = [each.value for each in turned if each.value is not None]
        assert RolloutChange.objects.get(action="rollback") == change
