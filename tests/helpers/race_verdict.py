"""What must hold after every race: counters, auditor, metrics, nothing left locked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection
from prometheus_client import REGISTRY

from bookings.insight.audit import AuditScope, audit
from bookings.selectors import check_time
from capacity.selectors import read_clock
from tables.models import Restaurant
from tests.helpers.recount import list_faults
from tests.helpers.seat_matcher import read_seats
from tests.helpers.second_opinion import Wish, guests_of, list_reasons, read_state

DISAGREEMENTS = "booking_constraint_disagreement_total"
RETRIES = "booking_retries_total"
ATTEMPTS = "booking_attempts_sum"
WITHIN = "booking_attempts_bucket"
CALLS = "booking_attempts_count"
# Of this database: other processes of the run have theirs.
ADVISORY_LOCKS = """
    SELECT count(*)
    FROM pg_locks INNER JOIN pg_database ON pg_locks.database = pg_database.oid
    WHERE locktype = 'advisory' AND datname = current_database()
"""


def _sum(sample: str, **labels: str) -> float:
    """Add up the values of a metric over all label values that are not named."""
    return sum(
        each.value
        for metric in REGISTRY.collect()
        for each in metric.samples
        if each.name == sample and labels.items() <= each.labels.items()
    )


@dataclass
class Gauge:
    """What the engine counted since this was made."""

    before: dict[tuple[str, tuple[tuple[str, str], ...]], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.before = {
            (each.name, tuple(sorted(each.labels.items()))): each.value
            for metric in REGISTRY.collect()
            for each in metric.samples
        }

    def _risen(self, sample: str, **labels: str) -> float:
        earlier = sum(
            value for (name, found), value in self.before.items() if name == sample and labels.items() <= set(found)
        )
        return _sum(sample, **labels) - earlier

    @property
    def disagreements(self) -> float:
        """Times that a constraint refused what the policy had accepted."""
        return self._risen(DISAGREEMENTS)

    def retries(self, sqlstate: str) -> float:
        """Attempts that ran again for one reason."""
        return self._risen(RETRIES, sqlstate=sqlstate)

    def attempts_a_call(self, operation: str = "create_booking") -> float:
        """Attempts that a call took on average."""
        return self._risen(ATTEMPTS, operation=operation) / self._risen(CALLS, operation=operation)

    def is_within(self, attempts: int, operation: str = "create_booking") -> bool:
        """Say whether no call took more attempts than that; a bound of a bucket of the metric."""
        calls = self._risen(CALLS, operation=operation)
        return self._risen(WITHIN, operation=operation, le=str(float(attempts))) == calls


@contextmanager
def watched(restaurant: Restaurant) -> Iterator[Gauge]:
    """Watch a race, and see when it is over that nothing is wrong."""
    gauge = Gauge()
    yield gauge
    assert gauge.disagreements == 0
    assert list_faults(restaurant.pk) == []
    assert_auditor_finds_nothing(restaurant)
    assert _count_advisory_locks() == 0


def is_refused_by_all(restaurant: Restaurant, wish: Wish, turn_minutes: int = 90) -> bool:
    """Say whether no plan is found for a wish as things are now: by the planner, nor by trying everything."""
    found = check_time(restaurant_id=restaurant.pk, **vars(wish) | {"seating": wish.seating or None})
    said = {str(reason.code) for reason in found.assessment.decision.reasons}
    state = read_state(restaurant.pk, now=read_clock(), turn_minutes=turn_minutes)
    return said == list_reasons(state, wish) == {"NO_TABLE"}


def list_misplaced(restaurant: Restaurant) -> list[str]:
    """Say everything that is wrong with where parties sit, and with what their history tells of it."""
    return [*_list_misfits(restaurant), *_list_untold(restaurant)]


def _list_misfits(restaurant: Restaurant) -> Iterator[str]:
    seats = read_seats(restaurant.pk)
    for booking in restaurant.bookings.filter(status="confirmed"):
        guests = guests_of(booking)
        if not any(each.table_ids == guests.home and guests.may_have(each) for each in seats):
            yield f"{booking} may not sit at {sorted(guests.home)}"


def _list_untold(restaurant: Restaurant) -> Iterator[str]:
    for booking in restaurant.bookings.filter(status="confirmed"):
        tables = list(booking.assignments.order_by("table__number").values_list("table__number", flat=True))
        for change in booking.events.filter(to_value__has_key="tables").order_by("-pk"):
            if change.to_value["tables"] != tables:
                yield f"{booking} was given {change.to_value['tables']} and left {tables}"
            tables = change.from_value["tables"]
        if booking.version != booking.events.count():
            yield f"{booking} has version {booking.version} after {booking.events.count()} events"


def assert_auditor_finds_nothing(restaurant: Restaurant) -> None:
    """Ask the auditor, which shares no code with the engine."""
    report = audit(AuditScope(restaurant_id=restaurant.pk))
    assert report.is_clean, "\n".join(report.as_lines())


def _count_advisory_locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute(ADVISORY_LOCKS)
        count: int = cursor.fetchone()[0]
    return count
