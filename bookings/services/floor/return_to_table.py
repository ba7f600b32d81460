"""The return of a party to its tables, where a change is undone: to its former ones if they are usable, else to any."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bookings.choices import BookingStatus, EventKind
from bookings.decision import DecisionCase, LoadedDays
from bookings.decision.keeping import TableNeed, request_of
from bookings.errors import CapacityExceeded, TablesNotSuitable
from bookings.models import Booking, BookingEvent, TableAssignment
from bookings.services.floor.chosen_tables import why_unusable, without_blocks
from bookings.services.floor.keeping import (
    TableKeeping,
    TablesFound,
    keep_found_tables,
    keep_tables,
    no_table,
    take_tables_again,
)
from bookings.services.floor.transitions import rows_in
from bookings.services.one_booking import tables_of
from bookings.services.rows.seating import TablesKept
from capacity.calendar import ONE_MINUTE, this_minute
from capacity.policy import WALK_IN, DayState, PartyRequest, decide
from capacity.reasons import Reason
from capacity.selectors import ServiceSettings
from config.cached import cached_property
from config.values import counted
from tables.seating import SeatingPlan, SeatingRefusal
from tables.spans import TimeSpan


def state_before(event: BookingEvent) -> dict[str, Any]:
    """Return the state of a booking before a change, as the history keeps it."""
    return event.from_value or {}


def why_not_there(settings: ServiceSettings, booking: Booking, event: BookingEvent) -> str:
    """Say why a party can not be given again the tables of before a change; empty where it can, or had none.

    Other parties are left out. Runs as `why_unusable`.
    """
    former = _table_ids(rows_in(booking, state_before(event))) if state_before(event) else ()
    needed = _time_needed(booking, event, settings.now)
    if not former or needed.starts_at >= needed.ends_at:
        return ""
    return why_unusable(settings, former, booking.party_size, needed)


def sits_before(event: BookingEvent) -> bool:
    """Say whether the party sat before a change."""
    return state_before(event).get("status") == BookingStatus.SEATED


def _time_needed(booking: Booking, event: BookingEvent, now: datetime) -> TimeSpan:
    """Return the time for which the booking needs a table from now on, the buffer included."""
    minute = this_minute(now)
    ends_at = datetime.fromisoformat(state_before(event)["ends_at"])
    until = ends_at + timedelta(minutes=booking.buffer_minutes)
    return TimeSpan(minute if sits_before(event) else max(minute, booking.starts_at), until)


@dataclass(frozen=True)
class Return:
    """A booking as it was before a change, on the loaded days without it, from now on.

    `keeps_tables` is the word of a person on tables that are not usable; see `undo_change`.
    """

    booking: Booking
    event: BookingEvent
    loaded: LoadedDays
    ends_at: datetime
    keeps_tables: bool | None

    @cached_property
    def former(self) -> list[TableAssignment]:
        return rows_in(self.booking, state_before(self.event))

    @property
    def takes_room(self) -> bool:
        return self.event.kind == EventKind.NO_SHOW or self.ends_at > self.booking.ends_at

    @property
    def needed(self) -> TimeSpan:
        return _time_needed(self.booking, self.event, self.loaded.settings.now)

    @cached_property
    def usable(self) -> list[tuple[int, ...]]:
        """Return the former tables, then those that the booking has, where they are usable."""
        wanted = dict.fromkeys((_table_ids(self.former), tables_of(self.booking)))
        return [tables for tables in wanted if tables and not self._why_unusable(tables)]

    @property
    def there(self) -> tuple[int, ...]:
        """Return the tables at which the party is, or was last."""
        return tables_of(self.booking) or _table_ids(self.former)

    def case(self) -> DecisionCase:
        """Return the case to decide, without the time that has passed and without hours: the party was in the house."""
        settings, booking, needed = self.loaded.settings, self.booking, self.needed
        stay = TimeSpan(booking.starts_at, self.ends_at)
        (service,) = (day for day in self.loaded.services if day.service_day_id == booking.service_day_id)
        present = tuple(slot for slot in self.loaded.present_slots(stay) if slot.ends_at > settings.now)
        needs_table = self.former and needed.starts_at < needed.ends_at
        return DecisionCase(
            PartyRequest(booking.party_size, booking.business_date, stay.starts_at, stay.ends_at, WALK_IN),
            DayState(settings.window, service, present),
            settings.now,
            request_of(booking, needed.starts_at, needed.ends_at) if needs_table else None,
            settings.is_enforced,
        )

    def keeping(self) -> TableKeeping:
        """Find the former tables again where they are usable and free, else those that the booking has, else any.

        Raises: `CapacityExceeded`, `TablesNotSuitable`.
        """
        if not self.former or self.needed.starts_at >= self.needed.ends_at:
            self._require_room(None)
            return TableKeeping(())
        if sits_before(self.event) and not self.usable and self.keeps_tables is not False:
            self._require_said()
            return self._keep_there()
        found = take_tables_again(self.loaded, self.booking, self.needed, self.usable)
        if isinstance(found.outcome, SeatingRefusal):
            return self._without_other(found.outcome, found)
        self._require_room(None)
        if not isinstance(found.outcome, SeatingPlan):
            return TableKeeping((), outcomes=found.outcomes)
        return keep_found_tables(self.loaded, self.booking, self._need(found.outcome.table_ids), found)

    def _without_other(self, refusal: SeatingRefusal, found: TablesFound) -> TableKeeping:
        """Keep a booking at tables that it has still, if a person said so; else refuse, but in shadow mode."""
        if not self.usable and self.keeps_tables and tables_of(self.booking):
            return self._keep_there()
        self._require_room(no_table(refusal))
        if self.usable:
            return TableKeeping((), outcomes=found.outcomes)
        if self.loaded.settings.is_enforced:
            raise CapacityExceeded(self._lacking(), reasons=[no_table(refusal)])
        nowhere = TablesKept(self.booking.pk, (), self.needed.starts_at, self.needed.ends_at)
        return TableKeeping((nowhere,), outcomes=found.outcomes)

    def _require_said(self) -> None:
        """Require the word of a person, unless the party sits there in the books and its time is not made longer."""
        is_there = self.event.kind == EventKind.EXTENDED and self.ends_at <= self.booking.ends_at
        if self.keeps_tables is None and not is_there:
            message = f"{self._why_unusable(self.there)}: say whether the party still sits there"
            raise TablesNotSuitable("unusable", message)

    def _keep_there(self) -> TableKeeping:
        """Keep the tables at which the party is, usable or not, as far as no other party has them."""
        loaded = without_blocks(self.loaded, self.there)
        self._require_room(None)
        request = request_of(self.booking, self.needed.starts_at, self.needed.ends_at, self.there)
        outcome = loaded.plan_seating(request)
        if isinstance(outcome, SeatingPlan):
            found = TablesFound((request,), outcome, (outcome,))
            keeping = keep_found_tables(loaded, self.booking, self._need(self.there), found)
        else:
            since_now = dict.fromkeys(self.there, self.needed.starts_at)
            keeping = keep_tables(loaded, self.booking, replace(self._need(self.there), kept_from=since_now))
        return replace(keeping, although=self._why_unusable(self.there))

    def _need(self, table_ids: tuple[int, ...]) -> TableNeed:
        return TableNeed(
            kept_from=self._kept_from(table_ids),
            now=self.needed.starts_at,
            firm_until=self.needed.starts_at + ONE_MINUTE,
            until=self.needed.ends_at,
            is_pinned=any(row.pinned for row in self.former),
        )

    def _kept_from(self, table_ids: Iterable[int]) -> dict[int, datetime]:
        """Return the time since which the booking has each table without a break: one never lost counts as kept."""
        current = {row.table_id: row.during.lower for row in self.booking.assignments.all()}
        before = {row.table_id: row.during.lower for row in self.former}
        return {
            table_id: before.get(table_id, current[table_id]) if table_id in current else self.needed.starts_at
            for table_id in table_ids
        }

    def _require_room(self, lacking: Reason | None) -> None:
        """Require room as for a new booking, without the time passed and without hours: the party was in the house."""
        settings = self.loaded.settings
        if not self.takes_room or not settings.is_enforced:
            return
        case = self.case()
        decision = decide(case.request, replace(case.day, no_table=lacking), case.now)
        if not decision.is_accepted:
            raise CapacityExceeded(self._lacking(), reasons=decision.reasons)

    def _lacking(self) -> str:
        booking = self.booking
        guests = f"the {counted(booking.party_size, 'guest')} of {booking.shown_start}"
        if self.former and not self.usable:
            return f"{self._why_unusable(self.there)}, and there is no other room for {guests}"
        return f"No capacity any more for {guests}"

    def _why_unusable(self, table_ids: tuple[int, ...]) -> str:
        party_size, loaded = self.booking.party_size, self.loaded
        return why_unusable(loaded.settings, table_ids, party_size, self.needed, loaded=loaded)


def _table_ids(rows: Iterable[TableAssignment]) -> tuple[int, ...]:
    return tuple(sorted(row.table_id for row in rows))
