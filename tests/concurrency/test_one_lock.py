"""The lock of a write is taken in one place, where no use case can leave it out."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import OperationalError, transaction

import bookings.services
from bookings.decision.touched_days import TouchedDays
from bookings.services.writes import Draft, PlannedWrite
from capacity.models import ServiceDay
from config.env import BASE_DIR
from tables.seating import TimeBudget
from tests.helpers.crowd import Crowd
from tests.helpers.missing_protections import Protections
from tests.helpers.race_houses import House, seated_house
from tests.helpers.stopping_points import Points

SERVICES = Path(bookings.services.__path__[0])
LOCK_NOT_AVAILABLE = "55P03"


@dataclass
class NewWrite(PlannedWrite[Draft, str]):
    """A use case whose author has thought of rows alone, and of no lock."""

    operation = "new_write"
    day: ServiceDay

    def draft(self, budget: TimeBudget, before: Draft | None) -> Draft:
        return Draft(touched=TouchedDays(self.day.restaurant_id, frozenset({self.day.pk})))

    def write(self, draft: Draft) -> str:
        return "written"


def is_locked(day: ServiceDay) -> bool:
    """Say whether somebody else holds the row of a service day."""
    try:
        with transaction.atomic():
            list(ServiceDay.objects.select_for_update(no_key=True, nowait=True).filter(pk=day.pk))
    except OperationalError as error:
        return getattr(error.__cause__, "sqlstate", None) == LOCK_NOT_AVAILABLE
    return False


def day_of(house: House) -> ServiceDay:
    day: ServiceDay = house.booking(party_size=2)().booking.service_day
    return day


def test_a_new_write_holds_its_service_day_while_it_writes(crowd: Crowd, points: Points, isolation: str) -> None:
    day = day_of(seated_house(2, 2))
    version = ServiceDay.objects.get(pk=day.pk).version
    pause = points.pause_before(f"{__name__}.NewWrite.write")

    writing = crowd.start(NewWrite(day).run)
    pause.wait_for_arrival()
    held = is_locked(day)
    pause.release()

    assert writing.result() == "written"
    assert held
    assert ServiceDay.objects.get(pk=day.pk).version == version + 1


def test_without_the_lock_nothing_holds_it(crowd: Crowd, points: Points, without: Protections) -> None:
    day = day_of(seated_house(2, 2))
    without.service_day_lock()
    pause = points.pause_before(f"{__name__}.NewWrite.write")

    writing = crowd.start(NewWrite(day).run)
    pause.wait_for_arrival()
    held = is_locked(day)
    pause.release()

    assert writing.result() == "written"
    assert not held


def writes(of: type = PlannedWrite) -> Iterator[type]:
    for write in of.__subclasses__():
        yield write
        yield from writes(write)


@pytest.mark.parametrize("write", sorted(writes(), key=lambda write: write.__qualname__))
def test_no_use_case_runs_in_its_own_way(write: type) -> None:
    assert vars(write).keys().isdisjoint({"run", "_attempt"})


# Changes of settings, creations of service days, pauses, places of tables, repairs, and corrections of a guest's words
# are no writes that count: docs/locking.md has their locks.
OF_SETTINGS = {
    *("settings/settings_changes.py", "settings/materialization.py", "upkeep/counter_repair.py", "rollout.py"),
    *("pauses.py", "corrections.py", "settings/floor_plan.py"),
}


def test_no_other_module_of_the_services_opens_a_transaction_or_locks_a_service_day() -> None:
    openers = {"lock_service_days", "lock_future_service_days", "booking_terms", "settings_transaction"}
    found = {
        str(path.relative_to(SERVICES))
        for path in SERVICES.rglob("*.py")
        if openers & {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
    }

    assert found == {"writes.py", *OF_SETTINGS}


def test_what_is_no_service_opens_no_transaction_of_a_write() -> None:
    paths = [path for app in ("bookings", "capacity", "tables", "demo") for path in (BASE_DIR / app).rglob("*.py")]
    openers = {path for path in paths if "booking_terms" in path.read_text()}

    assert openers == {SERVICES / "writes.py"}
