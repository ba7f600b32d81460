"""Calls that wait in one process for the same service days are written together, each as if it had come alone."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from bookings.choices import DecisionVerdict
from bookings.models import Decision
from bookings.services.booking import CreateBooking
from capacity.models import ServiceDay
from capacity.selectors import get_service_settings
from config import group_commit
from tests.helpers.crowd import BOOKED, PATIENCE_SECONDS, Act, Crowd, outcome_of, tally
from tests.helpers.missing_protections import Protections
from tests.helpers.race_houses import NINETEEN, House, dinner_house, seated_house
from tests.helpers.race_verdict import watched
from tests.helpers.stopping_points import Pause, Points

FULL = "CAPACITY_EXCEEDED"
ABOUT_TO_LOCK = "bookings.services.writes.lock_service_days"
COVERS = "service_day_covers_within_limit"


@pytest.fixture(autouse=True)
def together(one_by_one: None, settings: Settings) -> None:
    settings.BOOKING_GROUP_COMMIT = True


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Count the calls that wait behind another one."""
    arrived, wait = threading.Semaphore(0), group_commit.Turn._wait

    def counted(turn: group_commit.Turn[Any, Any], seconds: float) -> None:
        arrived.release()
        wait(turn, seconds)

    monkeypatch.setattr(group_commit.Turn, "_wait", counted)
    return arrived


