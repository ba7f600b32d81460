"""Fit service days and slots to changed settings; bookings stay as they are.

Limits are written beside the counters that they find: counts above them stay, as excess. If the grid of a service day
changes, its slots are made, moved, closed or removed, and their counters counted afresh from the bookings. Counters of
an unchanged grid are not touched, so that a change of settings never hides a counter that is wrong.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest

from bookings.decision import ServiceKey, expected_services, last_end, list_stays
from capacity.calendar import ServiceTimes, SlotTime
from capacity.calendar.wall_clock import minute_on
from capacity.counting import count_stays
from capacity.limits import SERVICE_LIMITS, SLOT_LIMITS, DayLimits, Limit, SlotLimits, day_limits, slot_limits
from capacity.models import BookingSlot, ServiceDay
from capacity.selectors import ServiceSettings
from capacity.service_changes import ServiceChange, limit_changes, start_change
from config.cached import cached_property
from tables.spans import TimeSpan


@dataclass
class _Refit:
    """One restaurant's locked service days beside the services that its settings want; `names` are of its periods."""

    settings: ServiceSettings
    days: Sequence[ServiceDay]
    names: Mapping[int, str]

    @cached_property
    def expected(self) -> dict[ServiceKey, ServiceTimes]:
        dates = [day.business_date for day in self.days]
        return expected_services(self.settings, min(dates), max(dates))

    @cached_property
    def slots(self) -> list[BookingSlot]:
        return list(BookingSlot.objects.filter(service_day__in=self.days).order_by("starts_at"))

    @cached_property
    def wanted(self) -> dict[datetime, tuple[ServiceDay, SlotTime]]:
        """Return, by start, the slots that are offered on these days."""
        return {
            slot.starts_at: (day, slot)
            for day in self.days
            if (service := self.expected.get(_key(day))) is not None
            for slot in service.slots
        }

    @cached_property
    def by_id(self) -> dict[int, ServiceDay]:
        return {day.pk: day for day in self.days}

    @cached_property
    def ids_with_slots(self) -> frozenset[int]:
        """Return the ids of the days that were there before: those that this change creates have no slots yet."""
        return frozenset(slot.service_day_id for slot in self.slots)

    def owner_of(self, slot: BookingSlot) -> ServiceDay:
        """Return the service day that offers the start of a slot, whose limits are its own; else the one it is of."""
        offered = self.wanted.get(slot.starts_at)
        return offered[0] if offered else self.by_id[slot.service_day_id]

    def name_of(self, day: ServiceDay) -> str:
        """Return the name of the period; one that was retired earlier is offered no more, and has none here."""
        return self.names.get(day.service_period_id, "Retired service")

    def minute_of(self, day: ServiceDay, starts_at: datetime) -> int:
        """Return the minute of a start, counted from the midnight of the business date."""
        return minute_on(day.business_date, starts_at.astimezone(self.settings.zone))

    def limit_changes(
        self,
        day: ServiceDay,
        starts_at: datetime | None,
        limits: Sequence[Limit],
        before: Sequence[int | None],
        after: Sequence[int | None],
    ) -> Iterator[ServiceChange]:
        """Yield the limits that change on a service day that is not over, or at one of its starts."""
        if day.pk in self.ids_with_slots and day.ends_at > self.settings.now:
            minute = None if starts_at is None else self.minute_of(day, starts_at)
            yield from limit_changes(self.name_of(day), day.business_date, minute, limits, before, after)


def refit_service_days(
    before: ServiceSettings, settings: ServiceSettings, days: Sequence[ServiceDay]
) -> tuple[ServiceChange, ...]:
    """Fit locked service days to the settings as they are now; return the limits and starts ahead that are others.

    After a change of the zone those of an unchanged grid are counted anew too.
    """
    if not days:
        return ()
    names = {period.period_id: period.name for period in (*before.periods, *settings.periods)}
    refit = _Refit(settings, days, names)
    changes = (*_fit_days(refit), *_fit_slot_limits(refit), *_list_start_changes(refit))
    changed = _fit_grid(refit)
    _recount(refit, {day.pk for day in days} if before.zone != settings.zone else changed)
    _remove_empty_days(refit)
    return changes


