"""The parties and their tables, in memory, and the loaded days of a decision made from them.

One function tells apart the movable and the fixed parties, here and for the rows of the database.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from bookings.choices import AWAITED_STATUSES, COUNTING_STATUSES, BookingSource, BookingStatus
from bookings.decision import (
    DATES_AFTER,
    DATES_BEFORE,
    SOLVING,
    CountedParty,
    LoadedDays,
    ServiceKey,
    TableUse,
    seating_state,
    without_parties,
)
from bookings.decision.occupied import asked_from
from bookings.insight.what_if.board import Board
from bookings.insight.what_if.record import Block
from capacity.calendar import ONE_DAY
from capacity.counting import Stay
from capacity.policy import IN_HOUSE
from capacity.selectors import ServiceSettings
from tables.seating import Move
from tables.spans import TimeSpan

# The key of a stay outside every service: it is present in slots, and counts in no service.
NO_PERIOD = 0


@dataclass(frozen=True)
class Before:
    """The state of a party before an event of this evening, for an undo."""

    status: str
    ends_at: datetime
    held: dict[int, TimeSpan]


@dataclass
class Party:
    """A party that was accepted: `[starts_at, ends_at)` is its stay, `held` the time of each of its tables.

    `key` is the id of its booking, or minus that of its decision where there is no booking. `real_minutes` is the
    planned length of the real booking, `turn_minutes` that of this one. `real_starts_at` is the start of the real one,
    and `is_seen_leaving` says that its leaving was noted.
    """

    key: int
    party_size: int
    business_date: date
    period_id: int
    starts_at: datetime
    ends_at: datetime
    buffer_minutes: int
    source: str
    seating: str = ""
    status: str = BookingStatus.CONFIRMED
    held: dict[int, TimeSpan] = field(default_factory=dict)
    is_pinned: bool = False
    is_fixed: bool = False
    turn_minutes: int = 0
    real_minutes: int = 0
    real_starts_at: datetime | None = None
    is_seen_leaving: bool = False
    past: list[Before] = field(default_factory=list)

    @property
    def table_ids(self) -> tuple[int, ...]:
        return tuple(sorted(self.held))

    @property
    def blocked_until(self) -> datetime:
        return self.ends_at + timedelta(minutes=self.buffer_minutes)

    @property
    def blocked(self) -> TimeSpan:
        return TimeSpan(self.starts_at, self.blocked_until)

    @property
    def is_counted(self) -> bool:
        return self.status in COUNTING_STATUSES

    @property
    def later(self) -> timedelta:
        """Return the delay of this party's start after the real booking's, below zero if it is earlier."""
        return timedelta(0) if self.real_starts_at is None else self.starts_at - self.real_starts_at

    @property
    def leaves_at_its_end(self) -> bool:
        """Say whether no real event tells the end of this stay: it ends with its time."""
        return self.turn_minutes != self.real_minutes and not self.is_seen_leaving

    def status_at(self, now: datetime) -> str:
        """Return the status of this party at an instant, as far as no event tells it."""
        is_over = self.status == BookingStatus.SEATED and self.leaves_at_its_end and self.ends_at <= now
        return BookingStatus.COMPLETED if is_over else self.status

    @property
    def stay_minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def stay(self) -> Stay[ServiceKey]:
        """Return the stay that the counters hold."""
        return Stay(ServiceKey(self.period_id, self.business_date), self.party_size, self.starts_at, self.ends_at)


class Room:
    """The state of a simulation: parties, their tables, and the counters."""

    def __init__(self, house: ServiceSettings, blocks: Collection[Block] = ()) -> None:
        self.house = house
        self.board = Board(house)
        self.parties: dict[int, Party] = {}
        self._by_date: defaultdict[date, dict[int, Party]] = defaultdict(dict)
        self._blocks = tuple(block for block in blocks if block.table_id in house.floor.by_id)

    def add(self, party: Party) -> None:
        """Count a party and keep its tables."""
        self.parties[party.key] = party
        self._by_date[party.business_date][party.key] = party
        if party.is_counted:
            self.board.add(party.stay)

    def remove(self, party: Party, status: BookingStatus) -> None:
        """Free the covers and tables of a party that does not come."""
        if party.is_counted:
            self.board.take(party.stay)
        party.status, party.held = status, {}

    def restore(self, party: Party, status: BookingStatus) -> None:
        """Count a party again that was taken out."""
        party.status = status
        self.board.add(party.stay)

    def change(self, party: Party, changed: Party) -> None:
        """Put a changed party in the place of the former one."""
        if party.is_counted:
            self.board.take(party.stay)
        del self._by_date[party.business_date][party.key]
        self.add(changed)

    def end_at(self, party: Party, ends_at: datetime) -> None:
        """Let a party stay until another end."""
        self.board.take(party.stay)
        party.ends_at = ends_at
        self.board.add(party.stay)

    def move(self, moves: Iterable[Move]) -> None:
        """Put parties at the tables to which a plan moves them, for the time of their stays."""
        for move in moves:
            party = self.parties[move.booking_id]
            kept = next(iter(party.held.values()), party.blocked)
            party.held = dict.fromkeys(move.to_table_ids, kept)

    def loaded(
        self,
        business_date: date,
        now: datetime,
        only: TimeSpan,
        *,
        without: Party | None = None,
        channel: str = IN_HOUSE,
        promised: Collection[int] = (),
    ) -> LoadedDays:
        """Return the loaded days for a decision about a business date; `only` is the time whose slots decide it."""
        settings = replace(self.house, now=now)
        services = self.board.services_around(business_date, only)
        window = TimeSpan.around([self.board.evening_of(business_date), only])
        gone = None if without is None else without.key
        uses = [use for use in self._uses(business_date, window, now) if gone is None or use.booking_id != gone]
        if without is not None and without.is_counted:
            services = list(without_parties(services, [self._counted(without)], keeps_limits=True))
        return LoadedDays(
            settings=settings,
            services=tuple(sorted(services, key=lambda service: service.starts_at)),
            offered=frozenset(self.board.offered_around(business_date)),
            seating=seating_state(settings, self.house.floor, window, uses, channel=channel, promised=promised),
            expired_holds=(),
            budget=SOLVING,
            without=frozenset() if gone is None else frozenset({gone}),
        )

    def near(self, business_date: date) -> Iterator[Party]:
        """Yield the parties of a business date and of those around it."""
        days = range(-DATES_BEFORE.days, DATES_AFTER.days + 1)
        return (party for day in days for party in self._by_date[business_date + day * ONE_DAY].values())

    def _counted(self, party: Party) -> CountedParty:
        key = party.stay.service
        return CountedParty(
            booking_id=party.key,
            key=key,
            party_size=party.party_size,
            starts_at=party.starts_at,
            ends_at=party.ends_at,
            blocked_until=party.blocked_until,
            starting_slot_at=self.board.starting_slot_at(key, party.starts_at),
        )

    def _uses(self, business_date: date, window: TimeSpan, now: datetime) -> Iterator[TableUse]:
        asked = TimeSpan(asked_from(replace(self.house, now=now), window), window.ends_at)
        for party in self.near(business_date):
            if party.held:
                yield from _table_uses(party, asked, now)
            elif self._lacks_a_table(party, window, now):
                yield _use(party, None, party.blocked, now)
        for block in self._blocks:
            if block.created_at <= now and window.overlaps(block):
                until = block.ends_at
                yield TableUse(None, block.table_id, block.starts_at, until, True, "", 0, "", "", until, 0)

    def _lacks_a_table(self, party: Party, window: TimeSpan, now: datetime) -> bool:
        """Say, as the engine asks the database, whether a party is awaited and has no table that it needs."""
        return (
            party.status in AWAITED_STATUSES
            and party.starts_at >= window.starts_at
            and party.ends_at > now
            and party.ends_at <= window.ends_at
            and self.house.needs_tables(party.period_id)
        )


def _table_uses(party: Party, window: TimeSpan, now: datetime) -> Iterator[TableUse]:
    for table_id, kept in party.held.items():
        if window.overlaps(kept):
            yield _use(party, table_id, kept, now)


def _use(party: Party, table_id: int | None, kept: TimeSpan, now: datetime) -> TableUse:
    return TableUse(
        booking_id=party.key,
        table_id=table_id,
        starts_at=kept.starts_at,
        ends_at=kept.ends_at,
        is_pinned=party.is_pinned and table_id is not None,
        status=party.status_at(now),
        party_size=party.party_size,
        seating=party.seating,
        source=BookingSource(party.source),
        stay_ends_at=party.ends_at,
        buffer_minutes=party.buffer_minutes,
    )
