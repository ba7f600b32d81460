"""The reads of a business date of one restaurant for its first page. They never write."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, Max, OuterRef, Prefetch, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform

from bookings.choices import AWAITED_STATUSES, BookingStatus, DecisionVerdict, EventKind
from bookings.models import Booking, BookingEvent, Decision, TableAssignment
from bookings.selectors.excess import LimitKey, list_authorised
from bookings.selectors.heatmap import HeatDay, get_heatmap
from bookings.selectors.modes import Mode, get_enforcement_standing, mode_of
from bookings.selectors.running_over import RunningOver, list_running_over
from bookings.selectors.timeline import get_business_date
from capacity.policy import LimitUse, ServiceState, SlotState
from capacity.selectors import ServiceSettings
from tables.models import Restaurant
from tables.querysets import number_order
from tables.spans import TimeSpan

MOST_ARRIVALS, MOST_LISTED = 6, 10


@dataclass(frozen=True)
class Excess:
    """The use of a limit that is passed, and the amount above it that was authorised; `slot` is None of a service."""

    service: ServiceState
    slot: SlotState | None
    use: LimitUse
    authorised: int

    @property
    def overbooked(self) -> int:
        """Return the amount that nobody authorised."""
        return max(0, self.use.excess - self.authorised)


@dataclass(frozen=True)
class HouseDay:
    """The services of a business date with every slot; `running_date` is the business date that runs now."""

    settings: ServiceSettings
    running_date: date
    day: HeatDay
    authorised: dict[LimitKey, int]
    mode: Mode

    @property
    def is_running(self) -> bool:
        """Say whether the shown date is the one that runs now."""
        return self.day.business_date == self.running_date

    def excesses(self) -> Iterator[Excess]:
        """Yield the limits that are passed, those of a service before those of its slots."""
        for service in self.day.services:
            for slot in (None, *service.slots):
                for use in (slot or service).uses():
                    if use.excess:
                        yield Excess(service, slot, use, self.authorised_of(service, slot, use))

    def authorised_of(self, service: ServiceState, slot: SlotState | None, use: LimitUse) -> int:
        """Return the amount that was authorised above a limit."""
        key = LimitKey(service.service_day_id or 0, slot.starts_at if slot else None, use.code)
        return self.authorised.get(key, 0)


class Standing(NamedTuple):
    """The numbers of parties of a business date by their standing; the late ones are to come too."""

    to_come: int
    late: int
    arrived: int
    seated: int
    left: int
    no_shows: int


class Refused(NamedTuple):
    """The refused requests under the first of their reasons, the same one once; `latest` is the last of them."""

    code: str
    requests: int
    covers: int
    latest: Decision


@dataclass(frozen=True)
class HouseParties:
    """The parties of a business date that somebody has to do something about.

    `arrivals` come next, `late` should be there by now; `moves` are the last automatic one of each party to come,
    `double` the assignments of tables that two parties have at once.
    """

    standing: Standing
    arrivals: tuple[Booking, ...]
    late: tuple[Booking, ...]
    over: tuple[RunningOver, ...]
    moves: tuple[BookingEvent, ...]
    refused: tuple[Refused, ...]
    double: tuple[TableAssignment, ...]


def get_house_day(restaurant: Restaurant, business_date: date | None = None) -> HouseDay:
    """Get a business date of a restaurant, without one that which runs now, in 6 queries.

    1 more each where a service of yesterday may still run, for a day without a row, and for holds that are over.
    """
    running = get_business_date(restaurant)
    found = get_heatmap(restaurant_id=restaurant.pk, from_date=business_date or running, days=1)
    (day,) = found.days
    return HouseDay(
        settings=found.settings,
        running_date=running,
        day=day,
        authorised=list_authorised(
            service.service_day_id for service in day.services if service.service_day_id is not None
        ),
        mode=mode_of(restaurant, get_enforcement_standing()),
    )


def get_house_parties(of: HouseDay) -> HouseParties:
    """Get the parties of a business date in at most 12 queries, however many there are."""
    restaurant, now, business_date = of.settings.restaurant, of.settings.now, of.day.business_date
    on_date = Booking.objects.filter(restaurant=restaurant, business_date=business_date)
    late = _late(restaurant, now)
    to_come = _listed(on_date.filter(status=BookingStatus.CONFIRMED))
    return HouseParties(
        standing=_count(on_date, late),
        arrivals=tuple(to_come.exclude(late).filter(ends_at__gt=now)[:MOST_ARRIVALS]),
        late=tuple(to_come.filter(late)[:MOST_LISTED]),
        over=tuple(list_running_over([restaurant.pk], now).get(restaurant.pk, ()) if of.is_running else ()),
        moves=tuple(_list_moves(restaurant, business_date)),
        refused=tuple(_list_refused(restaurant, business_date)),
        double=tuple(_list_double(restaurant, TimeSpan.around(of.day.services)) if of.day.services else ()),
    )


def count_late(restaurants: list[Restaurant], now: datetime) -> dict[int, int]:
    """Count by restaurant the parties that should be there by now, in 1 query."""
    late = Q(*(Q(restaurant=restaurant) & _late(restaurant, now) for restaurant in restaurants), _connector=Q.OR)
    # An open evening of a date long ago is none of today's.
    rows = Booking.objects.filter(late, status=BookingStatus.CONFIRMED) if restaurants else Booking.objects.none()
    return dict(rows.order_by().values_list("restaurant").annotate(Count("pk")))


def _late(restaurant: Restaurant, now: datetime) -> Q:
    """Ask for the parties past the grace of the house, until their service is over."""
    latest = now - timedelta(minutes=restaurant.grace_minutes)
    return Q(starts_at__lt=latest) & (Q(service_day__ends_at__gte=now) | Q(ends_at__gte=now))


def _count(bookings: QuerySet[Booking], late: Q) -> Standing:
    of = {
        "to_come": Q(status=BookingStatus.CONFIRMED),
        "late": Q(status=BookingStatus.CONFIRMED) & late,
        "arrived": Q(status=BookingStatus.ARRIVED),
        "seated": Q(status=BookingStatus.SEATED),
        "left": Q(status=BookingStatus.COMPLETED),
        "no_shows": Q(status=BookingStatus.NO_SHOW),
    }
    return Standing(**bookings.aggregate(**{name: Count("pk", filter=condition) for name, condition in of.items()}))


def _tables() -> QuerySet[TableAssignment]:
    return TableAssignment.objects.select_related("table").order_by(*number_order("table__number"))


def _listed(bookings: QuerySet[Booking]) -> QuerySet[Booking]:
    """Ask for bookings by start with their tables, 1 query more."""
    related = bookings.select_related("restaurant", "service_day").order_by("starts_at", "pk")
    return related.prefetch_related(Prefetch("assignments", _tables()))


def _list_moves(restaurant: Restaurant, business_date: date) -> QuerySet[BookingEvent]:
    """List the last automatic moves from a table to another, the last one first, in 2 queries."""
    moved = BookingEvent.objects.filter(
        kind=EventKind.RESEATED,
        booking__restaurant=restaurant,
        booking__business_date=business_date,
        booking__status__in=AWAITED_STATUSES,
    ).exclude(from_value__tables=[])
    last = moved.order_by("booking", "-pk").distinct("booking").values("pk")
    events = BookingEvent.objects.filter(pk__in=last).select_related("booking__restaurant", "booking__service_day")
    return events.prefetch_related(Prefetch("booking__assignments", _tables())).order_by("-pk")[:MOST_LISTED]


def _list_refused(restaurant: Restaurant, business_date: date) -> Iterator[Refused]:
    """Yield the reasons, that of most requests first, in 2 queries."""
    of_date = Decision.objects.filter(
        restaurant=restaurant, business_date=business_date, verdict=DecisionVerdict.REFUSED
    )
    code: Any = KeyTextTransform("code", KeyTextTransform("0", "reasons"))
    asked = of_date.order_by().values_list(code, "error", "starts_at", "party_size", "source").annotate(Max("pk"))
    by_reason: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for reason, error, _, party_size, _, last in asked:
        by_reason[reason or error].append((last, party_size))
    last_of = {reason: max(requests)[0] for reason, requests in by_reason.items()}
    latest = Decision.objects.defer("state").in_bulk(last_of.values()) if last_of else {}
    for reason, requests in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        if last_of[reason] in latest:
            yield Refused(reason, len(requests), sum(size for _, size in requests), latest[last_of[reason]])


def _list_double(restaurant: Restaurant, span: TimeSpan) -> QuerySet[TableAssignment]:
    """List the assignments of tables that two parties have at once: no write of the engine leaves one; 1 query."""
    # The span stands on both sides: else every assignment that there ever was is held against those of the evening.
    of_evening = TableAssignment.objects.filter(restaurant=restaurant, during__overlap=(span.starts_at, span.ends_at))
    others = of_evening.filter(
        ~Q(booking=OuterRef("booking")), table=OuterRef("table"), during__overlap=OuterRef("during")
    )
    held = of_evening.filter(Exists(others))
    return held.select_related("booking__restaurant", "table").order_by("table", F("during"))[:MOST_LISTED]
