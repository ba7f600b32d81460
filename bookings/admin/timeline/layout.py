"""The timeline of an evening as rows, lanes and columns. Pure: instants in, places out, no Django, no clock.

It stands beside its screen, not with the decisions: nothing is decided by a column.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import groupby

from bookings.admin.timeline.axis import STEP, Columns, TimeAxis


@dataclass(frozen=True)
class Place:
    """A table with its section, in the order of the screen."""

    table_id: int
    section: str


@dataclass(frozen=True)
class Held:
    """A table kept for a party in [starts_at, ends_at), the buffer included."""

    table_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Party:
    """A booking with its stay and its tables: none while it waits for one.

    `sits_until` is the present for a party that is over its time and has not left.
    """

    booking_id: int
    starts_at: datetime
    ends_at: datetime
    held: tuple[Held, ...] = ()
    sits_until: datetime | None = None

    def end_at(self, held: Held) -> datetime:
        """Return the end of the party at a table, without the buffer."""
        booked = min(held.ends_at, max(self.ends_at, held.starts_at + STEP))
        return max(booked, self.sits_until or booked)


@dataclass(frozen=True)
class Stretch:
    """A stretch of time at a table that is no party's: a block, or (`is_wait`) the wait for a party that stays on."""

    table_id: int
    starts_at: datetime
    ends_at: datetime
    words: str = ""
    is_wait: bool = False


@dataclass(frozen=True)
class Bar:
    """A party on the grid, or one part of it; its table is ready for the next from column `ready` on.

    `is_conflict`: another party holds a table of it at the same time, which no write of the engine leaves.
    """

    booking_id: int
    table_ids: tuple[int, ...]
    line: int
    lines: int
    columns: Columns
    ready: int
    part: int = 1
    parts: int = 1
    is_conflict: bool = False


@dataclass(frozen=True)
class PlacedStretch:
    """A stretch on the grid, over all lanes of its table."""

    stretch: Stretch
    line: int
    lines: int
    columns: Columns


@dataclass(frozen=True)
class Row:
    """A table on the grid: as many lines as it has lanes."""

    table_id: int
    line: int
    lines: int
    bars: tuple[Bar, ...] = ()
    stretches: tuple[PlacedStretch, ...] = ()


@dataclass(frozen=True)
class Group:
    """A section of the floor: the line of its name, and its tables."""

    section: str
    line: int
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Layout:
    """A whole evening on the grid; lines are counted from 1, those of the waiting parties first.

    A bar over several tables stands in the row of the first one.
    """

    axis: TimeAxis
    waiting: tuple[Bar, ...]
    waiting_lines: int
    groups: tuple[Group, ...]
    lines: int

    @property
    def bars(self) -> tuple[Bar, ...]:
        """Return all parties at tables, in the order of the screen."""
        return tuple(bar for group in self.groups for row in group.rows for bar in row.bars)


def lay_out(
    axis: TimeAxis, places: Sequence[Place], parties: Iterable[Party], stretches: Iterable[Stretch] = ()
) -> Layout:
    """Lay out an evening: the waiting parties on top, then sections with their tables, in the order given.

    What lies outside the axis is left out. A table without a place has no row.
    """
    known, marks = list(parties), list(stretches)
    waiting, waiting_lines = _lay_out_waiting(axis, known)
    rows = {place.table_id: _Lanes(axis, place, number) for number, place in enumerate(places)}
    for party in known:
        for held in party.held:
            if held.table_id in rows:
                rows[held.table_id].take(party, held)
    line, headings = _number_lines(list(rows.values()), waiting_lines + 1)
    bars = _by_row(_bars_of(list(rows.values())))
    groups = tuple(
        Group(section, headings[section], tuple(_row(lanes, bars, marks) for lanes in members))
        for section, members in groupby(rows.values(), key=lambda lanes: lanes.place.section)
    )
    return Layout(axis, waiting, waiting_lines, groups, line - 1)


def _lay_out_waiting(axis: TimeAxis, parties: Iterable[Party]) -> tuple[tuple[Bar, ...], int]:
    found = [(party, axis.columns_of(party.starts_at, party.ends_at)) for party in parties if not party.held]
    shown = sorted(
        ((party, columns) for party, columns in found if columns), key=lambda each: (each[1].first, each[0].booking_id)
    )
    lanes = _lanes_of([columns for _, columns in shown])
    bars = (
        Bar(party.booking_id, (), lane + 1, 1, columns, columns.last)
        for (party, columns), lane in zip(shown, lanes, strict=True)
    )
    return tuple(bars), max(lanes, default=-1) + 1


def _lanes_of(spans: Sequence[Columns]) -> list[int]:
    """Return a lane for each span, by first column: the first lane that is free, so that no two overlap."""
    free_from: list[int] = []
    lanes = []
    for span in spans:
        lane = next((lane for lane, column in enumerate(free_from) if column <= span.first), len(free_from))
        free_from[lane : lane + 1] = [span.last]
        lanes.append(lane)
    return lanes


