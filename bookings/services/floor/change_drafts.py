"""The draft of a change of a booking: decided on the day without the booking, its own tables first."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bookings.choices import CHANNELS, BookingSource
from bookings.decision import (
    Assessment,
    CountedParty,
    LoadedDays,
    SolvedSeating,
    Wish,
    assess,
    blocked_interval,
    load_days,
    solved_seating,
)
from bookings.decision.changes import Place, assess_change, may_keep_unplanned
from bookings.decision.touched_days import (
    days_of_assessment,
    holds_in_the_way,
    holds_meeting,
    loaded_days_meeting,
)
from bookings.models import Booking
from bookings.services.floor.change_requests import ChangeRequest, changes_nothing, wish_of
from bookings.services.one_booking import days_of_booking, get_booking, is_pinned, tables_of
from bookings.services.rows.seating import TablesKept
from bookings.services.writes import Draft
from capacity.selectors import get_service_settings
from tables.seating import TimeBudget


@dataclass(frozen=True, kw_only=True)
class ChangeDraft(Draft):
    """A booking, the day that it is to be on without it, and the decision; `holds` are over and in the way."""

    booking: Booking
    has_chosen_tables: bool
    loaded: LoadedDays
    assessment: Assessment
    holds: tuple[CountedParty, ...]

    @property
    def solved(self) -> SolvedSeating | None:
        """Return the planner's question and answer."""
        return solved_seating(self.loaded, self.assessment)

    @property
    def wish(self) -> Wish:
        """Return the wish of the changed booking."""
        return self.assessment.wish

    @property
    def changes_nothing(self) -> bool:
        """Say whether the booking is as wanted already."""
        return changes_nothing(self.booking, self.wish)

    @property
    def table_ids(self) -> tuple[int, ...]:
        """Return the tables that the booking has after the change."""
        if self.assessment.plan is not None:
            return self.assessment.plan.table_ids
        own = tables_of(self.booking)
        if self.wish.asks_no_more:
            return own
        return own if own and may_keep_unplanned(self.loaded, self.wish, own) else ()

    @property
    def is_pinned_after(self) -> bool:
        """Say whether the booking is pinned: at tables that a person chose, and at its own if it was."""
        return self.has_chosen_tables or (is_pinned(self.booking) and self.table_ids == tables_of(self.booking))

    def kept_rows(self) -> Iterator[TablesKept]:
        """Yield its tables with their times; one row without a table where it has none any more."""
        since = {row.table_id: row.during.lower for row in self.booking.assignments.all() if self.wish.keeps_start}
        had_tables = bool(tables_of(self.booking))
        starts_at = self.wish.seated_from or self.wish.starts_at
        until = self.assessment.blocked_until
        if not self.table_ids:
            yield TablesKept(self.booking.pk, (), starts_at, until, had_tables=had_tables)
        for table_id in self.table_ids:
            yield TablesKept(
                self.booking.pk,
                (table_id,),
                since.get(table_id, starts_at),
                until,
                is_pinned=self.is_pinned_after,
                had_tables=had_tables,
            )


def draft_change(change: ChangeRequest, budget: TimeBudget, solved: SolvedSeating | None) -> ChangeDraft:
    """Load a booking and the day that it is to be on, without it, and decide; takes no lock.

    Raises: `RecordNotFound`; as `wish_of`.
    """
    booking = get_booking(change.booking_id)
    settings = get_service_settings(booking.restaurant_id)
    wish = replace(wish_of(settings, booking, change), table_ids=change.table_ids or None)
    loaded = load_days(
        settings,
        wish.business_date,
        wish.business_date,
        only=blocked_interval(settings, wish),
        budget=budget,
        solved=solved,
        without=[booking.pk],
        channel=wish.channel,
        promised=tables_of(booking) if wish.keeps_start else (),
    )
    way_in = CHANNELS[BookingSource(booking.source)]
    place = Place(tables_of(booking), is_pinned(booking), way_in, booking.buffer_minutes)
    assessment = assess(loaded, wish) if change.table_ids else assess_change(loaded, wish, place)
    holds = _holds(loaded, assessment)
    freed = [hold.blocked for hold in holds]
    return ChangeDraft(
        touched=days_of_assessment(loaded, assessment) | loaded_days_meeting(loaded, freed) | days_of_booking(booking),
        is_undecided=assessment.is_undecided and not changes_nothing(booking, wish),
        booking=booking,
        has_chosen_tables=bool(change.table_ids),
        loaded=loaded,
        assessment=assessment,
        holds=holds,
    )


def _holds(loaded: LoadedDays, assessment: Assessment) -> tuple[CountedParty, ...]:
    found = {hold.booking_id: hold for hold in holds_in_the_way(loaded, assessment)}
    if assessment.seating is not None:
        found |= {hold.booking_id: hold for hold in holds_meeting(loaded, assessment.seating.depends_on)}
    return tuple(found.values())
