"""The floor plan in words and places, as its template and its script show it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from bookings.admin.columns import LATE, standing_at
from bookings.admin.floor_plan.claims import Claim, ClaimKind, TableSpan, spans_of
from bookings.admin.floor_plan.placing import Placed, Room, Spot, place_rooms, usual_size
from bookings.admin.timeline.axis import TimeAxis, wall_label
from bookings.admin.timeline.bars import OVER
from bookings.admin.timeline.screen import NO_SECTION, party_of
from bookings.choices import BookingStatus
from bookings.models import Booking
from bookings.selectors.timeline import EveningTables, PartyAtTables
from bookings.services import TablePlace
from bookings.services.rows.seating import shown_tables
from tables.choices import TableShape, TableStatus
from tables.models import Table
from tables.seating import natural_key

FREE, CONFLICT = "free", "conflict"
# A party that has not left sits until the next look, which comes with the next minute.
NEXT_LOOK = timedelta(minutes=1)
# What each pattern of a table means; the words of a table itself say more.
LEGEND = (
    (FREE, "Free"),
    (BookingStatus.HELD, "Held"),
    (BookingStatus.CONFIRMED, "Booked"),
    (LATE, "Late"),
    (BookingStatus.ARRIVED, "Arrived"),
    (BookingStatus.SEATED, "Seated"),
    (OVER, "Past its time"),
    (BookingStatus.COMPLETED, "Left"),
    (ClaimKind.RESET, "Being reset"),
    (ClaimKind.BLOCK, "Blocked"),
    (ClaimKind.OUT_OF_SERVICE, "Out of service"),
)


@dataclass(frozen=True)
class ShownTable:
    """A table at its place."""

    table: Table
    placed: Placed

    @property
    def data(self) -> dict[str, Any]:
        """Return the table as an arrangement needs it: its place as stored, and as drawn; its size by each shape."""
        stored = vars(TablePlace.of(self.table))
        return {
            "number": self.table.number,
            "seen": stored,
            "place": stored | {"x": self.placed.x, "y": self.placed.y},
            "usual": {shape: usual_size(shape, self.table.capacity) for shape in TableShape.values},
        }


@dataclass(frozen=True)
class ShownRoom:
    """A section with its tables at their places."""

    room: Room
    tables: tuple[ShownTable, ...]

    @property
    def seats(self) -> int:
        """Return the seats of the tables that take parties."""
        return sum(shown.table.capacity for shown in self.tables if shown.table.status == TableStatus.ACTIVE)


@dataclass(frozen=True)
class Plan:
    """The floor plan of an evening; `data` is what the script needs to show any moment of it."""

    rooms: tuple[ShownRoom, ...]
    data: dict[str, Any]
    services: tuple[tuple[str, str, int], ...]
    zone: str
    has_service: bool


def make_plan(evening: EveningTables, out_of_service: Iterable[Table]) -> Plan:
    """Lay out the tables and say who has them when; no query."""
    known = {table.pk: table for table in (*evening.tables, *out_of_service)}
    tables = sorted(known.values(), key=_by_section)
    moments = _Moments(evening)
    rooms = tuple(_rooms(tables, known))
    places = {shown.table.pk: shown.data for room in rooms for shown in room.tables}
    return Plan(
        rooms=rooms,
        data=moments.data(tables) | {"places": places},
        services=tuple(moments.services()),
        zone=evening.settings.zone.key,
        has_service=bool(evening.services),
    )


def _by_section(table: Table) -> Any:
    section = table.section
    place = (1, 0, "", 0) if section is None else (0, section.position, section.name, section.pk)
    return place, natural_key(table.number)


def _rooms(tables: Sequence[Table], known: Mapping[int, Table]) -> Iterator[ShownRoom]:
    for room in place_rooms(map(_spot, tables)):
        yield ShownRoom(room, tuple(ShownTable(known[placed.table_id], placed) for placed in room.tables))


def _spot(table: Table) -> Spot:
    section = table.section.name if table.section else NO_SECTION
    return Spot(table.pk, section, table.capacity, **vars(TablePlace.of(table)))


class _Moments:
    """The moments of an evening: seconds from its first instant, and the wall clock of each start."""

    def __init__(self, evening: EveningTables) -> None:
        self.evening = evening
        self.span = evening.span
        self.zone = evening.settings.zone
        self.are_named = TimeAxis.over(evening.span).is_changed_in(self.zone)
        self.standings = {party.booking.pk: self._standing(party.booking) for party in evening.parties}
        self.claims: defaultdict[int, list[Claim]] = defaultdict(list)
        for party in evening.parties:
            self._claim(party)
        for block in evening.blocks:
            self.claims[block.table_id].append(Claim(ClaimKind.BLOCK, block.pk, block.starts_at, block.ends_at))
        self.stops = self._stops()
        # Five hundred addresses, each reversed, take as long as all else.
        self.bookings_url = reverse("admin:bookings_booking_changelist")

    def data(self, tables: Sequence[Table]) -> dict[str, Any]:
        """Return what the script needs."""
        spans = {table.pk: list(spans_of(self.span, self._claims_on(table))) for table in tables}
        is_on = self.span.starts_at <= self.evening.now < self.span.ends_at
        return {
            "stops": [self.seconds(at) for at in self.stops],
            "clocks": [self.clock(at) for at in self.stops],
            "now": self.seconds(self.evening.now) if is_on else None,
            "nowClock": self.clock(self.evening.now),
            "busiest": self._busiest(spans.values()),
            "tables": {pk: list(self._shown(own)) for pk, own in spans.items()},
            "parties": {party.booking.pk: self._party(party) for party in self.evening.parties},
            "blocks": {block.pk: block.reason for block in self.evening.blocks},
        }

    def services(self) -> Iterator[tuple[str, str, int]]:
        """Yield each service of the date: its name, its first start in words and in seconds."""
        for service in self.evening.services:
            yield service.period_name, self.clock(service.starts_at), self.seconds(service.starts_at)

    def seconds(self, at: datetime) -> int:
        """Return the seconds that have passed since the first instant."""
        return int((at - self.span.starts_at).total_seconds())

    def clock(self, at: datetime) -> str:
        """Show an instant on the wall."""
        return wall_label(at.astimezone(self.zone), is_named=self.are_named)

    def _stops(self) -> list[datetime]:
        """List the instants to look at: every start of a service, and on by the same step until it is over."""
        step = timedelta(minutes=self.evening.settings.restaurant.slot_minutes)
        ranges = [(service.starts_at, service.ends_at) for service in self.evening.services]
        found = {
            starts_at + number * step
            for starts_at, ends_at in ranges or [(self.span.starts_at, self.span.ends_at)]
            for number in range(max(1, -((starts_at - ends_at) // step)))
        }
        return sorted(found)

    def _claim(self, party: PartyAtTables) -> None:
        booking, bar = party.booking, party_of(party, self.evening.now + NEXT_LOOK)
        for held in bar.held:
            end = bar.end_at(held)
            booked = min(end, max(booking.ends_at, held.starts_at)) if bar.sits_until else end
            mine = self.claims[held.table_id]
            mine.append(Claim(ClaimKind.PARTY, booking.pk, held.starts_at, booked))
            if end > booked:
                mine.append(Claim(ClaimKind.OVER, booking.pk, booked, end))
            if held.ends_at > end:
                mine.append(Claim(ClaimKind.RESET, booking.pk, end, held.ends_at))

    def _claims_on(self, table: Table) -> list[Claim]:
        own = self.claims[table.pk]
        if table.status == TableStatus.ACTIVE:
            return own
        return [*own, Claim(ClaimKind.OUT_OF_SERVICE, table.pk, self.span.starts_at, self.span.ends_at)]

    def _shown(self, spans: Sequence[TableSpan]) -> Iterator[list[Any]]:
        """Yield [from, until, its clock, kind, key, keys of those that wait or come next] for each span of a table."""
        for number, span in enumerate(spans):
            first = span.claims[0] if span.claims else None
            kind = CONFLICT if span.is_conflict else self._kind(first)
            parties = (ClaimKind.PARTY, ClaimKind.RESET) if span.is_conflict else (ClaimKind.PARTY,)
            others = dict.fromkeys(claim.key for claim in span.claims[1:] if claim.kind in parties)
            following = spans[number + 1].claims[:1] if first is None and number + 1 < len(spans) else ()
            then = [claim.key for claim in following if claim.kind is ClaimKind.PARTY]
            waiting = [key for key in others if first is None or key != first.key]
            until = self.clock(span.ends_at) if span.ends_at < self.span.ends_at else ""
            at = (self.seconds(span.starts_at), self.seconds(span.ends_at), until)
            yield [*at, kind, first.key if first else None, waiting or then]

    def _kind(self, claim: Claim | None) -> str:
        if claim is None:
            return FREE
        if claim.kind is not ClaimKind.PARTY:
            return str(claim.kind)
        return self.standings[claim.key][0]

    def _standing(self, booking: Booking) -> tuple[str, str]:
        return standing_at(booking, self.evening.now, self.evening.settings.restaurant.grace_minutes)

    def _party(self, party: PartyAtTables) -> dict[str, Any]:
        booking = party.booking
        return {
            "name": booking.guest_name,
            "size": booking.party_size,
            "state": self.standings[booking.pk][1],
            "from": self.seconds(booking.starts_at),
            "until": self.seconds(booking.ends_at),
            "clocks": [self.clock(booking.starts_at), self.clock(booking.ends_at)],
            "tables": shown_tables([row.number for row in party.rows]) if party.rows else "",
            "ids": [row.table_id for row in party.rows],
            "url": f"{self.bookings_url}{booking.pk}/change/",
        }

    def _busiest(self, tables: Iterable[Sequence[TableSpan]]) -> int:
        """Return the place of the first start at which most tables have a party."""
        taken: Counter[int] = Counter()
        for spans in tables:
            for span in spans:
                if any(claim.kind is ClaimKind.PARTY for claim in span.claims):
                    inside = (place for place, at in enumerate(self.stops) if span.starts_at <= at < span.ends_at)
                    taken.update(inside)
        return min(range(len(self.stops)), key=lambda place: (-taken[place], place))
