"""The tables that a person may choose from, and the parties that have them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.db.models import Q, QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from bookings.admin.marks import marks_said, party_of
from bookings.admin.parts.shown import in_sentence
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
    name: SafeString
    is_over_time: bool = False
    marks: str = ""

    def in_words(self, zone: tzinfo) -> SafeString:
        """Name the booking, hold or block with the span of its time at the table."""
        if self.is_over_time:
            span = f"still sits there, over time since {clock(self.ends_at, zone)}"
        else:
            span = " to ".join(shown_span(self.starts_at, self.ends_at, zone))
        return format_html("{} {}{}", self.name, span, self.marks)


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

    def in_words(self, zone: tzinfo) -> SafeString:
        """Name the table and its holdings with their spans."""
        table = self.table
        size = (
            f"{table.min_party_size} to {table.max_party_size}"
            if table.min_party_size < table.max_party_size
            else str(table.max_party_size)
        )
        section = f", {table.section}" if table.section else ""
        held = format_html_join("; ", "{}", ((holding.in_words(zone),) for holding in self.holdings))
        return format_html("{} ({}{}){}{}", table.number, size, section, ": " if held else "", held)


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
        booking = row.booking
        is_over_time = booking.status == BookingStatus.SEATED and row.during.upper <= now
        found[row.table_id].append(
            Holding(row.during.lower, row.during.upper, party_of(booking), is_over_time, marks_said(booking))
        )
    blocks = TableBlock.objects.filter(restaurant=restaurant, starts_at__lt=ends_at, ends_at__gt=starts_at)
    for block in blocks.order_by("starts_at", "pk"):
        found[block.table_id].append(
            Holding(block.starts_at, block.ends_at, format_html("blocked, {}", in_sentence(block.reason)))
        )
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
