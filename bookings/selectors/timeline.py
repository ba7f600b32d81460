"""The reads of one business date of a restaurant, on its tables. They never write."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from hashlib import sha256
from typing import Any, NamedTuple

from django.db.models import (
    Aggregate,
    BigIntegerField,
    Count,
    DateField,
    Exists,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Lower, Upper

from bookings.choices import BookingStatus, DecisionVerdict
from bookings.decision import load_days
from bookings.models import Booking, Decision, TableAssignment
from bookings.selectors.excess import LimitKey, list_authorised
from capacity.calendar import ONE_DAY, this_minute
from capacity.clock import PREPARED_CLOCK, shown_instant
from capacity.models import ServiceDay
from capacity.policy import ServiceState
from capacity.selectors import SWITCH, ServiceSettings, get_service_settings
from config.statements import Parameter, Statement
from tables.choices import TableStatus
from tables.models import PLAN_COLUMNS, Restaurant, Table, TableBlock
from tables.querysets import number_order
from tables.seating import natural_key
from tables.spans import TimeSpan

# Not at a table yet, or at one without a row: these wait for one on the screen.
WAITING = (BookingStatus.HELD, BookingStatus.CONFIRMED, BookingStatus.ARRIVED, BookingStatus.SEATED)
# What a screen of an evening shows of a booking. Five hundred are read at a time, and most of a row is for others.
SHOWN_OF_BOOKING = (
    *("reference", "business_date", "starts_at", "ends_at", "party_size", "status", "version"),
    *("guest_name", "guest_phone", "notes", "allergies"),
)

BY_SECTION = ("section__position", "section__name", "section", *number_order("number"))


class HeldTable(NamedTuple):
    """A table that a party has during a time, the buffer included."""

    table_id: int
    number: str
    starts_at: datetime
    ends_at: datetime
    pinned: bool


@dataclass(frozen=True)
class PartyAtTables:
    """A booking with its tables, in the order of their numbers: none while it waits for one."""

    booking: Booking
    rows: tuple[HeldTable, ...] = ()


@dataclass(frozen=True)
class EveningTables:
    """A business date of a restaurant: its services, tables, parties, blocks and refused requests.

    `span` is the time of the services, their last stays included. Tables stand by section as people number them; one
    that is not in use is there while a party has it. Holds that are over are left out.
    """

    settings: ServiceSettings
    business_date: date
    span: TimeSpan
    services: tuple[ServiceState, ...]
    authorised: dict[LimitKey, int]
    tables: tuple[Table, ...]
    parties: tuple[PartyAtTables, ...]
    blocks: tuple[TableBlock, ...]
    refusals: tuple[Decision, ...]

    @property
    def now(self) -> datetime:
        """Return the database's clock at the read."""
        return self.settings.now


def get_evening_tables(*, restaurant_id: int, business_date: date) -> EveningTables:
    """Get a business date of a restaurant in 9 queries, however many rows there are.

    1 takes the settings (8 more where the process does not know this version of them), 2 the service days (1 more each
    for a day without a row, and for holds that are over).

    Raises: `RecordNotFound`.
    """
    settings = get_service_settings(restaurant_id)
    loaded = load_days(settings, business_date, business_date, needs_tables=False)
    services = tuple(day for day in loaded.services if day.business_date == business_date and day.slots)
    span = TimeSpan.around(services) if services else _whole_date(settings, business_date)
    held = _list_held(settings, span)
    bookings = _list_bookings(settings, business_date, held)
    tables = tuple(_list_tables(settings, {own.table_id for booking in bookings for own in held.get(booking.pk, ())}))
    return EveningTables(
        settings=settings,
        business_date=business_date,
        span=span,
        services=services,
        authorised=list_authorised(day.service_day_id for day in services if day.service_day_id is not None),
        tables=tables,
        parties=tuple(PartyAtTables(booking, held.get(booking.pk, ())) for booking in bookings),
        blocks=tuple(_list_blocks(settings, span)),
        refusals=tuple(_list_refusals(settings, business_date)),
    )


def list_tables_out_of_service(restaurant_id: int) -> list[Table]:
    """List the tables that are there and take no parties, by section as people number them, in 1 query."""
    out = Table.objects.filter(restaurant=restaurant_id, status=TableStatus.OUT_OF_SERVICE)
    return list(out.select_related("section").order_by(*BY_SECTION))


def get_business_date(restaurant: Restaurant) -> date:
    """Get the business date that runs now: yesterday's until its last stay is over, or service begins; 2 queries."""
    settings = get_service_settings(restaurant.pk)
    has_begun = any(service.opens_at <= settings.now for service in settings.services_on(settings.today))
    yesterday = settings.today - ONE_DAY
    still_on = ServiceDay.objects.filter(restaurant=restaurant, business_date=yesterday, ends_at__gt=settings.now)
    return yesterday if not has_begun and still_on.exists() else settings.today


def _whole_date(settings: ServiceSettings, business_date: date) -> TimeSpan:
    midnight = datetime.combine(business_date, time.min, tzinfo=settings.zone)
    return TimeSpan(midnight, midnight + ONE_DAY)


