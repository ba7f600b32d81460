"""The course of business over some dates: parties, utilisation, lead times, lost covers, overrides. Never writes."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Aggregate, Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, ExtractHour, ExtractIsoWeekDay

from bookings.choices import COUNTING_STATUSES, BookingSource, BookingStatus, DecisionOperation, DecisionVerdict
from bookings.models import Booking, CapacityOverride, Decision
from capacity.calendar import ONE_DAY
from capacity.models import ServiceDay
from capacity.policy import percent_of
from config.replica import reads_replica

MOST_DAYS = 366
SEATED = Q(status__in=COUNTING_STATUSES)
COLUMNS = {
    "seated": SEATED,
    "walk_ins": SEATED & Q(source=BookingSource.WALK_IN),
    "no_shows": Q(status=BookingStatus.NO_SHOW),
    "cancelled": Q(status=BookingStatus.CANCELLED),
}
# Each up to so many days before the date, the last without an end.
LEAD_DAYS = (0, 1, 6, 13, 29)


class Amount(NamedTuple):
    """A number of parties, or of requests, and their covers."""

    parties: int = 0
    covers: int = 0


@dataclass(frozen=True)
class DateUse:
    """The course of one business date. `max_covers` is None where a service has no limit on covers."""

    business_date: date
    max_covers: int | None
    seated: Amount
    walk_ins: Amount
    no_shows: Amount
    cancelled: Amount

    @property
    def percent(self) -> int | None:
        """Return round(100 x covers / limit), None without a limit."""
        return percent_of(self.seated.covers, self.max_covers)


@dataclass(frozen=True)
class HourUse:
    """The parties that started in one hour of the wall clock, on average of the dates with a service, by weekday.

    `covers` has a place for each day of the week, Monday first; None where there was no service.
    """

    hour: int
    covers: tuple[float | None, ...]


class LeadTime(NamedTuple):
    """The bookings made so many days before their date; `to_days` is None for all that are earlier."""

    from_days: int
    to_days: int | None
    amount: Amount


class LostCovers(NamedTuple):
    """The refused requests under the first of their reasons, the same request once however often it was made."""

    code: str
    amount: Amount


class OverrideUse(NamedTuple):
    """The excess that was authorised above one limit, by its source."""

    source: str
    limit: str
    times: int
    amount: int


@dataclass(frozen=True)
class BusinessReport:
    """The business of a restaurant from one date to another, both included."""

    from_date: date
    to_date: date
    dates: tuple[DateUse, ...]
    hours: tuple[HourUse, ...]
    lead_times: tuple[LeadTime, ...]
    lost: tuple[LostCovers, ...]
    overrides: tuple[OverrideUse, ...]


@reads_replica
def get_business_report(*, restaurant_id: int, from_date: date, to_date: date) -> BusinessReport:
    """Get the business of a restaurant in at most 366 days, in 7 queries, whatever their number of bookings."""
    of_dates = Q(restaurant_id=restaurant_id, business_date__range=(from_date, to_date))
    bookings, days = Booking.objects.filter(of_dates).order_by(), ServiceDay.objects.filter(of_dates).order_by()
    return BusinessReport(
        from_date=from_date,
        to_date=to_date,
        dates=tuple(_dates(bookings, days)),
        hours=tuple(_hours(bookings, days)),
        lead_times=tuple(_lead_times(bookings)),
        lost=tuple(_lost(Decision.objects.filter(of_dates))),
        overrides=tuple(_overrides(restaurant_id, from_date, to_date)),
    )


def _dates(bookings: QuerySet[Booking], days: QuerySet[ServiceDay]) -> Iterator[DateUse]:
    """Yield the dates with a service or a booking."""
    columns = {f"{name}_{column}": value for name in COLUMNS for column, value in _amount_of(COLUMNS[name]).items()}
    counted = {on: numbers for on, *numbers in bookings.values_list("business_date").annotate(**columns)}
    unlimited = Count("pk", filter=Q(max_covers=None))
    limits = days.values_list("business_date").annotate(unlimited=unlimited, limit=Sum("max_covers"))
    limit_of = {on: None if without else limit for on, without, limit in limits}
    for on in sorted(counted.keys() | limit_of.keys()):
        numbers = iter(counted.get(on, [0] * len(columns)))
        amounts = [Amount(parties, covers) for parties, covers in zip(numbers, numbers, strict=True)]
        yield DateUse(on, limit_of.get(on), *amounts)


def _amount_of(condition: Q) -> dict[str, Aggregate | Coalesce]:
    return {
        "parties": Count("pk", filter=condition),
        "covers": Coalesce(Sum("party_size", filter=condition), 0),
    }


def _hours(bookings: QuerySet[Booking], days: QuerySet[ServiceDay]) -> Iterator[HourUse]:
    """Yield the hours with a party, from the first of the service on: an hour after midnight is a late one."""
    weekdays = Counter(on.isoweekday() for on in set(days.values_list("business_date", flat=True)))
    counted = bookings.filter(SEATED).values_list(
        ExtractHour("wall_time"), ExtractIsoWeekDay("business_date"), _is_after_midnight()
    )
    covers: defaultdict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    for hour, weekday, late, seated in counted.annotate(Sum("party_size")):
        covers[late, hour][weekday] = seated
    for (_, hour), by_weekday in sorted(covers.items()):
        averages = (by_weekday.get(day, 0) / weekdays[day] if weekdays[day] else None for day in range(1, 8))
        yield HourUse(hour, tuple(averages))


def _is_after_midnight() -> Case:
    """Return 1 for a party that starts on the day after its business date by the clock of its service."""
    early = When(wall_time__lt=F("service_day__service_period__start_time"), then=Value(1))
    return Case(early, default=Value(0), output_field=IntegerField())


def _lead_times(bookings: QuerySet[Booking]) -> Iterator[LeadTime]:
    """Yield the spans with a booking; walk-ins are none."""
    made = bookings.exclude(source=BookingSource.WALK_IN).exclude(status=BookingStatus.EXPIRED)
    spans = [
        When(starts_at__lt=F("created_at") + timedelta(days=last + 1), then=Value(number))
        for number, last in enumerate(LEAD_DAYS)
    ]
    span = Case(*spans, default=Value(len(LEAD_DAYS)), output_field=IntegerField())
    counted = made.values_list(span).annotate(Count("pk"), Sum("party_size"))
    for number, parties, covers in sorted(counted):
        first = LEAD_DAYS[number - 1] + 1 if number else 0
        last = LEAD_DAYS[number] if number < len(LEAD_DAYS) else None
        yield LeadTime(first, last, Amount(parties, covers))


def _lost(decisions: QuerySet[Decision]) -> Iterator[LostCovers]:
    refused = decisions.filter(verdict=DecisionVerdict.REFUSED, operation=DecisionOperation.CREATE)
    code = KeyTextTransform("code", KeyTextTransform("0", "reasons"))
    requests = refused.order_by().values_list(code, "starts_at", "party_size", "source").distinct()
    parties: Counter[str] = Counter()
    covers: Counter[str] = Counter()
    for reason, _, party_size, _ in requests:
        parties[reason] += 1
        covers[reason] += party_size
    for reason, lost in covers.most_common():
        yield LostCovers(reason, Amount(parties[reason], lost))


def _overrides(restaurant_id: int, from_date: date, to_date: date) -> Iterator[OverrideUse]:
    dates = Q(restaurant_id=restaurant_id, service_day__business_date__range=(from_date, to_date))
    rows = CapacityOverride.objects.filter(dates).values_list("source", "limit").annotate(Count("pk"), Sum("amount"))
    return (OverrideUse(*row) for row in rows.order_by("source", "limit"))


def latest_dates(today: date, days: int) -> tuple[date, date]:
    """Return the first and the last of so many dates that are over."""
    return today - days * ONE_DAY, today - ONE_DAY
