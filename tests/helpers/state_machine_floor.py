"""What managers and hosts do to tables in the state machine: combinations, blocks, pins, tables in and out of use."""

from contextlib import nullcontext, suppress
from datetime import UTC, datetime, time, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from bookings.errors import BookingNotActive, RecordInUse, TableInUse, TablesNotSuitable, TableTaken
from bookings.models import Booking, TableAssignment
from bookings.services import (
    assign_tables,
    block_tables,
    delete_settings_row,
    pin_tables,
    save_settings_row,
    unblock_table,
    unpin_tables,
)
from capacity.selectors import read_clock
from tables.models import TableBlock, TableCombination
from tests.helpers.factories import TableCombinationFactory, TableFactory
from tests.helpers.state_machine import FIRST_DATE, HOURS, OpenRestaurant, meeting_times


class HostedRestaurant(OpenRestaurant):
    """A restaurant whose hosts keep tables free and parties at theirs."""

    bookings = OpenRestaurant.bookings

    @rule(data=st.data(), at=meeting_times, hours=st.integers(1, 3))
    def block(self, data: st.DataObject, at: time, hours: int) -> None:
        self._materialize()
        if tables := self._tables():
            chosen = data.draw(st.lists(st.sampled_from(tables), min_size=1, max_size=2, unique=True))
            starts_at = datetime.combine(FIRST_DATE, at, tzinfo=UTC)
            outcome = block_tables(
                restaurant_id=self.restaurant.pk,
                table_ids=[table.pk for table in chosen],
                starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=hours),
                reason="A broken leg",
            )
            self._require_named(
                {table.pk for table in chosen}, starts_at, hours, {each.booking.pk for each in outcome.left}
            )

    @rule(data=st.data())
    def unblock(self, data: st.DataObject) -> None:
        if blocks := list(TableBlock.objects.filter(restaurant=self.restaurant).order_by("pk")):
            unblock_table(block_id=data.draw(st.sampled_from(blocks)).pk)

    @rule(data=st.data(), chosen=st.lists(bookings, min_size=1, max_size=4), is_pinned=st.sampled_from([False, True]))
    def seat_elsewhere(self, data: st.DataObject, chosen: list[Booking], is_pinned: bool) -> None:
        tables = [table.pk for table in self._tables()]
        for booking in chosen if tables else ():
            ids = sorted(data.draw(st.lists(st.sampled_from(tables), min_size=1, max_size=2, unique=True)))
            with suppress(BookingNotActive, TablesNotSuitable, TableTaken):
                assign_tables(booking_id=booking.pk, table_ids=ids, is_pinned=is_pinned)
                assert sorted(booking.assignments.values_list("table", flat=True)) == ids

    @rule(booking=bookings, is_pinned=st.booleans())
    def pin(self, booking: Booking, is_pinned: bool) -> None:
        booking.refresh_from_db()
        if booking.status == "confirmed" and booking.assignments.exists():
            # Nobody is kept at a table that has gone out of use since, or that the party would not be given any more.
            with suppress(TablesNotSuitable) if is_pinned else nullcontext():
                (pin_tables if is_pinned else unpin_tables)(booking_id=booking.pk)

    def _require_named(self, table_ids: set[int], starts_at: datetime, hours: int, named: set[int]) -> None:
        """Hold that whoever still has a blocked table is named, and nobody else."""
        until = starts_at + timedelta(hours=hours)
        rows = TableAssignment.objects.filter(table__in=table_ids, during__overlap=(starts_at, until))
        over = {"status": "held", "expires_at__lte": read_clock()}
        assert set(rows.exclude(booking__in=Booking.objects.filter(**over)).values_list("booking", flat=True)) == named


class FurnishedRestaurant(HostedRestaurant):
    """A restaurant whose tables change."""

    @rule(seats=st.integers(1, 6))
    def add_table(self, seats: int) -> None:
        save_settings_row(row=TableFactory.build(restaurant=self.restaurant, capacity=seats))

    @rule(data=st.data())
    def remove_table(self, data: st.DataObject) -> None:
        if tables := self._tables():
            table = data.draw(st.sampled_from(tables))
            try:
                delete_settings_row(row=table)
            except (TableInUse, RecordInUse):
                assert table.assignments.exists()

    @rule(data=st.data(), is_in_use=st.booleans())
    def change_use_of_table(self, data: st.DataObject, is_in_use: bool) -> None:
        if tables := self._tables():
            table = data.draw(st.sampled_from(tables))
            table.status = "active" if is_in_use else "out_of_service"
            save_settings_row(row=table)

    @rule(data=st.data(), smallest=st.integers(1, 6), more=st.integers(0, 4))
    def combine_tables(self, data: st.DataObject, smallest: int, more: int) -> None:
        if len(tables := self._tables()) > 1:
            chosen = data.draw(st.lists(st.sampled_from(tables), min_size=2, max_size=3, unique=True))
            TableCombinationFactory(
                restaurant=self.restaurant, tables=chosen, min_party_size=smallest, max_party_size=smallest + more
            )

    @rule(data=st.data())
    def separate_tables(self, data: st.DataObject) -> None:
        if combined := list(TableCombination.objects.filter(restaurant=self.restaurant).order_by("pk")):
            delete_settings_row(row=data.draw(st.sampled_from(combined)))

    @rule(name=st.sampled_from(list(HOURS)), is_seated=st.booleans())
    def change_seating_mode(self, name: str, is_seated: bool) -> None:
        period = self._period(name)
        if period is not None:
            period.seating_mode = "tables" if is_seated else "covers"
            save_settings_row(row=period)