@pytest.fixture
def locks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List the thread of each lock that is taken."""
    from bookings.services import writes

    taken: list[str] = []
    lock = writes.lock_service_days

    def noted(ids: Any) -> Any:
        taken.append(threading.current_thread().name)
        return lock(ids)

    monkeypatch.setattr(writes, "lock_service_days", noted)
    return taken


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """List the numbers of bookings that were written by one statement."""
    from bookings.services import booking

    numbers: list[int] = []
    write = booking.write_bookings

    def noted(accepted: Any) -> Any:
        numbers.append(len(accepted))
        return write(accepted)

    monkeypatch.setattr(booking, "write_bookings", noted)
    return numbers


def book_together(crowd: Crowd, points: Points, queued: threading.Semaphore, acts: list[Act]) -> list["Future[Any]"]:
    """Let the first act lead, hold it before its lock until all others wait behind it, and let it go."""
    pause = points.pause_before(ABOUT_TO_LOCK)
    calls = [crowd.start(acts[0])]
    pause.wait_for_arrival()
    calls += _queue(crowd, queued, acts[1:])
    pause.release()
    return calls


def _queue(crowd: Crowd, queued: threading.Semaphore, acts: list[Act]) -> list["Future[Any]"]:
    """Let acts wait behind whoever leads, in their order."""
    calls = []
    for act in acts:
        calls.append(crowd.start(act))
        assert queued.acquire(timeout=PATIENCE_SECONDS)
    return calls


def codes(calls: list["Future[Any]"]) -> list[str]:
    return [outcome_of(call).code for call in calls]


def test_six_guests_are_written_under_one_lock_by_one_statement(
    crowd: Crowd, locks: list[str], written: list[int], points: Points, queued: threading.Semaphore, isolation: str
) -> None:
    house = dinner_house(max_covers=40)
    get_service_settings(house.restaurant.pk)
    version = house.days[0].version

    with watched(house.restaurant):
        calls = book_together(crowd, points, queued, [house.booking()] * 6)
        assert codes(calls) == [BOOKED] * 6

    assert (len(locks), written) == (1, [6])
    (day,) = house.days
    assert (day.version, day.booked_covers, day.booked_parties) == (version + 1, 24, 6)
    assert len({call.result().booking.reference for call in calls}) == 6
    assert Decision.objects.filter(verdict=DecisionVerdict.ACCEPTED, attempts=1).count() == 6


@pytest.mark.parametrize("make", [partial(dinner_house, max_covers=8), partial(seated_house, 4, 4)])
def test_each_decides_on_what_those_before_it_have_written(
    crowd: Crowd, points: Points, queued: threading.Semaphore, isolation: str, make: Callable[[], House]
) -> None:
    house = make()
    # The process knows the settings as they are: whoever finds them outdated runs again, by itself.
    get_service_settings(house.restaurant.pk)

    with watched(house.restaurant):
        calls = book_together(crowd, points, queued, [house.booking()] * 5)
        assert codes(calls) == [BOOKED, BOOKED, FULL, FULL, FULL]

    assert Decision.objects.filter(verdict=DecisionVerdict.REFUSED).count() == 3


def test_decided_on_what_the_first_has_seen_they_overbook(
    crowd: Crowd, points: Points, queued: threading.Semaphore, without: Protections, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = dinner_house(max_covers=8)
    without.constraints(COVERS)
    decide = CreateBooking.draft_behind

    def by_the_first(call: CreateBooking, draft: Any, *, is_taken: bool) -> Any:
        return decide(call, draft, is_taken=False)

    monkeypatch.setattr(CreateBooking, "draft_behind", by_the_first)

    assert codes(book_together(crowd, points, queued, [house.booking()] * 5)) == [BOOKED] * 5
    assert house.days[0].booked_covers == 20


def test_a_refused_leader_keeps_nobody_out(
    crowd: Crowd, locks: list[str], points: Points, queued: threading.Semaphore, isolation: str
) -> None:
    house = dinner_house(max_covers=6)

    with watched(house.restaurant):
        calls = book_together(crowd, points, queued, [house.booking(8), house.booking(4), house.booking(4)])
        assert codes(calls) == [FULL, BOOKED, FULL]

    assert len(locks) == 1


def test_a_refused_leader_has_no_part_in_the_error_of_another(
    crowd: Crowd, points: Points, queued: threading.Semaphore, isolation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bookings.services import booking

    house = dinner_house(max_covers=6)
    get_service_settings(house.restaurant.pk)
    write, failed = booking.write_bookings, []

    def fail_once(accepted: Any) -> Any:
        if not failed:
            failed.append(accepted)
            raise ValueError("a fault of this booking")
        return write(accepted)

    monkeypatch.setattr(booking, "write_bookings", fail_once)

    with watched(house.restaurant):
        calls = book_together(crowd, points, queued, [house.booking(8), house.booking(4)])
        assert codes(calls) == [FULL, BOOKED]


def test_where_all_are_refused_nothing_is_written(
    crowd: Crowd, points: Points, queued: threading.Semaphore, isolation: str
) -> None:
    house = dinner_house(max_covers=4)
    assert outcome_of(crowd.start(house.booking())).code == BOOKED
    version = house.days[0].version

    assert codes(book_together(crowd, points, queued, [house.booking()] * 3)) == [FULL] * 3
    assert house.days[0].version == version


def test_twins_in_one_group_get_one_booking_and_the_others_theirs(
    crowd: Crowd, points: Points, queued: threading.Semaphore, isolation: str
) -> None:
    house = dinner_house(max_covers=40)
    twin = house.booking(idempotency_key="twin")

    with watched(house.restaurant):
        calls = book_together(crowd, points, queued, [house.booking(), twin, house.booking(), twin])
        assert codes(calls) == [BOOKED] * 4

    assert len(house.live_bookings()) == 3
    assert calls[1].result().booking.pk == calls[3].result().booking.pk


def test_the_others_run_by_themselves_where_the_leader_loses_its_connection(
    crowd: Crowd, points: Points, queued: threading.Semaphore, isolation: str
) -> None:
    house = dinner_house(max_covers=40)
    begun: list[Any] = []
    write = group_commit.Turn.write_all

    def end_the_session(turn: Any, decision: Any) -> None:
        write(turn, decision)
        if turn._others:
            begun.append([other.result().booking.pk for other in turn._others])
            connection.connection.close()

    points.replace("config.group_commit.Turn.write_all", end_the_session)

    with watched(house.restaurant):
        leader, *others = book_together(crowd, points, queued, [house.booking()] * 4)
        assert codes(others) == [BOOKED] * 3
        with pytest.raises(Exception, match="closed"):
            leader.result(PATIENCE_SECONDS)

    live = {booking.pk for booking in house.live_bookings()}
    assert live == {call.result().booking.pk for call in others}
    assert live.isdisjoint(begun[0])


def test_a_call_whose_time_is_over_is_not_written_later(
    crowd: Crowd, points: Points, queued: threading.Semaphore, settings: Settings, isolation: str
) -> None:
    house = dinner_house(max_covers=40)
    pause: Pause = points.pause_before(ABOUT_TO_LOCK)
    leader = crowd.start(house.booking())
    pause.wait_for_arrival()

    settings.BOOKING_DEADLINE_SECONDS = 0.2
    (late,) = _queue(crowd, queued, [house.booking()])
    assert outcome_of(late).code == "BOOKING_CONFLICT"
    pause.release()

    assert outcome_of(leader).code == BOOKED
    assert len(house.live_bookings()) == 1
    assert group_commit._queues == {}


def test_other_service_days_do_not_wait(crowd: Crowd, points: Points, isolation: str) -> None:
    house, other = dinner_house(max_covers=40), dinner_house(max_covers=40)
    pause = points.pause_before(ABOUT_TO_LOCK)
    leader = crowd.start(house.booking())
    pause.wait_for_arrival()

    assert outcome_of(crowd.start(other.booking())).code == BOOKED
    pause.release()
    assert outcome_of(leader).code == BOOKED


def test_a_hundred_parties_fill_forty_covers_exactly(
    crowd: Crowd, locks: list[str], rounds: range, isolation: str
) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=40)
        locks.clear()

        with watched(house.restaurant):
            assert tally(crowd.run([house.booking()] * 100)) == {BOOKED: 10, FULL: 90}

        assert len(locks) < 100


def test_guests_and_cancellations_share_the_covers(crowd: Crowd, rounds: range, isolation: str) -> None:
    from bookings.services import cancel_booking

    for _ in rounds:
        house = dinner_house(max_covers=40)
        booked = [house.booking(at=NINETEEN)().booking for _ in range(10)]

        with watched(house.restaurant):
            cancelled = [partial(cancel_booking, booking_id=booking.pk) for booking in booked]
            outcomes = crowd.run([*cancelled, *[house.booking()] * 30])

        assert tally(outcomes[:10]) == {BOOKED: 10}
        (day,) = ServiceDay.objects.filter(pk=house.days[0].pk)
        assert day.booked_covers == 4 * len(house.live_bookings()) <= 40
