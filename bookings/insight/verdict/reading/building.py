"""Put a report together: counts of the database, judged by the pure parts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from django.conf import settings as django_settings

from bookings.choices import DecisionMode
from bookings.insight.verdict.facts import ModeSpan, ReportPeriod, RolloutReport, Ticket, Timing
from bookings.insight.verdict.reading.decisions import (
    DecisionSpan,
    count_settled_dates,
    get_timing,
    list_days_by_mode,
    list_refused_otherwise,
    list_seen,
    list_sources,
)
from bookings.insight.verdict.reading.evenings import count_service_days
from bookings.insight.verdict.reading.looking_back import Hindsights, look_back_on
from bookings.insight.verdict.reading.oversight import list_above, list_mode_changes, list_overbookings, list_tickets
from bookings.insight.verdict.recommendation import Evidence, dates_wanted, recommend
from bookings.selectors.modes import get_enforcement_standing
from capacity.coverage import is_still_offered
from capacity.misconfigurations import Misconfiguration, find_misconfigurations
from capacity.selectors import ServiceSettings, get_house_settings, get_service_settings
from config.replica import reads_replica
from tables.choices import EnforcementMode

DEFAULT_DAYS = 30
MOST_DAYS = 366


@dataclass(frozen=True)
class _Look:
    """The sight of a span of decisions; `settled_dates` are dates that are over, decided about in the mode of now."""

    days_by_mode: Sequence[tuple[date, str, int]]
    settled_dates: int
    hindsights: Hindsights
    timing: Timing
    tickets: Sequence[Ticket]
    overbookings: Sequence[str]


@reads_replica
def get_rollout_report(*, restaurant_id: int, days: int = DEFAULT_DAYS) -> RolloutReport:
    """Report on the last business dates of a restaurant, today included, in at most 26 queries.

    The recommendation looks at no less than the usual span, also where less is shown; that takes up to 12 queries more.

    Raises: `RecordNotFound`.
    """
    settings = get_service_settings(restaurant_id)
    period = _period(settings, days)
    span = _span(settings, period.first)
    shown = judged = _look(settings, span)
    if period.judged_from < period.first:
        judged = _look(settings, _span(settings, period.judged_from))
    misconfigurations = find_misconfigurations(get_house_settings(settings))
    obstacles = get_enforcement_standing().obstacles
    return RolloutReport(
        restaurant_id=restaurant_id,
        slug=settings.restaurant.slug,
        name=settings.restaurant.name,
        timezone=settings.restaurant.timezone,
        as_of=settings.now,
        is_enforced=settings.is_enforced,
        is_set_to_enforce=settings.restaurant.enforcement == EnforcementMode.ENFORCE,
        period=replace(period, observed_days=len({day for day, _, _ in shown.days_by_mode})),
        recommendation=recommend(_evidence(settings, judged, obstacles, misconfigurations)),
        obstacles=obstacles,
        modes=tuple(_mode_spans(shown.days_by_mode)),
        changes=list_mode_changes(restaurant_id, span.since),
        seen=list_seen(span),
        sources=list_sources(span),
        refused_otherwise=list_refused_otherwise(span),
        would_be=shown.hindsights.would_be,
        turned=shown.hindsights.turned,
        overbookings=shown.overbookings,
        above=list_above(restaurant_id, span.since),
        timing=shown.timing,
        offered=shown.hindsights.offered,
        tickets=shown.tickets,
        misconfigurations=misconfigurations,
    )


def _period(settings: ServiceSettings, days: int) -> ReportPeriod:
    first, last = settings.today - timedelta(days=days - 1), settings.today
    return ReportPeriod(
        first=first,
        last=last,
        service_days=count_service_days(settings.restaurant.pk, first, last),
        observed_days=0,
        judged_from=min(first, last - timedelta(days=DEFAULT_DAYS - 1)),
        ledger_from=last - timedelta(days=django_settings.LEDGER_DAYS),
    )


def _span(settings: ServiceSettings, first: date) -> DecisionSpan:
    return DecisionSpan(settings.restaurant.pk, datetime.combine(first, time(), settings.zone))


def _look(settings: ServiceSettings, span: DecisionSpan) -> _Look:
    return _Look(
        days_by_mode=list_days_by_mode(span, settings.zone),
        settled_dates=count_settled_dates(span, _mode_of(settings), settings.now),
        hindsights=look_back_on(settings, span),
        timing=get_timing(span),
        tickets=list_tickets(span.restaurant_id, span.since),
        overbookings=list_overbookings(settings.restaurant.slug, span.since),
    )


def _mode_of(settings: ServiceSettings) -> DecisionMode:
    return DecisionMode.ENFORCE if settings.is_enforced else DecisionMode.SHADOW


def _evidence(
    settings: ServiceSettings, look: _Look, obstacles: Sequence[str], misconfigurations: Iterable[Misconfiguration]
) -> Evidence:
    of_mode = [(day, decisions) for day, mode, decisions in look.days_by_mode if mode == _mode_of(settings)]
    would_be = look.hindsights.would_be
    return Evidence(
        is_enforced=settings.is_enforced,
        observed_days=len(of_mode),
        decisions=sum(decisions for _, decisions in of_mode),
        settled_dates=look.settled_dates,
        wanted_dates=dates_wanted(_weekdays_of(settings)),
        requests=look.timing.decisions,
        obstacles=obstacles,
        overbookings=len(look.overbookings),
        unexamined=look.timing.unexamined,
        undecided=look.timing.undecided,
        p95_ms=look.timing.p95_ms,
        right=sum(row.right for row in would_be),
        not_needed=sum(row.not_needed for row in would_be),
        open=sum(row.open for row in would_be),
        open_evenings=look.hindsights.open_evenings,
        tickets=sum(ticket.tickets for ticket in look.tickets),
        serious=tuple(fault.message for fault in misconfigurations if fault.is_serious),
    )


def _weekdays_of(settings: ServiceSettings) -> frozenset[int]:
    regular = (
        period for period in settings.periods if period.on_date is None and is_still_offered(period, settings.today)
    )
    return frozenset(weekday for period in regular for weekday in period.weekdays)


def _mode_spans(days_by_mode: Iterable[tuple[date, str, int]]) -> Iterable[ModeSpan]:
    """Join days on which one mode follows another of its kind."""
    spans: list[ModeSpan] = []
    for day, mode, decisions in days_by_mode:
        if spans and spans[-1].mode == mode:
            before = spans.pop()
            spans.append(ModeSpan(mode, before.first, day, before.decisions + decisions))
        else:
            spans.append(ModeSpan(mode, day, day, decisions))
    return spans
