"""The turnout of evenings, against the limits of a service, of a slot and of a moment. Pure."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from capacity.limits import LIMIT_OF, LimitUnit
from capacity.policy import ReasonCode

# No stay is longer: who came earlier than that before a moment has left by then.
LONGEST_STAY = timedelta(days=2)


class ServiceOnDate(NamedTuple):
    """One service period on one business date; a decision knows it also without a row of the service day."""

    period_id: int
    business_date: date


class SlotSpan(NamedTuple):
    """One slot of a service, half-open."""

    service: ServiceOnDate
    starts_at: datetime
    ends_at: datetime


class Attended(NamedTuple):
    """The parties that came for one stay: all with the same service, start and end."""

    service: ServiceOnDate
    starts_at: datetime
    ends_at: datetime
    covers: int
    parties: int

    @property
    def taken_out(self) -> "Attended":
        """Return the negative of these parties, which takes them out of a sum."""
        return self._replace(covers=-self.covers, parties=-self.parties)


@dataclass(frozen=True)
class Turnout:
    """Covers and parties together."""

    covers: int = 0
    parties: int = 0

    def of(self, code: ReasonCode) -> int:
        """Return the amount that a limit counts."""
        return self.parties if LIMIT_OF[code].unit is LimitUnit.PARTIES else self.covers


class Evenings:
    """The parties that came to the services of a restaurant, and the end of each service.

    Every question takes stays `beside` those that came: of parties that would have come too, or, with numbers below
    zero, of one that would not.
    """

    def __init__(
        self, *, ends: dict[ServiceOnDate, datetime], slots: Iterable[SlotSpan], attended: Iterable[Attended]
    ) -> None:
        self._ends = ends
        self._stays = sorted(attended, key=lambda stay: stay.starts_at)
        self._stay_starts = [stay.starts_at for stay in self._stays]
        self._slots = sorted(slots, key=lambda slot: slot.starts_at)
        self._slot_starts = [slot.starts_at for slot in self._slots]
        self._by_service: defaultdict[ServiceOnDate, list[Attended]] = defaultdict(list)
        for stay in self._stays:
            self._by_service[stay.service].append(stay)
        self._starts_of: defaultdict[ServiceOnDate, list[datetime]] = defaultdict(list)
        for slot in self._slots:
            self._starts_of[slot.service].append(slot.starts_at)

    def is_over(self, service: ServiceOnDate | None, ends_at: datetime, now: datetime) -> bool:
        """Say whether a service is over, and the stay in question as well."""
        return max(self._ends.get(service, ends_at) if service else ends_at, ends_at) <= now

    def of_service(self, service: ServiceOnDate, beside: Sequence[Attended] = ()) -> Turnout:
        """Return the turnout of a service."""
        return _together(self._at_service(service, beside))

    def starting_at(self, service: ServiceOnDate, starts_at: datetime, beside: Sequence[Attended] = ()) -> Turnout:
        """Return the turnout that started in the slot of a start: the latest one not after it."""
        stays = self._at_service(service, beside)
        return _together(stay for stay in stays if self.is_same_slot(service, stay.starts_at, starts_at))

    def is_same_slot(self, service: ServiceOnDate, one: datetime, other: datetime) -> bool:
        """Say whether two starts belong to one slot of a service."""
        return one == other or self._slot_of(service, one) == self._slot_of(service, other)

    def _at_service(self, service: ServiceOnDate, beside: Sequence[Attended]) -> Iterator[Attended]:
        yield from self._by_service.get(service, ())
        yield from (stay for stay in beside if stay.service == service)

    def _slot_of(self, service: ServiceOnDate, starts_at: datetime) -> datetime | None:
        starts = self._starts_of.get(service, ())
        at = bisect_right(starts, starts_at)
        return starts[at - 1] if at else None

    def fullest_moment(self, starts_at: datetime, ends_at: datetime, beside: Sequence[Attended] = ()) -> Turnout:
        """Return the most covers and the most parties that were present in any slot of a stay."""
        touched = [self._present(slot, beside) for slot in self._slots_meeting(starts_at, ends_at)]
        return Turnout(
            max((slot.covers for slot in touched), default=0), max((slot.parties for slot in touched), default=0)
        )

    def _slots_meeting(self, starts_at: datetime, ends_at: datetime) -> Sequence[SlotSpan]:
        before = self._slots[: bisect_left(self._slot_starts, ends_at)]
        earliest = bisect_left(self._slot_starts, starts_at - LONGEST_STAY)
        return [slot for slot in before[earliest:] if slot.ends_at > starts_at]

    def _present(self, slot: SlotSpan, beside: Sequence[Attended]) -> Turnout:
        first = bisect_left(self._stay_starts, slot.starts_at - LONGEST_STAY)
        last = bisect_left(self._stay_starts, slot.ends_at)
        stays = (*self._stays[first:last], *(stay for stay in beside if stay.starts_at < slot.ends_at))
        return _together(stay for stay in stays if stay.ends_at > slot.starts_at)


def _together(stays: Iterable[Attended]) -> Turnout:
    covers = parties = 0
    for stay in stays:
        covers, parties = covers + stay.covers, parties + stay.parties
    return Turnout(covers, parties)
