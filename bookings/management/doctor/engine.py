"""The checks of the engine from day to day: slots ahead, the auditor, jobs, decisions, and enforcement."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings

from bookings.insight.verdict.reading.building import DEFAULT_DAYS
from bookings.management.doctor.clocks import is_known_here
from bookings.management.doctor.findings import Deployment, Finding, ok, problem, some_of, warning
from bookings.models import AuditRun
from bookings.selectors import get_latest_audit
from bookings.selectors.jobs import list_queue_states
from bookings.services import plan_materialization
from capacity.calendar import ONE_MINUTE
from capacity.models import EnforcementSwitch
from capacity.selectors import read_clock
from config.values import counted
from tables.choices import EnforcementMode
from tables.models import Restaurant

LONGEST_SILENCE = timedelta(minutes=5)
LONGEST_LAG = timedelta(minutes=10)
AUDIT = "manage.py audit_capacity"


def check_horizon(deployment: Deployment) -> Iterator[Finding]:
    """Check that the coming services of every active restaurant are there, in 7 queries a restaurant.

    The first booking makes a missing service, and takes longer then. Without a known zone the missing services are
    unknown too; `check_zones` says so.
    """
    now = read_clock()
    missing = {}
    for restaurant in Restaurant.objects.filter(active=True).order_by("slug"):
        if not is_known_here(restaurant.timezone):
            continue
        today = now.astimezone(restaurant.zone).date()
        last = today + timedelta(days=deployment.days - 1)
        plan = plan_materialization(restaurant_id=restaurant.pk, from_date=today, to_date=last)
        if plan.days_created:
            missing[restaurant.slug] = plan.days_created
    if missing:
        saw = some_of([f"{slug} ({count})" for slug, count in missing.items()])
        advice = f"manage.py materialize_slots --days {deployment.days}; the worker does it every night."
        yield warning("horizon", f"services missing in the next {counted(deployment.days, 'day')}: {saw}", advice)
    else:
        yield ok("horizon", f"every service of the next {counted(deployment.days, 'day')} is there")


def check_auditor(deployment: Deployment) -> Iterator[Finding]:
    """Check that the auditor ran just now, and found nothing."""
    latest = get_latest_audit()
    if latest is None:
        yield problem(
            "auditor", "nobody has looked for overbookings yet", f"{AUDIT}; manage.py worker does it for you."
        )
        return
    age = read_clock() - latest.started_at
    if age > LONGEST_SILENCE:
        saw = f"the latest full audit is {counted(age // ONE_MINUTE, 'minute')} old"
        yield problem("auditor", saw, f"{AUDIT}; look why manage.py worker, which does it every minute, does not run.")
    else:
        yield ok("auditor", f"looked {age.total_seconds():.0f} s ago")
    yield _said_by(latest)


def _said_by(latest: AuditRun) -> Finding:
    advice = f"{AUDIT}; docs/operations.md, When the auditor finds something."
    if latest.overbookings:
        return problem("audit", f"{counted(latest.overbookings, 'overbooking')} beyond what was authorised", advice)
    if latest.problems:
        return problem("audit", f"{counted(latest.problems, 'problem')}, as counters that drifted", advice)
    return ok("audit", "no overbooking, no problem")


def check_queue(deployment: Deployment) -> Iterator[Finding]:
    """Check that a worker takes jobs, and that no job is dead."""
    states = list_queue_states()
    late = {state.queue: state.lag for state in states if state.lag > LONGEST_LAG}
    dead = {state.queue: state.dead for state in states if state.dead}
    if late:
        saw = f"due and not begun: {some_of([f'{queue} since {lag // ONE_MINUTE} min' for queue, lag in late.items()])}"
        yield problem("queue", saw, "manage.py worker: start it, or look into its log.")
    if dead:
        saw = f"dead jobs: {some_of([f'{queue} ({count})' for queue, count in dead.items()])}"
        yield warning("queue", saw, "Jobs in the admin: read what each failed with, then retry it.")
    if not late and not dead:
        yield ok("queue", "no job is late, none is dead")


def check_ledger(deployment: Deployment) -> Iterator[Finding]:
    """Check that every decision is kept for as long as the report looks back."""
    if not settings.DECISION_LEDGER:
        saw = "DECISION_LEDGER is off: of what is decided now there will be no verdict, no what-if, no replay"
        yield warning("ledger", saw, "Set DECISION_LEDGER=on and restart; off is there to measure what it costs.")
    elif settings.LEDGER_DAYS < DEFAULT_DAYS:
        saw = f"decisions are kept for {counted(settings.LEDGER_DAYS, 'day')}, and the report looks back {DEFAULT_DAYS}"
        yield warning("ledger", saw, f"Set LEDGER_DAYS to {DEFAULT_DAYS} or more.")
    else:
        yield ok("ledger", f"every decision is kept for {counted(settings.LEDGER_DAYS, 'day')}")


def check_enforcement(deployment: Deployment) -> Iterator[Finding]:
    """Check that limits refuse: environment, switch and restaurant must all say so."""
    findings = [*_off_for_all(), *_off_for_some()]
    yield from findings or [ok("enforcement", "limits are enforced in every active restaurant")]


def _off_for_all() -> Iterator[Finding]:
    if not settings.ENABLE_CAPACITY_ENFORCEMENT:
        saw = "ENABLE_CAPACITY_ENFORCEMENT is false: no limit refuses anybody, so there may be overbookings"
        yield warning("enforcement", saw, "Set ENABLE_CAPACITY_ENFORCEMENT=true and restart, when shadow mode is over.")
    switch = EnforcementSwitch.objects.filter(pk=1, enforced=False).first()
    if switch is not None:
        saw = f"the switch is off since {switch.changed_at:%Y-%m-%d %H:%M} UTC: {switch.reason or 'no reason given'}"
        yield warning("enforcement", saw, "manage.py rollout resume --reason ..., when the reason is gone.")


def _off_for_some() -> Iterator[Finding]:
    shadows = Restaurant.objects.filter(active=True, enforcement=EnforcementMode.SHADOW).order_by("slug")
    slugs = list(shadows.values_list("slug", flat=True))
    if slugs:
        advice = "manage.py rollout report SLUG says whether it is ready, rollout set SLUG enforce enforces it."
        yield warning("enforcement", f"in shadow mode, limits refuse nobody: {some_of(slugs)}", advice)
