"""The counters of service days and slots in memory, each counted as the database counts."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from bookings.decision import (
    DATES_AFTER,
    DATES_BEFORE,
    LONGEST_SLOT,
    ServiceKey,
    computed_service,
    evening_of,
    expected_services,
)
from capacity.calendar import ServiceTimes
from capacity.counting import Counts, Stay, count_stays
from capacity.policy import ServiceState, SlotState
from capacity.selectors import ServiceSettings
from tables.spans import TimeSpan


class Board:
    """The counts of the services of any business date, under settings that stay the same."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.settings = settings
        self.counts: Counts[ServiceKey] = Counts()
        self._offered: dict[date, dict[ServiceKey, ServiceTimes]] = {}
        self._empty: dict[ServiceKey, ServiceState] = {}
        self._evenings: dict[date, TimeSpan] = {}

    def offered_around(self, business_date: date) -> dict[ServiceKey, ServiceTimes]:
        """Return the services that stays of a business date can meet, and those around them."""
        if business_date not in self._offered:
            first, last = business_date - DATES_BEFORE, business_date + DATES_AFTER
            self._offered[business_date] = expected_services(self.settings, first, last)
        return self._offered[business_date]

    def evening_of(self, business_date: date) -> TimeSpan:
        """Return the time in which parties of a business date could be present, buffer included."""
        if business_date not in self._evenings:
            expected = self.offered_around(business_date)
            self._evenings[business_date] = evening_of(self.settings, (), expected, business_date, business_date)
        return self._evenings[business_date]

    def services_around(self, business_date: date, only: TimeSpan) -> list[ServiceState]:
        """Return those services as they are counted now, with the slots that meet an interval."""
        return [self.service(key, only) for key in self.offered_around(business_date)]

    def service(self, key: ServiceKey, only: TimeSpan | None = None) -> ServiceState:
        """Return a service that is offered as it is counted now, with all of its slots or those of an interval."""
        empty = self._service_without_anybody(key)
        slots = empty.slots if only is None else _slots_meeting(empty.slots, only)
        return replace(
            empty,
            slots=tuple(self._counted(slot) for slot in slots),
            **self.counts.of_service(key),
        )

    def services_on(self, business_date: date) -> list[ServiceState]:
        """Return the services of one business date with all of their slots, by start."""
        on_date = (key for key in self.offered_around(business_date) if key.business_date == business_date)
        return sorted((self.service(key) for key in on_date), key=lambda service: service.starts_at)

    def add(self, stay: Stay[ServiceKey]) -> None:
        """Count a stay."""
        for total, more in _pairs(self.counts, self._counts_of(stay)):
            total.update(more)

    def take(self, stay: Stay[ServiceKey]) -> None:
        """Take a stay out of the counters again."""
        for total, less in _pairs(self.counts, self._counts_of(stay)):
            total.subtract(less)

    def starting_slot_at(self, key: ServiceKey, starts_at: datetime) -> datetime | None:
        """Return the slot of its service in which a stay starts, None if there is none."""
        if key not in self.offered_around(key.business_date):
            return None
        slot = self._service_without_anybody(key).starting_slot(starts_at)
        return slot.starts_at if slot else None

    def _counts_of(self, stay: Stay[ServiceKey]) -> Counts[ServiceKey]:
        near = self.offered_around(stay.service.business_date)
        return count_stays([stay], {key: service.slots for key, service in near.items()})

    def _service_without_anybody(self, key: ServiceKey) -> ServiceState:
        if key not in self._empty:
            times = self.offered_around(key.business_date)[key]
            self._empty[key] = computed_service(self.settings, key, times, Counts())
        return self._empty[key]

    def _counted(self, slot: SlotState) -> SlotState:
        return replace(slot, **self.counts.of_slot(slot.starts_at))


def _slots_meeting(slots: Iterable[SlotState], only: TimeSpan) -> list[SlotState]:
    """Return the slots that would be read from the database for an interval."""
    return [
        slot
        for slot in slots
        if only.starts_at - LONGEST_SLOT <= slot.starts_at <= only.ends_at and slot.ends_at > only.starts_at
    ]


def _pairs(total: Counts[ServiceKey], part: Counts[ServiceKey]) -> Iterator[tuple[Counter[Any], Counter[Any]]]:
    return zip(vars(total).values(), vars(part).values(), strict=True)
