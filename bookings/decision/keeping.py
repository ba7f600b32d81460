"""The tables that a party at the table keeps, and its requests to the planner for them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bookings.choices import CHANNELS, BookingSource
from bookings.decision.loaded_days import LoadedDays
from tables.seating import SeatingOutcome, SeatingPlan, SeatingRequest


class Guests(Protocol):
    """The guests that a seat has to suit: a booking, or a party that was never written."""

    @property
    def party_size(self) -> int: ...

    @property
    def seating(self) -> str: ...

    @property
    def source(self) -> str: ...


@dataclass(frozen=True)
class TableNeed:
    """The need of a party for some tables, from now until `until`, the buffer included.

    `kept_from` says since when each of the tables is the party's. In [now, firm_until) no other party may have them.
    """

    kept_from: Mapping[int, datetime]
    now: datetime
    firm_until: datetime
    until: datetime
    is_pinned: bool = False


def ask_to_keep(
    loaded: LoadedDays, guests: Guests, need: TableNeed
) -> Iterator[tuple[tuple[SeatingRequest, ...], SeatingOutcome]]:
    """Ask the planner to keep tables for ever shorter times, until it finds a plan; the loaded days lack the party."""
    for end in (need.until, *_starts_of_movable(loaded, need)):
        requests = _requests(loaded, guests, need, end)
        if not requests:
            return
        outcome = loaded.plan_seating(*requests)
        yield requests, outcome
        if isinstance(outcome, SeatingPlan):
            return


def _starts_of_movable(loaded: LoadedDays, need: TableNeed) -> list[datetime]:
    """Return the starts of the parties at these tables that may be moved, the latest first."""
    starts = {
        party.starts_at
        for party in loaded.seating.parties
        if need.kept_from.keys() & set(party.table_ids) and need.now < party.starts_at < need.until
    }
    return sorted(starts, reverse=True)


def _requests(loaded: LoadedDays, guests: Guests, need: TableNeed, end: datetime) -> tuple[SeatingRequest, ...]:
    """Return a request for each table until `end`, or until a use of it that no plan may move."""
    return tuple(
        request_of(guests, need.now, until, (table_id,))
        for table_id in sorted(need.kept_from)
        if (until := min(end, _fixed_from(loaded, table_id, need))) > need.now
    )


def request_of(
    guests: Guests, starts_at: datetime, ends_at: datetime, table_ids: tuple[int, ...] | None = None
) -> SeatingRequest:
    """Return the request of a party to the planner: a seat of its kind, or the tables that a person chose."""
    return SeatingRequest(
        party_size=guests.party_size,
        starts_at=starts_at,
        ends_at=ends_at,
        seating=guests.seating or None,
        channel=CHANNELS[BookingSource(guests.source)],
        table_ids=table_ids,
    )


def _fixed_from(loaded: LoadedDays, table_id: int, need: TableNeed) -> datetime:
    starts = (
        span.starts_at
        for span in loaded.seating.occupied
        if span.table_id == table_id and span.starts_at < need.until and span.ends_at > need.now
    )
    return min(starts, default=need.until)