@dataclass(frozen=True)
class _Claim:
    """A party at one table, in the columns of its stay; `ready` is the column at which the table is ready again."""

    party: Party
    held: Held
    columns: Columns
    ready: int


@dataclass(eq=False)
class _Lanes:
    """A table while its parties are laid out; `number` is its place in the order of the screen."""

    axis: TimeAxis
    place: Place
    number: int
    claims: list[_Claim] = field(default_factory=list)
    line: int = 0

    def take(self, party: Party, held: Held) -> None:
        """Add a party, if any of its time at the table is shown."""
        columns = self.axis.columns_of(held.starts_at, party.end_at(held))
        if columns is not None:
            ready = min(self.axis.steps, max(columns.last, self.axis.column_of(held.ends_at)))
            self.claims.append(_Claim(party, held, columns, ready))

    @cached_property
    def lanes(self) -> list[int]:
        """Put the claims in their order, once all are there, and return the lane of each."""
        self.claims.sort(key=lambda claim: (claim.columns.first, claim.party.booking_id))
        return _lanes_of([claim.columns for claim in self.claims])

    @property
    def lines(self) -> int:
        """Return how many lines the table takes: one, unless two parties are on it at a time."""
        return max(self.lanes, default=0) + 1

    def conflicts_with(self, claim: _Claim) -> bool:
        """Say whether another party holds the table during a claim."""
        return any(
            other.party.booking_id != claim.party.booking_id
            and other.held.starts_at < claim.held.ends_at
            and claim.held.starts_at < other.held.ends_at
            for other in self.claims
        )


def _number_lines(rows: Iterable[_Lanes], line: int) -> tuple[int, dict[str, int]]:
    """Give each table its lines, below that of its section; return the next line, and those of the sections."""
    headings: dict[str, int] = {}
    for lanes in rows:
        if lanes.place.section not in headings:
            headings[lanes.place.section] = line
            line += 1
        lanes.line = line
        line += lanes.lines
    return line, headings


_Run = list[tuple[_Lanes, _Claim, int]]


def _bars_of(rows: Iterable[_Lanes]) -> Iterator[Bar]:
    """Yield the parties; one on several tables is one bar where these stand next to each other."""
    claimed: dict[int, _Run] = {}
    for lanes in rows:
        for claim, lane in zip(lanes.claims, lanes.lanes, strict=True):
            claimed.setdefault(claim.party.booking_id, []).append((lanes, claim, lane))
    for own in claimed.values():
        yield from _parts_of(list(_runs_of(own)))


def _by_row(bars: Iterable[Bar]) -> dict[int, list[Bar]]:
    found: dict[int, list[Bar]] = {}
    for bar in bars:
        found.setdefault(bar.table_ids[0], []).append(bar)
    return found


def _runs_of(own: _Run) -> Iterator[_Run]:
    """Yield the claims of a party, those together that can be drawn as one."""
    run: _Run = []
    for each in own:
        if run and not _may_join(run[-1], each):
            yield run
            run = []
        run.append(each)
    yield run


def _may_join(upper: tuple[_Lanes, _Claim, int], lower: tuple[_Lanes, _Claim, int]) -> bool:
    above, below = upper[0], lower[0]
    are_neighbours = below.number == above.number + 1 and below.place.section == above.place.section
    have_one_lane = above.lines == below.lines == 1
    have_one_time = (upper[1].columns, upper[1].ready) == (lower[1].columns, lower[1].ready)
    return are_neighbours and have_one_lane and have_one_time


def _parts_of(runs: Sequence[_Run]) -> Iterator[Bar]:
    for part, run in enumerate(runs, start=1):
        lanes, claim, lane = run[0]
        yield Bar(
            booking_id=claim.party.booking_id,
            table_ids=tuple(each.place.table_id for each, _, _ in run),
            line=lanes.line + lane,
            lines=len(run),
            columns=claim.columns,
            ready=claim.ready,
            part=part,
            parts=len(runs),
            is_conflict=any(each.conflicts_with(own) for each, own, _ in run),
        )


def _row(lanes: _Lanes, bars: Mapping[int, Sequence[Bar]], stretches: Sequence[Stretch]) -> Row:
    table_id = lanes.place.table_id
    own = sorted(bars.get(table_id, ()), key=lambda bar: (bar.columns.first, bar.line))
    marks = (
        PlacedStretch(mark, lanes.line, lanes.lines, columns)
        for mark in stretches
        if mark.table_id == table_id and (columns := lanes.axis.columns_of(mark.starts_at, mark.ends_at))
    )
    return Row(table_id, lanes.line, lanes.lines, tuple(own), tuple(marks))
