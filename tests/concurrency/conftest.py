"""A race runs on a real PostgreSQL, at both isolations, for several rounds."""

import os
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.helpers.crowd import PATIENCE_SECONDS, Crowd
from tests.helpers.missing_protections import Protections
from tests.helpers.stopping_points import Points

ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
ISOLATIONS = ("serializable", "read committed")


@pytest.fixture(params=ISOLATIONS)
def isolation(request: pytest.FixtureRequest, settings: Settings) -> str:
    """Book at each isolation in turn."""
    settings.BOOKING_ISOLATION = request.param
    return str(request.param)


@pytest.fixture
def read_committed(settings: Settings) -> None:
    """Book at the isolation that protects nobody by itself: what a control takes away is then gone."""
    settings.BOOKING_ISOLATION = "read committed"


@pytest.fixture
def rounds() -> range:
    """Return the rounds of one race: 2, or RACE_ROUNDS."""
    return range(ROUNDS)


@pytest.fixture
def few_rounds(rounds: range) -> range:
    """Return half as many rounds, for races whose clients plan a good deal: 1, or half of RACE_ROUNDS."""
    return rounds[::2]


@pytest.fixture(autouse=True)
def patience(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody give up: a busy machine is no reason for a refusal, and attempts are counted apart."""
    settings.BOOKING_DEADLINE_SECONDS = PATIENCE_SECONDS
    monkeypatch.setattr("config.gate.LONGEST_WAIT_FOR_EVERYBODY_MILLISECONDS", int(PATIENCE_SECONDS * 1000))


@pytest.fixture(autouse=True)
def one_by_one(settings: Settings) -> None:
    """Let each call lock by itself, as calls of several processes do: a queue of this one would hide a missing lock."""
    settings.BOOKING_GROUP_COMMIT = False


@pytest.fixture
def crowd(transactional_db: None) -> Iterator[Crowd]:
    """Gather clients; they close their connections when the test ends."""
    with Crowd() as members:
        yield members


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> Points:
    """Stop clients at exact points."""
    return Points(monkeypatch)


@pytest.fixture
def without(transactional_db: None, points: Points, settings: Settings) -> Iterator[Protections]:
    """Take protections away, and put constraints back when the test ends."""
    protections = Protections(points, settings)
    yield protections
    protections.restore()
