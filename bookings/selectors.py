"""Reads of bookings and availability. Never write, never create a service day."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bookings.availability import Assessment, Wish, assess, assess_slots, find_alternatives, read_wish
from bookings.day import DayBook, load_day_book
from bookings.models import AuditRun, Booking
from bookings.tokens import is_manage_token
from capacity.policy import LimitUse, Reason, ReasonCode, ServiceState
from capacity.selectors import ServiceSettings, get_service_settings
from config.errors import RecordNotFound
from tables.selectors import get_active_restaurant


@dataclass(frozen=True)
class TimeAvailability:
    """The answer for one start, with other starts where it is refused."""

    settings: ServiceSettings
    assessment: Assessment
    alternatives: tuple[Assessment, ...]


@dataclass(frozen=True)
class DayAvailability:
    """The answer for every start of a business date, by start."""

    settings: ServiceSettings
    business_date: date
    assessments: tuple[Assessment, ...]
    services: tuple[ServiceState, ...]

    @property
    def is_available(self) -> bool:
        return any(assessment.is_available for assessment in self.assessments)


@dataclass(frozen=True)
class DayVerdict:
    """Whether any start of a business date takes the party, and why not."""

    business_date: date
    is_available: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Utilization:
    """How full the services of a business date are."""

    settings: ServiceSettings
    business_date: date
    services: tuple[ServiceState, ...]

    @property
    def has_overbooking(self) -> bool:
        """Say whether any limit is passed, authorised or not."""
        return any(use.excess > 0 for service in self.services for use in _all_uses(service))


def _all_uses(service: ServiceState) -> Iterator[LimitUse]:
    yield from service.uses()
    for slot in service.slots:
        yield from slot.uses()


def find_restaurant_id(identifier: str) -> int:
    """Find an active restaurant by UUID or slug in 1 query.

    Raises: `RecordNotFound`.
    """
    return get_active_restaurant(identifier).pk


def _load_date(restaurant_id: int, business_date: date) -> DayBook:
    return load_day_book(get_service_settings(restaurant_id), business_date, business_date)


def check_time(
    *,
    restaurant_id: int,
    business_date: date,
    party_size: int,
    wall_time: time | None = None,
    starts_at: datetime | None = None,
    seating: str | None = None,
) -> TimeAvailability:
    """Decide one start, and find others where it is refused; 10 queries, 11 with a day not yet there.

    Raises: `RecordNotFound`, `InputInvalid`, `NonexistentTime`.
    """
    book = _load_date(restaurant_id, business_date)
    wish = read_wish(
        book.settings,
        party_size=party_size,
        business_date=business_date,
        wall_time=wall_time,
        starts_at=starts_at,
        seating=seating,
    )
    assessment = assess(book, wish)
    alternatives = () if assessment.is_available else find_alternatives(book, wish)
    return TimeAvailability(book.settings, assessment, alternatives)


def list_alternatives(*, restaurant_id: int, wish: Wish) -> tuple[Assessment, ...]:
    """List bookable starts near a refused one, on the state as it is now; queries as `check_time`."""
    return find_alternatives(_load_date(restaurant_id, wish.business_date), wish)


def list_day_slots(
    *, restaurant_id: int, business_date: date, party_size: int, seating: str | None = None
) -> DayAvailability:
    """Decide every start of a business date; 10 queries, 11 with a day not yet there.

    Raises: `RecordNotFound`.
    """
    book = _load_date(restaurant_id, business_date)
    assessments = tuple(assess_slots(book, business_date, party_size=party_size, seating=seating))
    return DayAvailability(book.settings, business_date, assessments, _offered_on(book, business_date))


def list_available_days(
    *,
    restaurant_id: int,
    party_size: int,
    from_date: date,
    to_date: date,
    seating: str | None = None,
) -> tuple[DayVerdict, ...]:
    """Say of each business date (inclusive) whether any start takes the party; queries as above.

    Raises: `RecordNotFound`.
    """
    book = load_day_book(get_service_settings(restaurant_id), from_date, to_date)
    dates = (from_date + timedelta(days=day) for day in range((to_date - from_date).days + 1))
    return tuple(_verdict(book, business_date, party_size, seating) for business_date in dates)


def _verdict(book: DayBook, business_date: date, party_size: int, seating: str | None) -> DayVerdict:
    assessments = tuple(assess_slots(book, business_date, party_size=party_size, seating=seating))
    if any(assessment.is_available for assessment in assessments):
        return DayVerdict(business_date, True, ())
    reasons = _distinct(reason for assessment in assessments for reason in assessment.decision.reasons)
    return DayVerdict(business_date, False, reasons or (Reason(ReasonCode.CLOSED),))


def _distinct(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Keep the first reason of each code, in the order of the codes."""
    first: dict[ReasonCode, Reason] = {}
    for reason in reasons:
        first.setdefault(reason.code, reason)
    return tuple(first[code] for code in ReasonCode if code in first)


def get_utilization(*, restaurant_id: int, business_date: date) -> Utilization:
    """Get how full the services of a business date are; queries as `check_time`.

    Raises: `RecordNotFound`.
    """
    book = _load_date(restaurant_id, business_date)
    on_date = tuple(it for it in book.services if it.business_date == business_date)
    return Utilization(book.settings, business_date, on_date)


def _offered_on(book: DayBook, business_date: date) -> tuple[ServiceState, ...]:
    return tuple(
        service
        for period in book.settings.periods_on(business_date)
        if (service := book.service(period.period_id, business_date)) is not None
    )


def get_managed_booking(*, reference: str, token: str) -> Booking:
    """Get a booking for whoever holds its manage token, with restaurant and tables, in 2 queries.

    Raises: `RecordNotFound`, alike for an unknown reference and a wrong token.
    """
    found = (
        Booking.objects.select_related("restaurant")
        .prefetch_related("assignments__table")
        .filter(reference=reference.upper())
        .first()
    )
    if found is None or not is_manage_token(token, found.public_id, found.token_generation):
        raise RecordNotFound
    return found


def get_latest_audit() -> AuditRun | None:
    """Get the latest audit that left nothing out, None before the first one, in 1 query.

    An audit of one restaurant or of a span of dates says nothing about the others.
    """
    full = AuditRun.objects.filter(restaurant__isnull=True, from_date__isnull=True, to_date__isnull=True)
    return full.defer("report").order_by("-finished_at").first()