def _key(day: ServiceDay) -> ServiceKey:
    return ServiceKey(day.service_period_id, day.business_date)


def _fit_days(refit: _Refit) -> list[ServiceChange]:
    by_limits: defaultdict[DayLimits, list[int]] = defaultdict(list)
    changes: list[ServiceChange] = []
    for day in refit.days:
        limits = day_limits(refit.settings.rules, day.service_period_id, day.business_date)
        before = tuple(getattr(day, limit.column) for limit in SERVICE_LIMITS)
        if limits != before:
            by_limits[limits].append(day.pk)
            changes += refit.limit_changes(day, None, SERVICE_LIMITS, before, limits)
    for limits, ids in by_limits.items():
        ServiceDay.objects.filter(pk__in=ids).update(**_limit_columns(SERVICE_LIMITS, limits))
    _fit_day_times(refit)
    return changes


def _fit_day_times(refit: _Refit) -> None:
    for day in refit.days:
        service = refit.expected.get(_key(day))
        if service is None:
            continue
        # A day only ever grows: stays decided on longer turns or other hours still lie in it.
        starts_at = min(day.starts_at, service.slots[0].starts_at)
        ends_at = max(day.ends_at, last_end(refit.settings, service))
        if (starts_at, ends_at) != (day.starts_at, day.ends_at):
            ServiceDay.objects.filter(pk=day.pk).update(starts_at=starts_at, ends_at=ends_at)


def _fit_slot_limits(refit: _Refit) -> list[ServiceChange]:
    by_limits: defaultdict[SlotLimits, list[int]] = defaultdict(list)
    changes: list[ServiceChange] = []
    for slot in refit.slots:
        day = refit.owner_of(slot)
        limits = _limits_of(refit, day, slot.starts_at)
        before = tuple(getattr(slot, limit.column) for limit in SLOT_LIMITS)
        if limits != before:
            by_limits[limits].append(slot.pk)
            changes += refit.limit_changes(day, slot.starts_at, SLOT_LIMITS, before, limits)
    for limits, ids in by_limits.items():
        BookingSlot.objects.filter(pk__in=ids).update(version=F("version") + 1, **_limit_columns(SLOT_LIMITS, limits))
    return changes


def _limits_of(refit: _Refit, day: ServiceDay, starts_at: datetime) -> SlotLimits:
    minute = refit.minute_of(day, starts_at)
    return slot_limits(refit.settings.rules, day.service_period_id, day.business_date, minute)


def _list_start_changes(refit: _Refit) -> list[ServiceChange]:
    """List the starts that are offered on a service day and were not, and the others, by day and start."""
    before = {(slot.service_day_id, slot.starts_at) for slot in refit.slots if slot.bookable}
    after = {(day.pk, starts_at) for starts_at, (day, _) in refit.wanted.items()}
    return [
        start_change(refit.name_of(day), day.business_date, minute, is_offered=key in after)
        for key in sorted(before ^ after)
        if (day := refit.by_id[key[0]]).ends_at > refit.settings.now
        for minute in (refit.minute_of(day, key[1]),)
    ]


def _limit_columns(limits: Iterable[Limit], numbers: Iterable[int | None]) -> dict[str, int | Combinable | None]:
    columns: dict[str, int | Combinable | None] = {}
    for limit, number in zip(limits, numbers, strict=True):
        columns[limit.column] = number
        columns[limit.excess] = 0 if number is None else Greatest(Value(0), F(limit.counter) - Value(number))
    return columns


def _fit_grid(refit: _Refit) -> set[int]:
    """Make, move, open, close and remove slots; return the ids of the days whose grid changed."""
    stored = {slot.starts_at: slot for slot in refit.slots}
    changed = _make_slots(refit, set(refit.wanted) - set(stored))
    changed |= _move_slots(refit, stored)
    return changed | _close_slots(refit, stored)


