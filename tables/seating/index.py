"""A state as the search reads it: parties are bits, and those in the way of a seat are one AND of integers."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import accumulate, islice
from operator import or_
from typing import NamedTuple, TypeVar

from config.cached import cached_property
from tables.seating.floor import Seat, SeatCost
from tables.seating.problem import SeatedParty, SeatingRequest, SeatingState
from tables.spans import Lasting, TimeSpan

Remembered = TypeVar("Remembered")
# Wide enough that sums over all parties of a day never reach the next field.
FIELD_BITS = 40


class Option(NamedTuple):
    """A seat that a party could be given.

    `tables` is a mask of tables. `sitting` is a mask of the movable parties that sit at any of them at any time,
    `fixed` of the occupied intervals there. `cost` ranks options of one party, and its sums rank plans.
    """

    table_ids: tuple[int, ...]
    tables: int
    sitting: int
    fixed: int
    cost: int


@dataclass(frozen=True)
class Claim:
    """A party's claim: a seat in [starts_at, ends_at).

    Movable parties are numbered by booking id, requests after them. `meets` is a mask of the movable parties that are
    there at some of the same time. `options` are the seats with nothing fixed in the way, the best first, without the
    one it has, its `home`. `is_overlaid`: something fixed lies over its home, where it may stay nevertheless.
    """

    number: int
    starts_at: datetime
    ends_at: datetime
    meets: int
    options: tuple[Option, ...]
    home: Option | None = None
    is_overlaid: bool = False

    @cached_property
    def reach(self) -> int:
        """Return the mask of the tables that belong to its home or to any of its options."""
        return reduce(or_, (option.tables for option in self._seats), 0)

    @cached_property
    def fewest_tables(self) -> int:
        """Return the least number of tables that it needs."""
        return min((option.tables.bit_count() for option in self._seats), default=0)

    @cached_property
    def kept_tables(self) -> tuple[int, ...]:
        """Return as many tables of its home as it needs, as bits' positions."""
        return tuple(islice(bits_of(self.home.tables), self.fewest_tables)) if self.home is not None else ()

    @property
    def _seats(self) -> tuple[Option, ...]:
        return self.options if self.home is None else (self.home, *self.options)


class SpanIndex:
    """Half-open spans by their overlaps: those that overlap another, as a mask, in two binary searches.

    A span overlaps [starts_at, ends_at) if it begins before its end and is not over at its start. Both sets are
    prefixes of sorted lists, and their masks are kept.
    """

    def __init__(self, spans: Sequence[Lasting]) -> None:
        lasting = [(span, 1 << bit) for bit, span in enumerate(spans) if span.starts_at < span.ends_at]
        by_start = sorted(lasting, key=lambda found: found[0].starts_at)
        by_end = sorted(lasting, key=lambda found: found[0].ends_at)
        self._starts = [span.starts_at for span, _ in by_start]
        self._ends = [span.ends_at for span, _ in by_end]
        self._begun: list[int] = [0, *accumulate((bit for _, bit in by_start), or_)]
        self._over: list[int] = [0, *accumulate((bit for _, bit in by_end), or_)]

    def meeting(self, starts_at: datetime, ends_at: datetime) -> int:
        """Return the mask of the spans that overlap [starts_at, ends_at)."""
        begun: int = self._begun[bisect_left(self._starts, ends_at)]
        return begun & ~self._over[bisect_right(self._ends, starts_at)]

    def at(self, moment: datetime) -> int:
        """Return the mask of the spans that hold a moment."""
        return self._begun[bisect_right(self._starts, moment)] & ~self._over[bisect_right(self._ends, moment)]


