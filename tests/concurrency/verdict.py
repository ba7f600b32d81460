"""What must hold after every race: counters, auditor, metrics, nothing left locked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection
from prometheus_client import REGISTRY

from bookings.auditor import AuditScope, audit
from tables.models import Restaurant
from tests.recount import list_faults

DISAGREEMENTS = "booking_constraint_disagreement_total"
RETRIES = "booking_retries_total"
ATTEMPTS = "booking_attempts_sum"
CALLS = "booking_attempts_count"
ADVISORY_LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"


def _sum(sample: str, **labels: str) -> float:
    """Add up the values of a metric over all label values that are not named."""
    return sum(
        it.value
        for metric in REGISTRY.collect()
        for it in metric.samples
        if it.name == sample and labels.items() <= it.labels.items()
    )


@dataclass
class Gauge:
    """What the engine counted since this was made."""

    before: dict[tuple[str, tuple[tuple[str, str], ...]], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.before = {
            (it.name, tuple(sorted(it.labels.items()))): it.value
            for metric in REGISTRY.collect()
            for it in metric.samples
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


@contextmanager
def watched(restaurant: Restaurant) -> Iterator[Gauge]:
    """Watch a race, and see when it is over that nothing is wrong."""
    gauge = Gauge()
    yield gauge
    assert gauge.disagreements == 0
    assert list_faults(restaurant.pk) == []
    assert_auditor_finds_nothing(restaurant)
    assert _count_advisory_locks() == 0


def assert_auditor_finds_nothing(restaurant: Restaurant) -> None:
    """Ask the auditor, which shares no code with the engine."""
    report = audit(AuditScope(restaurant_id=restaurant.pk))
    assert report.is_clean, "\n".join(report.as_lines())


def _count_advisory_locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute(ADVISORY_LOCKS)
        count: int = cursor.fetchone()[0]
    return count
