"""Decisions of a restaurant in a span of time, counted by the database."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Aggregate, Count, Exists, IntegerField, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Now, TruncDate

from bookings.choices import BOOKED_VERDICTS, DecisionMode, DecisionOperation, DecisionVerdict
from bookings.insight.replay.alternatives import ANSWERED_WITHIN, AlternativeRow
from bookings.insight.verdict.evenings import ServiceOnDate
from bookings.insight.verdict.facts import Seen, Timing
from bookings.insight.verdict.hindsight import Case, KnownCase, ReasonMet
from bookings.models import Decision
from capacity.calendar import ONE_DAY
from capacity.limits import LIMIT_OF, LimitKind
from capacity.models import ServiceDay
from capacity.policy import CAPACITY_REASONS, ReasonCode

# A scrape reads no more, however busy the day was: the latest say enough about a share.
MOST_LATEST = 20_000


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


def list_days_by_mode(span: DecisionSpan, zone: ZoneInfo) -> list[tuple[date, str, int]]:
    """List (day on the wall, mode, decisions) in 1 query, of each day the mode that was first in force first."""
    days = span.rows.annotate(day=TruncDate("decided_at", tzinfo=zone)).values_list("day", "mode")
    counted = days.annotate(decisions=Count("pk"), since=Min("decided_at")).order_by("day", "since", "mode")
    return [(day, mode, decisions) for day, mode, decisions, _ in counted]


def count_settled_dates(span: DecisionSpan, mode: DecisionMode, now: datetime) -> int:
    """Count the business dates that were decided about in a mode and whose service is over, in 1 query."""
    over = ServiceDay.objects.filter(
        restaurant_id=span.restaurant_id,
        service_period_id=OuterRef("service_period_id"),
        business_date=OuterRef("business_date"),
        ends_at__lte=now,
    )
    return span.rows.filter(Exists(over), mode=mode).values("business_date").distinct().count()


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
    """Get durations and outcomes of decisions, in 1 query."""
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
    """List refusals and would-be refusals by limits or missing tables, in 1 query.

    A refusal of a party that a person answered for soon after turned nobody away.
    """
    found = span.rows.filter(
        Q(verdict=DecisionVerdict.WAIVED)
        | Q(verdict=DecisionVerdict.REFUSED, reasons__0__code__in=sorted(CAPACITY_REASONS))
    ).exclude(Exists(_answered_for(span)))
    rows = found.annotate(seating=KT("request__seating")).order_by("decided_at", "pk").values(*CASE_COLUMNS)
    return [_known_case(row) for row in rows if row["reasons"]]


def _answered_for(span: DecisionSpan) -> QuerySet[Decision]:
    alike = {name: OuterRef(name) for name in ("operation", "source", "business_date", "party_size")}
    soon = (OuterRef("decided_at"), OuterRef("decided_at") + ANSWERED_WITHIN)
    return span.rows.filter(verdict=DecisionVerdict.OVERRIDDEN, decided_at__range=soon, **alike)


CASE_COLUMNS = (
    *("pk", "decided_at", "booking_id", "verdict", "operation", "source", "seating", "party_size"),
    *("starts_at", "ends_at", "service_period_id", "business_date", "reasons", "limits"),
)


def _known_case(row: dict[str, Any]) -> KnownCase:
    period_id = row["service_period_id"]
    return KnownCase(
        decision_id=row["pk"],
        decided_at=row["decided_at"],
        booking_id=row["booking_id"],
        is_refused=row["verdict"] == DecisionVerdict.REFUSED,
        is_change=row["operation"] == DecisionOperation.CHANGE,
        source=row["source"],
        seating=row["seating"] or "",
        case=Case(
            party_size=row["party_size"],
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            service=None if period_id is None else ServiceOnDate(period_id, row["business_date"]),
            reasons=_met(row["reasons"]),
            other_limits=_limits_beside(row["limits"], {reason["code"] for reason in row["reasons"]}),
        ),
    )


def _met(stored: Iterable[dict[str, Any]]) -> tuple[ReasonMet, ...]:
    return tuple(ReasonMet(ReasonCode(reason["code"]), reason["limit"]) for reason in stored)


def _limits_beside(stored: Iterable[dict[str, Any]], reasons: Collection[str]) -> tuple[ReasonMet, ...]:
    """Return the limits of service and slot that were kept; of those present only the tightest slot is stored."""
    kept = (met for met in stored if met["code"] not in reasons)
    return _met(met for met in kept if LIMIT_OF[met["code"]].kind is not LimitKind.OCCUPANCY)


ALTERNATIVE_COLUMNS = (*("pk", "decided_at", "business_date", "party_size", "starts_at", "alternatives", "verdict"),)


def alternative_row(*columns: Any) -> AlternativeRow:
    """Return the columns of a decision as the row that matches refusals with their answers."""
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
    """Return the requests that offered other starts, and those that led to a booking."""
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
