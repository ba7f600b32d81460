"""Run the auditor and keep its findings."""

from datetime import date

from bookings.insight.audit.report import AuditReport
from bookings.insight.audit.snapshot import AuditScope, audit
from bookings.models import AuditRun

# A broken database can hold a finding for every slot: what is kept of a run stays readable.
KEPT_FINDINGS = 500


def audit_capacity(
    *, restaurant_id: int | None = None, from_date: date | None = None, to_date: date | None = None
) -> AuditReport:
    """Audit one restaurant or all, on business dates (inclusive; default: yesterday and later), and store the run.

    The audit reads one snapshot and takes no lock. The run is stored in a transaction of its own, with at
    most 500 findings of each kind of list. Only a run without any restriction moves the metrics.
    """
    report = audit(AuditScope(restaurant_id=restaurant_id, from_date=from_date, to_date=to_date))
    AuditRun.objects.create(
        started_at=report.as_of,
        finished_at=report.finished_at,
        restaurant_id=restaurant_id,
        from_date=from_date,
        to_date=to_date,
        has_overbooking=report.has_overbooking,
        overbookings=len(report.overbookings),
        problems=len(report.problems),
        authorised_excess=len(report.authorised_excess),
        report=report.as_json(most=KEPT_FINDINGS),
    )
    return report
