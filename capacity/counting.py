"""Counters from stays: the one rule of the slots that a party starts and is present in. Pure, no Django.

A booking starts in the latest slot of its service day not after its start. It is present in every slot, of any service
day, whose quarter hour its stay touches. Outside all slots it counts in the service totals only.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from capacity.limits import SERVICE_LIMITS, SLOT_LIMITS
from tables.spans import Lasting, TimeSpan

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Stay(Generic[K]):
    """A party in the counters: its service day by key, its covers, `[starts_at, ends_at)` in UTC."""

    service: K
    party_size: int
    starts_at: datetime
    ends_at: datetime


@dataclass
class Counts(Generic[K]):
    """Covers and parties by service key, and starting and present by the start of the slot."""

    booked_covers: Counter[K] = field(default_factory=Counter)
    booked_parties: Counter[K] = field(default_factory=Counter)
    starting_covers: Counter[datetime] = field(default_factory=Counter)
    starting_parties: Counter[datetime] = field(default_factory=Counter)
    present_covers: Counter[datetime] = field(default_factory=Counter)
    present_parties: Counter[datetime] = field(default_factory=Counter)

    def of_service(self, service: K) -> dict[str, Any]:
        """Return the counters of a service by their columns."""
        return {limit.counter: getattr(self, limit.counter)[service] for limit in SERVICE_LIMITS}

    def of_slot(self, starts_at: datetime) -> dict[str, Any]:
        """Return the counters of a slot by their columns."""
        return {limit.counter: getattr(self, limit.counter)[starts_at] for limit in SLOT_LIMITS}


def count_stays(stays: Iterable[Stay[K]], slots_by_service: Mapping[K, Collection[Lasting]]) -> Counts[K]:
    """Count stays into the slots of the given services."""
    starts = {service: sorted(slot.starts_at for slot in slots) for service, slots in slots_by_service.items()}
    every_slot = [slot for slots in slots_by_service.values() for slot in slots]
    counts: Counts[K] = Counts()
    for stay in stays:
        _count_in_service(stay, starts.get(stay.service, []), counts)
        _count_presence(stay, every_slot, counts)
    return counts


def _count_in_service(stay: Stay[K], starts: list[datetime], counts: Counts[K]) -> None:
    counts.booked_covers[stay.service] += stay.party_size
    counts.booked_parties[stay.service] += 1
    before = bisect_right(starts, stay.starts_at)
    if before:
        counts.starting_covers[starts[before - 1]] += stay.party_size
        counts.starting_parties[starts[before - 1]] += 1


def _count_presence(stay: Stay[K], slots: list[Lasting], counts: Counts[K]) -> None:
    present = TimeSpan(stay.starts_at, stay.ends_at)
    for slot in slots:
        if present.overlaps(slot):
            counts.present_covers[slot.starts_at] += stay.party_size
            counts.present_parties[slot.starts_at] += 1
