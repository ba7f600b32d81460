"""The reads of availability."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bookings.decision import (
    READING,
    SOLVING,
    Assessment,
    LoadedDays,
    Wish,
    assess,
    assess_slots,
    dates_near,
    find_alternatives,
    load_days,
    read_wish,
)
from bookings.decision.freshness import Freshness, freshness_of
from bookings.decision.stored_days import SettingsOutdated
from bookings.errors import SeatingNotDecided
from bookings.selectors.excess import LimitKey, list_authorised
from capacity.policy import ONLINE, LimitUse, Reason, ReasonCode, ServiceState
from capacity.selectors import ServiceSettings, get_service_settings, presumed_settings
from tables.seating import TimeBudget
from tables.selectors import get_active_restaurant


@dataclass(frozen=True)
class TimeAvailability:
    """The answer for one start, with other starts where it is refused."""

    settings: ServiceSettings
    assessment: Assessment
    alternatives: tuple[Assessment, ...]
    freshness: Freshness | None


@dataclass(frozen=True)
class DayAvailability:
    """The answer for every start of a business date, by start."""

    settings: ServiceSettings
    business_date: date
    assessments: tuple[Assessment, ...]
    services: tuple[ServiceState, ...]
    freshness: Freshness | None

    @property
    def is_available(self) -> bool:
        return any(not assessment.is_refused for assessment in self.assessments)


@dataclass(frozen=True)
class DayVerdict:
    """The answer for a business date as a whole: some start takes the party, or the reasons against it."""

    business_date: date
    is_available: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class DaysAvailability:
    """The answers for some business dates, in order."""

    verdicts: tuple[DayVerdict, ...]
    freshness: Freshness | None


@dataclass(frozen=True)
class Utilization:
    """The utilization of the services of a business date."""

    settings: ServiceSettings
    business_date: date
    services: tuple[ServiceState, ...]
    authorised: dict[LimitKey, int]

    @property
    def has_overbooking(self) -> bool:
        """Say whether any limit is passed by more than the authorised amount."""
        return any(
            use.excess > self.authorised.get(key, 0) for service in self.services for key, use in _keyed_uses(service)
        )


def _keyed_uses(service: ServiceState) -> Iterator[tuple[LimitKey, LimitUse]]:
    if service.service_day_id is None:
        return
    for use in service.uses():
        yield LimitKey(service.service_day_id, None, use.code), use
    for slot in service.slots:
        for use in slot.uses():
            yield LimitKey(service.service_day_id, slot.starts_at, use.code), use


def find_restaurant_id(identifier: str) -> int:
    """Find an active restaurant by UUID or slug in 1 query.

    Raises: `RecordNotFound`.
    """
    return get_active_restaurant(identifier).pk


def _load_dates(
    restaurant_id: int,
    from_date: date,
    to_date: date | None = None,
    *,
    budget: TimeBudget = READING,
    channel: str = ONLINE,
) -> LoadedDays:
    """Load business dates by the settings that the process knows, else by those of the database."""
    presumed = presumed_settings(restaurant_id)
    try:
        return _load_by(presumed, from_date, to_date or from_date, budget, channel)
    except SettingsOutdated:
        return _load_by(get_service_settings(restaurant_id), from_date, to_date or from_date, budget, channel)


def _load_by(settings: ServiceSettings, from_date: date, to_date: date, budget: TimeBudget, channel: str) -> LoadedDays:
    needs_tables = any(settings.needs_tables(period.period_id) for period in settings.periods)
    return load_days(settings, from_date, to_date, budget=budget, needs_tables=needs_tables, channel=channel)


def check_time(
    *,
    restaurant_id: int,
    business_date: date,
    party_size: int,
    wall_time: time | None = None,
    starts_at: datetime | None = None,
    seating: str | None = None,
) -> TimeAvailability:
    """Decide one start, and find others where it is refused; queries as `load_days`, for a time near midnight twice.

    Raises: `RecordNotFound`, `InputInvalid`, `NonexistentTime`, `SeatingNotDecided`.
    """
    asked = _Asked(restaurant_id, business_date, party_size, wall_time, starts_at, seating)
    loaded, wish = asked.load(SOLVING)
    assessment = assess(loaded, wish)
    if assessment.is_undecided:
        raise SeatingNotDecided
    alternatives = () if assessment.is_available else find_alternatives(loaded, wish)
    return TimeAvailability(loaded.settings, assessment, alternatives, freshness_of(loaded))


@dataclass(frozen=True)
class _Asked:
    """A question about one start."""

    restaurant_id: int
    business_date: date
    party_size: int
    wall_time: time | None
    starts_at: datetime | None
    seating: str | None
    channel: str = ONLINE

    def load(self, budget: TimeBudget) -> tuple[LoadedDays, Wish]:
        """Load the date of the start, and for a time outside service those beside it that have starts near it."""
        loaded = _load_dates(self.restaurant_id, self.business_date, budget=budget, channel=self.channel)
        wish = self._read(loaded.settings)
        dates = dates_near(loaded.settings, wish)
        if len(dates) == 1:
            return loaded, wish
        loaded = _load_dates(self.restaurant_id, dates[0], dates[-1], budget=budget, channel=self.channel)
        return loaded, self._read(loaded.settings)

    def _read(self, settings: ServiceSettings) -> Wish:
        return read_wish(
            settings,
            party_size=self.party_size,
            business_date=self.business_date,
            wall_time=self.wall_time,
            starts_at=self.starts_at,
            seating=self.seating,
            channel=self.channel,
        )


def list_alternatives(
    *,
    restaurant_id: int,
    business_date: date,
    party_size: int,
    wall_time: time | None = None,
    starts_at: datetime | None = None,
    seating: str | None = None,
    channel: str = ONLINE,
    turn_minutes: int | None = None,
) -> tuple[Wish, ...]:
    """List the bookable starts near one, on the state as it is now; queries as `check_time`.

    Raises: as `check_time`.
    """
    asked = _Asked(restaurant_id, business_date, party_size, wall_time, starts_at, seating, channel)
    return tuple(other.wish for other in find_alternatives(*asked.load(READING), turn_minutes=turn_minutes))


def list_day_slots(
    *,
    restaurant_id: int,
    business_date: date,
    party_size: int,
    seating: str | None = None,
    channel: str = ONLINE,
    turn_minutes: int | None = None,
) -> DayAvailability:
    """Decide every start of a business date; queries as `load_days`.

    A start that the planner could not settle in time counts as available: no proof speaks against it.

    Raises: `RecordNotFound`.
    """
    loaded = _load_dates(restaurant_id, business_date)
    slots = assess_slots(
        loaded, business_date, party_size=party_size, seating=seating, channel=channel, turn_minutes=turn_minutes
    )
    assessments = tuple(slots)
    services = _offered_on(loaded, business_date)
    return DayAvailability(loaded.settings, business_date, assessments, services, freshness_of(loaded))


def list_available_days(
    *,
    restaurant_id: int,
    party_size: int,
    from_date: date,
    to_date: date,
    seating: str | None = None,
) -> DaysAvailability:
    """Return for each business date (inclusive) the answer whether any start takes the party; queries as above.

    Raises: `RecordNotFound`.
    """
    loaded = _load_dates(restaurant_id, from_date, to_date)
    dates = (from_date + timedelta(days=day) for day in range((to_date - from_date).days + 1))
    verdicts = tuple(_verdict(loaded, business_date, party_size, seating) for business_date in dates)
    return DaysAvailability(verdicts, freshness_of(loaded))


def _verdict(loaded: LoadedDays, business_date: date, party_size: int, seating: str | None) -> DayVerdict:
    assessments = []
    for assessment in assess_slots(loaded, business_date, party_size=party_size, seating=seating):
        if not assessment.is_refused:
            return DayVerdict(business_date, True, ())
        assessments.append(assessment)
    reasons = _distinct(reason for assessment in assessments for reason in assessment.decision.reasons)
    return DayVerdict(business_date, False, reasons or (Reason(ReasonCode.CLOSED),))


def _distinct(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Keep the first reason of each code, in the order of the codes."""
    first: dict[ReasonCode, Reason] = {}
    for reason in reasons:
        first.setdefault(reason.code, reason)
    return tuple(first[code] for code in ReasonCode if code in first)


def get_utilization(*, restaurant_id: int, business_date: date) -> Utilization:
    """Get the utilization of the services of a business date; 1 query more than `check_time`.

    Raises: `RecordNotFound`.
    """
    loaded = _load_dates(restaurant_id, business_date)
    on_date = tuple(service for service in loaded.services if service.business_date == business_date)
    authorised = list_authorised(service.service_day_id for service in on_date if service.service_day_id is not None)
    return Utilization(loaded.settings, business_date, on_date, authorised)


def _offered_on(loaded: LoadedDays, business_date: date) -> tuple[ServiceState, ...]:
    return tuple(
        service
        for period in loaded.settings.periods_on(business_date)
        if (service := loaded.service(period.period_id, business_date)) is not None
    )
