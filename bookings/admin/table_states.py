"""The tables that a person may choose from, and the parties that have them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.db.models import Q, QuerySet

from bookings.admin.sentences import clock
from bookings.choices import BookingStatus
from bookings.models import TableAssignment
from bookings.selectors.running_over import LOOKED_BACK
from capacity.calendar.wall_clock import shown_span
from tables.choices import TableStatus
from tables.models import Restaurant, Table, TableBlock


@dataclass(frozen=True)
class Holding:
    """The booking, hold or block of a table in [starts_at, ends_at); a party over its time still sits there after."""

    starts_at: datetime
    ends_at: datetime
    name: str
    is_over_time: bool = False

    def in_words(self, zone: tzinfo) -> str:
        """Name the booking, hold or block with the span of its time at the table."""
        if self.is_over_time:
            return f"{self.name} still sits there, over time since {clock(self.ends_at, zone)}"
        return f"{self.name} {' to '.join(shown_span(self.starts_at, self.ends_at, zone))}"


@dataclass(frozen=True)
class TableState:
    """A table in use with its holdings during the time in question, by start."""

    table: Table
    holdings: tuple[Holding, ...]

    @property
    def is_free(self) -> bool:
        """Say whether the table has no holding during the time in question."""
        return not self.holdings

    def takes(self, party_size: int) -> bool:
        """Say whether the table alone is for a party of that size."""
        return self.table.min_party_size <= party_size <= self.table.max_party_size

    def in_words(self, zone: tzinfo) -> str:
        """Name the table and its holdings with their spans."""
        table = self.table
        size = (
            f"{table.min_party_size} to {table.max_party_size}"
            if table.min_party_size < table.max_party_size
            else str(table.max_party_size)
        )
        section = f", {table.section}" if table.section else ""
        held = "; ".join(holding.in_words(zone) for holding in self.holdings)
        return f"{table.number} ({size}{section})" + (f": {held}" if held else "")


def list_table_states(
    restaurant: Restaurant, starts_at: datetime, ends_at: datetime, *, now: datetime, without: Iterable[int] = ()
) -> list[TableState]:
    """List the tables in use in the order of people, with their holdings in [starts_at, ends_at), in 3 queries.

    Bookings in `without` and holds that are over have nothing. A party past its time still has the table now.
    """
    holdings = _list_holdings(restaurant, starts_at, ends_at, now, without)
    tables = Table.objects.filter(restaurant=restaurant, status=TableStatus.ACTIVE).select_related("section")
    return [TableState(table, tuple(holdings[table.pk])) for table in tables.in_number_order()]


def _list_holdings(
    restaurant: Restaurant, starts_at: datetime, ends_at: datetime, now: datetime, without: Iterable[int]
) -> defaultdict[int, list[Holding]]:
    found: defaultdict[int, list[Holding]] = defaultdict(list)
    for row in _list_rows(restaurant, starts_at, ends_at, now, without):
        name = f"{row.booking.guest_name}, {row.booking.party_size} ({row.booking.reference})"
        is_over_time = row.booking.status == BookingStatus.SEATED and row.during.upper <= now
        found[row.table_id].append(Holding(row.during.lower, row.during.upper, name, is_over_time))
    blocks = TableBlock.objects.filter(restaurant=restaurant, starts_at__lt=ends_at, ends_at__gt=starts_at)
    for block in blocks.order_by("starts_at", "pk"):
        found[block.table_id].append(Holding(block.starts_at, block.ends_at, f"blocked, {block.reason}"))
    return found


def _list_rows(
    restaurant: Restaurant, starts_at: datetime, ends_at: datetime, now: datetime, without: Iterable[int]
) -> QuerySet[TableAssignment]:
    over = Q(booking__status=BookingStatus.HELD, booking__expires_at__lte=now)
    having = Q(during__overlap=(starts_at, ends_at))
    if starts_at <= now:
        # Of an evening long ago somebody has only forgotten to say that they left.
        recent = (now - LOOKED_BACK, now)
        having |= Q(booking__status=BookingStatus.SEATED, during__endswith__range=recent)
    rows = TableAssignment.objects.filter(having, restaurant=restaurant).exclude(over | Q(booking__in=list(without)))
    return rows.select_related("booking").order_by("during", "pk")
