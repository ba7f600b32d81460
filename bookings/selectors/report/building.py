"""Put a report together: what the database counted, judged by the pure parts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bookings.ledger.alternatives import match_alternatives
from bookings.rollout_report.evenings import Evenings
from bookings.rollout_report.facts import (
    Misconfiguration,
    ModeSpan,
    Offered,
    ReportPeriod,
    RolloutReport,
    Ticket,
    Timing,
    Turned,
    WouldBe,
)
from bookings.rollout_report.hindsight import STAYED_AWAY, Aftermath, Hindsight, look_back, look_back_at_refusal
from bookings.rollout_report.misconfiguration import find_misconfigurations
from bookings.rollout_report.recommendation import Evidence, recommend
from bookings.selectors.report.decisions import (
    DecisionSpan,
    KnownCase,
    get_timing,
    list_alternative_rows,
    list_cases,
    list_days_by_mode,
    list_refused_otherwise,
    list_seen,
    list_sources,
)
from bookings.selectors.report.evenings import count_service_days, get_covers_away, get_evenings, get_parties_seen
from bookings.selectors.report.house import get_house_settings
from bookings.selectors.report.oversight import list_above, list_mode_changes, list_overbookings, list_tickets
from capacity.policy import ReasonCode
from capacity.selectors import ServiceSettings, get_service_settings

DEFAULT_DAYS = 30
MOST_DAYS = 366


@dataclass(frozen=True)
class _Hindsights:
    """Would-be refusals by reason, real ones together, and how many evenings are still open."""

    would_be: tuple[WouldBe, ...]
    turned: Turned
    open_evenings: int


def get_rollout_report(*, restaurant_id: int, days: int = DEFAULT_DAYS) -> RolloutReport:
    """Report on the last business dates of a restaurant, today included, in at most 24 queries.

    Raises: `RecordNotFound`.
    """
    settings = get_service_settings(restaurant_id)
    first = settings.today - timedelta(days=days - 1)
    span = DecisionSpan(restaurant_id, datetime.combine(first, time(), settings.zone))
    days_by_mode = list_days_by_mode(span, settings.zone)
    hindsights, timing = _look_back(settings, list_cases(span)), get_timing(span)
    tickets = list_tickets(restaurant_id, span.since)
    overbookings = list_overbookings(settings.restaurant.slug, span.since)
    misconfigurations = find_misconfigurations(get_house_settings(settings))
    period = _period(settings, first, days_by_mode)
    return RolloutReport(
        restaurant_id=restaurant_id,
        slug=settings.restaurant.slug,
        name=settings.restaurant.name,
        timezone=settings.restaurant.timezone,
        as_of=settings.now,
        is_enforced=settings.is_enforced,
        period=period,
        recommendation=recommend(
            _evidence(settings, period, timing, hindsights, tickets, overbookings, misconfigurations)
        ),
        modes=tuple(_mode_spans(days_by_mode)),
        changes=list_mode_changes(restaurant_id, span.since),
        seen=list_seen(span),
        sources=list_sources(span),
        refused_otherwise=list_refused_otherwise(span),
        would_be=hindsights.would_be,
        turned=hindsights.turned,
        overbookings=overbookings,
        above=list_above(restaurant_id, span.since),
        timing=timing,
        offered=_offered(span),
        tickets=tickets,
        misconfigurations=misconfigurations,
    )


def _period(settings: ServiceSettings, first: date, days_by_mode: Iterable[tuple[date, str, int]]) -> ReportPeriod:
    return ReportPeriod(
        first=first,
        last=settings.today,
        service_days=count_service_days(settings.restaurant.pk, first, settings.today),
        observed_days=len({day for day, _, _ in days_by_mode}),
    )


def _evidence(
    settings: ServiceSettings,
    period: ReportPeriod,
    timing: Timing,
    hindsights: _Hindsights,
    tickets: Sequence[Ticket],
    overbookings: Sequence[str],
    misconfigurations: Iterable[Misconfiguration],
) -> Evidence:
    return Evidence(
        is_enforced=settings.is_enforced,
        observed_days=period.observed_days,
        decisions=timing.decisions,
        overbookings=len(overbookings),
        unexamined=timing.unexamined,
        undecided=timing.undecided,
        p95_ms=timing.p95_ms,
        right=sum(it.right for it in hindsights.would_be),
        not_needed=sum(it.not_needed for it in hindsights.would_be),
        open=sum(it.open for it in hindsights.would_be),
        open_evenings=hindsights.open_evenings,
        tickets=sum(ticket.tickets for ticket in tickets),
        serious=tuple(it.message for it in misconfigurations if it.is_serious),
    )


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


def _look_back(settings: ServiceSettings, cases: Sequence[KnownCase]) -> _Hindsights:
    evenings = get_evenings(settings.restaurant.pk, [known.case for known in cases])
    waived = [known for known in cases if not known.is_refused]
    refused = [known for known in cases if known.is_refused]
    judged = _judge_waived(waived, evenings, settings.now)
    return _Hindsights(
        would_be=tuple(_would_be_by_reason(judged)),
        turned=_turned(settings.restaurant.pk, refused, evenings, settings.now),
        open_evenings=len({known.case.service for known, it in judged if it is Hindsight.OPEN}),
    )


Judged = list[tuple[KnownCase, Hindsight]]


def _judge_waived(waived: Sequence[KnownCase], evenings: Evenings, now: datetime) -> Judged:
    parties = get_parties_seen([known.booking_id for known in waived if known.booking_id is not None])
    return [
        (known, look_back(known.case, parties.get(known.booking_id or 0, STAYED_AWAY), evenings, now))
        for known in waived
    ]


def _would_be_by_reason(judged: Judged) -> Iterable[WouldBe]:
    by_code: defaultdict[ReasonCode, Judged] = defaultdict(list)
    for known, hindsight in judged:
        by_code[known.case.code].append((known, hindsight))
    for code in sorted(by_code, key=list(ReasonCode).index):
        group = by_code[code]
        counts = {it: sum(found is it for _, found in group) for it in Hindsight}
        yield WouldBe(
            code=code,
            decisions=len(group),
            covers=_covers(known for known, _ in group),
            right=counts[Hindsight.RIGHT],
            not_needed=counts[Hindsight.NOT_NEEDED],
            did_not_come=counts[Hindsight.DID_NOT_COME],
            open=counts[Hindsight.OPEN],
            covers_not_needed=_covers(known for known, found in group if found is Hindsight.NOT_NEEDED),
        )


def _covers(cases: Iterable[KnownCase]) -> int:
    return sum(known.case.party_size for known in cases)


def _turned(restaurant_id: int, refused: Sequence[KnownCase], evenings: Evenings, now: datetime) -> Turned:
    by_aftermath: defaultdict[Aftermath, list[KnownCase]] = defaultdict(list)
    for known in refused:
        by_aftermath[look_back_at_refusal(known.case, evenings, now)].append(known)
    empty = by_aftermath[Aftermath.STAYED_EMPTY]
    services = {known.case.service for known in empty if known.case.service is not None}
    no_show_covers, cancelled_covers = get_covers_away(restaurant_id, services)
    return Turned(
        decisions=len(refused),
        covers=_covers(refused),
        stayed_empty=len(empty),
        covers_empty=_covers(empty),
        filled=len(by_aftermath[Aftermath.FILLED]),
        tables_unknown=len(by_aftermath[Aftermath.TABLES_UNKNOWN]),
        open=len(by_aftermath[Aftermath.OPEN]),
        no_show_covers=no_show_covers,
        cancelled_covers=cancelled_covers,
    )


def _offered(span: DecisionSpan) -> Offered:
    rows = list_alternative_rows(span)
    return Offered(refusals=sum(row.is_refused for row in rows), accepted=len(match_alternatives(rows)))