def _make_slots(refit: _Refit, starts: Iterable[datetime]) -> set[int]:
    made = []
    for starts_at in sorted(starts):
        day, slot = refit.wanted[starts_at]
        limits = _limits_of(refit, day, starts_at)
        made.append(
            BookingSlot(
                restaurant_id=day.restaurant_id,
                service_day=day,
                starts_at=starts_at,
                ends_at=slot.ends_at,
                **limits._asdict(),
            )
        )
    BookingSlot.objects.bulk_create(made, batch_size=2000)
    return {slot.service_day_id for slot in made}


def _move_slots(refit: _Refit, stored: dict[datetime, BookingSlot]) -> set[int]:
    """Give slots that are offered to the service that offers them, open and of the right length."""
    changed: set[int] = set()
    for starts_at, (day, slot) in refit.wanted.items():
        row = stored.get(starts_at)
        if row is None or (row.service_day_id, row.ends_at, row.bookable) == (day.pk, slot.ends_at, True):
            continue
        changed |= {row.service_day_id, day.pk}
        BookingSlot.objects.filter(pk=row.pk).update(service_day=day, ends_at=slot.ends_at, bookable=True)
    return changed


def _close_slots(refit: _Refit, stored: dict[datetime, BookingSlot]) -> set[int]:
    """Remove slots that are not offered any more; those in which a party counts stay, closed."""
    gone = [slot for starts_at, slot in stored.items() if starts_at not in refit.wanted]
    used = {slot.pk for slot in gone if any(getattr(slot, limit.counter) for limit in SLOT_LIMITS)}
    closing = [slot.pk for slot in gone if slot.pk in used and slot.bookable]
    BookingSlot.objects.filter(pk__in=closing).update(bookable=False, version=F("version") + 1)
    BookingSlot.objects.filter(pk__in=[slot.pk for slot in gone if slot.pk not in used]).delete()
    return {slot.service_day_id for slot in gone if slot.pk not in used or slot.pk in closing}


def _recount(refit: _Refit, changed: set[int]) -> None:
    days = {day.pk: day for day in refit.days if day.pk in changed}
    slots = list(BookingSlot.objects.filter(service_day__in=days.values()).order_by("starts_at"))
    if not slots:
        return
    by_day: dict[ServiceKey, list[BookingSlot]] = {_key(day): [] for day in days.values()}
    for slot in slots:
        by_day[_key(days[slot.service_day_id])].append(slot)
    # Also stays that start outside every slot of today: each still starts in the latest one before.
    reach = TimeSpan(
        min(day.starts_at for day in days.values()), max(slot.ends_at for slot in slots) + timedelta(days=2)
    )
    counts = count_stays(list_stays(refit.settings.restaurant.pk, reach), by_day)
    for slot in slots:
        counted = counts.of_slot(slot.starts_at)
        if counted != {counter: getattr(slot, counter) for counter in counted}:
            _write_counters(slot, counted)


def _write_counters(slot: BookingSlot, counted: dict[str, int]) -> None:
    columns: dict[str, int | Combinable] = {}
    for limit in SLOT_LIMITS:
        count = counted[limit.counter]
        columns[limit.counter] = count
        columns[limit.excess] = Greatest(Value(0), Value(count) - F(limit.column))
    BookingSlot.objects.filter(pk=slot.pk).update(version=F("version") + 1, **columns)


def _remove_empty_days(refit: _Refit) -> None:
    """Remove service days that are not offered any more and that nothing ever referred to."""
    gone = [day.pk for day in refit.days if _key(day) not in refit.expected]
    ServiceDay.objects.filter(pk__in=gone, bookings__isnull=True, overrides__isnull=True, slots__isnull=True).delete()


def missing_services(
    settings: ServiceSettings, days: Sequence[ServiceDay], from_date: date
) -> dict[ServiceKey, ServiceTimes]:
    """Return the services offered from a date on, on the dates of existing days, that have no row.

    Dates without any row stay so: one booking a year ahead must not make a change of settings create the year.
    """
    there = {_key(day) for day in days}
    dates = sorted({day.business_date for day in days if day.business_date >= from_date})
    offered = {key: service for on in dates for key, service in expected_services(settings, on, on).items()}
    return {key: service for key, service in offered.items() if key not in there}