def _list_held(settings: ServiceSettings, span: TimeSpan) -> dict[int, tuple[HeldTable, ...]]:
    """List by booking the tables that are held in a span, those of the date before that sit late too, in 1 query."""
    rows = TableAssignment.objects.filter(
        restaurant=settings.restaurant, during__overlap=(span.starts_at, span.ends_at)
    ).values_list("booking", "table", "table__number", Lower("during"), Upper("during"), "pinned")
    by_booking: defaultdict[int, list[HeldTable]] = defaultdict(list)
    for booking_id, *held in rows:
        by_booking[booking_id].append(HeldTable(*held))
    return {
        booking_id: tuple(sorted(held, key=lambda own: natural_key(own.number)))
        for booking_id, held in by_booking.items()
    }


def _list_bookings(settings: ServiceSettings, business_date: date, held: Collection[int]) -> list[Booking]:
    """List the bookings that hold tables, then those that wait for one, each by start, in 1 query."""
    waits = Q(
        ~Exists(TableAssignment.objects.filter(booking=OuterRef("pk"))), business_date=business_date, status__in=WAITING
    )
    is_over = Q(status=BookingStatus.HELD, expires_at__lte=settings.now)
    bookings = Booking.objects.filter(Q(pk__in=held) | waits, restaurant=settings.restaurant).exclude(is_over)
    shown = bookings.only("restaurant", *SHOWN_OF_BOOKING).order_by("starts_at", "pk")
    return sorted(shown, key=lambda booking: booking.pk not in held)


def _list_tables(settings: ServiceSettings, used: Iterable[int]) -> QuerySet[Table]:
    shown = Q(status=TableStatus.ACTIVE) | Q(pk__in=list(used))
    tables = Table.objects.filter(shown, restaurant=settings.restaurant).select_related("section")
    return tables.order_by(*BY_SECTION)


def _list_blocks(settings: ServiceSettings, span: TimeSpan) -> QuerySet[TableBlock]:
    blocks = TableBlock.objects.filter(
        restaurant=settings.restaurant, starts_at__lt=span.ends_at, ends_at__gt=span.starts_at
    )
    return blocks.order_by("starts_at", "pk")


def _list_refusals(settings: ServiceSettings, business_date: date) -> QuerySet[Decision]:
    refused = Decision.objects.filter(_refused_on(business_date), restaurant=settings.restaurant)
    return refused.defer("state").order_by("starts_at", "-decided_at", "pk")


def list_refusals_at(restaurant: Restaurant, business_date: date, starts_at: datetime) -> list[Decision]:
    """List the refused requests of a start, the last one first, in 1 query."""
    refused = Decision.objects.filter(_refused_on(business_date), restaurant=restaurant, starts_at=starts_at)
    return list(refused.defer("state").order_by("-decided_at", "-pk"))


def _refused_on(business_date: date | Parameter) -> Q:
    return Q(business_date=business_date, verdict=DecisionVerdict.REFUSED)


def read_evening_tag(*, restaurant_id: int, business_date: date) -> str:
    """Read what changes whenever `get_evening_tables` would find something else, in 1 query.

    Versions tell of all that locks a service day, of the neighbours too, and of the settings. Those of the bookings
    tell of what locks none, as a corrected name; the last record tells of refused requests. The minute goes by itself.
    """
    rows = EVENING_TAG.run(
        restaurant_id=restaurant_id,
        date=business_date,
        first_date=business_date - ONE_DAY,
        last_date=business_date + ONE_DAY,
        shown=shown_instant(),
    )
    facts = [(this_minute(now), *others) for now, *others in rows]
    return sha256(repr(facts).encode()).hexdigest()[:32]


def read_places_tag(restaurant_id: int) -> str:
    """Read what changes whenever a table stands elsewhere on the floor plan, in 1 query."""
    places = Table.objects.filter(restaurant=restaurant_id).order_by("pk").values_list("pk", *PLAN_COLUMNS)
    return sha256(repr(list(places)).encode()).hexdigest()[:16]


def _tag_query() -> QuerySet[Restaurant, tuple[Any, ...]]:
    restaurant_id = Parameter("restaurant_id", BigIntegerField())
    on, first, last = (Parameter(name, DateField()) for name in ("date", "first_date", "last_date"))
    near = Q(restaurant_id=restaurant_id, business_date__gte=first, business_date__lte=last)
    refused = Decision.objects.filter(_refused_on(on), restaurant_id=restaurant_id)
    return Restaurant.objects.filter(pk=restaurant_id).values_list(
        PREPARED_CLOCK,
        "settings_version",
        SWITCH,
        _of_all(ServiceDay.objects.filter(near), Sum("version")),
        _of_all(ServiceDay.objects.filter(near), Count("pk")),
        _of_all(Booking.objects.filter(restaurant_id=restaurant_id, business_date=on), Sum("version")),
        _of_all(refused, Max("pk")),
    )


def _of_all(rows: QuerySet[Any, Any], aggregate: Aggregate) -> Subquery:
    return Subquery(rows.order_by().values("restaurant").annotate(found=aggregate).values("found"))


# Thirty screens ask it every few seconds.
EVENING_TAG = Statement.of("evening_tag", _tag_query)
