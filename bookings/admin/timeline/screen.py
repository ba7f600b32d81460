"""The timeline in words and places, as its template shows it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from django.utils.safestring import SafeString

from bookings.admin.columns import standing_at
from bookings.admin.timeline.axis import Tick, TimeAxis, wall_label
from bookings.admin.timeline.bars import OVER, ShownBar
from bookings.admin.timeline.delays import Delay, is_over
from bookings.admin.timeline.footer import Footer, lay_out_footer
from bookings.admin.timeline.layout import (
    Bar,
    Group,
    Held,
    Layout,
    Party,
    Place,
    PlacedStretch,
    Row,
    Stretch,
    lay_out,
)
from bookings.models import Booking
from bookings.selectors.timeline import EveningTables, PartyAtTables
from bookings.services.rows.seating import shown_tables
from capacity.calendar import iso_utc
from capacity.calendar.wall_clock import minutes_between
from capacity.limits import LIMIT_OF
from capacity.policy import LimitUse, ServiceState
from tables.choices import TableStatus
from tables.models import Table

NO_SECTION = "No section"
# As markup like the bookings on it: a template takes several times as long.
ROW = """
<div class="tl-label" style="{place}"><strong>{number}</strong> <span class="tl-soft">{sizes}</span></div>
<div class="tl-row" style="{place}" data-table="{table}" data-number="{number}"></div>"""
STRETCH = """
<div class="{kind}" style="{place}; --a: {first}; --b: {last}"><span>{words}</span></div>"""


@dataclass(frozen=True)
class ShownRow:
    """A table with its parties, and what else is on it."""

    row: Row
    table: Table
    bars: tuple[ShownBar, ...]

    @property
    def markup(self) -> SafeString:
        """Return the row: the table, what is on it, and its parties."""
        table = self.table
        is_in_use = table.status == TableStatus.ACTIVE
        sizes = f"{table.min_party_size}\N{EN DASH}{table.max_party_size}" if is_in_use else "not in use"
        place = _lines(self.row)
        row = ROW.format(place=place, number=escape(table.number), sizes=sizes, table=table.pk)
        stretches = map(_stretch, self.row.stretches)
        return SafeString("".join([row, *stretches, *(bar.markup for bar in self.bars)]))


def _stretch(placed: PlacedStretch) -> str:
    stretch, columns = placed.stretch, placed.columns
    kind, words = ("tl-wait", stretch.words) if stretch.is_wait else ("tl-block", f"Blocked: {stretch.words}")
    return STRETCH.format(kind=kind, place=_lines(placed), first=columns.first, last=columns.last, words=escape(words))


def _lines(placed: Row | PlacedStretch) -> str:
    return f"--r: {placed.line}; --n: {placed.lines}"


@dataclass(frozen=True)
class ShownGroup:
    """A section with its tables."""

    name: str
    line: int
    rows: tuple[ShownRow, ...]


@dataclass(frozen=True)
class ShownService:
    """A service of the date: where it begins, and how full it is."""

    name: str
    key: str
    at: str
    column: int
    uses: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """All of the timeline that goes on with the evening."""

    evening: EveningTables
    axis: TimeAxis
    layout: Layout
    ticks: tuple[Tick, ...]
    present: float | None
    waiting: tuple[ShownBar, ...]
    groups: tuple[ShownGroup, ...]
    footer: Footer
    services: tuple[ShownService, ...]
    delays: tuple[str, ...]
    conflicts: tuple[str, ...]
    now: str
    slots: str
    """The starts of the date, each with its column and in words, for the page to snap a dragged booking to."""

    @property
    def zone(self) -> str:
        """Return the zone of the wall clock."""
        return self.evening.settings.zone.key


def make_board(evening: EveningTables, delays: Sequence[Delay]) -> Board:
    """Lay out an evening with the words for everything on it; no query."""
    axis = TimeAxis.over(evening.span)
    words = _Words(evening, axis.is_changed_in(evening.settings.zone))
    blocks = [Stretch(block.table_id, block.starts_at, block.ends_at, block.reason) for block in evening.blocks]
    waits = [delay.line for delay in delays if delay.line is not None]
    places = [_place(table) for table in evening.tables]
    parties = [party_of(party, evening.now) for party in evening.parties]
    layout = lay_out(axis, places, parties, [*blocks, *waits])
    groups = tuple(map(words.group, layout.groups))
    shown = [bar for group in groups for row in group.rows for bar in row.bars]
    share = axis.share_of(evening.now)
    return Board(
        evening=evening,
        axis=axis,
        layout=layout,
        ticks=tuple(axis.ticks(evening.settings.zone)),
        present=None if share is None else round(100 * share, 3),
        waiting=tuple(words.bar(bar) for bar in layout.waiting),
        groups=groups,
        footer=lay_out_footer(evening, axis, words.clock),
        services=tuple(words.service(service, axis) for service in evening.services),
        delays=tuple(delay.sentence for delay in delays),
        conflicts=tuple(_conflicts(shown)),
        now=words.clock(evening.now),
        slots=json.dumps(list(words.starts(axis))),
    )


def _place(table: Table) -> Place:
    return Place(table.pk, table.section.name if table.section else NO_SECTION)


def party_of(party: PartyAtTables, now: datetime) -> Party:
    """Return a booking with its stay and its tables, at an instant."""
    held = (Held(row.table_id, row.starts_at, row.ends_at) for row in party.rows)
    booking = party.booking
    sits_until = now if is_over(booking, now) else None
    return Party(booking.pk, booking.starts_at, booking.ends_at, tuple(held), sits_until)


def _conflicts(bars: Sequence[ShownBar]) -> Iterator[str]:
    """Name the parties that are on a table together: no write of the engine leaves that."""
    found = {bar.booking.pk: bar for bar in bars if bar.bar.is_conflict}
    for bar in found.values():
        yield f"{bar.booking.guest_name}, party of {bar.booking.party_size}, {bar.time} to {bar.until} at {bar.tables}"


def _use_in_words(use: LimitUse) -> str:
    noun = LIMIT_OF[use.code].unit.noun(use.limit or use.used)
    return f"{use.used} {noun}" if use.limit is None else f"{use.used} of {use.limit} {noun}"


class _Words:
    """The words of an evening; `are_named` says that an hour needs the name of its zone."""

    def __init__(self, evening: EveningTables, are_named: bool) -> None:
        self.evening = evening
        self.are_named = are_named
        self.parties: Mapping[int, PartyAtTables] = {party.booking.pk: party for party in evening.parties}
        self.tables = {table.pk: table for table in evening.tables}

    def clock(self, instant: datetime) -> str:
        """Show an instant on the wall."""
        return wall_label(instant.astimezone(self.evening.settings.zone), is_named=self.are_named)

    def service(self, service: ServiceState, axis: TimeAxis) -> ShownService:
        """Return a service with the use of its limits."""
        uses = (_use_in_words(use) for use in service.uses())
        at, column = self.clock(service.starts_at), axis.column_of(service.starts_at)
        return ShownService(service.period_name, f"service-{service.period_id}", at, column, tuple(uses))

    def starts(self, axis: TimeAxis) -> Iterator[tuple[int, str, str]]:
        """Yield every start of the date: its column, its instant, and as people say it."""
        for service in self.evening.services:
            for slot in service.slots:
                yield axis.column_of(slot.starts_at), iso_utc(slot.starts_at), self.clock(slot.starts_at)

    def group(self, group: Group) -> ShownGroup:
        """Return a section with its tables."""
        return ShownGroup(group.section, group.line, tuple(map(self._row, group.rows)))

    def _row(self, row: Row) -> ShownRow:
        return ShownRow(row, self.tables[row.table_id], tuple(map(self.bar, row.bars)))

    def bar(self, bar: Bar) -> ShownBar:
        """Return a booking with its words."""
        party = self.parties[bar.booking_id]
        kind, words = self._standing(party.booking)
        return ShownBar(
            bar=bar,
            booking=party.booking,
            kind=kind,
            words=words,
            time=self.clock(party.booking.starts_at),
            until=self.clock(party.booking.ends_at),
            tables=shown_tables([row.number for row in party.rows]),
            table_ids=tuple(row.table_id for row in party.rows),
            is_pinned=bool(party.rows) and all(row.pinned for row in party.rows),
        )

    def _standing(self, booking: Booking) -> tuple[str, str]:
        now, grace = self.evening.now, self.evening.settings.restaurant.grace_minutes
        if is_over(booking, now):
            return OVER, f"Seated, {minutes_between(booking.ends_at, now)} min over"
        return standing_at(booking, now, grace)
