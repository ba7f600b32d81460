"""The levels of the gate: who waits for whom."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.db import OperationalError

from config.gate import GateLevel, enter_gate, leave_gate
from tests.helpers.crowd import PATIENCE_SECONDS, Crowd
from tests.helpers.stopping_points import count_blocked, wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)

DAYS, RESTAURANT, EVERYBODY = GateLevel.SERVICE_DAYS, GateLevel.RESTAURANT, GateLevel.EVERYBODY
LONG = int(PATIENCE_SECONDS * 1000)


@dataclass(frozen=True)
class Evening:
    """One service day of one restaurant, claimed."""

    restaurant_id: int
    day_id: int

    @property
    def service_day_ids(self) -> list[int]:
        return [self.day_id]


TONIGHT, TOMORROW, ELSEWHERE = Evening(1, 1), Evening(1, 2), Evening(2, 3)


class Visit:
    """Somebody who goes in, and stays until told to go."""

    def __init__(self, evening: Evening, level: GateLevel, *, timeout_milliseconds: int = LONG) -> None:
        self.evening, self.level, self.timeout_milliseconds = evening, level, timeout_milliseconds
        self.entered, self.leaving = threading.Event(), threading.Event()

    def __call__(self) -> None:
        try:
            enter_gate(self.evening, level=self.level, terms={}, timeout_milliseconds=self.timeout_milliseconds)
            self.entered.set()
            assert self.leaving.wait(PATIENCE_SECONDS)
        finally:
            leave_gate({})


@pytest.fixture
def visit(crowd: Crowd) -> Callable[..., Visit]:
    """Let somebody come to the gate; who comes is sent away when the test ends."""

    def come(evening: Evening, level: GateLevel) -> Visit:
        visitor = Visit(evening, level)
        crowd.start(visitor)
        return visitor

    return come


@pytest.mark.parametrize(
    ("first", "level", "second"),
    [
        (TONIGHT, DAYS, TOMORROW),
        (TONIGHT, DAYS, ELSEWHERE),
        (TONIGHT, RESTAURANT, ELSEWHERE),
    ],
)
def test_who_wants_something_else_goes_in_beside(
    visit: Callable[..., Visit], first: Evening, level: GateLevel, second: Evening
) -> None:
    inside = visit(first, level)
    assert inside.entered.wait(PATIENCE_SECONDS)

    beside = visit(second, DAYS)

    assert beside.entered.wait(PATIENCE_SECONDS)
    for visitor in (inside, beside):
        visitor.leaving.set()


@pytest.mark.parametrize(
    ("first", "level", "second"),
    [
        (TONIGHT, DAYS, TONIGHT),
        (TONIGHT, RESTAURANT, TONIGHT),
        (TONIGHT, RESTAURANT, TOMORROW),
        (TONIGHT, EVERYBODY, TOMORROW),
        (TONIGHT, EVERYBODY, ELSEWHERE),
    ],
)
@pytest.mark.parametrize("is_swapped", [False, True])
def test_who_is_kept_out_waits(
    visit: Callable[..., Visit], first: Evening, level: GateLevel, second: Evening, is_swapped: bool
) -> None:
    order = [(first, level), (second, DAYS)]
    inside = visit(*order[is_swapped])
    assert inside.entered.wait(PATIENCE_SECONDS)

    waiting = visit(*order[not is_swapped])
    wait_until_blocked()

    assert not waiting.entered.is_set()
    inside.leaving.set()
    assert waiting.entered.wait(PATIENCE_SECONDS)
    waiting.leaving.set()


def test_nobody_passes_who_waits_for_a_restaurant_alone(visit: Callable[..., Visit]) -> None:
    inside = visit(TONIGHT, DAYS)
    assert inside.entered.wait(PATIENCE_SECONDS)
    alone = visit(TONIGHT, RESTAURANT)
    wait_until_blocked()

    newcomer = visit(TOMORROW, DAYS)
    wait_until_blocked(clients=2)

    assert not newcomer.entered.is_set()
    inside.leaving.set()
    assert alone.entered.wait(PATIENCE_SECONDS)
    alone.leaving.set()
    assert newcomer.entered.wait(PATIENCE_SECONDS)
    newcomer.leaving.set()


def test_where_somebody_is_held_up_who_wants_to_be_alone_is_content_with_its_restaurant(
    visit: Callable[..., Visit], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.gate.LONGEST_WAIT_FOR_EVERYBODY_MILLISECONDS", 50)
    held_up = visit(ELSEWHERE, DAYS)
    assert held_up.entered.wait(PATIENCE_SECONDS)

    content = visit(TONIGHT, EVERYBODY)
    assert content.entered.wait(PATIENCE_SECONDS)

    assert count_blocked() == 0
    of_the_restaurant = visit(TOMORROW, DAYS)
    wait_until_blocked()
    assert not of_the_restaurant.entered.is_set()
    for visitor in (held_up, content, of_the_restaurant):
        visitor.leaving.set()


@pytest.mark.parametrize("level", [DAYS, RESTAURANT])
def test_who_waits_too_long_is_told(crowd: Crowd, visit: Callable[..., Visit], level: GateLevel) -> None:
    inside = visit(TONIGHT, RESTAURANT)
    assert inside.entered.wait(PATIENCE_SECONDS)

    impatient = crowd.start(Visit(TONIGHT, level, timeout_milliseconds=50))

    with pytest.raises(OperationalError, match="lock timeout"):
        impatient.result(PATIENCE_SECONDS)
    inside.leaving.set()
