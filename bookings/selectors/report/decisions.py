"""Decisions of a restaurant in a span of time, counted by the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Aggregate, Count, IntegerField, Q, QuerySet, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Now, TruncDate

from bookings.choices import DecisionOperation, DecisionVerdict
from bookings.ledger.alternatives import AlternativeRow
from bookings.models import Decision
from bookings.rollout_report.evenings import ServiceOnDate
from bookings.rollout_report.facts import Seen, Timing
from bookings.rollout_report.hindsight import Case, ReasonMet
from capacity.policy import CAPACITY_REASONS, ReasonCode

ONE_DAY = timedelta(days=1)
# A scrape reads no more, however busy the day was: the latest say enough about a share.
MOST_LATEST = 20_000
BOOKED_VERDICTS = (DecisionVerdict.ACCEPTED, DecisionVerdict.WAIVED, DecisionVerdict.UNEXAMINED)


class Percentile(Aggregate):
    """The value that a share of the rows does not exceed."""

    function = "percentile_disc"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = IntegerField()

    def __init__(self, expression: str, *, share: float, **extra: Any) -> None:
        super().__init__(expression, share=share, **extra)


@dataclass(frozen=True)
class DecisionSpan:
    """Decisions of one restaurant from an instant on; a longer stay is no request and not among them."""

    restaurant_id: int
    since: datetime

    @property
    def rows(self) -> QuerySet[Decision]:
        """Return the decisions, unread."""
        found = Decision.objects.filter(restaurant_id=self.restaurant_id, decided_at__gte=self.since)
        return found.exclude(operation=DecisionOperation.STAY).order_by()


@dataclass(frozen=True)
class KnownCase:
    """A case with what tells how it went on: the decision's id and mode, and the booking that was let in."""

    decision_id: int
    booking_id: int | None
    is_refused: bool
    case: Case


def list_days_by_mode(span: DecisionSpan, zone: ZoneInfo) -> list[tuple[date, str, int]]:
    """List (day on the wall, mode, decisions) in 1 query."""
    days = span.rows.annotate(day=TruncDate("decided_at", tzinfo=zone)).values_list("day", "mode")
    return list(days.annotate(decisions=Count("pk")).order_by("day", "mode"))


def list_seen(span: DecisionSpan) -> list[Seen]:
    """List decisions and covers by mode and verdict in 1 query."""
    return _counted(span.rows, "mode", "verdict")


def list_sources(span: DecisionSpan) -> list[Seen]:
    """List decisions and covers by source in 1 query."""
    return _counted(span.rows, "source")


def list_refused_otherwise(span: DecisionSpan) -> list[Seen]:
    """List refusals that no limit is needed for, as too large a party, by mode and first reason, in 1 query."""
    refused = span.rows.filter(verdict=DecisionVerdict.REFUSED).alias(first_code=KT("reasons__0__code"))
    others = refused.exclude(first_code__in=CAPACITY_REASONS).annotate(code=KT("reasons__0__code"))
    return _counted(others, "mode", "code")


def _counted(rows: QuerySet[Decision], *keys: str) -> list[Seen]:
    counted = rows.values_list(*keys).annotate(decisions=Count("pk"), covers=Sum("party_size")).order_by(*keys)
    return [Seen(tuple(str(key) for key in row[:-2]), row[-2], row[-1]) for row in counted]


def get_timing(span: DecisionSpan) -> Timing:
    """Get how long decisions took and how they ended, in 1 query."""
    return Timing(
        **span.rows.aggregate(
            decisions=Count("pk"),
            p50_ms=Coalesce(Percentile("duration_ms", share=0.5), 0),
            p95_ms=Coalesce(Percentile("duration_ms", share=0.95), 0),
            lock_wait_p95_ms=Coalesce(Percentile("lock_wait_ms", share=0.95), 0),
            repeated=Count("pk", filter=Q(attempts__gt=1)),
            undecided=Count("pk", filter=Q(verdict=DecisionVerdict.UNDECIDED)),
            unexamined=Count("pk", filter=Q(verdict=DecisionVerdict.UNEXAMINED)),
        )
    )


def list_cases(span: DecisionSpan) -> list[KnownCase]:
    """List what limits or missing tables refused, or would have refused, in 1 query."""
    found = span.rows.filter(
        Q(verdict=DecisionVerdict.WAIVED)
        | Q(verdict=DecisionVerdict.REFUSED, reasons__0__code__in=sorted(CAPACITY_REASONS))
    )
    columns = ("pk", "booking_id", "verdict", "party_size", "starts_at", "ends_at", "service_period_id")
    rows = found.order_by("decided_at", "pk").values_list(*columns, "business_date", "reasons")
    return [_known_case(*row) for row in rows if row[-1]]


def _known_case(
    decision_id: int,
    booking_id: int | None,
    verdict: str,
    party_size: int,
    starts_at: datetime,
    ends_at: datetime,
    period_id: int | None,
    business_date: date,
    reasons: Sequence[dict[str, Any]],
) -> KnownCase:
    service = None if period_id is None else ServiceOnDate(period_id, business_date)
    met = tuple(ReasonMet(ReasonCode(reason["code"]), reason["limit"]) for reason in reasons)
    case = Case(party_size, starts_at, ends_at, service, met)
    return KnownCase(decision_id, booking_id, verdict == DecisionVerdict.REFUSED, case)


ALTERNATIVE_COLUMNS = (*("pk", "decided_at", "business_date", "party_size", "starts_at", "alternatives", "verdict"),)


def alternative_row(*columns: Any) -> AlternativeRow:
    """Return the columns of a decision as what matches refusals with their answers."""
    decision_id, decided_at, business_date, party_size, starts_at, alternatives, verdict = columns
    return AlternativeRow(
        id=decision_id,
        decided_at=decided_at,
        business_date=business_date,
        party_size=party_size,
        starts_at=starts_at,
        alternatives=tuple(datetime.fromisoformat(start) for start in alternatives),
        is_accepted=verdict in BOOKED_VERDICTS,
        is_refused=verdict == DecisionVerdict.REFUSED,
    )


def of_alternatives(rows: QuerySet[Decision]) -> QuerySet[Decision]:
    """Return the requests that offered other starts, and those that a booking came of."""
    offered = Q(verdict=DecisionVerdict.REFUSED) & ~Q(alternatives=[])
    return rows.filter(offered | Q(verdict__in=BOOKED_VERDICTS), operation=DecisionOperation.CREATE)


def list_alternative_rows(span: DecisionSpan) -> list[AlternativeRow]:
    """List refusals that offered other starts, and the bookings that may answer them, in 1 query."""
    return [alternative_row(*row) for row in of_alternatives(span.rows).values_list(*ALTERNATIVE_COLUMNS)]


def list_latest_alternatives(most: int = MOST_LATEST) -> list[tuple[int, AlternativeRow]]:
    """List the rows of the last 24 hours, the latest `most`, each with its restaurant, in 1 query."""
    # Not by `ClockTimestamp`: that may change from row to row, so that no index would be asked.
    latest = of_alternatives(Decision.objects.filter(decided_at__gte=Now() - ONE_DAY))
    rows = latest.order_by("-decided_at").values_list("restaurant_id", *ALTERNATIVE_COLUMNS)[:most]
    return [(restaurant_id, alternative_row(*columns)) for restaurant_id, *columns in rows]
