"""The heat of slots: the fullest limit of each start of some dates, and the bookings of one of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Prefetch, Q, QuerySet

from bookings.choices import COUNTING_STATUSES
from bookings.decision import load_days
from bookings.models import Booking, TableAssignment
from capacity.calendar import local_wall_time
from capacity.calendar.wall_clock import shown_time
from capacity.heat import Heat, heat_of, hottest_use
from capacity.policy import LimitUse, ServiceState, SlotState
from capacity.selectors import ServiceSettings, get_service_settings
from tables.querysets import number_order


@dataclass(frozen=True)
class HeatCell:
    """One start of a service with the use of each of its limits; `hottest` is None where nothing is limited."""

    service: ServiceState
    slot: SlotState
    wall_time: time
    # With the name of its clock where that time comes twice.
    shown_time: str
    is_second: bool
    is_closed: bool
    uses: tuple[LimitUse, ...]
    hottest: LimitUse | None

    @property
    def heat(self) -> Heat:
        """Return the degree of the fullest limit."""
        return heat_of(self.hottest.used, self.hottest.limit) if self.hottest else Heat.NO_LIMIT


@dataclass(frozen=True)
class HeatDay:
    """The starts of a business date, in order, and its services, with those that take nobody any more."""

    business_date: date
    services: tuple[ServiceState, ...]
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True)
class Heatmap:
    """The starts of some business dates of a restaurant."""

    settings: ServiceSettings
    days: tuple[HeatDay, ...]

    def cell_at(self, starts_at: datetime | None) -> HeatCell | None:
        """Return the start at an instant, None where there is none."""
        return next((cell for day in self.days for cell in day.cells if cell.slot.starts_at == starts_at), None)


def get_heatmap(*, restaurant_id: int, from_date: date, days: int) -> Heatmap:
    """Get the heat of every start of some business dates, in 2 queries; 1 more each for days without a row, for holds.

    Raises: `RecordNotFound`.
    """
    settings = get_service_settings(restaurant_id)
    dates = [from_date + timedelta(days=day) for day in range(days)]
    loaded = load_days(settings, dates[0], dates[-1], needs_tables=False)
    offered = [
        service for service in loaded.services if loaded.service(service.period_id, service.business_date) is service
    ]
    return Heatmap(settings, tuple(_day(settings, loaded.services, offered, day) for day in dates))


def _day(
    settings: ServiceSettings, services: Iterable[ServiceState], offered: list[ServiceState], business_date: date
) -> HeatDay:
    of_date = (service for service in services if service.business_date == business_date and service.slots)
    return HeatDay(business_date, tuple(of_date), tuple(_cells(settings, offered, business_date)))


def _cells(settings: ServiceSettings, services: list[ServiceState], business_date: date) -> Iterator[HeatCell]:
    for service in services:
        for slot in service.slots if service.business_date == business_date else ():
            if slot.bookable:
                yield _cell(settings, service, slot)


def _cell(settings: ServiceSettings, service: ServiceState, slot: SlotState) -> HeatCell:
    uses = (*service.uses(), *slot.uses())
    wall_time = local_wall_time(slot.starts_at, settings.zone)
    return HeatCell(
        service=service,
        slot=slot,
        wall_time=wall_time,
        shown_time=shown_time(slot.starts_at, settings.zone),
        is_second=bool(slot.starts_at.astimezone(settings.zone).fold),
        is_closed=settings.is_closed(service.period_id, service.business_date, wall_time),
        uses=uses,
        hottest=hottest_use(uses),
    )


def list_bookings_of_slot(restaurant_id: int, cell: HeatCell) -> tuple[list[Booking], list[Booking]]:
    """List the bookings that start in a slot, and those that are present from before, in 2 queries."""
    present = Q(starts_at__lt=cell.slot.ends_at, ends_at__gt=cell.slot.starts_at)
    tables = TableAssignment.objects.select_related("table").order_by(*number_order("table__number"))
    found: QuerySet[Booking] = Booking.objects.filter(
        present | _starting(cell), restaurant_id=restaurant_id, status__in=COUNTING_STATUSES
    )
    rows = found.select_related("restaurant").prefetch_related(Prefetch("assignments", tables))
    bookings = list(rows.order_by("starts_at", "pk"))
    starting = [booking for booking in bookings if _starts_in(booking, cell)]
    return starting, [booking for booking in bookings if booking not in starting]


def _next_start(cell: HeatCell) -> datetime | None:
    later = (slot.starts_at for slot in cell.service.slots if slot.starts_at > cell.slot.starts_at)
    return min(later, default=None)


def _starting(cell: HeatCell) -> Q:
    # A party starts in the latest slot of its service day that is not after its start.
    until = _next_start(cell)
    own = Q(service_day_id=cell.service.service_day_id, starts_at__gte=cell.slot.starts_at)
    return own if until is None else own & Q(starts_at__lt=until)


def _starts_in(booking: Booking, cell: HeatCell) -> bool:
    until = _next_start(cell)
    return (
        booking.service_day_id == cell.service.service_day_id
        and booking.starts_at >= cell.slot.starts_at
        and (until is None or booking.starts_at < until)
    )
