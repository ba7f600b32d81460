"""Run the auditor and keep its findings."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from django.db import transaction

from bookings.insight.audit.report import AuditReport
from bookings.insight.audit.snapshot import (
    AuditScope,
    ChangedDays,
    audit,
    audit_changed_days,
    list_changed_restaurants,
)
from bookings.models import AuditedDay, AuditRun
from capacity.selectors import read_clock
from tables.models import Restaurant

# A broken database can hold a finding for every slot: what is kept of a run stays readable.
KEPT_FINDINGS = 500
# Of the minute of a run: what is left is for what has changed.
TIME_FOR_WHOLE = timedelta(seconds=20)
# So that no snapshot is old, and no list of service days long, also when all of them have changed.
RESTAURANTS_A_SNAPSHOT = 100


def audit_capacity(
    *, restaurant_id: int | None = None, from_date: date | None = None, to_date: date | None = None
) -> AuditReport:
    """Audit one restaurant or all, on business dates (inclusive; default: yesterday and later), and store the run.

    The audit reads one snapshot and takes no lock. The run is stored in a transaction of its own, with at
    most 500 findings of each kind of list. Only a run without any restriction moves the metrics.
    """
    report = audit(AuditScope(restaurant_id=restaurant_id, from_date=from_date, to_date=to_date))
    _store(report, restaurant_id, from_date, to_date)
    return report


def audit_changes() -> AuditReport:
    """Audit what has changed since it was audited, and store a run that leaves nothing out.

    A service day that was audited without a finding is looked at again when its version has risen. One with a finding
    is looked at by every run, so that each run tells all that is known to be wrong. A fault behind the engine's back
    raises no version: each run also looks at some restaurants whole, in turn, at all of them if there is time. Each 100
    restaurants have a snapshot of their own. Takes no lock.
    """
    now = read_clock()
    report = AuditReport(as_of=now, finished_at=now, restaurants={}, names={}, checked={"restaurants": 0})
    whole_ids: list[int] = []
    for part in _parts(_list_in_turn()):
        if whole_ids and read_clock() - now > TIME_FOR_WHOLE:
            break
        whole_ids += part
        _audit_part(part, report, is_whole=True)
    for part in _parts(list_changed_restaurants(except_ids=whole_ids)):
        _audit_part(part, report, is_whole=False)
    report.finished_at = read_clock()
    _store(report, whole_through=whole_ids[-1] if whole_ids else None)
    return report


def _list_in_turn() -> list[int]:
    """List all restaurants, first those that come after the latest one that was looked at whole."""
    runs = AuditRun.objects.filter(whole_through__isnull=False).order_by("-finished_at")
    through = runs.values_list("whole_through", flat=True).first() or 0
    ids = list(Restaurant.objects.order_by("pk").values_list("pk", flat=True))
    return [*(pk for pk in ids if pk > through), *(pk for pk in ids if pk <= through)]


def _parts(restaurant_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(restaurant_ids), RESTAURANTS_A_SNAPSHOT):
        yield restaurant_ids[start : start + RESTAURANTS_A_SNAPSHOT]


def _audit_part(restaurant_ids: Sequence[int], report: AuditReport, *, is_whole: bool) -> None:
    changed = audit_changed_days(restaurant_ids, is_whole=is_whole)
    _note_audited(changed)
    report.add(changed.report)


def _note_audited(changed: ChangedDays) -> None:
    """Note the audited versions of the service days without a finding, and forget those with one."""
    rows = [AuditedDay(service_day_id=day, version=version) for day, version in changed.clean.items()]
    with transaction.atomic():
        AuditedDay.objects.filter(pk__in=changed.found).delete()
        AuditedDay.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["service_day"], update_fields=["version"], batch_size=5000
        )


def _store(
    report: AuditReport,
    restaurant_id: int | None = None,
    from_date: date | None = None,
    to_date: date | None = None,
    whole_through: int | None = None,
) -> None:
    AuditRun.objects.create(
        started_at=report.as_of,
        finished_at=report.finished_at,
        restaurant_id=restaurant_id,
        from_date=from_date,
        to_date=to_date,
        whole_through=whole_through,
        has_overbooking=report.has_overbooking,
        overbookings=len(report.overbookings),
        problems=len(report.problems),
        authorised_excess=len(report.authorised_excess),
        report=report.as_json(most=KEPT_FINDINGS),
    )
