"""The result of a what-if: two simulations side by side, and the real evenings. Pure values, no guest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bookings.insight.what_if.record import FixedBooking


@dataclass(frozen=True)
class Tally:
    """Parties, and their covers."""

    parties: int = 0
    covers: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.parties + other.parties, self.covers + other.covers)

    def __sub__(self, other: "Tally") -> "Tally":
        return Tally(self.parties - other.parties, self.covers - other.covers)


@dataclass(frozen=True)
class Peak:
    """The most of a service, a slot or a moment, with its limit; `slot_at` is None for the whole service."""

    used: int
    limit: int | None
    slot_at: datetime | None = None


@dataclass(frozen=True)
class ServicePeaks:
    """Covers of one service at the end: in all, in the fullest start (pacing), at the fullest moment (occupancy)."""

    business_date: date
    period_name: str
    starts_at: datetime
    covers: Peak
    pacing: Peak
    occupancy: Peak


@dataclass(frozen=True)
class Told:
    """The number of accepted parties, and of those that got no table at all; of these `undecided` were not decided."""

    accepted: Tally = Tally()
    refused: Tally = Tally()
    undecided: Tally = Tally()


@dataclass(frozen=True, kw_only=True)
class Side:
    """One simulation.

    Reasons count refused requests: by the first reason of each, and by every reason that held. `seat_minutes` are the
    covers at tables by the minutes of their stays, `seat_minutes_offered` all seats in opening hours.
    """

    told: Told
    first_reasons: Mapping[str, Tally]
    every_reason: Mapping[str, Tally]
    covers_by_date: Mapping[date, int]
    services: tuple[ServicePeaks, ...]
    seat_minutes: int
    seat_minutes_offered: int
    changes_refused: int = 0

    @property
    def seats_used_percent(self) -> int | None:
        """Return the share of the seats that is used, None where nothing is offered."""
        return round(100 * self.seat_minutes / self.seat_minutes_offered) if self.seat_minutes_offered else None


@dataclass(frozen=True, kw_only=True)
class PartyDifference:
    """A party that only one of the simulations takes; `reasons` are those of the other against it.

    `reference` is that of the real booking, empty where there is none.
    """

    decision_id: int
    business_date: date
    starts_at: datetime
    party_size: int
    source: str
    reasons: tuple[str, ...]
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """A period under the settings of today and under those proposed.

    Every request belongs to a party. `parties` are fewer than `requests` where a refused guest took another start or
    asked the same again; `repeated` is the number of the latter. `undecided` were not decided in time when they
    were made, and not asked again. `moved_in` were booked for a date outside the period first.
    """

    slug: str
    name: str
    timezone: str
    from_date: date
    to_date: date
    requests: int
    parties: int
    undecided: int
    actual: Told
    today: Side
    proposed: Side
    gained: tuple[PartyDifference, ...] = ()
    lost: tuple[PartyDifference, ...] = ()
    unrecorded: tuple[FixedBooking, ...] = ()
    moved_in: tuple[FixedBooking, ...] = ()
    repeated: int = 0

    @property
    def difference(self) -> Tally:
        """Return the parties and covers that the proposal takes more, or less."""
        return self.proposed.told.accepted - self.today.told.accepted

    @property
    def is_different(self) -> bool:
        """Say whether the proposal changes the parties that are taken."""
        return bool(self.gained or self.lost)
