"""The events of a period, from the decision records and the history of bookings. Pure: plain values, no guest."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from bookings.choices import BOOKED_VERDICTS, DecisionVerdict, EventKind
from bookings.insight.replay.alternatives import AlternativeRow, match_alternatives
from config.cached import cached_property


@dataclass(frozen=True, kw_only=True)
class Request:
    """A party that asked for a table, or for a change of its booking, and the answer that it got.

    `booking_id` is the booking that was made or is to be changed. `table_ids` and `turn_minutes` are the choice of the
    staff; `keeps_start` says that a change leaves the start as it is.
    """

    decision_id: int
    decided_at: datetime
    verdict: str
    party_size: int
    business_date: date
    starts_at: datetime
    ends_at: datetime
    wall_time: time
    source: str
    channel: str
    seating: str | None = None
    turn_minutes: int | None = None
    table_ids: tuple[int, ...] | None = None
    keeps_start: bool = False
    booking_id: int | None = None
    reasons: tuple[str, ...] = ()
    alternatives: tuple[datetime, ...] = ()

    @property
    def was_accepted(self) -> bool:
        return self.verdict in BOOKED_VERDICTS

    @property
    def was_refused(self) -> bool:
        return self.verdict == DecisionVerdict.REFUSED

    @property
    def stay_minutes(self) -> int:
        """Return the length of the party's stay as it was decided then."""
        return int((self.ends_at - self.starts_at).total_seconds() // 60)


@dataclass(frozen=True, kw_only=True)
class Happening:
    """An event of a booking after its decision.

    `ends_at` is the end of the stay that a person set; of an undo `undone` is the kind of the event taken back.
    """

    event_id: int
    happened_at: datetime
    booking_id: int
    kind: EventKind
    ends_at: datetime | None = None
    undone: str = ""


@dataclass(frozen=True, kw_only=True)
class Held:
    """A table that a booking has in [starts_at, ends_at), the buffer included."""

    table_id: int
    starts_at: datetime
    ends_at: datetime
    is_pinned: bool


@dataclass(frozen=True, kw_only=True)
class FixedBooking:
    """A booking of those dates, or of their neighbours, that no request of the period made: it is there anyway.

    `is_in_ledger` says that a request made it, for another date first.
    """

    booking_id: int
    reference: str
    business_date: date
    wall_time: time
    party_size: int
    starts_at: datetime
    ends_at: datetime
    buffer_minutes: int
    seating: str
    source: str
    tables: tuple[Held, ...] = ()
    is_in_ledger: bool = False


@dataclass(frozen=True)
class Block:
    """A table that was kept free from the moment `created_at` on, when a person blocked it."""

    table_id: int
    starts_at: datetime
    ends_at: datetime
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Record:
    """All events of the business dates `[from_date, to_date]` of a restaurant, each kind in the order of time.

    `changes` are those that were accepted, of bookings that `requests` made. `repeated` requests are not among them:
    the same guest asked the same again.
    """

    from_date: date
    to_date: date
    requests: tuple[Request, ...]
    changes: tuple[Request, ...] = ()
    happenings: tuple[Happening, ...] = ()
    fixed: tuple[FixedBooking, ...] = ()
    blocks: tuple[Block, ...] = ()
    references: dict[int, str]
    repeated: int = 0

    @cached_property
    def answers(self) -> dict[int, int]:
        """Return each refused request with the accepted one that followed of the same party, as far as can be told."""
        return match_alternatives(tuple(_row(request) for request in self.requests))

    @cached_property
    def parties(self) -> tuple[tuple[Request, ...], ...]:
        """Return the requests of each party: one, or a refused one and that for another start which answers it."""
        by_id = {request.decision_id: request for request in self.requests}
        return tuple(
            (request, by_id[self.answers[request.decision_id]]) if request.decision_id in self.answers else (request,)
            for request in self.requests
            if request.decision_id not in self._answering
        )

    @cached_property
    def _answering(self) -> frozenset[int]:
        return frozenset(self.answers.values())

    @property
    def unrecorded(self) -> Iterator[FixedBooking]:
        """Yield the bookings of the period itself without a decision record."""
        return (booking for booking in self._fixed_in_period if not booking.is_in_ledger)

    @property
    def moved_in(self) -> Iterator[FixedBooking]:
        """Yield the bookings of the period itself that were booked for a date outside it first."""
        return (booking for booking in self._fixed_in_period if booking.is_in_ledger)

    @property
    def _fixed_in_period(self) -> Iterator[FixedBooking]:
        return (booking for booking in self.fixed if self.from_date <= booking.business_date <= self.to_date)


def _row(request: Request) -> AlternativeRow:
    return AlternativeRow(
        id=request.decision_id,
        decided_at=request.decided_at,
        business_date=request.business_date,
        party_size=request.party_size,
        starts_at=request.starts_at,
        alternatives=request.alternatives,
        is_accepted=request.was_accepted,
        is_refused=request.was_refused,
    )