class StateIndex:
    """The index of one state: built once, asked for every slot of a day."""

    def __init__(self, state: SeatingState) -> None:
        self.floor = state.floor
        self.parties = sorted(state.parties, key=lambda party: party.booking_id)
        self.occupied = sorted(state.occupied, key=lambda taken: (taken.starts_at, taken.ends_at, taken.table_id))
        self.unseated = sum(1 << number for number, party in enumerate(self.parties) if not party.table_ids)
        self._present = SpanIndex(self.parties)
        self._fixed = SpanIndex(self.occupied)
        self._sitting = _masks((table_id, n) for n, party in enumerate(self.parties) for table_id in party.table_ids)
        self._fixed_on = _masks((taken.table_id, number) for number, taken in enumerate(self.occupied))
        self._table_bits = {table_id: 1 << bit for bit, table_id in enumerate(_all_tables(state))}
        self._masks: dict[tuple[int, ...], tuple[int, int, int]] = {}
        self._options: dict[tuple[int, str | None, str], tuple[Option, ...]] = {}
        self._claims: dict[int, Claim] = {}
        self._remembered: dict[type[object], object] = {}

    @cached_property
    def groups(self) -> list[tuple[TimeSpan, int]]:
        """Return the parties connected in time: for each group its span and its mask, in order of time."""
        found: list[tuple[TimeSpan, int]] = []
        order = sorted(range(len(self.parties)), key=lambda number: self.parties[number].starts_at)
        for number in order:
            party = self.parties[number]
            if found and party.starts_at < found[-1][0].ends_at:
                span, mask = found[-1]
                found[-1] = (TimeSpan.around([span, party]), mask | 1 << number)
            else:
                found.append((TimeSpan(party.starts_at, party.ends_at), 1 << number))
        return found

    def connected(self, stay: Lasting) -> int:
        """Return the mask of the parties connected in time to a stay."""
        met = (mask for span, mask in self.groups if span.overlaps(stay))
        return reduce(or_, met, 0)

    def claim(self, number: int) -> Claim:
        """Return the claim of a movable party."""
        if number not in self._claims:
            self._claims[number] = self._party_claim(number, self.parties[number])
        return self._claims[number]

    def request_claim(self, number: int, request: SeatingRequest) -> Claim:
        """Return the claim of a request."""
        offered = self._offered_to(request)
        fixed = self.fixed_meeting(request.starts_at, request.ends_at)
        options = tuple(option for option in offered if not option.fixed & fixed)
        meets = self._present.meeting(request.starts_at, request.ends_at)
        return Claim(number, request.starts_at, request.ends_at, meets, options)

    def present_at(self, moment: datetime) -> int:
        """Return the mask of the movable parties that are there at a moment."""
        return self._present.at(moment)

    def fixed_meeting(self, starts_at: datetime, ends_at: datetime) -> int:
        """Return the mask of the fixed intervals, which no plan may move, that meet [starts_at, ends_at)."""
        return self._fixed.meeting(starts_at, ends_at)

    def fixed_at(self, moment: datetime) -> int:
        """Return the mask of the fixed intervals, which no plan may move, at a moment."""
        return self._fixed.at(moment)

    def fixed_tables_at(self, moment: datetime) -> int:
        """Return the mask of the tables that something fixed takes at a moment."""
        return self.table_mask(self.occupied[number].table_id for number in bits_of(self.fixed_at(moment)))

    def remembered(self, kind: type[Remembered]) -> Remembered:
        """Return the memory of this state from one question to the next: one of each kind, made when asked."""
        found = self._remembered.setdefault(kind, kind())
        assert isinstance(found, kind)  # noqa: S101  it is kept under its own kind
        return found

    def fixed_stays_on(self, table_id: int) -> tuple[tuple[datetime, datetime], ...]:
        """Return the fixed intervals of a table, in order of time."""
        taken = (self.occupied[number] for number in bits_of(self._fixed_on.get(table_id, 0)))
        return tuple((each.starts_at, each.ends_at) for each in taken)

    @property
    def all_tables(self) -> int:
        """Return the mask of all tables, those included that may not be given out."""
        return (1 << len(self._table_bits)) - 1

    def suitable(self, request: SeatingRequest) -> tuple[Seat, ...]:
        """Return the seats that a request could ever be given, the best first."""
        if request.table_ids:
            return (self.floor.chosen(request.table_ids),)
        return self.floor.suitable(request.party_size, request.seating, request.channel)

    def offered(self, party_size: int, seating: str | None, channel: str) -> tuple[Option, ...]:
        """Return the suitable seats as options, even with fixed intervals there; of one set of tables only the best."""
        key = (party_size, seating, channel)
        if key not in self._options:
            suitable = self.floor.suitable(party_size, seating, channel)
            best: dict[int, Option] = {}
            for rank, seat in enumerate(suitable):
                option = self._option(seat, _packed(seat.cost(party_size), rank))
                best.setdefault(option.tables, option)
            self._options[key] = tuple(best.values())
        return self._options[key]

    def table_mask(self, table_ids: Iterable[int]) -> int:
        """Return the mask of some tables; those that may not be given out have bits as well."""
        mask = 0
        for table_id in table_ids:
            mask |= self._table_bits.setdefault(table_id, 1 << len(self._table_bits))
        return mask

    def _offered_to(self, request: SeatingRequest) -> tuple[Option, ...]:
        if not request.table_ids:
            return self.offered(request.party_size, request.seating, request.channel)
        seat = self.floor.chosen(request.table_ids)
        return (self._option(seat, _packed(seat.cost(request.party_size), 0)),)

    def _party_claim(self, number: int, party: SeatedParty) -> Claim:
        fixed = self.fixed_meeting(party.starts_at, party.ends_at)
        home = Option(party.table_ids, *self._masks_of(party.table_ids), 0) if party.table_ids else None
        tables = home.tables if home else 0
        offered = self.offered(party.party_size, party.seating, party.channel)
        return Claim(
            number=number,
            starts_at=party.starts_at,
            ends_at=party.ends_at,
            meets=self._present.meeting(party.starts_at, party.ends_at) & ~(1 << number),
            options=tuple(option for option in offered if not option.fixed & fixed and option.tables != tables),
            home=home,
            is_overlaid=home is not None and bool(home.fixed & fixed),
        )

    def _option(self, seat: Seat, cost: int) -> Option:
        masks = self._masks.get(seat.table_ids)
        if masks is None:
            masks = self._masks[seat.table_ids] = self._masks_of(seat.table_ids)
        return Option(seat.table_ids, *masks, cost)

    def _masks_of(self, table_ids: tuple[int, ...]) -> tuple[int, int, int]:
        sitting = fixed = 0
        for table_id in table_ids:
            sitting |= self._sitting.get(table_id, 0)
            fixed |= self._fixed_on.get(table_id, 0)
        return self.table_mask(table_ids), sitting, fixed


def bits_of(mask: int) -> Iterator[int]:
    """Yield the positions of the bits of a mask, the lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _packed(cost: SeatCost, rank: int) -> int:
    packed = 0
    for part in cost[:5]:
        packed = (packed << FIELD_BITS) + part
    return (packed << FIELD_BITS) + rank


def _masks(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    masks: defaultdict[int, int] = defaultdict(int)
    for table_id, number in pairs:
        masks[table_id] |= 1 << number
    return masks


def _all_tables(state: SeatingState) -> list[int]:
    """Return the tables of the floor in the order of their numbers, then all others that some party sits at."""
    offered = [seat.table_ids[0] for seat in state.floor.seats if len(seat.table_ids) == 1]
    used = {table_id for party in state.parties for table_id in party.table_ids}
    used.update(taken.table_id for taken in state.occupied)
    return [*offered, *sorted(used.difference(offered))]
